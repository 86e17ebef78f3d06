"""Makes the shipped model anew: `python -m kevasync.dedupe.training [--seed N] [--without MAKER,…] [--out FOLDER]`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from kevasync.dedupe.scoring import default_model
from kevasync.dedupe.training.fit import Plan, train
from kevasync.dedupe.training.others import OTHERS


def main(arguments: list[str] | None = None) -> int:
    """Train by the plan and write duplicates.npz and its provenance; half an hour on two cores."""
    plan = Plan()
    parser = argparse.ArgumentParser(prog="python -m kevasync.dedupe.training", description=main.__doc__)
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument(
        "--rounds", type=int, default=plan.first_rounds, help="of the first model; the second's in proportion"
    )
    parser.add_argument("--without", default="", metavar="MAKER,…", help=f"leave out, of {', '.join(OTHERS)}")
    parser.add_argument("--out", type=Path, default=default_model().parent)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    began = time.monotonic()

    def tell(step: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.0f} s  {step}\n")

    second = max(1, round(plan.second_rounds * given.rounds / plan.first_rounds))
    without = tuple(name for name in given.without.split(",") if name)
    if unknown := set(without) - set(OTHERS):
        parser.error(f"--without: there is no maker {', '.join(sorted(unknown))}")
    plan = Plan(given.rounds, second, seed=given.seed, without=without)
    scorer, provenance = train(plan, tell, given.processes)
    path = given.out / "duplicates.npz"
    scorer.save(path, provenance)
    tell(f"written: {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
