"""The books of a run: every record that went in comes out exactly once, and the sum says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kevasync.errors import RunError
from kevasync.records import Outcome
from kevasync.sync.run import Run

__all__ = ["Books", "close_books"]


@dataclass(frozen=True, slots=True)
class Books:
    """Records by outcome; `pending` are those an interrupted run has yet to do; `stale` stand among the rejected."""

    counts: Mapping[Outcome, int]
    input: int
    pending: int
    stale: int

    @property
    def balanced(self) -> bool:
        """True where every record that went in has an outcome."""
        return self.pending == 0 and sum(self.counts.values()) == self.input


def close_books(run: Run) -> Books:
    """Give every chosen record its outcome (table `outcomes`: no, keva_id, sf_id, outcome) and count.

    Raises RunError `books-unbalanced` where the sum, with what is pending, is not the input.
    """
    run.con.execute(
        """create or replace temp table outcomes as
        with written as (
            select asked.keva_id, asked.sf_id,
                bool_or(status = 'unknown') as unknown, bool_or(status = 'failed') as failed,
                bool_or(status = 'rejected') as rejected, bool_or(status = 'applied') as applied,
                bool_or(status in ('planned', 'sent')) as pending
            from entries join asked using (key) group by asked.keva_id, asked.sf_id
        )
        select chosen.no, chosen.keva_id, chosen.sf_id, case
            when operation = 'ambiguous' then 'ambiguous'
            when pending then 'pending'
            when unknown then 'unknown'
            when failed then 'failed'
            when operation in ('conflict', 'review') then 'conflict'
            when operation = 'rejected' or rejected then 'rejected'
            when applied then 'applied'
            when operation = 'create' and written.applied is null then 'rejected'
            when operation in ('no-op', 'not-in-keva', 'update', 'create', 'link', 'unlink') then 'no-op'
        end as outcome
        from chosen left join written
        on written.keva_id is not distinct from chosen.keva_id and written.sf_id is not distinct from chosen.sf_id"""
    )
    found = dict(run.con.execute("select outcome, count(*) from outcomes group by outcome").fetchall())
    counts = {outcome: int(found.get(str(outcome), 0)) for outcome in Outcome}
    books = Books(
        counts=counts,
        input=run.number("select count(*) from chosen"),
        pending=int(found.get("pending", 0)),
        stale=run.count("status = 'rejected' and code = 'stale'"),
    )
    if sum(counts.values()) + books.pending != books.input:
        text = ", ".join(f"{name} {number}" for name, number in found.items())
        raise RunError("books-unbalanced", f"{books.input} records went in, and came out: {text}")
    return books
