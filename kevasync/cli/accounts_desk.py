"""What an accounts review starts from: the companies that wait for a person, with the Accounts they may be."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kevasync.cli.accounts_input import from_workspace
from kevasync.cli.sides import open_kept
from kevasync.dedupe.account_decisions import AccountDecisions
from kevasync.dedupe.accounts import AccountSearch, Question, account_names, find_accounts, questions
from kevasync.errors import UsageError
from kevasync.review.account_session import AccountSession, name_of
from kevasync.store.decisions import current_user

if TYPE_CHECKING:
    import duckdb

    from kevasync.cli.context import Context

__all__ = ["SEARCHED", "accounts_session"]

SEARCHED = 5_000
"""So many Accounts, by name, a page can search; the candidates can be chosen in any case."""


def accounts_session(
    at: Context, object_name: str, limit: int, *, company: str, threshold: float, who: str | None
) -> AccountSession:
    """The review of what the last snapshot of Keva asks of the org's Accounts.

    What people decided before is shown as decided, so that it can be taken back. Where they said "none of these" and
    other Accounts have come since, the company waits again, with those.

    Raises:
        UsageError: `accounts-none` when nothing waits for a person; and as `find_accounts`.
        RunError: `snapshot-missing`, and whatever signing in raises.
    """
    workspace = at.workspace
    with open_kept(workspace) as kept:
        made = AccountDecisions(kept.decisions)
        decided, refused = set(made.holding()), made.refused()
    with tempfile.TemporaryDirectory(prefix="kevasync-accounts-") as folder:
        con, search = from_workspace(at, Path(folder), object_name)
        try:
            at.progress.start("find accounts", None)
            wanted = replace(search, company=company, threshold=threshold)
            again = _asked(con, wanted) if refused else {}
            asked = _asked(con, replace(wanted, answered=()))
            names, total = account_names(con, SEARCHED)
        finally:
            at.progress.done()
            con.close()
    shown = {name: _as_decided(item, refused.get(name), again.get(name)) for name, item in asked.items()}
    waiting = {name: item for name, item in shown.items() if item.candidates and (item.waits or name in decided)}
    if not waiting:
        raise UsageError("accounts-none", "no company waits for a person: each has its Account, or none is like it")
    done = {name for name, item in waiting.items() if name in decided and item is not again.get(name)}
    open_first = sorted(waiting, key=lambda name: (name in done, -waiting[name].customers, waiting[name].key))
    return AccountSession(
        workspace=str(workspace.root),
        object=object_name,
        who=who or current_user(),
        questions=tuple(waiting[name] for name in open_first[:limit]),
        waiting=len(waiting),
        accounts=names,
        left_out=max(0, total - len(names)),
    )


def _asked(con: duckdb.DuckDBPyConnection, search: AccountSearch) -> dict[str, Question]:
    find_accounts(con, search)
    return {name_of(item): item for item in questions(con)}


def _as_decided(item: Question, refused: frozenset[str] | None, again: Question | None) -> Question:
    """A question of which Accounts were refused: as it is asked again, else with the refused Accounts alone."""
    if refused is None:
        return item
    if again is not None and again.waits:
        return again
    return replace(item, candidates=tuple(one for one in item.candidates if one.id in refused))
