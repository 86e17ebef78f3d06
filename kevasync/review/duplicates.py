"""The duplicates review: groups of records and the decisions on them behind one screen."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

from kevasync.dedupe.decisions import DuplicateDecisions
from kevasync.review import duplicate_view
from kevasync.review.desk import Desk
from kevasync.review.drafted_queue import summary_of
from kevasync.review.duplicate_queue import DuplicateQueue
from kevasync.review.duplicate_session import DuplicateSession
from kevasync.review.screen import ReviewScreen
from kevasync.review.session import load, measured_page
from kevasync.store.decisions import Decisions
from kevasync.store.state import State
from kevasync.workspace import Workspace

__all__ = ["DuplicateReview", "open_duplicates"]


ORDERS = [
    ["gain", "uncertain first"],
    ["size", "largest groups first"],
    ["sure", "surest first"],
    ["file", "as found"],
]
"""How a page can be ordered; the order that the command chose stands first."""


def open_duplicates(session: Path | str | None = None) -> DuplicateReview:
    """The review of a session file (else of the one that the environment names), on its workspace's store."""
    return DuplicateReview(load(DuplicateSession, session))


class DuplicateReview:
    """One page of the duplicates review. Opens the workspace's state; closes it when it is closed or forgotten."""

    def __init__(self, session: DuplicateSession) -> None:
        self.session = session
        state = State.open(Workspace.open(Path(session.workspace)).state_url)
        self.close = weakref.finalize(self, state.close)
        labels = session.labels
        self.queue = DuplicateQueue(
            DuplicateDecisions(Decisions(state)),
            session.groups,
            lambda group: duplicate_view.detail(group, labels),
        )

    def screen(self) -> ReviewScreen:
        """The keyboard screen for this page."""
        session = self.session
        shown = len(session.groups)
        of_all = f", {shown:,} of {session.waiting:,} groups" if session.waiting > shown else ""
        page: dict[str, Any] = {
            "session": session.name,
            "who": session.who,
            "title": "Duplicates",
            "subtitle": f"{session.source} → {session.object}{of_all}",
            "words": duplicate_view.DUPLICATE_WORDS,
            "orders": sorted(ORDERS, key=lambda item: not item[1].startswith(session.order)),
            "options": [],
            "measured": measured_page(session.measured),
            "save": None,
        }
        return ReviewScreen(Desk(self.queue), page, [duplicate_view.row(item) for item in session.groups])

    def summary(self) -> list[dict[str, Any]]:
        """How many groups were decided how, and by whom."""
        return summary_of(self.queue, "groups")
