"""Duplicates on the shared development sets: ours and Splink 5 in one run, both without labels.

    python benchmarks/dedupe.py [--sets crm_20k,hell] [--folder ../shared/dedupe] [--labels 200] [--no-splink] [--json]

All judge at a probability of .5 fixed beforehand and are charged CPU seconds from the table to the pairs. `splink` has the
columns as they are (lower case), blocking rules and comparisons as its documentation suggests for such columns; `splink+` has our
canonical columns and the keys of our blocking rules (blocks of up to 100 records, without the rule of parts). Its EM may end
in a ValueError, which is shown as such. `--labels N` also refits on N answers to the questions that we would ask.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from kevasync.dedupe import columns, pipeline, refit
from kevasync.dedupe.clustering import clusters

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "dedupe"
HELL = "entity_type = 'contact' and not master_id like 'CN%'"
HELL_COLUMNS = (
    "id=record_id,first_name=first_name,last_name=last_name,email=email,phone=phone,company=company_name,city=city,"
    "state=state_code,country=country_code,title=job_title"
)


@dataclass(frozen=True, slots=True)
class Set:
    """A table with its truth (SQL), which rows count, and what its columns are; None: guessed from the headers."""

    file: str
    id: str
    truth: str
    columns: str | None
    where: str = "true"
    bar: float | None = None


SETS = {
    "crm_20k": Set(
        "crm_20k.parquet",
        "unique_id",
        "cluster",
        "id=unique_id,first_name=first_name,last_name=last_name,email=email,phone=phone,company=company,city=city,title=title",
        bar=0.846,
    ),
    "hell": Set("dupehell_hell.parquet", "record_id", "master_id", HELL_COLUMNS, HELL, 0.567),
    "medium": Set("dupehell_medium.parquet", "record_id", "master_id", HELL_COLUMNS, HELL),
    "fake_1000": Set("fake_1000.csv", "unique_id", "cluster", None, bar=0.816),
    "febrl3": Set("febrl3.csv", "rec_id", "regexp_extract(rec_id, '^(rec-[0-9]+)-', 1)", None, bar=0.993),
    "historical": Set(
        "historical_half.parquet",
        "unique_id",
        "cluster",
        "id=unique_id,name=full_name,city=birth_place,postcode=postcode_fake,dob=dob,title=occupation,other=gender",
    ),
    "csv_example": Set(
        "csv_example_half.csv", "Id", '"True Id"', "id=Id,company=Site name,street=Address,postcode=Zip,phone=Phone"
    ),
}
Numbers = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Result:
    """Figures of one method on one set. `blocking`: share of true pairs among the candidates."""

    f1: float
    precision: float
    recall: float
    recall_at_99: float
    ece: float
    blocking: float
    seconds: float
    pairs: int
    clusters_f1: float | None = None
    refitted_f1: float | None = None

    @property
    def speed(self) -> float:
        return self.pairs / max(self.seconds, 1e-9)


def figures(probability: Numbers, truth: Numbers, total: int) -> dict[str, float]:
    """F1 at .5, the best recall at 99 % precision, and the expected calibration error in ten bins of all scored pairs."""
    given = probability >= 0.5
    right = float((given & truth).sum())
    order = np.argsort(-probability, kind="stable")
    hits = np.cumsum(truth[order])
    precision = hits / np.arange(1, len(hits) + 1)
    good = hits[precision >= 0.99]
    bins = np.minimum((probability * 10).astype(int), 9)
    gaps = [abs(probability[bins == at].sum() - truth[bins == at].sum()) for at in range(10)]
    return {
        "f1": 2 * right / max(given.sum() + total, 1),
        "precision": right / max(given.sum(), 1),
        "recall": right / max(total, 1),
        "recall_at_99": float(good.max()) / max(total, 1) if len(good) else 0.0,
        "ece": float(sum(gaps)) / max(len(probability), 1),
    }


def pairs_within(groups: Numbers) -> int:
    sizes = np.unique(groups, return_counts=True)[1]
    return int((sizes * (sizes - 1) // 2).sum())


def truth_of(con: duckdb.DuckDBPyConnection, one: Set) -> Numbers:
    """The person of each record number, counted from 0."""
    rows = con.execute(
        f'select ({one.truth})::VARCHAR as person from people join dd_id on dd_id.id = people."{one.id}"::VARCHAR order by n'
    ).fetchnumpy()["person"]
    return np.unique(rows.astype(str), return_inverse=True)[1]


def load(folder: Path, one: Set) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 2})
    con.execute("set enable_progress_bar = false")
    con.execute(f"create view people as select * from '{folder / one.file}' where {one.where}")
    return con


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


def splink(folder: Path, one: Set, *, helped: bool) -> Result | str:
    """Splink on the columns as they are, or (`helped`) on our canonical columns and blocking; what it says where it fails."""
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    con = load(folder, one)
    from kevasync.dedupe.canonical import make_records
    from kevasync.dedupe.reading import read

    began = time.process_time()
    read(con, "people", columns.parse(one.columns) if one.columns else None)
    if helped:
        make_records(con)
        filled = filled_of(con, "dd_record", COMPARED)
        con.execute(
            f"create table cleaned as select n as unique_id, {', '.join(filled)}, keys "
            f"from dd_record join ({keys_sql()}) using (n)"
        )
        blocks: list[Any] = [block_on("keys", arrays_to_explode=["keys"])]
        compared, sure, train = comparisons(filled), SURE, TRAIN
    else:
        filled = filled_of(con, "dd_in", RAW)
        plain = ", ".join(f"nullif(lower(trim({name})), '') as {name}" for name in filled)
        con.execute(f"create table cleaned as select n as unique_id, {plain} from dd_in")
        blocks = [block_on(*rule) for rule in RAW_BLOCKS if set(rule) <= set(filled)]
        compared, sure, train = raw_comparisons(filled), RAW_SURE, RAW_TRAIN
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=compared, blocking_rules_to_generate_predictions=blocks
    )
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            linker = Linker(DuckDBAPI(con).register("cleaned"), settings, log_level=logging.ERROR)
            rules = [block_on(*rule) for rule in sure if set(rule) <= set(filled)]
            linker.training.estimate_probability_two_random_records_match(rules, recall=0.7)
            linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
            for rule in [rule for rule in train if set(rule) <= set(filled)][:3]:
                linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
            found = linker.inference.predict(threshold_match_probability=0.001).as_duckdbpyrelation()
            rows = found.project("unique_id_l, unique_id_r, match_probability").fetchnumpy()
    except (ValueError, duckdb.Error) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0][:90]}"
    finally:
        seconds = time.process_time() - began
    person = truth_of(con, one)
    total = pairs_within(person)
    truth = person[rows["unique_id_l"].astype(int) - 1] == person[rows["unique_id_r"].astype(int) - 1]
    probability = rows["match_probability"].astype(float)
    count, hit = blocked(con, person, [] if helped else [rule for rule in RAW_BLOCKS if set(rule) <= set(filled)])
    told = figures(probability[probability >= 0.01], truth[probability >= 0.01], total)
    con.close()
    return Result(**told, blocking=hit / max(total, 1), seconds=seconds, pairs=count)


def filled_of(con: duckdb.DuckDBPyConnection, table: str, names: Sequence[str]) -> list[str]:
    """Those of the columns that have values."""
    return [name for name in names if con.execute(f'select count("{name}") from {table}').fetchall()[0][0]]


def keys_sql() -> str:
    """Our blocking keys of each record as one list, without those of large blocks."""
    from kevasync.dedupe.blocking import rules

    every = " union all ".join(
        f"select distinct n, hash('{name}', key) as key from ({sql}) where key is not null"
        for name, sql, kind in rules()
        if kind != "parts"
    )
    return (
        f"with every as materialized ({every}), small as (select key from every group by key having count(*) between 2 and 100) "
        "select dd_record.n, coalesce(list(key) filter (small.key is not null), []) as keys "
        "from dd_record left join every using (n) left join small using (key) group by dd_record.n"
    )


def blocked(con: duckdb.DuckDBPyConnection, person: Numbers, rules: Sequence[tuple[str, ...]]) -> tuple[int, int]:
    """Pairs that share a key or, if any are given, meet a rule, and how many of them are true."""
    keys = " union all ".join(
        f"select unique_id, hash({at}, {', '.join(rule)}) as key from cleaned where {' and '.join(f'{name} is not null' for name in rule)}"
        for at, rule in enumerate(rules)
    )
    rows = con.execute(
        f"with key as ({keys or 'select unique_id, unnest(keys) as key from cleaned'}) "
        "select distinct l.unique_id as a, r.unique_id as b from key as l join key as r on l.key = r.key and l.unique_id < r.unique_id"
    ).fetchnumpy()
    return len(rows["a"]), int((person[rows["a"] - 1] == person[rows["b"] - 1]).sum())


COMPARED = (
    "given",
    "family",
    "email",
    "phone",
    "company_key",
    "road",
    "house",
    "city",
    "postcode",
    "dob",
    "title",
    "identifier",
)
SURE: list[tuple[str, ...]] = [
    ("email",),
    ("phone", "company_key"),
    ("given", "family", "dob"),
    ("identifier",),
    ("given", "family", "city"),
    ("company_key", "postcode"),
]
TRAIN: list[tuple[str, ...]] = [("email",), ("given", "family"), ("dob",), ("phone",), ("company_key",), ("postcode",)]


RAW = (
    "first_name",
    "last_name",
    "name",
    "email",
    "phone",
    "company",
    "street",
    "city",
    "postcode",
    "dob",
    "title",
    "identifier",
)
RAW_BLOCKS: list[tuple[str, ...]] = [
    ("email",),
    ("phone",),
    ("first_name", "last_name"),
    ("name",),
    ("last_name", "city"),
    ("first_name", "dob"),
    ("last_name", "dob"),
    ("last_name", "company"),
    ("first_name", "company"),
    ("first_name", "city"),
    ("dob", "postcode"),
    ("dob", "city"),
    ("last_name", "postcode"),
    ("company", "city"),
    ("company", "postcode"),
    ("street", "postcode"),
    ("street", "city"),
    ("identifier",),
]
RAW_SURE: list[tuple[str, ...]] = [
    ("email",),
    ("first_name", "last_name", "dob"),
    ("name", "dob"),
    ("first_name", "last_name", "city"),
    ("company", "phone"),
    ("identifier",),
]
RAW_TRAIN: list[tuple[str, ...]] = [
    ("first_name", "last_name"),
    ("name",),
    ("email",),
    ("dob",),
    ("phone",),
    ("company",),
    ("postcode",),
]


def raw_comparisons(filled: Sequence[str]) -> list[Any]:
    """What Splink's library has for columns of such names."""
    import splink.comparison_library as cl

    made: list[Any] = []
    for name in filled:
        if name in {"first_name", "last_name", "name"}:
            made.append(cl.NameComparison(name).configure(term_frequency_adjustments=True))
        elif name == "email":
            made.append(cl.EmailComparison(name))
        elif name in {"phone", "postcode", "dob", "identifier"}:
            made.append(cl.LevenshteinAtThresholds(name, [1, 2]))
        else:
            made.append(cl.JaroWinklerAtThresholds(name, [0.92, 0.8]).configure(term_frequency_adjustments=True))
    return made


def comparisons(filled: Sequence[str]) -> list[Any]:
    import splink.comparison_library as cl

    made: list[Any] = []
    for name in COMPARED:
        if name not in filled:
            continue
        if name in {"given", "family"}:
            made.append(cl.JaroWinklerAtThresholds(name, [0.92, 0.8]).configure(term_frequency_adjustments=True))
        elif name == "email":
            made.append(cl.EmailComparison(name))
        elif name in {"phone", "postcode", "dob", "identifier", "house"}:
            made.append(cl.LevenshteinAtThresholds(name, [1, 2]))
        elif name in {"company_key", "road"}:
            made.append(cl.JaroWinklerAtThresholds(name, [0.92, 0.8]).configure(term_frequency_adjustments=True))
        else:
            made.append(cl.JaroWinklerAtThresholds(name, [0.9]).configure(term_frequency_adjustments=True))
    return made


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
