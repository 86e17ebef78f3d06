"""What the reviews of duplicates and of Accounts share: a queue over decisions that are drafted, and its summary."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from kevasync.review.desk import Outcome, Press, Queue, RefusedPress, Standing, Step, steps_of
from kevasync.store.decided import Drafted, DraftedDecisions, standing
from kevasync.store.decisions import Decision

__all__ = ["DraftedQueue", "sensible", "summary_of"]

W = TypeVar("W")
D = TypeVar("D", bound=Drafted)
S = TypeVar("S")


def sensible(presses: Sequence[Press], decision: Callable[[Press], W]) -> tuple[list[W], list[Outcome]]:
    """The decisions of the presses that make sense, and the refusals of the others."""
    wanted, refused = [], []
    for press in presses:
        try:
            wanted.append(decision(press))
        except RefusedPress as refusal:
            refused.append(Outcome(press.key, "refused", str(refusal)))
    return wanted, refused


class DraftedQueue(Generic[D, S]):
    """The subjects of one session, by name, and the decisions on them. A subclass knows what they are."""

    def __init__(
        self,
        decisions: DraftedDecisions[D],
        subjects: Mapping[str, S],
        detail: Callable[[S], Mapping[str, Any]],
        unknown: str,
    ) -> None:
        self._decisions = decisions
        self._subjects = subjects
        self._detail = detail
        self._unknown = unknown

    def record(self, who: str, presses: Sequence[Press]) -> list[Outcome]:
        """Record presses in one transaction; those that make no sense are refused alone."""
        wanted, outcomes = sensible(presses, self._decision)
        if not wanted:
            return outcomes
        overtaken = self._decisions.record(who, wanted).overtaken
        for key in (item.draft().key for item in wanted):
            by = overtaken.get(key)
            outcomes.append(Outcome(key, "saved") if by is None else Outcome(key, "overtaken", self._said(by)))
        return outcomes

    def standing(self) -> tuple[Mapping[str, Standing], Sequence[Step]]:
        """What holds on each subject of this session ever decided, and the steps that can be undone."""
        made = [item for item in self._decisions.all() if item.subject in self._subjects]
        stand = standing(made)
        last = {str(item.subject): item for item in made}
        steps = steps_of((item.who, str(item.subject), item.id, item.detail.get("key")) for item in stand)
        return self._held(last, stand), steps

    def detail(self, subject: str) -> Mapping[str, Any]:
        """What the pane shows of a subject."""
        return self._detail(self._known(subject))

    def _known(self, subject: str) -> S:
        found = self._subjects.get(subject)
        if found is None:
            raise RefusedPress(self._unknown)
        return found

    def _held(self, last: Mapping[str, Decision], stand: Sequence[Decision]) -> Mapping[str, Standing]:
        held = {str(item.subject): item for item in stand}
        found = {}
        for subject, item in last.items():
            names = tuple(filter(None, (item.detail.get("key"), item.id)))
            if subject not in held:
                found[subject] = Standing(None, "", item.who, item.at, names)
                continue
            text, answer = self._answer(held[subject])
            found[subject] = Standing(held[subject].detail["verdict"], text, item.who, item.at, names, answer)
        return found

    @abstractmethod
    def _decision(self, press: Press) -> D:
        """What a press decides. Raises RefusedPress."""

    @abstractmethod
    def _answer(self, held: Decision) -> tuple[str, Mapping[str, Any]]:
        """Of a decision that holds: what it says, for people, and the answer as the screen has it."""

    @abstractmethod
    def _said(self, decision: Decision) -> str:
        """Who did what, for somebody whose press came after it."""


def summary_of(queue: Queue, things: str) -> list[dict[str, Any]]:
    """How many subjects were decided how, and by whom; the count stands under `things`."""
    counted = Counter((item.verdict, item.who) for item in queue.standing()[0].values() if item.verdict is not None)
    return [{"decision": verdict, "by": who, things: count} for (verdict, who), count in counted.most_common()]
