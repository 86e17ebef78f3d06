"""Which records are worth comparing: rules in SQL, each with its cost known beforehand and bounded."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

import duckdb

__all__ = ["Budget", "RuleReport", "find_candidates", "rules"]

WINDOW = 12
"""Neighbours that a record meets within a block that is too large to be compared whole."""
LOOSE_WINDOW = 2
"""The same for the rules that are called loose: they look for the last few pairs where a table is small."""
PARTS_MOST = 300_000
"""Rules that are called parts make a hundred keys a record: larger tables do without them."""
PARTS_LOOKED = 12_000_000
"""So many pairs of such a rule are weighed, those of the smallest blocks."""
_RULE = re.compile(r"^-- rule: (?P<name>\w+)(?: \((?P<kind>loose|parts)\))?[^\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Budget:
    """How many pairs may be looked at: by one rule and by all."""

    rule: int
    total: int

    @classmethod
    def of(cls, records: int) -> Budget:
        """Small tables can afford many pairs a record; a million records 8 a rule and 24 in all."""
        return cls(max(8 * records, 400_000), max(24 * records, 2_500_000))


@dataclass(frozen=True, slots=True)
class RuleReport:
    """What one rule would cost in full, and what was done.

    Capped: too large blocks, compared by neighbours only; by rules of parts (see `rules`) not at all: what such a block
    shares is too common to tell anything.
    """

    rule: str
    blocks: int
    cost: int
    pairs: int
    new_pairs: int
    capped_blocks: int
    capped_records: int
    largest_block: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "capped": self.capped_blocks > 0}


def rules() -> list[tuple[str, str, str | None]]:
    """Name, SQL (n, key) and kind of every rule, the most telling first.

    Kinds: None; `loose`, for what is left of the budget; `parts`, a hundred keys a record, each of two weak clues: of
    all pairs those are taken that share most and rarest, in tables of up to PARTS_MOST records.
    """
    text = resources.files("kevasync.dedupe").joinpath("blocking.sql").read_text(encoding="utf-8")
    marks = list(_RULE.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return [(mark["name"], text[mark.end() : end].strip(), mark["kind"]) for mark, end in zip(marks, ends, strict=True)]


def find_candidates(con: duckdb.DuckDBPyConnection, budget: Budget) -> list[RuleReport]:
    """Fill `dd_pair` (a, b: record numbers, a < b, each pair once) from `dd_record`."""
    con.execute("create or replace temp table dd_pair (a INTEGER, b INTEGER)")
    con.execute("""create or replace temp table dd_order as select n::INTEGER as n, row_number() over (order by
        concat_ws(' ', family, given, company, phone, email, road, dob))::INTEGER as place from dd_record""")
    records = int(con.execute("select count(*) from dd_order").fetchall()[0][0])
    left, found = budget.total, []
    for name, sql, kind in rules():
        if kind == "parts" and (records > PARTS_MOST or not left):
            continue
        limit = (2 * left + 1) // 3 if kind == "parts" else min(budget.rule, left)
        report = _run(con, name, sql, limit, kind)
        if report is not None:
            left = max(0, left - report.new_pairs)
            found.append(report)
    con.execute("drop table dd_order")
    return found


def _run(con: duckdb.DuckDBPyConnection, name: str, sql: str, budget: int, kind: str | None) -> RuleReport | None:
    con.execute(
        "create or replace temp table dd_key as select distinct n::INTEGER as n, hash(key) as key "  # noqa: S608 ours
        f"from ({sql}) where key is not null"
    )
    con.execute(
        "create or replace temp table dd_block as select key, count(*) as size from dd_key "
        "group by key having count(*) > 1"
    )
    blocks, cost, largest = con.execute(
        "select count(*), coalesce(sum(size * (size - 1) // 2), 0)::BIGINT, coalesce(max(size), 0) from dd_block"
    ).fetchall()[0]
    if not blocks:
        return None
    size = _affordable(con, cost, PARTS_LOOKED if kind == "parts" else budget)
    capped_blocks, capped_records = con.execute(
        "select count(*), coalesce(sum(size), 0)::BIGINT from dd_block where size > ?", [size]
    ).fetchall()[0]
    if kind == "parts":
        _weigh(con, size, budget)
    else:
        _pair(con, size, 0 if not budget else LOOSE_WINDOW if kind == "loose" else WINDOW)
    pairs = con.execute("select count(*) from dd_found").fetchall()[0][0]
    new = con.execute("insert into dd_pair select a, b from dd_found anti join dd_pair using (a, b)").fetchall()[0][0]
    con.execute("drop table dd_found; drop table dd_key; drop table dd_block")
    return RuleReport(name, blocks, int(cost), pairs, new, capped_blocks, int(capped_records), largest)


def _pair(con: duckdb.DuckDBPyConnection, size: int, window: int) -> None:
    """`dd_found`: the pairs of all blocks up to a size; larger ones are sorted by name and compared with neighbours."""
    con.execute(
        """create or replace temp table dd_found as
        with member as materialized (
          select dd_key.n, key, size, case when size > $size
            then row_number() over (partition by key order by place) end as spot
          from dd_key join dd_block using (key) join dd_order on dd_order.n = dd_key.n
        ), whole as (
          select l.n as a, r.n as b from member as l join member as r on l.key = r.key and l.n < r.n
          where l.spot is null
        ), near as (
          select least(l.n, r.n) as a, greatest(l.n, r.n) as b
          from (select n, key, spot, unnest(range(spot + 1, spot + 1 + $window)) as following
                from member where spot is not null) as l
          join (select n, key, spot from member where spot is not null) as r on l.key = r.key and r.spot = l.following
        )
        select distinct a, b from (from whole union all from near)""",
        {"size": size, "window": window},
    )


def _weigh(con: duckdb.DuckDBPyConnection, size: int, budget: int) -> None:
    """`dd_found`: of the new pairs of all blocks up to a size those that share the most and rarest keys."""
    con.execute(
        """create or replace temp table dd_found as
        with member as materialized (
          select dd_key.n, key, (16 * log2(total.records / size))::INTEGER as bits
          from dd_key join dd_block using (key), (select count(*) as records from dd_order) as total where size <= $size
        ), shared as (
          select l.n as a, r.n as b, sum(l.bits) as bits
          from member as l join member as r on l.key = r.key and l.n < r.n group by l.n, r.n
        )
        select a, b from shared anti join dd_pair using (a, b) order by bits desc, a, b limit $budget""",
        {"size": size, "budget": budget},
    )


def _affordable(con: duckdb.DuckDBPyConnection, cost: int, budget: int) -> int:
    """The largest block size at which all blocks up to it fit into the budget together with neighbours of the rest."""
    if cost <= budget:
        return 1 << 40
    sizes = con.execute(
        "select size, count(*) * size * (size - 1) // 2 from dd_block group by size order by size"
    ).fetchall()
    spent, size = 0, 1
    for candidate, price in sizes:
        spent += int(price)
        if spent > budget:
            break
        size = int(candidate)
    return size
