"""Accepted decisions into the workspace's mapping.toml: comments and hand edits stay, a file changed meanwhile too."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from kevasync.automap.decisions import Held, MappingDecision, Verdict, holding
from kevasync.errors import Refused, UsageError
from kevasync.mapping import file
from kevasync.mapping.definition import FieldMapping, Mapping
from kevasync.mapping.known import KEVA_FIELDS, kind_for
from kevasync.records import Direction

__all__ = ["Written", "fingerprint", "followed", "write"]

_TABLE = "contact"
_READ_THROUGH = {"AccountId": "Account.Name"}
"""What is read for a look-up: the name of the record it leads to."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the accepted decisions; the fingerprints are the file's before (`was`) and after.

    `held` are those that the mapping cannot take, with the reason; `to_create` the custom fields that were accepted
    and must be created in the org first.
    """

    written: tuple[MappingDecision, ...]
    unchanged: tuple[MappingDecision, ...]
    removed: tuple[tuple[str, tuple[str, ...]], ...]
    held: tuple[tuple[MappingDecision, str], ...]
    to_create: tuple[MappingDecision, ...]
    was: str
    fingerprint: str


def fingerprint(path: Path) -> str:
    """What the file's content is known by; empty where it is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def followed(seen: str | None, writes: Iterable[tuple[str, str]]) -> str | None:
    """The fingerprint to expect by one who knew `seen`, after our own writes since: (was, became), oldest first."""
    for was, became in writes:
        if was == seen:
            seen = became
    return seen


def write(
    path: Path,
    decisions: Iterable[MappingDecision],
    object_name: str,
    *,
    seen: str | None = None,
    spelling: Callable[[str], str] = str,
    applied: Collection[str] = (),
) -> Written:
    """Make the accepted pairs field mappings of the file, in one step; `spelling` gives a column its Keva name.

    An entry that is there already stays as it is, unless the decision changed it. What a decision put there and
    another took back goes. `applied` are the ids of decisions that were written before: what somebody made of their
    entries since stays. `seen` is the fingerprint that the reviewer knew: a file changed since is not touched.
    Raises UsageError automap-no-table, mapping-invalid, mapping-missing; Refused automap-mapping-changed.
    """
    if object_name not in {"Contact", "Account"}:
        raise UsageError("automap-no-table", f"{path.name} has no table for {object_name}")
    before = fingerprint(path)
    if seen is not None and seen != before:
        raise Refused("automap-mapping-changed", f"{path} was changed since the review began")
    mapping = file.load(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    shutil.copyfile(path, draft)
    try:
        made = _Edit(draft, mapping, object_name, spelling, applied).all(
            [one for one in decisions if one.object == object_name]
        )
        file.load(draft)
        if fingerprint(path) != before:
            raise Refused("automap-mapping-changed", f"{path} was changed while it was being written")
        if made.written or made.removed:
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return replace(made, was=before, fingerprint=fingerprint(path))


class _Edit:
    """The edits of one copy of the file."""

    def __init__(
        self,
        draft: Path,
        mapping: Mapping,
        object_name: str,
        spelling: Callable[[str], str],
        applied: Collection[str],
    ) -> None:
        self.draft = draft
        self.object = object_name
        self.spelling = spelling
        self.applied = frozenset(applied)
        self.there = {(field.keva, field.salesforce): field for item in mapping.objects for field in item.fields}

    def all(self, decisions: list[MappingDecision]) -> Written:
        held_now = holding(decisions)
        removed = self._taken_back(decisions, held_now)
        written, unchanged, held, to_create = [], [], [], []
        fields: dict[tuple[str, tuple[str, ...]], FieldMapping] = {}
        for now in held_now.values():
            decision = now.accepted
            if decision is None:
                continue
            if not decision.targets:
                if decision.custom_field is not None:
                    to_create.append(decision)
                continue
            field = self._field(decision)
            reason = self._why_not(field)
            place = (field.keva, field.salesforce)
            if reason is not None:
                held.append((decision, reason))
            elif place in self.there and (decision.verdict is not Verdict.CHANGE or decision.id in self.applied):
                unchanged.append(decision)
            else:
                self.there[place] = fields[place] = field
                written.append(decision)
        # at once: a rewrite for each field of a thousand takes minutes
        file.change_fields(self.draft, list(fields.values()), [one for one in removed if one not in fields], _TABLE)
        return Written(tuple(written), tuple(unchanged), removed, tuple(held), tuple(to_create), "", "")

    def _field(self, decision: MappingDecision) -> FieldMapping:
        keva = self.spelling(decision.source)
        account = self.object == "Account"
        targets = tuple(f"Account.{name}" for name in decision.targets) if account else decision.targets
        if decision.direction is Direction.FROM_CRM:
            targets = tuple(_READ_THROUGH.get(name, name) for name in targets)
        reads = account or any("." in name for name in targets)
        direction = Direction.FROM_CRM if reads else decision.direction or Direction.BIDIRECTIONAL
        steps = () if direction is Direction.FROM_CRM else decision.transforms
        return FieldMapping(keva, targets, direction, kind_for(keva, steps, None), steps)

    def _why_not(self, field: FieldMapping) -> str | None:
        """Why the mapping cannot take it: another column writes the field, or the column has another one."""
        known = KEVA_FIELDS.get(field.keva)
        if known is not None and known.computed and field.direction is Direction.FROM_CRM:
            return f"Keva computes {field.keva}, so nothing can be written to it"
        for (keva, targets), other in self.there.items():
            if keva == field.keva and targets == field.salesforce:
                continue
            writes = Direction.FROM_CRM not in {field.direction, other.direction}
            both = sorted(set(targets) & set(field.salesforce))
            if writes and both and keva != field.keva:
                return f"{keva} writes {both[0]} already"
            reads = Direction.TO_CRM not in {field.direction, other.direction}
            if keva == field.keva and reads:
                return f"{keva} is read from {', '.join(targets)} already; one Keva field takes one value"
        return None

    def _taken_back(
        self, decisions: list[MappingDecision], held: dict[tuple[str, str], Held]
    ) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The entries whose pair was accepted once and since rejected or given another field: they go."""
        removed = []
        for decision in decisions:
            now = held[decision.object, decision.source]
            instead = now.accepted is not None and now.accepted.targets != decision.targets
            if decision.verdict not in {Verdict.ACCEPT, Verdict.CHANGE} or not decision.targets:
                continue
            field = self._field(decision)
            place = (field.keva, field.salesforce)
            if place in self.there and (instead or decision.targets in now.rejected):
                del self.there[place]
                removed.append(place)
        return tuple(removed)
