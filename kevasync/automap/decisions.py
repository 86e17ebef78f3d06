"""What people decided about field mappings: added to the store, never changed, and what of it holds now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from kevasync.automap.fields import CustomField
from kevasync.mapping.definition import Transform
from kevasync.records import Direction

if TYPE_CHECKING:
    from kevasync.store.decisions import Decision, Decisions

__all__ = [
    "ANY",
    "WHAT",
    "Held",
    "MappingDecision",
    "MappingDecisions",
    "Overtaken",
    "Recorded",
    "Verdict",
    "holding",
    "standing",
]

WHAT = "mapping"
"""The kind under which the store keeps them."""
ANY = "any"
"""In `seen`: whatever others decided meanwhile, this one goes on top."""


class Verdict(StrEnum):
    """What somebody said: yes, no, another target than was suggested, or: take that back."""

    ACCEPT = "accept"
    REJECT = "reject"
    CHANGE = "change"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class MappingDecision:
    """One decision on one column. `id`, `at` and `who` are filled in when it is recorded.

    `targets` are the fields accepted or rejected; none of them means "no standard field". `seen` is the id (or key) of
    the last decision on the column that the reviewer knew of (None: none was); `ANY` asks nothing. `key` is the
    sender's own mark of this press: the same key recorded again changes nothing. `shown` is what the reviewer saw
    (`Suggestion.as_dict()`); `undoes` is the id (or key) an undo takes back, by itself the last that still stands.
    """

    object: str
    source: str
    verdict: Verdict
    targets: tuple[str, ...] = ()
    direction: Direction | None = None
    transforms: tuple[Transform, ...] = ()
    custom_field: CustomField | None = None
    shown: Mapping[str, Any] = field(default_factory=dict)
    seen: str | None = ANY
    key: str | None = None
    undoes: str | None = None
    id: str = ""
    at: str = ""
    who: str = ""

    @property
    def target(self) -> str | None:
        """The first target; None for "no standard field"."""
        return self.targets[0] if self.targets else None

    @property
    def subject(self) -> str:
        """What it is about, in the store: `Contact.cust_fname`."""
        return f"{self.object}.{self.source}"

    @property
    def names(self) -> frozenset[str]:
        """What `undoes` and `seen` may call it: its id, and its key."""
        return frozenset(filter(None, (self.id, self.key)))

    def as_detail(self) -> dict[str, Any]:
        """Its JSON form in the store; `parse` reads it back."""
        made = self.custom_field
        detail = {
            "object": self.object,
            "source": self.source,
            "verdict": self.verdict.value,
            "targets": list(self.targets),
            "direction": self.direction.value if self.direction else None,
            "transform": [{"name": step.name, **dict(step.arguments)} for step in self.transforms],
            "custom_field": made and {"name": made.name, "label": made.label, "type": made.type, "length": made.length},
            "shown": dict(self.shown),
            "seen": None if self.seen == ANY else self.seen,
            "key": self.key,
            "undoes": self.undoes,
        }
        return {name: value for name, value in detail.items() if value or name == "targets"}

    @staticmethod
    def parse(kept: Decision) -> MappingDecision:
        """The decision as the store has it."""
        detail = kept.detail
        made = detail.get("custom_field")
        return MappingDecision(
            detail["object"],
            detail["source"],
            Verdict(detail["verdict"]),
            tuple(detail.get("targets", ())),
            Direction(detail["direction"]) if detail.get("direction") else None,
            tuple(
                Transform(step["name"], {key: _argument(value) for key, value in step.items() if key != "name"})
                for step in detail.get("transform", ())
            ),
            CustomField(**made) if made else None,
            detail.get("shown", {}),
            detail.get("seen"),
            detail.get("key"),
            detail.get("undoes"),
            kept.id,
            kept.at,
            kept.who,
        )


def _argument(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Held:
    """What holds on one column: the accepted answer (accept or change), the refused ones, and the last decision."""

    accepted: MappingDecision | None = None
    rejected: tuple[tuple[str, ...], ...] = ()
    last: str | None = None
    """Id of the last decision on the column, undo or not: what `seen` is compared with."""


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A decision that was not recorded: somebody else had decided on the column since the reviewer looked."""

    wanted: MappingDecision
    by: MappingDecision


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of some decisions. Repeats (same key) are in `made` as they were recorded the first time."""

    made: tuple[MappingDecision, ...]
    overtaken: tuple[Overtaken, ...] = ()


def holding(decisions: Iterable[MappingDecision]) -> dict[tuple[str, str], Held]:
    """What holds now for each (object, source), of decisions oldest first. A column all undone keeps only `last`."""
    listed = list(decisions)
    undone = _undone(listed)
    held: dict[tuple[str, str], Held] = {}
    for item in listed:
        place = (item.object, item.source)
        now = replace(held.get(place, Held()), last=item.id)
        if not undone & item.names and item.verdict is not Verdict.UNDO:
            now = _after(now, item)
        held[place] = now
    return held


def standing(decisions: Iterable[MappingDecision]) -> list[MappingDecision]:
    """The decisions, of a list oldest first, that nobody took back; undos themselves are left out."""
    listed = list(decisions)
    undone = _undone(listed)
    return [item for item in listed if item.verdict is not Verdict.UNDO and not undone & item.names]


def _undone(listed: Sequence[MappingDecision]) -> set[str]:
    """The ids or keys that undos take back; an undo that was undone itself takes nothing back."""
    undone: set[str] = set()
    for item in reversed(listed):
        if item.verdict is Verdict.UNDO and item.undoes and not undone & item.names:
            undone.add(item.undoes)
    return undone


def _after(held: Held, item: MappingDecision) -> Held:
    if item.verdict is Verdict.REJECT:
        accepted = held.accepted
        still = accepted if accepted is not None and accepted.targets != item.targets else None
        others = tuple(targets for targets in held.rejected if targets != item.targets)
        return replace(held, accepted=still, rejected=(*others, item.targets))
    return replace(held, accepted=item, rejected=tuple(one for one in held.rejected if one != item.targets))


class MappingDecisions:
    """The decisions on field mappings in a workspace's store."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    def list(self, object_name: str | None = None) -> list[MappingDecision]:
        """All of them, oldest first, undone ones too; of one object, or of all."""
        found = map(MappingDecision.parse, self._decisions.list(what=WHAT))
        return [item for item in found if object_name in {None, item.object}]

    def holding(self, object_name: str) -> dict[str, Held]:
        """What holds now for each column of one object."""
        return {source: held for (_, source), held in holding(self.list(object_name)).items()}

    def record(self, who: str, wanted: Sequence[MappingDecision]) -> Recorded:
        """Record decisions in one transaction; they are on disk when this returns.

        Where `seen` says that another reviewer came between, that one decision is not recorded but told in
        `overtaken`. An undo with nothing to take back is passed over.
        """
        repeats: list[MappingDecision] = []
        overtaken: list[Overtaken] = []

        def choose(kept: list[Decision]) -> list[tuple[str | None, Mapping[str, Any]]]:
            before = [MappingDecision.parse(item) for item in kept]
            known = {item.key: item for item in before}
            drafts: list[MappingDecision] = []
            for draft in (replace(item, key=item.key or uuid4().hex) for item in wanted):
                if draft.key in known:
                    repeats.append(known[draft.key])
                elif any(draft.key == item.key for item in drafts):
                    continue
                elif (by := _between(before, drafts, draft)) is not None:
                    overtaken.append(Overtaken(draft, by))
                elif (resolved := _resolved([*before, *drafts], draft)) is not None:
                    drafts.append(resolved)
            return [(draft.subject, draft.as_detail()) for draft in drafts]

        made = [MappingDecision.parse(item) for item in self._decisions.add_after(who, WHAT, choose)]
        return Recorded((*repeats, *made), tuple(overtaken))


def _between(
    before: Sequence[MappingDecision], same_call: Sequence[MappingDecision], draft: MappingDecision
) -> MappingDecision | None:
    """The last decision on the column, where it is another than the reviewer saw and not from the same call."""
    if draft.seen == ANY or any(item.subject == draft.subject for item in same_call):
        return None
    last = next((item for item in reversed(before) if item.subject == draft.subject), None)
    return None if last is None or draft.seen in last.names else last


def _resolved(before: Sequence[MappingDecision], draft: MappingDecision) -> MappingDecision | None:
    """The decision, an undo told what it takes back; None for an undo with nothing to take back."""
    if draft.verdict is not Verdict.UNDO or draft.undoes:
        return draft
    undone = _undone(before)
    for item in reversed(before):
        if item.subject == draft.subject and item.verdict is not Verdict.UNDO and not undone & item.names:
            return replace(draft, undoes=item.id or item.key)
    return None
