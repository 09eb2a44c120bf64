"""``python -m benchmarks [--quick] [--json FILE] [PART…]``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from difflib import get_close_matches
from pathlib import Path
from time import perf_counter
from typing import Final

from benchmarks import dashboard, fixtures, ladder, latency, soak, start, store, throughput, waiting, work
from benchmarks.figures import Figure, in_one_line, judgement, machine, table
from sandbox.clock import wall_now

PARTS: Final[dict[str, Callable[..., Iterator[Figure]]]] = {
    "throughput": throughput.measure,
    "store": store.measure,
    "work": work.measure,
    "latency": latency.measure,
    "waiting": waiting.measure,
    "ladder": ladder.measure,
    "start": start.measure,
    "soak": soak.measure,
    "fixtures": fixtures.measure,
    "dashboard": dashboard.measure,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table.  Exit code 0 whatever it shows: a figure is no test.

    Ctrl-C ends the measuring: what has been measured by then is shown.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What the sandbox costs.")
    parser.add_argument("part", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; default, all")
    parser.add_argument("--quick", action="store_true", help="a few seconds: says only that they work")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured, too")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.part if name not in PARTS]:
        near = get_close_matches(unknown[0].lower(), PARTS, 1)
        parser.error(
            f"there is no part {unknown[0]!r}; "
            + (f"did you mean {near[0]}?" if near else f"there are {', '.join(PARTS)}")
        )
    if chosen.json is not None and not chosen.json.absolute().parent.is_dir():
        parser.error(f"--json: {chosen.json} cannot be written: no such folder")
    about, began, figures = machine(), perf_counter(), list[Figure]()
    interrupted = False
    try:
        for name in chosen.part or PARTS:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            figures.extend(PARTS[name](quick=chosen.quick))
    except KeyboardInterrupt:
        interrupted = True
    print(f"{table(figures)}\n\n{judgement(figures)}")
    print(f"{in_one_line(about)}; took {perf_counter() - began:.0f} s")
    if (about["load"] or 0) > 1:
        print("the machine has other work: only ratios within this run mean anything")
    if chosen.quick:
        print("--quick: too short for its figures to mean anything")
    if chosen.json is not None:
        document = {
            "at": wall_now().astimezone(UTC).isoformat(timespec="seconds"),
            "quick": chosen.quick,
            "machine": about,
            "figures": [figure.as_json() for figure in figures],
        }
        chosen.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if interrupted:
        sys.exit("interrupted: this is what had been measured")


if __name__ == "__main__":
    main()
