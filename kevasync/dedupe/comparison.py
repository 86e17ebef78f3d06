"""How alike two records are: features in DuckDB SQL, and what follows from all of them together in numpy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import duckdb
import numpy as np
import numpy.typing as npt

from kevasync.dedupe.canonical import SMALLEST
from kevasync.dedupe.columns import MAX_OTHER

__all__ = [
    "FIELDS",
    "LEARNED",
    "Feature",
    "Floats",
    "base_features",
    "chance",
    "compare",
    "feature_names",
    "glance",
    "glanced",
    "select_sql",
    "sieve_places",
    "verdicts",
    "with_together",
]

Floats = npt.NDArray[np.float32]

FIELDS = (
    "name", "email", "phone", "company", "street", "city", "postcode", "region", "dob", "title", "identifier", "other",
)  # fmt: skip
"""What evidence is put down to, and what may be lacking in a table: all features of a field go together."""

BOTH_MISSING, ONE_MISSING = -2.0, -1.0
BATCH = 65_536

_MACROS = """
create or replace temp macro dd_in_local(given, family, stem) as case
  when length(family) > 1 and contains(stem, family) then
    case when length(given) > 1 and contains(stem, given) then 1.0
      when starts_with(stem, left(given, 1)) or ends_with(stem, left(given, 1)) then 0.9 else 0.7 end
  when length(given) > 2 and contains(stem, given) then
    case when starts_with(stem, left(family, 1)) or ends_with(stem, left(family, 1)) then 0.8 else 0.6 end
  else 0.5 * greatest(jaro_winkler_similarity(given || family, stem),
    jaro_winkler_similarity(left(given, 1) || family, stem)) end;
create or replace temp macro dd_same_place(company, label) as
  case when company = label then 1.0
       when length(company) > 3 and length(label) > 3 and (contains(company, label) or contains(label, company))
         then 0.95
       else 0.9 * jaro_winkler_similarity(company, label) end;
"""

TOGETHER = (
    "log_records",
    "fields_both",
    "fields_one",
    "bits",
    "bits_net",
    "fields_agree",
    "fields_differ",
    "bits_best",
    "bits_rare",
)
"""Features of all fields together, made from the others and from the size of the table."""


SIEVE = (
    "given_jw", "given_nick", "given_same_start", "family_jw", "family_bits", "family_sound", "person_sorted",
    "person_bits", "local_jw", "local_bits", "stem_jw", "label_bits", "phone_bits", "phone_lev", "phone_end",
    "company_jw", "company_bits", "street_bits", "road_jw", "house", "city_jw", "city_bits", "postcode_lev",
    "postcode_bits", "dob_parts", "dob_lev", "dob_bits", "title_jw", "title_bits", "identifier_lev",
    "identifier_bits", "other_bits",
)  # fmt: skip
"""Features that cost little: by them the hopeless pairs are told apart before the rest is computed."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One number about a pair; `fields`: what it needs, the first of which the evidence is put down to."""

    name: str
    fields: tuple[str, ...]
    sql: str


@cache
def base_features() -> tuple[Feature, ...]:
    """All features that SQL computes, in the order of the model's columns."""
    text = resources.files("kevasync.dedupe").joinpath("comparison.sql").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.split(" | ")]
        for line in text.splitlines()
        if not line.startswith("--") and line.strip()
    ]
    found = []
    for cells in rows:
        name, fields, sql = cells[0], cells[1], cells[2].removesuffix("|").strip()
        needs = [need.strip() for need in cells[3].split(",") if need.strip()] if len(cells) > 3 else []  # noqa: PLR2004 cells of a line
        found.append(Feature(name, tuple(field.strip() for field in fields.split(",")), _guarded(sql, needs)))
    return (*found, *_others())


def _guarded(sql: str, needs: list[str]) -> str:
    if not needs:
        return f"coalesce({sql}, {ONE_MISSING})"
    neither = " and ".join(f"a.{need} is null and b.{need} is null" for need in needs)
    either = " or ".join(f"a.{need} is null or b.{need} is null" for need in needs)
    missing = f"when {neither} then {BOTH_MISSING} when {either} then {ONE_MISSING}"
    return f"case {missing} else coalesce({sql}, {ONE_MISSING}) end"


