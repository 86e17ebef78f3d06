"""Duplicates on made-up tables of one maker, by a model that saw none of his tables: what a stranger's data may give.

    python -m kevasync.dedupe.training --without desk --out FOLDER
    python benchmarks/dedupe_makers.py --makers desk --model FOLDER/duplicates.npz [--persons 6000] [--seeds 901-906] [--labels 200]

Without --model the shipped one is measured, which saw other tables of every maker: such figures flatter.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
import numpy as np
from dedupe import blocking_recall
from duplicate_sets import Numbers, figures, pairs_within

from kevasync.dedupe import pipeline, refit
from kevasync.dedupe.scoring import Scorer
from kevasync.dedupe.training.others import OTHERS
from kevasync.dedupe.training.samples import any_world, columns_of, table_of
from kevasync.dedupe.training.worlds import KINDS


def measured(kind: str, records: int, seed: int, scorer: Scorer, labels: int) -> dict[str, float]:
    """The figures of one table, by name."""
    world = any_world(kind, records, seed)
    con = duckdb.connect(config={"threads": 2})
    con.execute("set enable_progress_bar = false")
    con.register("people", table_of(world))
    pairs = pipeline.find_pairs(con, "people", columns_of(world), scorer=scorer)
    person: Numbers = np.array(world.truth)
    total = pairs_within(person)
    told = figures(pairs.probability, person[pairs.a - 1] == person[pairs.b - 1], total)
    if labels:
        answers = [
            refit.Label(item.id_a, item.id_b, world.truth[int(item.id_a) - 1] == world.truth[int(item.id_b) - 1])
            for item in refit.choose(pairs, labels)
        ]
        after = refit.refit(pairs, answers)
        told["labels"] = figures(after.probability, person[after.a - 1] == person[after.b - 1], total)["f1"]
    told["blocking"] = blocking_recall(con, person, total)
    con.close()
    return {"records": len(person), **told}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--makers", default=",".join(OTHERS), help=f"of {', '.join([*OTHERS, *KINDS])}")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--persons", type=int, default=6000)
    parser.add_argument("--seeds", default="901-906")
    parser.add_argument("--labels", type=int, default=0)
    given = parser.parse_args()
    scorer = Scorer.load(given.model)
    low, high = map(int, given.seeds.split("-"))
    names = ("f1", "precision", "recall", "recall_at_99", "ece", "blocking", *(["labels"] if given.labels else []))
    print(f"{'maker':10} {'seed':>5} {'records':>8}  " + "  ".join(f"{name[:9]:>9}" for name in names))
    for kind in given.makers.split(","):
        rows = []
        for seed in range(low, high + 1):
            told = measured(kind, int(given.persons * 1.6), seed, scorer, given.labels)
            rows.append([told[name] for name in names])
            line = "  ".join(f"{value:9.3f}" for value in rows[-1])
            print(f"{kind:10} {seed:5} {told['records']:8,.0f}  {line}", flush=True)
        print(f"{kind:10} {'mean':>5} {'':8}  " + "  ".join(f"{value:9.3f}" for value in np.mean(rows, axis=0)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
