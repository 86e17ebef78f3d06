"""Splink 5 on a set, as its documentation suggests or with our canonical columns and blocking: the peer of dedupe.py."""

from __future__ import annotations

import contextlib
import io
import logging
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
from duplicate_sets import Numbers, Result, Set, figures, load, pairs_within, truth_of

from kevasync.dedupe import columns
from kevasync.dedupe.canonical import INPUT

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


RAW = tuple(role for role in INPUT if role not in {"state", "country", "website"} and not role.startswith("other"))


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
