"""The nouns of a suggestion: source field, target field, value profile, candidate mapping, suggestion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kevasync.mapping.definition import Transform
from kevasync.records import Direction

__all__ = ["Candidate", "CustomField", "Evidence", "SourceField", "Suggestion", "TargetField", "ValueProfile"]


@dataclass(frozen=True, slots=True)
class ValueProfile:
    """What the values of one column look like.

    `shares` has, for each pattern (email, phone, url, date, datetime, boolean, integer, decimal, id_prefix, country,
    state, postcode, timezone, picklist:<target>, …), the share in [0, 1] of non-null values that fit it.
    """

    rows: int
    filled: int
    distinct_ratio: float
    shortest: int
    longest: int
    mean_length: float
    shares: Mapping[str, float] = field(default_factory=dict)
    samples: tuple[str, ...] = ()
    distinct: tuple[str, ...] = ()
    """All distinct values, when they are few enough to be a picklist; else empty."""


@dataclass(frozen=True, slots=True)
class SourceField:
    """One column of the file that is to be mapped; everything but the name may be unknown."""

    name: str
    label: str | None = None
    type: str | None = None
    position: int = 0
    profile: ValueProfile | None = None


@dataclass(frozen=True, slots=True)
class TargetField:
    """One Salesforce field that a column might go to. `type` is describe's word; `length` counts characters."""

    name: str
    label: str
    type: str
    length: int = 0
    writable: bool = True
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    profile: ValueProfile | None = None
    """Of the org's own values, where a snapshot is at hand."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for or against a candidate: the feature, its value, and what it adds, in log-odds."""

    feature: str
    value: float | str
    weight: float
    text: str
    """For people: 'the label is spelled alike (0.93)'."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible answer; `target` None means: no standard field. Confidences of one source field sum to at most 1."""

    target: str | None
    confidence: float
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomField:
    """The custom field to create when there is no standard one. `length` counts characters (0: none)."""

    name: str
    label: str
    type: str
    length: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What is suggested for one source field; candidates best first. Nothing here is applied by itself."""

    source: SourceField
    candidates: tuple[Candidate, ...]
    targets: tuple[str, ...] = ()
    """The field or fields of the best answer: several when one column fills several (a full name)."""
    direction: Direction | None = None
    transforms: tuple[Transform, ...] = ()
    custom_field: CustomField | None = None
    values: Mapping[str, str | None] = field(default_factory=dict)
    """Suggested picklist values: the column's value to the target's, None where none fits."""
    value_confidence: Mapping[str, float] = field(default_factory=dict)
    """How sure each of `values` is, in [0, 1]; of None: that none fits."""
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The JSON form that `kevasync automap --json` prints."""
        return {
            "source": self.source.name,
            "label": self.source.label,
            "candidates": [
                {
                    "target": item.target,
                    "confidence": round(item.confidence, 4),
                    "evidence": {
                        reason.feature: {"value": reason.value, "weight": round(reason.weight, 3), "text": reason.text}
                        for reason in item.evidence
                    },
                }
                for item in self.candidates
            ],
            "targets": list(self.targets),
            "direction": self.direction.value if self.direction else None,
            "transform": [{"name": step.name, **dict(step.arguments)} for step in self.transforms],
            "custom_field": None
            if self.custom_field is None
            else {
                "name": self.custom_field.name,
                "label": self.custom_field.label,
                "type": self.custom_field.type,
                "length": self.custom_field.length,
            },
            "values": dict(self.values),
            "value_confidence": dict(self.value_confidence),
            "notes": list(self.notes),
        }
