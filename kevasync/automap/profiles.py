"""What the values of every column look like: computed in DuckDB, all columns at once, over a sample of the rows."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

import duckdb

from kevasync.automap.fields import TargetField, ValueProfile
from kevasync.values import quote_identifier, quote_literal

__all__ = ["FEW", "profile", "profiled", "vocabulary"]

FEW = 60
"""So many distinct values, or fewer, may be those of a picklist."""
_MOST_ROWS = 100_000
_MOST_CELLS = 2_000_000
_LEAST_ROWS = 300
_BATCH = 200  # columns unpivoted at once: thousands in one statement take DuckDB minutes to plan
_LOOKED_AT = 1_000  # distinct values of a column that the patterns are tried on
_CUT = 400
_SHORT = 80
_SAMPLES = 20


@cache
def _patterns() -> str:
    return (resources.files("kevasync.automap") / "profiles.sql").read_text(encoding="utf-8")


@cache
def vocabulary() -> Mapping[str, frozenset[str]]:
    """The word lists: kind of value to the words, in lower case."""
    text = (resources.files("kevasync.automap") / "vocabulary.toml").read_text(encoding="utf-8")
    return {kind: frozenset(words) for kind, words in tomllib.loads(text).items()}


def profile(
    con: duckdb.DuckDBPyConnection,
    rows: str | Path,
    columns: Sequence[str],
    targets: Iterable[TargetField] = (),
) -> dict[str, ValueProfile]:
    """The profile of each column of a view, a table or a Parquet file.

    `shares` has only what is above 0: the patterns of profiles.sql, the word lists (`country`, `first_name`, …), for
    each of the `targets` with a picklist the share of values in it (`picklist:Industry`), and for those with the org's
    own values the share found there (`values:Industry`). Beyond 100,000 rows or 2 million cells the rows are
    sampled evenly.
    """
    if not columns:
        return {}
    whole = f"read_parquet({quote_literal(str(rows))})" if isinstance(rows, Path) else quote_identifier(rows)
    (total,) = con.execute(f"SELECT count(*) FROM {whole}").fetchall()[0]  # noqa: S608 quoted
    scale = _unpivot(con, whole, columns, total)
    shares = _shares(con, targets)
    samples = _values(con)
    made = {}
    for place, filled, distinct, shortest, longest, mean in con.execute(_FIGURES).fetchall():
        texts = samples.get(place, ())
        whole_list = distinct <= FEW and longest <= _SHORT
        made[columns[place]] = ValueProfile(
            rows=total,
            filled=round(filled * scale),
            distinct_ratio=distinct / filled,
            shortest=shortest,
            longest=longest,
            mean_length=mean,
            shares=shares[place],
            samples=texts[:_SAMPLES],
            distinct=texts if whole_list else (),
        )
    empty = ValueProfile(total, 0, 0.0, 0, 0, 0.0)
    return {name: made.get(name, empty) for name in columns}


_FIGURES = """
    SELECT place, sum(n)::BIGINT, count(*), min(shortest), max(longest), sum(n * length(v)) / sum(n)
    FROM all_texts GROUP BY place
"""


def _unpivot(con: duckdb.DuckDBPyConnection, whole: str, columns: Sequence[str], total: int) -> float:
    """Make `all_texts` (place, v, n, shortest, longest) and of it `texts`, those that are looked at.

    Answers how many rows each sampled row stands for.
    """
    most = max(_LEAST_ROWS, min(_MOST_ROWS, _MOST_CELLS // len(columns)))
    step = -(-total // most) or 1
    con.execute(
        "CREATE OR REPLACE TEMP TABLE all_texts (place INTEGER, v VARCHAR, n BIGINT, shortest BIGINT, longest BIGINT)"
    )
    sampled = f"QUALIFY hash(row_number() OVER ()) % {step} = 0" if step > 1 else ""
    wanted = ", ".join(f"{quote_identifier(name)} AS c{place}" for place, name in enumerate(columns))
    # in memory once: a file of thousands of columns takes longer to open than to read
    con.execute(f"CREATE OR REPLACE TEMP TABLE sampled AS SELECT {wanted} FROM {whole} {sampled}")  # noqa: S608 quoted
    for start in range(0, len(columns), _BATCH):
        places = range(start, min(start + _BATCH, len(columns)))
        cells = ", ".join(f"nullif(trim(CAST(c{place} AS VARCHAR)), '') AS c{place}" for place in places)
        con.execute(
            "INSERT INTO all_texts SELECT CAST(name[2:] AS INTEGER), left(v, $1), count(*), min(length(v)), "  # noqa: S608 quoted
            f"max(length(v)) FROM (UNPIVOT (SELECT {cells} FROM sampled) ON * INTO NAME name VALUE v) "
            "GROUP BY ALL",
            [_CUT],
        )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE texts AS SELECT place, v, n FROM all_texts "
        "QUALIFY row_number() OVER (PARTITION BY place ORDER BY n DESC, hash(v), v) <= $1",
        [_LOOKED_AT],
    )
    # by hash, since what comes in turns would be sampled askew; so many rows were taken
    counted = "SELECT count(*) FROM range(1, $1 + 1) rows(place) WHERE hash(place) % $2 = 0"
    (taken,) = con.execute(counted, [total, step]).fetchall()[0]
    return total / taken if taken else 1.0


def _shares(con: duckdb.DuckDBPyConnection, targets: Iterable[TargetField]) -> dict[int, dict[str, float]]:
    shares: dict[int, dict[str, float]] = defaultdict(dict)
    looked_at: dict[int, int] = {}
    found = con.execute(_patterns())
    names = [column[0] for column in found.description or ()][2:]
    for place, count, *fitting in found.fetchall():
        looked_at[place] = count
        shares[place] = {name: part / count for name, part in zip(names, fitting, strict=True) if part}
    lists = {**vocabulary(), **_value_lists(targets)}
    words = [(kind, word) for kind, of_kind in lists.items() for word in of_kind]
    listed = con.execute(
        "SELECT place, kind, sum(n) FROM texts "
        "JOIN (SELECT unnest($1::VARCHAR[]) AS kind, unnest($2::VARCHAR[]) AS word) ON lower(v) = word "
        "GROUP BY ALL ORDER BY ALL",
        [[kind for kind, _ in words], [word for _, word in words]],
    ).fetchall()
    for place, kind, part in listed:
        shares[place][kind] = part / looked_at[place]
    return shares


def _value_lists(targets: Iterable[TargetField]) -> dict[str, frozenset[str]]:
    lists = {}
    for target in targets:
        if target.picklist:
            lists[f"picklist:{target.name}"] = frozenset(value.strip().lower() for value in target.picklist)
        if target.profile is not None and target.profile.distinct:
            lists[f"values:{target.name}"] = frozenset(value.lower() for value in target.profile.distinct)
    return lists


def _values(con: duckdb.DuckDBPyConnection) -> dict[int, tuple[str, ...]]:
    """The commonest values of each column, the commonest first."""
    rows = con.execute(
        "SELECT place, list(v ORDER BY n DESC, hash(v), v)[:$1] FROM texts GROUP BY place", [FEW]
    ).fetchall()
    return {place: tuple(values) for place, values in rows}


def profiled(
    con: duckdb.DuckDBPyConnection, rows: str | Path, targets: Sequence[TargetField], columns: Sequence[str]
) -> tuple[TargetField, ...]:
    """The targets with the profile of the org's own values, for those that the rows have a column of."""
    there = [target.name for target in targets if target.name in set(columns)]
    found = profile(con, rows, there)
    return tuple(replace(target, profile=found.get(target.name, target.profile)) for target in targets)
