"""Decisions on duplicates, as the duplicates screen makes and reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kevasync.dedupe.decisions import DuplicateDecision, DuplicateDecisions, Verdict
from kevasync.review.desk import Press, RefusedPress
from kevasync.review.drafted_queue import DraftedQueue
from kevasync.review.duplicate_session import Group
from kevasync.store.decisions import Decision

__all__ = ["DuplicateQueue"]

FEWEST = 2
_WORDS = {"merge": "merged", "different": "said no duplicate of", "skip": "skipped", "undo": "took back"}


class DuplicateQueue(DraftedQueue[DuplicateDecision, Group]):
    """The groups of one session; a subject is the name of a group."""

    def __init__(
        self, decisions: DuplicateDecisions, groups: Sequence[Group], detail: Callable[[Group], Mapping[str, Any]]
    ) -> None:
        super().__init__(decisions, {item.name: item for item in groups}, detail, "this group is not in this review")

    def _answer(self, held: Decision) -> tuple[str, Mapping[str, Any]]:
        group = self._known(str(held.subject))
        places = {record.id: place for place, record in enumerate(group.records)}
        detail = held.detail
        without = [places[one] for one in detail.get("without", ()) if one in places]
        answer = {
            "choices": {name: places[one] for name, one in detail.get("values", {}).items() if one in places},
            "master": places.get(detail.get("master", ""), 0),
            "without": without,
        }
        text = ""
        if detail["verdict"] == Verdict.MERGE:
            text = group.becomes or f"{group.merging(without)} records into {detail.get('master')}"
        return text, answer

    def _decision(self, press: Press) -> DuplicateDecision:
        group = self._known(press.subject)
        try:
            verdict = Verdict(press.verdict)
        except ValueError:
            raise RefusedPress(f"{press.verdict} is no verdict on duplicates") from None
        ids = tuple(record.id for record in group.records)
        made = DuplicateDecision(
            ids, verdict, press.key, probability=group.probability, seen=press.saw, undoes=press.undoes
        )
        if verdict is not Verdict.MERGE:
            return made
        try:
            without = tuple(ids[int(place)] for place in press.answer.get("without") or ())
            master = ids[int(press.answer.get("master") or 0)]
            choices = press.answer.get("choices") or {}
            values = {str(name): ids[int(place)] for name, place in choices.items() if str(name) in group.fields}
        except (IndexError, ValueError, TypeError, AttributeError):
            raise RefusedPress("the answer names a record that is not in the group") from None
        if master in without or len(ids) - len(set(without)) < FEWEST:
            raise RefusedPress("a merge needs two records, and its main one among them")
        if not next(record for record in group.records if record.id == master).main:
            raise RefusedPress("the main record must be one in Salesforce: only there are records merged")
        marks = {record.id: record.marks for record in group.records if record.marks and record.id not in without}
        return DuplicateDecision(
            ids, verdict, press.key, master, without, values, group.probability, press.saw, press.undoes, marks
        )

    def _said(self, decision: Decision) -> str:
        return f"{decision.who} {_WORDS.get(decision.detail['verdict'], 'decided')} this group"
