"""The accounts review: companies, the Accounts they may be and the decisions on them behind one screen."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

from kevasync.dedupe.account_decisions import AccountDecisions
from kevasync.review import account_view
from kevasync.review.account_queue import NO_ACCOUNT, AccountQueue
from kevasync.review.account_session import AccountSession
from kevasync.review.desk import Desk
from kevasync.review.drafted_queue import summary_of
from kevasync.review.screen import ReviewScreen
from kevasync.review.session import load
from kevasync.store.decisions import Decisions
from kevasync.store.state import State
from kevasync.workspace import Workspace

__all__ = ["AccountReview", "open_accounts"]

ORDERS = [["size", "most customers first"], ["gain", "uncertain first"], ["sure", "surest first"]]


def open_accounts(session: Path | str | None = None) -> AccountReview:
    """The review of a session file (else of the one that the environment names), on its workspace's store."""
    return AccountReview(load(AccountSession, session))


class AccountReview:
    """One page of the accounts review. Opens the workspace's state; closes it when it is closed or forgotten."""

    def __init__(self, session: AccountSession) -> None:
        self.session = session
        state = State.open(Workspace.open(Path(session.workspace)).state_url)
        self.close = weakref.finalize(self, state.close)
        shown = {item.id: item.name for question in session.questions for item in question.candidates}
        self._names = {**shown, **session.accounts}
        self.queue = AccountQueue(
            AccountDecisions(Decisions(state)), session.questions, self._names, account_view.detail
        )

    def screen(self) -> ReviewScreen:
        """The keyboard screen for this page."""
        session = self.session
        shown = len(session.questions)
        of_all = f", {shown:,} of {session.waiting:,} companies" if session.waiting > shown else ""
        left = f"; {session.left_out:,} more Accounts are not searched" if session.left_out else ""
        page: dict[str, Any] = {
            "session": session.name,
            "who": session.who,
            "title": "Accounts",
            "subtitle": f"companies of customers → Account{of_all}{left}",
            "words": account_view.ACCOUNT_WORDS,
            "none": NO_ACCOUNT,
            "sides": ["Customers", "Account"],
            "options": account_view.options(self._names),
            "measured": None,
            "orders": ORDERS,
            "save": None,
        }
        return ReviewScreen(Desk(self.queue), page, [account_view.row(item) for item in session.questions])

    def summary(self) -> list[dict[str, Any]]:
        """How many companies were decided how, and by whom."""
        return summary_of(self.queue, "companies")
