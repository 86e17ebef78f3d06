"""What the accounts notebook is started with: companies as customers wrote them, and the Accounts they may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kevasync.dedupe.accounts import Question
from kevasync.review.session import page_name
from kevasync.store.decided import subject_of

__all__ = ["AccountSession", "name_of"]

VERSION = 1


def name_of(question: Question) -> str:
    """What decisions on it are kept under."""
    return subject_of(question.key)


@dataclass(frozen=True, slots=True)
class AccountSession:
    """One accounts review. `accounts` are the names of the Accounts that can be searched for, by id.

    `waiting` is how many questions there are in all, those not shown too; `left_out` how many Accounts of the org
    cannot be searched for on this page.
    """

    workspace: str
    object: str
    who: str
    questions: tuple[Question, ...]
    waiting: int
    accounts: Mapping[str, str] = field(default_factory=dict)
    left_out: int = 0
    notes: tuple[str, ...] = ()
    version: int = VERSION

    @property
    def name(self) -> str:
        """What the browser keeps its undelivered presses under."""
        return page_name(self.workspace, "accounts", self.object)
