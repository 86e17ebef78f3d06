"""What the mapping screen shows: a row for each column, and the evidence pane beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kevasync.automap.fields import Candidate, Suggestion, TargetField, ValueProfile
from kevasync.errors import Problem
from kevasync.review.mapping_queue import problem_row, targets_text

__all__ = ["MAPPING_WORDS", "detail", "options", "row"]

MOST_ALTERNATIVES = 9
MOST_EVIDENCE = 9
MOST_SAMPLES = 6
MOST_SHOWN_TABLE = 12

MAPPING_WORDS: Mapping[str, Any] = {
    "item": "field",
    "items": "fields",
    "numbers": "alternatives",
    "open": "To decide",
    "verbs": [
        {"key": "a", "verdict": "accept", "label": "Accept", "past": "Accepted", "tone": "good", "sign": "✓"},
        {"key": "r", "verdict": "reject", "label": "Reject", "past": "Rejected", "tone": "bad", "sign": "✕"},
    ],
    "change": {
        "key": "c",
        "verdict": "change",
        "label": "Change",
        "past": "Changed",
        "tone": "changed",
        "sign": "✎",
        "search": "fields by name or label",
        "searched": "fields",
        "none": "it is left out, or gets a custom field",
        "single": False,
    },
}
"""The words, keys and signs of the mapping screen; the screen itself knows none."""

_DIRECTIONS = {"bidirectional": "both ways", "to_crm": "to Salesforce only", "from_crm": "from Salesforce only"}
_SHARES = {"email": "e-mail", "url": "URL", "id_prefix": "Salesforce id", "datetime": "date and time"}


def alternatives(suggestion: Suggestion) -> list[tuple[tuple[str, ...], Candidate]]:
    """The answers offered under the number keys, best first: the first may fill several fields."""
    offered = []
    for place, candidate in enumerate(suggestion.candidates[:MOST_ALTERNATIVES]):
        single = () if candidate.target is None else (candidate.target,)
        offered.append((suggestion.targets if place == 0 and candidate.target is not None else single, candidate))
    return [(targets or ((item.target,) if item.target else ()), item) for targets, item in offered]


def row(suggestion: Suggestion, targets: Mapping[str, TargetField], problems: Sequence[Problem]) -> dict[str, Any]:
    """One line of the list. `alternatives` lets a press be answered before the evidence has arrived."""
    source = suggestion.source
    return {
        "id": source.name,
        "title": source.name,
        "subtitle": source.label if source.label and source.label != source.name else "",
        "more": ", ".join(source.profile.samples[:3]) if source.profile else "",
        "alternatives": [
            {
                "targets": list(names),
                "text": targets_text(names),
                "label": " + ".join(targets[name].label for name in names if name in targets),
                "confidence": round(candidate.confidence, 4),
            }
            for names, candidate in alternatives(suggestion)
        ],
        "problems": [problem_row(item) for item in problems],
    }


def options(targets: Sequence[TargetField]) -> list[dict[str, Any]]:
    """What the search box of `change` offers, besides "no standard field"."""
    return [
        {"id": item.name, "label": item.label, "type": _type(item), "writable": item.writable}
        for item in sorted(targets, key=lambda item: (not item.writable, item.name))
    ]


def detail(
    suggestion: Suggestion,
    targets: Mapping[str, TargetField],
    lint: Callable[[Suggestion, Sequence[str]], Sequence[Problem]],
) -> dict[str, Any]:
    """The evidence pane of one column: facts, and for each alternative its reasons, values and problems."""
    source = suggestion.source
    return {
        "facts": _facts(suggestion),
        "source": _values(source.name, source.type or "", source.profile),
        "alternatives": [
            {
                "bars": _bars(candidate),
                "values": [
                    _values(name, _type(targets[name]), targets[name].profile, targets[name].picklist)
                    for name in names
                    if name in targets
                ],
                "problems": [problem_row(item) for item in lint(suggestion, names)],
            }
            for names, candidate in alternatives(suggestion)
        ],
    }


def _facts(suggestion: Suggestion) -> list[list[str]]:
    facts: list[list[str]] = []
    if suggestion.direction is not None:
        facts.append(["Direction", _DIRECTIONS[suggestion.direction.value]])
    if suggestion.transforms:
        facts.append(["Transformation", ", ".join(step.name for step in suggestion.transforms)])
    made = suggestion.custom_field
    if made is not None:
        length = f", {made.length} characters" if made.length else ""
        facts.append(["Custom field to create", f"{made.name} ({made.type}{length})"])
    shown = list(suggestion.values.items())
    for value, target in shown[:MOST_SHOWN_TABLE]:
        sure = suggestion.value_confidence.get(value)
        told = "" if sure is None else f" ({_percent(sure)})"
        facts.append([f"Value {value}", f"→ {target if target is not None else 'fits none'}{told}"])
    if len(shown) > MOST_SHOWN_TABLE:
        facts.append(["", f"and {len(shown) - MOST_SHOWN_TABLE} values more"])
    facts += [["Note", note] for note in suggestion.notes]
    return facts


def _bars(candidate: Candidate) -> list[dict[str, Any]]:
    strongest = sorted(candidate.evidence, key=lambda item: -abs(item.weight))[:MOST_EVIDENCE]
    return [{"text": item.text, "weight": round(item.weight, 3)} for item in strongest if item.weight]


def _values(name: str, kind: str, profile: ValueProfile | None, picklist: Sequence[str] = ()) -> dict[str, Any]:
    values = list(profile.samples[:MOST_SAMPLES]) if profile else []
    facts = []
    if profile is not None and profile.rows:
        facts.append(f"{_percent(profile.filled / profile.rows)} filled")
        facts.append(f"{_percent(profile.distinct_ratio)} distinct")
        facts.append(
            f"{profile.shortest} characters"
            if profile.shortest == profile.longest
            else f"{profile.shortest} to {profile.longest} characters"
        )
        likely = [(share, pattern) for pattern, share in profile.shares.items() if share >= 0.5 and ":" not in pattern]  # noqa: PLR2004 most of them
        facts += [
            f"{_percent(share)} {_SHARES.get(pattern, pattern.replace('_', ' '))}"
            for share, pattern in sorted(likely)[::-1][:2]
        ]
    if picklist and not values:
        values = list(picklist[:MOST_SAMPLES])
        facts.append(f"picklist of {len(picklist)}")
    return {"title": name, "type": kind, "values": values, "facts": facts}


def _type(target: TargetField) -> str:
    return f"{target.type}({target.length})" if target.length else target.type


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")
