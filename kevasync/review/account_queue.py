"""Decisions on Accounts, as the accounts screen makes and reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kevasync.dedupe.account_decisions import AccountDecision, AccountDecisions, Verdict
from kevasync.dedupe.accounts import Question
from kevasync.review.account_session import name_of
from kevasync.review.desk import Outcome, Press, RefusedPress, Standing, Step, steps_of
from kevasync.store.decided import standing
from kevasync.store.decisions import Decision

__all__ = ["NO_ACCOUNT", "AccountQueue"]

NO_ACCOUNT = "None of these"
_WORDS = {"accept": "took", "change": "took", "reject": "said none of these of", "skip": "skipped", "undo": "took back"}


class AccountQueue:
    """The companies of one session; a subject is the name of a question."""

    def __init__(
        self,
        decisions: AccountDecisions,
        questions: Sequence[Question],
        names: Mapping[str, str],
        detail: Callable[[Question], Mapping[str, Any]],
    ) -> None:
        self._decisions = decisions
        self._questions = {name_of(item): item for item in questions}
        self._names = names
        self._detail = detail

    def record(self, who: str, presses: Sequence[Press]) -> list[Outcome]:
        """Record presses in one transaction; those that make no sense are refused alone."""
        wanted, outcomes = [], []
        for press in presses:
            try:
                wanted.append(self._decision(press))
            except RefusedPress as refusal:
                outcomes.append(Outcome(press.key, "refused", str(refusal)))
        if not wanted:
            return outcomes
        taken = self._decisions.record(who, wanted)
        for item in wanted:
            by = taken.overtaken.get(item.key)
            outcomes.append(
                Outcome(item.key, "saved") if by is None else Outcome(item.key, "overtaken", self._said(by))
            )
        return outcomes

    def standing(self) -> tuple[Mapping[str, Standing], Sequence[Step]]:
        """What holds on each company of this session ever decided, and the steps that can be undone."""
        made = [item for item in self._decisions.all() if item.subject in self._questions]
        stand = standing(made)
        held = {item.subject: item for item in stand}
        found = {str(item.subject): self._standing(held.get(item.subject), item) for item in made}
        return found, steps_of((item.who, str(item.subject), item.id, item.detail.get("key")) for item in stand)

    def detail(self, subject: str) -> Mapping[str, Any]:
        """What the pane shows of a company."""
        return self._detail(self._known(subject))

    def _standing(self, held: Decision | None, last: Decision) -> Standing:
        names = tuple(filter(None, (last.detail.get("key"), last.id)))
        if held is None:
            return Standing(None, "", last.who, last.at, names)
        verdict, account = held.detail["verdict"], held.detail.get("account_id")
        text = NO_ACCOUNT if verdict == Verdict.REJECT else self._names.get(account or "", account or "")
        return Standing(verdict, text, last.who, last.at, names, {"targets": [account] if account else []})

    def _known(self, subject: str) -> Question:
        found = self._questions.get(subject)
        if found is None:
            raise RefusedPress("this company is not in this review")
        return found

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
