"""Decisions that reviewers make at once: each taken once, none over the head of another, and undo is one of them.

Works on the JSON details of decisions of one kind: `verdict`, and where they are known `key` (the sender's own mark
of a press), `undoes` (the id or key of what an undo takes back).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from kevasync.store.decisions import Decision, Decisions

__all__ = ["UNDO", "Draft", "DraftedDecisions", "Taken", "names_of", "standing", "subject_of", "take"]

UNDO = "undo"
LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """One decision to take. `seen` is the id or key of the last decision on the subject that the reviewer knew of."""

    subject: str
    verdict: str
    key: str
    detail: Mapping[str, Any]
    seen: str | None = None
    undoes: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of drafts: decisions by key (repeats as they were first taken), and those overtaken, by whom."""

    made: Mapping[str, Decision]
    overtaken: Mapping[str, Decision]


class Drafted(Protocol):
    """A decision of some kind, as the part of the program that knows the kind has it."""

    def draft(self) -> Draft:
        """Its form for the store."""


D = TypeVar("D", bound=Drafted)


class DraftedDecisions(Generic[D]):
    """The decisions of one kind in a workspace's store; a subclass names the kind in `what`."""

    what: str

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    def all(self) -> list[Decision]:
        """All of them, oldest first, undone ones too."""
        return self._decisions.list(what=self.what)

    def record(self, who: str, wanted: Sequence[D]) -> Taken:
        """Record decisions in one transaction; they are on disk when this returns."""
        return take(self._decisions, who, self.what, [item.draft() for item in wanted])

    def holding(self) -> dict[str, Decision]:
        """The decision that holds on each subject; one all undone has none."""
        return {str(item.subject): item for item in standing(self.all())}


def subject_of(text: str) -> str:
    """What something is called in the store: as it is, or by its digest where that would be too long."""
    return text if len(text) <= LONGEST_SUBJECT else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def names_of(item: Decision) -> frozenset[str]:
    """What `seen` and `undoes` may call a decision: its id, and its key."""
    return frozenset(filter(None, (item.id, item.detail.get("key"))))


def standing(items: Iterable[Decision]) -> list[Decision]:
    """The decisions that an undo could take back: neither undos nor undone, oldest first."""
    listed = list(items)
    undone: set[str] = set()
    for item in reversed(listed):
        undoes = item.detail.get("undoes")
        if item.detail.get("verdict") == UNDO and undoes and not undone & names_of(item):
            undone.add(undoes)
    return [item for item in listed if item.detail.get("verdict") != UNDO and not undone & names_of(item)]


def take(decisions: Decisions, who: str, what: str, drafts: Sequence[Draft]) -> Taken:
    """Take drafts in one transaction. One whose subject somebody else has decided on since is told in `overtaken`."""
    repeats: dict[str, Decision] = {}
    overtaken: dict[str, Decision] = {}

    def choose(before: list[Decision]) -> list[tuple[str | None, Mapping[str, Any]]]:
        known = {item.detail["key"]: item for item in before if item.detail.get("key")}
        last = {item.subject: item for item in before}
        fresh: dict[str, Draft] = {}
        touched: set[str] = set()
        for draft in drafts:
            if draft.key in known:
                repeats[draft.key] = known[draft.key]
                continue
            if draft.key in fresh:
                continue
            by = last.get(draft.subject)
            # what follows a press of the same message on the same subject has seen it
            if draft.subject in touched or by is None or draft.seen in names_of(by):
                fresh[draft.key] = draft
                touched.add(draft.subject)
            else:
                overtaken[draft.key] = by
        return [(draft.subject, _detail(draft)) for draft in fresh.values()]

    made = decisions.add_after(who, what, choose)
    return Taken({**repeats, **{item.detail["key"]: item for item in made}}, overtaken)


def _detail(draft: Draft) -> dict[str, Any]:
    more = {"verdict": draft.verdict, "key": draft.key, "undoes": draft.undoes}
    return {**draft.detail, **{name: value for name, value in more.items() if value}}
