"""What an accounts review starts from: the companies that wait for a person, with the Accounts they may be."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kevasync.cli.accounts_input import from_workspace
from kevasync.cli.sides import open_kept
from kevasync.dedupe.account_decisions import AccountDecisions
from kevasync.dedupe.accounts import account_names, find_accounts, questions
from kevasync.errors import UsageError
from kevasync.review.account_session import AccountSession, name_of
from kevasync.store.decisions import current_user

if TYPE_CHECKING:
    from kevasync.cli.context import Context

__all__ = ["SEARCHED", "accounts_session"]

SEARCHED = 5_000
"""So many Accounts a page can search; those of more customers' candidates are on it in any case."""


def accounts_session(
    at: Context, object_name: str, limit: int, *, company: str, threshold: float, who: str | None
) -> AccountSession:
    """The review of what the last snapshot of Keva asks of the org's Accounts.

    What people decided before is shown as decided, so that it can be taken back: the search is made without it.

    Raises:
        UsageError: `accounts-none` when nothing waits for a person; and as `find_accounts`.
        RunError: `snapshot-missing`, and whatever signing in raises.
    """
    workspace = at.workspace
    with tempfile.TemporaryDirectory(prefix="kevasync-accounts-") as folder:
        con, search = from_workspace(at, Path(folder), object_name)
        try:
            at.progress.start("find accounts", None)
            find_accounts(con, replace(search, company=company, threshold=threshold, answered=()))
            asked = questions(con)
            names = account_names(con, SEARCHED)
            total = con.execute("select count(*) from account").fetchall()[0][0]
        finally:
            at.progress.done()
            con.close()
    with open_kept(workspace) as kept:
        decided = AccountDecisions(kept.decisions).holding()
    waiting = [item for item in asked if item.waits or name_of(item) in decided]
    if not waiting:
        raise UsageError("accounts-none", "no company waits for a person: each has its Account, or none is like it")
    open_first = sorted(waiting, key=lambda item: (name_of(item) in decided, -item.customers, item.key))
    return AccountSession(
        workspace=str(workspace.root),
        object=object_name,
        who=who or current_user(),
        questions=tuple(open_first[:limit]),
        waiting=len(waiting),
        accounts=names,
        left_out=max(0, total - len(names)),
    )
