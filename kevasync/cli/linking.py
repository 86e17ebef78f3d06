"""Brings the duplicates model to the plan: candidates by score for customers whom no key links."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from kevasync.errors import UsageError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from kevasync.cli.context import Context
    from kevasync.store.decisions import Decisions
    from kevasync.sync.candidates import CandidateSearch

__all__ = ["Scored", "candidate_search", "decided_pairs"]


class Scored(StrEnum):
    """What a plan does about customers whom no key links but who are like a Contact."""

    OFF = "off"
    REVIEW = "review"
    AUTO = "auto"


def candidate_search(
    at: Context, mode: Scored, threshold: float | None = None, decided: Sequence[tuple[str, str, bool]] = ()
) -> CandidateSearch | None:
    """The search a plan is given; None where it is off. `decided`: pairs of names in a search, and whether one."""
    if mode is Scored.OFF:
        return None
    from kevasync.dedupe.across import score_across
    from kevasync.dedupe.sides import bare, side_of
    from kevasync.records import Side
    from kevasync.sync.candidates import LINKS_ITSELF, SCORED_COLUMNS, CandidateSearch

    def score(con: duckdb.DuckDBPyConnection, customers: str, contacts: str) -> pa.Table:
        try:
            return score_across(con, customers, contacts, decided, at.progress.start)
        except UsageError as error:
            if error.code != "dedupe-no-columns":
                raise
            import pyarrow as pa

            at.detail(f"no candidates by score: {error}")
            return pa.table({name: [] for name in SCORED_COLUMNS})

    apart = [
        (bare(one), other) if side_of(one) is Side.KEVA else (bare(other), one)
        for one, other, same in decided
        if not same and side_of(one) is not side_of(other)
    ]
    return CandidateSearch(score, mode is Scored.AUTO, LINKS_ITSELF if threshold is None else threshold, apart)


def decided_pairs(decisions: Decisions) -> list[tuple[str, str, bool]]:
    """What people said of pairs of records, by their names in a search."""
    from kevasync.dedupe.decisions import DuplicateDecisions

    return DuplicateDecisions(decisions).constraints()
