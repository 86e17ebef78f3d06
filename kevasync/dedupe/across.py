"""Scores customers against Contacts: which of the one side may be who on the other, and why."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from kevasync.dedupe.pipeline import Evidence, Pairs, Tell, find_pairs
from kevasync.dedupe.search import DOUBTFUL, MOST_EXPLAINED, learned
from kevasync.dedupe.sides import all_records, bare, side_of
from kevasync.records import Side

__all__ = ["score_across"]

_SCHEMA = pa.schema(
    [("keva_id", pa.string()), ("sf_id", pa.string()), ("probability", pa.float64()), ("evidence", pa.string())]
)
_TOLD = 3  # fields that a line of evidence names


def score_across(
    con: duckdb.DuckDBPyConnection,
    customers: str,
    contacts: str,
    decided: Sequence[tuple[str, str, bool]] = (),
    tell: Tell = lambda _step, _total: None,
) -> pa.Table:
    """Pairs of a customer and a Contact from DOUBTFUL on: keva_id, sf_id, probability, evidence, most likely first.

    `customers` and `contacts` are views in the form endpoint.py gives. Empty where one side has nothing to compare by.
    Raises UsageError `dedupe-no-columns` where neither has.
    """
    table, columns, said = all_records(con, {Side.SALESFORCE: contacts, Side.KEVA: customers})
    if len(said) < len(Side):
        return _SCHEMA.empty_table()
    pairs, _ = learned(find_pairs(con, table, columns, tell=tell), decided)
    across: list[tuple[str, str, float]] = []
    scored = zip(*(pairs.table[name].to_pylist() for name in ("id_a", "id_b", "probability")), strict=True)
    for one, other, probability in scored:
        if probability < DOUBTFUL:
            break
        if side_of(one) is not side_of(other):
            across.append((one, other, probability))
    told = _evidence(pairs, across[:MOST_EXPLAINED])
    rows = [
        {
            "keva_id": next(bare(name) for name in (one, other) if side_of(name) is Side.KEVA),
            "sf_id": next(name for name in (one, other) if side_of(name) is Side.SALESFORCE),
            "probability": probability,
            "evidence": told[number] if number < len(told) else "as its score says",
        }
        for number, (one, other, probability) in enumerate(across)
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _evidence(pairs: Pairs, across: Sequence[tuple[str, str, float]]) -> list[str]:
    return [_line(items) for items in pairs.explain([(one, other) for one, other, _ in across])]


def _line(items: Sequence[Evidence]) -> str:
    """What speaks loudest, in bits: `email +9.1, name +6.0, phone -2.2`."""
    said = [item for item in items if item.field != "prior" and abs(item.bits) >= 0.1]  # noqa: PLR2004 shown as 0.0
    loudest = sorted(said, key=lambda item: -abs(item.bits))[:_TOLD]
    return ", ".join(f"{item.field} {item.bits:+.1f}" for item in loudest) + " bits" if loudest else "as its score says"
