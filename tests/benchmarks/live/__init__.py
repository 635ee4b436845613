"""What ``tests.benchmarks.voice`` is made of: the stage, its sounds, and one file for each part."""
