"""Decisions on field mappings, as the mapping screen makes and reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kevasync.automap.decisions import Held, MappingDecision, MappingDecisions, Verdict, holding, standing
from kevasync.automap.fields import Suggestion
from kevasync.errors import Problem
from kevasync.review.desk import Outcome, Press, RefusedPress, Standing, Step, steps_of
from kevasync.review.drafted_queue import sensible

__all__ = ["NO_FIELD", "MappingQueue", "problem_row", "targets_text"]

NO_FIELD = "No standard field"


def targets_text(targets: Sequence[str]) -> str:
    """The answer for people: `FirstName + LastName`, or that there is no standard field."""
    return " + ".join(targets) or NO_FIELD


class MappingQueue:
    """The columns of one file on their way to one object; a subject is the name of a column."""

    def __init__(
        self,
        decisions: MappingDecisions,
        object_name: str,
        suggestions: Sequence[Suggestion],
        targets: Iterable[str],
        detail: Callable[[Suggestion], Mapping[str, Any]],
        lint: Callable[[str, Sequence[str]], Sequence[Problem]] = lambda _source, _targets: (),
    ) -> None:
        self._decisions = decisions
        self._object = object_name
        self._suggestions = {item.source.name: item for item in suggestions}
        self._targets = frozenset(targets)
        self._detail = detail
        self._lint = lint
        self._linted: dict[tuple[str, tuple[str, ...]], tuple[dict[str, Any], ...]] = {}

    def record(self, who: str, presses: Sequence[Press]) -> list[Outcome]:
        """Record presses in one transaction; those that make no sense are refused alone."""
        wanted, outcomes = sensible(presses, self._decision)
        recorded = self._decisions.record(who, wanted) if wanted else None
        if recorded is None:
            return outcomes
        overtaken = {item.wanted.key: item.by for item in recorded.overtaken}
        made = {item.key for item in recorded.made}
        for decision in wanted:
            key = decision.key or ""
            if key in overtaken:
                outcomes.append(Outcome(key, "overtaken", _said(overtaken[key])))
            elif key in made:
                outcomes.append(Outcome(key, "saved"))
            else:  # an undo of what is undone already
                outcomes.append(Outcome(key, "refused", "There was nothing to take back."))
        return outcomes

    def standing(self) -> tuple[Mapping[str, Standing], Sequence[Step]]:
        """What holds on each column ever decided, and the steps that can be undone."""
        made = self._decisions.list(self._object)
        last = {item.source: item for item in made}
        held = holding(made)
        stand = {
            source: self._standing(held[self._object, source], item)
            for source, item in last.items()
            if source in self._suggestions
        }
        steps = steps_of((item.who, item.source, item.id, item.key) for item in standing(made))
        return stand, steps

    def accepted(self) -> dict[str, MappingDecision]:
        """The accepted answers now, by column of this file."""
        held = self._decisions.holding(self._object)
        return {
            name: held[name].accepted  # type: ignore[misc]  # the filter below
            for name in self._suggestions
            if name in held and held[name].accepted is not None
        }

    def detail(self, subject: str) -> Mapping[str, Any]:
        """What the evidence pane shows of a column."""
        return self._detail(self._known(subject))

    def _standing(self, held: Held, last: MappingDecision) -> Standing:
        names = tuple(filter(None, (last.key, last.id)))
        if held.accepted is not None:
            verdict, targets = held.accepted.verdict.value, held.accepted.targets
            problems = self._problems(last.source, targets)
        elif held.rejected:
            verdict, targets, problems = "reject", held.rejected[-1], ()
        else:
            return Standing(None, "", last.who, last.at, names)
        answer = {"targets": list(targets)}
        return Standing(verdict, targets_text(targets), last.who, last.at, names, answer, problems)

    def _problems(self, source: str, targets: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
        if (source, targets) not in self._linted:
            found = self._lint(source, targets)
            self._linted[source, targets] = tuple(problem_row(item) for item in found)
        return self._linted[source, targets]

    def _known(self, subject: str) -> Suggestion:
        found = self._suggestions.get(subject)
        if found is None:
            raise RefusedPress(f"{subject} is not a column of this file")
        return found

    def _decision(self, press: Press) -> MappingDecision:
        suggestion = self._known(press.subject)
        try:
            verdict = Verdict(press.verdict)
        except ValueError:
            raise RefusedPress(f"{press.verdict} is no verdict on a mapping") from None
        targets = tuple(map(str, press.answer.get("targets") or ()))
        unknown = [name for name in targets if name not in self._targets]
        if unknown and verdict is not Verdict.UNDO:
            raise RefusedPress(f"{self._object} has no field {unknown[0]}")
        as_suggested = targets == suggestion.targets
        return MappingDecision(
            self._object,
            press.subject,
            verdict,
            targets,
            direction=suggestion.direction if as_suggested else None,
            transforms=suggestion.transforms if as_suggested else (),
            custom_field=suggestion.custom_field if not targets else None,
            shown=_shown(suggestion),
            seen=press.saw,
            key=press.key,
            undoes=press.undoes,
        )


def _shown(suggestion: Suggestion) -> dict[str, Any]:
    """What the reviewer saw, without the evidence: it is made again from the model any time."""
    return {
        "label": suggestion.source.label,
        "targets": list(suggestion.targets),
        "candidates": [[item.target, round(item.confidence, 4)] for item in suggestion.candidates],
    }


def problem_row(problem: Problem) -> dict[str, Any]:
    """A lint result as the screen reads it."""
    return {"severity": problem.severity, "message": problem.message, "hint": problem.hint}


def _said(decision: MappingDecision) -> str:
    words = {Verdict.ACCEPT: "accepted", Verdict.CHANGE: "changed to", Verdict.REJECT: "rejected"}
    if decision.verdict is Verdict.UNDO:
        return f"{decision.who} took the decision back"
    return f"{decision.who} {words[decision.verdict]} {targets_text(decision.targets)}"
