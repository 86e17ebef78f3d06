"""What people decided about whose Account a company is: this one, another one, none of these, not now."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kevasync.store.decided import Draft, Taken, standing, take
from kevasync.store.decisions import Decision, Decisions

__all__ = ["WHAT", "AccountDecision", "AccountDecisions", "Verdict", "subject_of"]

WHAT = "account"
LONGEST_SUBJECT = 200


class Verdict(StrEnum):
    """What somebody said of a company. `change`: another than the first candidate; a skip only says: seen, not now."""

    ACCEPT = "accept"
    CHANGE = "change"
    REJECT = "reject"
    SKIP = "skip"
    UNDO = "undo"


def subject_of(question: str) -> str:
    """What a question (`accounts.Question.key`) is called in the store."""
    return question if len(question) <= LONGEST_SUBJECT else "sha256:" + hashlib.sha256(question.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class AccountDecision:
    """One decision on a question. `account_id` is the Account that was taken; `offered` are those that were shown.

    `seen`, `key` and `undoes` are as in `store.decided`.
    """

    question: str
    verdict: Verdict
    key: str
    account_id: str | None = None
    offered: tuple[str, ...] = ()
    seen: str | None = None
    undoes: str | None = None

    def draft(self) -> Draft:
        """Its form for the store."""
        detail = {"question": self.question, "account_id": self.account_id, "offered": list(self.offered)}
        return Draft(subject_of(self.question), self.verdict.value, self.key, detail, self.seen, self.undoes)


class AccountDecisions:
    """The decisions on Accounts in a workspace's store."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    def all(self) -> list[Decision]:
        """All of them, oldest first, undone ones too."""
        return self._decisions.list(what=WHAT)

    def record(self, who: str, wanted: Sequence[AccountDecision]) -> Taken:
        """Record decisions in one transaction; they are on disk when this returns."""
        return take(self._decisions, who, WHAT, [item.draft() for item in wanted])

    def holding(self) -> dict[str, Decision]:
        """The decision that holds on each question; one all undone has none."""
        return {str(item.subject): item for item in standing(self.all())}

    def answers(self) -> list[tuple[str, str, bool]]:
        """(question, account_id, whether it is the one) of all that holds: for `accounts.AccountSearch.answered`."""
        found: list[tuple[str, str, bool]] = []
        for item in self.holding().values():
            verdict, question = item.detail["verdict"], item.detail["question"]
            if verdict in {Verdict.ACCEPT, Verdict.CHANGE} and item.detail.get("account_id"):
                found.append((question, item.detail["account_id"], True))
            elif verdict == Verdict.REJECT:
                found += [(question, one, False) for one in item.detail.get("offered", ())]
        return found