def _others() -> list[Feature]:
    names = [f"other{number}" for number in range(MAX_OTHER)]

    def total(each: str) -> str:
        return " + ".join(f"coalesce({each.replace('$', name)}, 0)" for name in names)

    agree = total("(a.$ = b.$)::INT")
    bits = total("case when a.$ = b.$ then a.bits_$ end")
    differ = total("(a.$ <> b.$)::INT")
    alike = total("case when a.$ <> b.$ and jaro_winkler_similarity(a.$, b.$) > 0.85 then 1 end")
    missing = " and ".join(f"(a.{name} is null or b.{name} is null)" for name in names)
    columns = {"other_agree": agree, "other_bits": bits, "other_differ": differ, "other_alike": alike}
    return [
        Feature(name, ("other",), f"case when {missing} then {BOTH_MISSING} else {sql} end")
        for name, sql in columns.items()
    ]


def feature_names() -> list[str]:
    """Columns of the matrix that the scorer reads."""
    return [*(feature.name for feature in base_features()), *TOGETHER]


def select_sql(con: duckdb.DuckDBPyConnection, pairs: str, names: Sequence[str] | None = None) -> str:
    """SQL giving a, b and the base features (all, or those named) of the pairs in a relation with columns a and b."""
    con.execute(_MACROS)
    empty = _empty_fields(con)
    wanted = [feature for feature in base_features() if names is None or feature.name in names]
    columns = ", ".join(
        f"{BOTH_MISSING}::FLOAT" if set(feature.fields) & empty else f"({feature.sql})::FLOAT" for feature in wanted
    )
    return (
        f"select pair.a, pair.b, [{columns}]::FLOAT[{len(wanted)}] as features from {pairs} as pair "  # noqa: S608 ours
        "join dd_record as a on a.n = pair.a join dd_record as b on b.n = pair.b"
    )


_FILLED = {
    "name": "person", "email": "email", "phone": "phone", "company": "company_key", "street": "street", "city": "city",
    "postcode": "postcode", "region": "coalesce(state, country)", "dob": "dob", "title": "title",
    "identifier": "identifier", "other": "other0",
}  # fmt: skip


