"""Scored candidates for customers whom no key links: what to ask a scorer, and what its answers change in the plan.

The scorer itself is given by the caller (the core knows of no model). Keys always come first: only customers without
any claim, and Contacts that nobody has or claims, are scored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from kevasync.store.steps import read_steps, run_steps
from kevasync.values import quote_identifier as quote

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LIKELY", "LINKS_ITSELF", "SCORED_COLUMNS", "CandidateSearch", "no_candidates", "search_candidates"]

LIKELY = 0.5
"""From this probability on a customer is not created but waits for a person."""
LINKS_ITSELF = 0.99
"""From this probability on, where allowed, a pair without a rival is linked; docs/linking.md has what was measured."""
SCORED_COLUMNS = ("keva_id", "sf_id", "probability", "evidence")

Score = Callable[[duckdb.DuckDBPyConnection, str, str], "pa.Table"]
"""(connection, view of customers, view of Contacts) -> SCORED_COLUMNS: text, text, 0 to 1, text; doubtful pairs too."""


@dataclass(frozen=True, slots=True)
class CandidateSearch:
    """How candidates are found. `auto`: what is sure and has no rival is linked; else all of it waits for a person.

    `apart` are pairs (keva_id, sf_id) that a person said are not the same: they never come back.
    """

    score: Score
    auto: bool = False
    threshold: float = LINKS_ITSELF
    apart: Sequence[tuple[str, str]] = ()


def no_candidates(con: duckdb.DuckDBPyConnection) -> None:
    """The table that later steps look into, empty."""
    con.execute(
        "create temp table candidates"
        " (keva_id varchar, sf_id varchar, probability double, evidence varchar, place bigint, decision varchar)"
    )


def search_candidates(
    con: duckdb.DuckDBPyConnection, search: CandidateSearch, keva: str, salesforce: str, sf_id: str, *, narrowed: bool
) -> None:
    """Leave the table candidates and change `found` by it. `sf_id`: SQL for the 18-character id of `data`.

    A plan narrowed to some customers never links by score: it cannot see who else is like the Contact.
    """
    steps = read_steps("candidates.sql", "kevasync.sync")
    cut = next(number for number, (name, _) in enumerate(steps) if name == "candidates")
    run_steps(con, steps[:cut])
    con.execute("create temp table apart as select unnest($1::varchar[]) as keva_id, unnest($2::varchar[]) as sf_id",
                [[one for one, _ in search.apart], [other for _, other in search.apart]])  # fmt: skip
    con.execute(
        "create temp table linking as select $1::boolean as auto, $2::double as threshold, $3::double as likely",
        [search.auto and not narrowed, search.threshold, LIKELY],
    )
    con.execute("create temp table scored (keva_id varchar, sf_id varchar, probability double, evidence varchar)")
    if _any(con, "open_customers") and _any(con, "open_contacts"):
        con.execute(
            f"""create temp view customers_to_score as select data.* from {quote(keva)} as data
            semi join open_customers on open_customers.keva_id = data._id"""  # noqa: S608 quoted
        )
        con.execute(
            f"""create temp view contacts_to_score as select data.* replace ({sf_id} as _id)
            from {quote(salesforce)} as data
            semi join open_contacts on open_contacts.sf_id = {sf_id} where data._deleted is not true"""  # noqa: S608 quoted
        )
        con.register("scored_now", search.score(con, "customers_to_score", "contacts_to_score"))
        con.execute(f"insert into scored select {', '.join(SCORED_COLUMNS)} from scored_now")  # noqa: S608 ours
        con.unregister("scored_now")
    run_steps(con, steps[cut:])


def _any(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(con.execute(f"select 1 from {table} limit 1").fetchall())  # noqa: S608 ours
