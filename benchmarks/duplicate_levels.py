"""What merging many at once is worth: the precision of groups by probability, on a set the model has not seen.

    python benchmarks/duplicate_levels.py [--write] [--set FILE]

With --write it goes to models/duplicates.levels.json, beside the model it was measured with; the review offers it for
that model only. The set lies beside the checkout (shared/dedupe) and is no part of it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path

import duckdb

from kevasync.dedupe.clustering import clusters
from kevasync.dedupe.columns import Columns, guess
from kevasync.dedupe.groups import Kind, find_groups
from kevasync.dedupe.pipeline import find_pairs
from kevasync.dedupe.scoring import default_model
from kevasync.dedupe.search import DOUBTFUL
from kevasync.dedupe.sides import PREFIX

SET = Path(__file__).resolve().parents[2] / "shared" / "dedupe" / "crm_20k.parquet"
THRESHOLDS = (0.99, 0.98, 0.95, 0.9, 0.8, 0.5)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 0, or 1 where the set is absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--set", type=Path, default=SET)
    given = parser.parse_args(arguments)
    if not given.set.is_file():
        sys.stderr.write(f"{given.set} is not here\n")
        return 1
    began = time.perf_counter()
    with duckdb.connect() as con:
        told, records = measure(con, given.set)
    levels = [
        [threshold, round(sum(reached) / len(reached), 4), len(reached)]
        for threshold in THRESHOLDS
        if (reached := [right for probability, right in told if probability >= threshold])
    ]
    sys.stdout.write(
        f"{len(told):,} groups of Contacts among {records:,} records, {time.perf_counter() - began:.0f} s\n"
    )
    for threshold, precision, count in levels:
        sys.stdout.write(f"  from {threshold:4}: {precision:.2%} of {count:,}\n")
    if given.write:
        model = default_model()
        document = {
            "model": hashlib.sha256(model.read_bytes()).hexdigest(),
            "note": f"Measured on {len(told):,} groups of a synthetic set of {records:,} records, by another author "
            "than the model's.",
            "levels": [level for level in levels if level[0] >= THRESHOLDS[-2]],
        }
        model.with_suffix(".levels.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


def measure(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[list[tuple[float, bool]], int]:
    """(probability, all one person) of every group that a merge would make, and how many records there are."""
    con.read_parquet(str(path)).project(
        f"*, case when source = 'keva' then '{PREFIX}' else '' end || unique_id as name_here"
    ).create("people")
    headers = [row[0] for row in con.execute("describe people").fetchall()]
    known = guess([name for name in headers if name not in {"cluster", "name_here", "unique_id", "source"}])
    columns = Columns((("id", ("name_here",)), ("source", ("source",)), *known.roles))
    truth = dict(con.execute("select name_here, cluster from people").fetchall())
    pairs = find_pairs(con, "people", columns)
    grouped = clusters(pairs)
    placed = dict(zip(grouped["id"].to_pylist(), grouped["cluster"].to_pylist(), strict=True))
    scored = zip(*(pairs.table[name].to_pylist() for name in ("id_a", "id_b", "probability")), strict=True)
    found = find_groups(list(scored), placed, [], [], DOUBTFUL)
    told = []
    for item in found:
        if item.kind is Kind.MERGE:
            contacts = [one for one in item.ids if not one.startswith(PREFIX)]
            told.append((item.probability, len({truth[one] for one in contacts}) == 1))
    return told, len(truth)


if __name__ == "__main__":
    raise SystemExit(main())
