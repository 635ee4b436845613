"""Run every benchmark, or those that are named, each in its own process, and print one table."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.figures import Figure, show

NOT_BENCHMARKS = {
    "__init__",
    "__main__",
    "churn_server",
    "face_data",
    "figures",
    "mixes",
    "noises",
    "overlaps",
}


def main() -> int:
    every = sorted({path.stem for path in Path(__file__).parent.glob("*.py")} - NOT_BENCHMARKS)
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(every))
    names = parser.parse_args().names or every
    if unknown := set(names) - set(every):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    figures, failed = [], []
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", f"tests.benchmarks.{name}", "--json"]
        run = subprocess.run(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
        if run.returncode:
            failed.append(name)
            continue
        figures += [Figure(**figure) for figure in json.loads(run.stdout)["figures"]]
    show(figures)
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    missed = any(figure.holds is False for figure in figures)
    return 1 if failed or missed else 0


if __name__ == "__main__":
    sys.exit(main())
