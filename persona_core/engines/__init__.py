"""Engines, one file each. Every file loads its heavy library itself and is imported only when chosen."""

import os

# Engines share the processor. OpenMP's threads would spin while they wait for one another, and with one core
# taken by hearing or speaking llama.cpp then wrote 3 tokens a second on two cores, asleep 30 (SmolLM2).
# The libraries read it when they are loaded, so it stands before all of them.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# A spin of some microseconds is as good as spinning always, and costs little: a token takes 41 instead of 61 ms on
# two idle cores, 85 instead of 72 with one of them taken (Qwen 1.5B).
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