def _empty_fields(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Fields that no record has: their features cost nothing."""
    counts = ", ".join(f"count({sql})" for sql in _FILLED.values())
    row = con.execute(f"select {counts} from dd_record").fetchall()[0]  # noqa: S608 ours
    return {field for field, count in zip(_FILLED, row, strict=True) if not count}


def compare(
    con: duckdb.DuckDBPyConnection, pairs: str, records: int, batch: int = BATCH
) -> Iterator[tuple[npt.NDArray[np.int32], Floats]]:
    """Batches of (pairs as n x 2 record numbers, features as n x len(feature_names())), in any order."""
    for numbers, base in _stream(con, select_sql(con, pairs), len(base_features()), batch):
        yield numbers, with_together(base, records)


def glance(
    con: duckdb.DuckDBPyConnection, pairs: str, records: int, batch: int = BATCH
) -> Iterator[tuple[npt.NDArray[np.int32], Floats]]:
    """Batches of (pairs, the features of SIEVE in the order of base_features() and the size of the table)."""
    for numbers, base in _stream(con, select_sql(con, pairs, SIEVE), len(SIEVE), batch):
        yield numbers, glanced(base, records)


def glanced(base: Floats, records: int) -> Floats:
    """The sieve's features with the size of the table."""
    return np.concatenate([base, np.full((len(base), 1), np.log2(max(records, SMALLEST)), np.float32)], axis=1)


def sieve_places() -> list[int]:
    """Where the sieve's features stand among the base features."""
    return [at for at, feature in enumerate(base_features()) if feature.name in SIEVE]


def _stream(
    con: duckdb.DuckDBPyConnection, sql: str, width: int, batch: int
) -> Iterator[tuple[npt.NDArray[np.int32], Floats]]:
    for part in con.sql(sql).to_arrow_reader(batch):
        if part.num_rows:
            numbers = np.stack([part.column(0).to_numpy(), part.column(1).to_numpy()], axis=1)
            yield numbers, part.column(2).flatten().to_numpy(zero_copy_only=False).reshape(-1, width)


@cache
def _groups() -> dict[str, list[int]]:
    return {field: [at for at, feature in enumerate(base_features()) if field in feature.fields] for field in FIELDS}


@cache
def _main() -> tuple[list[int], list[int], list[tuple[int, float, float]]]:
    """Where the main feature of each field, its bits, and its limits of agreement and of difference are."""
    at = {feature.name: number for number, feature in enumerate(base_features())}
    first = {
        "name": "person_jw", "email": "local_jw", "phone": "phone_lev", "company": "company_jw", "street": "road_jw",
        "city": "city_jw", "postcode": "postcode_lev", "region": "state_exact", "dob": "dob_lev", "title": "title_jw",
        "identifier": "identifier_jw", "other": "other_agree",
    }  # fmt: skip
    bits = [
        at[name]
        for name in (
            "name_shared",
            "email_bits",
            "phone_bits",
            "company_bits",
            "street_shared",
            "city_bits",
            "postcode_bits",
            "dob_bits",
            "title_bits",
            "identifier_bits",
            "other_bits",
        )
    ]
    limits = {
        "name": (0.93, 0.75),
        "email": (0.95, 0.7),
        "company": (0.93, 0.7),
        "street": (0.93, 0.7),
        "city": (0.95, 0.7),
        "title": (0.95, 0.7),
        "identifier": (0.95, 0.8),
    }
    small = {"phone": (0.5, 3.5), "postcode": (0.5, 2.5), "dob": (0.5, 2.5)}
    scale = [(at[first[field]], *limits[field]) for field in limits]
    scale += [(-at[first[field]] - 1, -small[field][0], -small[field][1]) for field in small]
    return [at[name] for name in first.values()], bits, scale


def with_together(base: Floats, records: int) -> Floats:
    """The base features and those of all fields together."""
    main, bits, scale = _main()
    agreed = np.maximum(base[:, bits], 0)
    total = agreed.sum(axis=1)
    size = np.float32(np.log2(max(records, SMALLEST)))
    both = (base[:, main] >= 0).sum(axis=1)
    one = (base[:, main] == ONE_MISSING).sum(axis=1)
    agree, differ = np.zeros(len(base), np.float32), np.zeros(len(base), np.float32)
    for place, high, low in scale:
        value = base[:, place] if place >= 0 else -base[:, -place - 1]
        there = base[:, place if place >= 0 else -place - 1] >= 0
        agree += there & (value >= high)
        differ += there & (value <= low)
    rare = np.maximum(base[:, _rare()], 0).sum(axis=1)
    together = np.stack(
        [np.full(len(base), size), both, one, total, total - size, agree, differ, agreed.max(axis=1), rare], axis=1
    )
    return np.concatenate([base, together.astype(np.float32)], axis=1)


LEARNED = 12_000
"""Records of the largest tables whose pairs the first model saw: it knows no value rarer than once in so many."""

_COINCIDENCES = (
    ("person_bits", "family_bits", "family_rare"), ("email_bits", "local_bits"), ("phone_bits",),
    ("company_bits", "label_bits"), ("street_bits",), ("city_bits",), ("postcode_bits",), ("dob_bits",),
    ("title_bits",), ("identifier_bits",), ("other_bits",),
)  # fmt: skip
"""Features that tell how rare a shared value is, by what they are about."""


@cache
def _rarities() -> list[list[int]]:
    names = feature_names()
    return [[names.index(name) for name in group] for group in _COINCIDENCES]


_SHARE = 0.75
"""How much of `chance` is taken: some strangers (colleagues, families) are no more where the table is larger."""


def chance(features: Floats) -> Floats:
    """Natural log odds that a pair loses because its table is larger than those that the first model learned from.

    In a table n times as large, strangers who agree as well as this pair turn up n times as often for each pair of one
    person. Shared values that are rarer than any in a table of LEARNED records make up for it.
    """
    most = np.float32(np.log2(LEARNED))
    over: Floats = np.maximum(features[:, feature_names().index("log_records")] - most, 0)
    if not over.any():
        return over
    for group in _rarities():
        over = over - np.maximum(features[:, group].max(axis=1) - most, 0)
    return np.asarray(np.maximum(over, 0) * np.float32(_SHARE * np.log(2)), np.float32)


def verdicts(base: Floats) -> Floats:
    """What each field says, in the order of its limits: 1 agrees, -1 differs, 0 says nothing (n x 10)."""
    _, _, scale = _main()
    found = np.zeros((len(base), len(scale)), np.float32)
    for at, (place, high, low) in enumerate(scale):
        column = base[:, place if place >= 0 else -place - 1]
        value = column if place >= 0 else -column
        found[:, at] = np.where(column >= 0, (value >= high).astype(np.float32) - (value <= low), 0)
    return found


@cache
def _rare() -> list[int]:
    names = [feature.name for feature in base_features()]
    return [names.index("given_rare"), names.index("family_rare")]


def without_fields(base: Floats, fields: set[str]) -> Floats:
    """The base features as if the table had no such fields."""
    places = sorted({place for field in fields for place in _groups()[field]})
    hidden = base.copy()
    hidden[:, places] = BOTH_MISSING
    return hidden
