"""`python -m bench [NAME…]`: measure, print one table, end with status 1 when a target is missed."""

from __future__ import annotations

import argparse
import importlib
import sys
import traceback
from pathlib import Path

from bench.figures import Figure, save, show

# In this order; each module has `measure() -> list[Figure]`.
BENCHES = ("intake", "flow", "imports", "journeys", "crowd", "render", "sending", "segments", "shapes", "audience", "footprint")
LONG = ("scale", "rehearsal", "campaigns")  # only when it is named


def main() -> int:
    """Run the benches named, or all."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure Hudhud; each figure beside a floor of the same run.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(BENCHES)} (default: all these), {', '.join(LONG)}"
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - {*BENCHES, *LONG}
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: there are {', '.join((*BENCHES, *LONG))}")
    figures: list[Figure] = []
    broken = []
    for name in arguments.names or BENCHES:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            figures += importlib.import_module(f"bench.{name}").measure()
        except Exception:  # noqa: BLE001 -- one broken bench must not hide the others' figures
            traceback.print_exc()
            broken.append(name)
    show(figures)
    if arguments.json:
        save(figures, arguments.json)
    if broken:
        print(f"broken: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken or not all(figure.passes for figure in figures) else 0


if __name__ == "__main__":
    raise SystemExit(main())
