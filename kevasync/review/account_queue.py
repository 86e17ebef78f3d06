"""Decisions on Accounts, as the accounts screen makes and reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kevasync.dedupe.account_decisions import AccountDecision, AccountDecisions, Verdict, refused
from kevasync.dedupe.accounts import Question
from kevasync.review.account_session import name_of
from kevasync.review.desk import Press, RefusedPress, Standing
from kevasync.review.drafted_queue import DraftedQueue
from kevasync.store.decisions import Decision

__all__ = ["NO_ACCOUNT", "AccountQueue"]

NO_ACCOUNT = "None of these"
_WORDS = {"accept": "took", "change": "took", "reject": "said none of these of", "skip": "skipped", "undo": "took back"}


class AccountQueue(DraftedQueue[AccountDecision, Question]):
    """The companies of one session; a subject is the name of a question."""

    def __init__(
        self,
        decisions: AccountDecisions,
        questions: Sequence[Question],
        names: Mapping[str, str],
        detail: Callable[[Question], Mapping[str, Any]],
    ) -> None:
        subjects = {name_of(item): item for item in questions}
        super().__init__(decisions, subjects, detail, "this company is not in this review")
        self._names = names

    def _held(self, last: Mapping[str, Decision], stand: Sequence[Decision]) -> Mapping[str, Standing]:
        """None of these is said of the Accounts that were shown; where another one is now, the company waits again."""
        no = refused(stand)
        found = dict(super()._held(last, stand))
        for name, one in found.items():
            if one.verdict == Verdict.REJECT and any(item.id not in no[name] for item in self._known(name).candidates):
                found[name] = replace(one, verdict=None, text="", answer={})
        return found

    def _answer(self, held: Decision) -> tuple[str, Mapping[str, Any]]:
        verdict, account = held.detail["verdict"], held.detail.get("account_id")
        text = NO_ACCOUNT if verdict == Verdict.REJECT else self._names.get(account or "", account or "")
        return text, {"targets": [account] if account else []}

    def _decision(self, press: Press) -> AccountDecision:
        question = self._known(press.subject)
        try:
            verdict = Verdict(press.verdict)
        except ValueError:
            raise RefusedPress(f"{press.verdict} is no verdict on an Account") from None
        offered = tuple(item.id for item in question.candidates)
        made = AccountDecision(question.key, verdict, press.key, None, offered, press.saw, press.undoes)
        if verdict not in {Verdict.ACCEPT, Verdict.CHANGE}:
            return made
        targets = press.answer.get("targets") or []
        if not isinstance(targets, list) or len(targets) > 1:
            raise RefusedPress("a company has one Account")
        if not targets:  # the search's "none" says the same as the key for it
            return AccountDecision(question.key, Verdict.REJECT, press.key, None, offered, press.saw, press.undoes)
        (account,) = map(str, targets)
        if account not in self._names:
            raise RefusedPress(f"{account} is no Account of this page")
        return AccountDecision(question.key, verdict, press.key, account, offered, press.saw, press.undoes)

    def _said(self, decision: Decision) -> str:
        account = decision.detail.get("account_id")
        word = _WORDS.get(decision.detail["verdict"], "decided")
        return f"{decision.who} {word} {self._names.get(account, account) if account else 'this company'}"
