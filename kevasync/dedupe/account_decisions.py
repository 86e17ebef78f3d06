"""What people decided about whose Account a company is: this one, another one, none of these, not now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kevasync.store.decided import Draft, DraftedDecisions, standing, subject_of
from kevasync.store.decisions import Decision

__all__ = ["WHAT", "AccountDecision", "AccountDecisions", "Verdict", "refused"]

WHAT = "account"


class Verdict(StrEnum):
    """What somebody said of a company. `change`: another than the first candidate; a skip only says: seen, not now."""

    ACCEPT = "accept"
    CHANGE = "change"
    REJECT = "reject"
    SKIP = "skip"
    UNDO = "undo"


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
        """Its form for the store; the subject is that of the question (`accounts.Question.key`)."""
        detail = {"question": self.question, "account_id": self.account_id, "offered": list(self.offered)}
        return Draft(subject_of(self.question), self.verdict.value, self.key, detail, self.seen, self.undoes)


class AccountDecisions(DraftedDecisions[AccountDecision]):
    """The decisions on Accounts in a workspace's store."""

    what = WHAT

    def refused(self) -> dict[str, frozenset[str]]:
        """The Accounts that are refused now, by the question's subject."""
        return refused(standing(self.all()))

    def answers(self) -> list[tuple[str, str, bool]]:
        """(question, account_id, whether it is the one) of all that holds: for `accounts.AccountSearch.answered`."""
        stand = standing(self.all())
        held = {str(item.subject): item.detail for item in stand}
        taken = [
            (detail["question"], detail["account_id"], True)
            for detail in held.values()
            if detail["verdict"] in {Verdict.ACCEPT, Verdict.CHANGE} and detail.get("account_id")
        ]
        no = refused(stand)
        return taken + [(held[name]["question"], one, False) for name in no for one in sorted(no[name])]


def refused(stand: Iterable[Decision]) -> dict[str, frozenset[str]]:
    """The Accounts that are refused now, by subject, from the decisions that stand (`store.decided.standing`).

    A company can be asked about again when others turn up, so what was refused earlier stays so, until somebody decides
    otherwise on the very Accounts: takes a company's Account, or skips where they are shown.
    """
    found: dict[str, frozenset[str]] = {}
    for item in stand:
        subject, verdict = str(item.subject), item.detail["verdict"]
        if verdict == Verdict.REJECT:
            found[subject] = found.get(subject, frozenset()) | set(item.detail.get("offered", ()))
        elif verdict == Verdict.SKIP:
            found[subject] = found.get(subject, frozenset()) - set(item.detail.get("offered", ()))
        else:
            found.pop(subject, None)
    return {subject: accounts for subject, accounts in found.items() if accounts}
