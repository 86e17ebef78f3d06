"""Duplicates on the shared development sets: ours and Splink 5 in one run, both without labels.

    python benchmarks/dedupe.py [--sets crm_20k,hell] [--folder ../shared/dedupe] [--labels 200] [--no-splink] [--json]

All judge at a probability of .5 fixed beforehand and are charged CPU seconds from the table to the pairs. `splink` has the
columns as they are (lower case), blocking rules and comparisons as its documentation suggests for such columns; `splink+` has our
canonical columns and the keys of our blocking rules (blocks of up to 100 records, without the rule of parts). Its EM may end
in a ValueError, which is shown as such. `--labels N` also refits on N answers to the questions that we would ask.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from duplicate_sets import FOLDER, SETS, Numbers, Result, Set, figures, load, pairs_within, truth_of

from kevasync.dedupe import columns, pipeline, refit
from kevasync.dedupe.clustering import clusters


def clusters_f1(pairs: pipeline.Pairs, truth: Numbers, total: int) -> float:
    groups = clusters(pairs).column("cluster").to_numpy()
    both = np.unique(np.stack([groups, truth]), axis=1, return_counts=True)[1]
    return 2 * int((both * (both - 1) // 2).sum()) / max(pairs_within(groups) + total, 1)


def ours(folder: Path, one: Set, labels: int) -> Result:
    con = load(folder, one)
    began = time.process_time()
    pairs = pipeline.find_pairs(con, "people", columns.parse(one.columns) if one.columns else None)
    seconds = time.process_time() - began
    person = truth_of(con, one)
    total = pairs_within(person)
    told = figures(pairs.probability, person[pairs.a - 1] == person[pairs.b - 1], total)
    refitted = None
    if labels:
        number = pairs.record_numbers()
        answers = [
            refit.Label(item.id_a, item.id_b, bool(person[number[item.id_a] - 1] == person[number[item.id_b] - 1]))
            for item in refit.choose(pairs, labels)
        ]
        after = refit.refit(pairs, answers)
        refitted = figures(after.probability, person[after.a - 1] == person[after.b - 1], total)["f1"]
    blocking = blocking_recall(con, person, total)
    count = pairs.report.candidates + pairs.report.closing
    found = clusters_f1(pairs, person, total)
    con.close()
    return Result(**told, blocking=blocking, seconds=seconds, pairs=count, clusters_f1=found, refitted_f1=refitted)


def blocking_recall(con: duckdb.DuckDBPyConnection, person: Numbers, total: int) -> float:
    """The share of true pairs among the candidates: blocking once more, as the pipeline drops them."""
    from kevasync.dedupe.blocking import Budget, find_candidates

    find_candidates(con, Budget.of(len(person)))
    found = con.execute("select a, b from dd_pair").fetchnumpy()
    return float((person[found["a"] - 1] == person[found["b"] - 1]).sum()) / max(total, 1)


def show(name: str, who: str, result: Result | str) -> None:
    if isinstance(result, str):
        print(f"{name:12} {who:7} failed: {result}")
        return
    more = "" if result.clusters_f1 is None else f"  {result.clusters_f1:.3f}"
    more += "" if result.refitted_f1 is None else f"  {result.refitted_f1:.3f}"
    print(
        f"{name:12} {who:7} {result.f1:.3f}  {result.precision:.3f}  {result.recall:.3f}  {result.recall_at_99:8.3f}  {result.ece:.3f}  "
        f"{result.blocking:8.3f}  {result.seconds:6.1f}  {result.speed:9,.0f}{more}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--labels", type=int, default=0)
    parser.add_argument("--no-splink", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not given.folder.is_dir():
        print(f"skipped: the shared sets are not at {given.folder}")
        return 0
    head = f"{'set':12} {'who':7} {'F1':5}  {'prec':5}  {'recall':6} {'rec@99':>8}  {'ECE':5}  {'blocking':8}  {'CPU s':>6}  {'pairs/s':>9}  clusters"
    if not given.json:
        print(head + ("  refitted" if given.labels else ""))
    document: dict[str, Any] = {}
    for name in given.sets.split(","):
        results: dict[str, Result | str] = {"ours": ours(given.folder, SETS[name], given.labels)}
        for who, helped in () if given.no_splink else (("splink", False), ("splink+", True)):
            try:
                from dedupe_splink import splink

                results[who] = splink(given.folder, SETS[name], helped=helped)
            except ImportError:
                results[who] = "not installed: pip install --group bench"
        for who, result in results.items():
            document.setdefault(name, {})[who] = (
                result if isinstance(result, str) else {field: getattr(result, field) for field in Result.__slots__}
            )
            if not given.json:
                show(name, who, result)
    if given.json:
        json.dump(document, sys.stdout, indent=1)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
