"""Run every benchmark, each in its own process, and print one table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.figures import Figure, show

NOT_BENCHMARKS = {"__init__", "__main__", "churn_server", "figures", "noises", "overlaps"}


def main() -> int:
    figures, failed = [], []
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem in NOT_BENCHMARKS:
            continue
        print(f"{path.stem} …", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", f"tests.benchmarks.{path.stem}", "--json"]
        run = subprocess.run(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
        if run.returncode:
            failed.append(path.stem)
            continue
        figures += [Figure(**figure) for figure in json.loads(run.stdout)["figures"]]
    show(figures)
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    missed = any(figure.holds is False for figure in figures)
    return 1 if failed or missed else 0


if __name__ == "__main__":
    sys.exit(main())
