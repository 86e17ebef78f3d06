"""Plan of N x N x base: ours against a plain scan of the three files, polars and pandas, in one run; prints ratios.

    python benchmarks/plan.py [ROWS] [--without pandas]

Each method runs in a process of its own; CPU is user + system of the whole process, imports included, memory its peak.
The scan reads every value of every column. The peers answer the same question (which field of which linked record
goes where) with what the library offers, without linking, review items or files.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from data import COLUMNS

SCAN = """
import duckdb, sys
con = duckdb.connect(config={"threads": 2})
for name in ("keva", "salesforce", "base"):
    path = f"{sys.argv[1]}/{name}.parquet"
    columns = [row[0] for row in con.execute(f"describe from '{path}'").fetchall()]
    con.execute("select " + ", ".join(f'sum(strlen("{column}"))' for column in columns) + f" from '{path}'").fetchall()
"""

POLARS = """
import json, sys
import polars as pl
folder, pairs = sys.argv[1], json.loads(sys.argv[2])
base = pl.scan_parquet(f"{folder}/base.parquet")
keva = pl.scan_parquet(f"{folder}/keva.parquet").rename({k: f"k_{k}" for k, _ in pairs})
crm = pl.scan_parquet(f"{folder}/salesforce.parquet").rename({s: f"s_{s}" for _, s in pairs})
wide = base.join(keva, left_on="keva_id", right_on="id").join(crm, left_on="sf_id", right_on="Id")
found = {}
exprs = []
for k, s in pairs:
    b, kk, ss = pl.col(s), pl.col(f"k_{k}"), pl.col(f"s_{s}")
    exprs += [
        (kk.ne_missing(b) & ss.eq_missing(b)).sum().alias(f"{s}:to_crm"),
        (kk.eq_missing(b) & ss.ne_missing(b)).sum().alias(f"{s}:from_crm"),
        (kk.ne_missing(b) & ss.ne_missing(b) & kk.ne_missing(ss)).sum().alias(f"{s}:conflict"),
    ]
differing = pl.any_horizontal(
    [pl.col(f"k_{k}").ne_missing(pl.col(s)) | pl.col(f"s_{s}").ne_missing(pl.col(s)) for k, s in pairs]
)
rows = wide.filter(differing).collect(engine="streaming")
print(rows.select(exprs).row(0))
"""

PANDAS = """
import json, sys
import pandas as pd
folder, pairs = sys.argv[1], json.loads(sys.argv[2])
base = pd.read_parquet(f"{folder}/base.parquet")
keva = pd.read_parquet(f"{folder}/keva.parquet").rename(columns={k: f"k_{k}" for k, _ in pairs})
crm = pd.read_parquet(f"{folder}/salesforce.parquet").rename(columns={s: f"s_{s}" for _, s in pairs})
wide = base.merge(keva, left_on="keva_id", right_on="id").merge(crm, left_on="sf_id", right_on="Id")
for k, s in pairs:
    b, kk, ss = (wide[name].fillna("") for name in (s, f"k_{k}", f"s_{s}"))
    print(s, int(((kk != b) & (ss == b)).sum()), int(((kk == b) & (ss != b)).sum()), int(((kk != b) & (ss != b) & (kk != ss)).sum()))
"""


def mapping_text() -> str:
    """A mapping of all eleven columns, bidirectional, as text, so that every method compares the same."""
    rows = ['version = 1\n[contact]\nsalesforce = "Contact"\n']
    rows += [
        f'[[contact.field]]\nkeva = "{keva}"\nsalesforce = "{field}"\ndirection = "bidirectional"\n{kind}'
        for keva, (field, _) in COLUMNS.items()
        for kind in [
            'type = "text"\n' if keva in {"company", "tickets", "tier", "first_name", "last_name", "city"} else ""
        ]
    ]
    return "\n".join(rows)


def measure(command: list[str], keep: Path | None = None) -> dict[str, float]:
    """CPU seconds, wall seconds and peak memory (MB) of one process; `keep` takes what it printed on stdout."""
    before = time.perf_counter()
    with tempfile.TemporaryFile("w+") as errors, tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=errors, text=True)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        output.seek(0)
        if keep:
            keep.write_text(output.read(), encoding="utf-8")
        if status:
            errors.seek(0)
            sys.exit(f"{command[:4]} failed:\n{errors.read()[-4000:]}")
    return {
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": time.perf_counter() - before,
        "mb": usage.ru_maxrss / 1024,
    }


def main() -> None:
    """Make the data, run every method twice, keep the better, print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("rows", nargs="?", type=int, default=1_000_000)
    options.add_argument("--without", action="append", default=[])
    options.add_argument("--repeat", type=int, default=2)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # in a process of its own: a child inherits its parent's peak memory
        subprocess.run([sys.executable, str(Path(__file__).with_name("data.py")), str(chosen.rows), name], check=True)
        mapping = folder / "mapping.toml"
        mapping.write_text(mapping_text(), encoding="utf-8")
        pairs = json.dumps([(keva, field) for keva, (field, _) in COLUMNS.items()])
        ours = [
            sys.executable,
            "-m",
            "kevasync",
            "plan",
            "--json",
            "--mapping",
            str(mapping),
            "--out",
            str(folder / "plan"),
        ]
        for side in ("keva", "salesforce", "base"):
            ours += [f"--{side}", str(folder / f"{side}.parquet")]
        methods = {
            "scan of the three files": [sys.executable, "-c", SCAN, name],
            "kevasync plan": ours,
            "polars": [sys.executable, "-c", POLARS, name, pairs],
            "pandas": [sys.executable, "-c", PANDAS, name, pairs],
        }
        best: dict[str, dict[str, float]] = {}
        for _ in range(chosen.repeat):
            for method, command in methods.items():
                if method in chosen.without:
                    continue
                run = measure(command)
                if method not in best or run["cpu"] < best[method]["cpu"]:
                    best[method] = run
        floor = best["scan of the three files"]["cpu"]
        print(f"{chosen.rows:,} rows a side, best of {chosen.repeat}")
        print(f"{'method':28}{'CPU s':>8}{'x scan':>8}{'wall s':>8}{'peak MB':>9}")
        for method, run in best.items():
            print(f"{method:28}{run['cpu']:8.2f}{run['cpu'] / floor:8.1f}{run['wall']:8.2f}{run['mb']:9.0f}")


if __name__ == "__main__":
    main()
