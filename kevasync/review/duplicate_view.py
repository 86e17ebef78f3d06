"""What the duplicates screen shows: a row a group, and its records side by side with the evidence in bits."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from kevasync.review.duplicate_session import Group

__all__ = ["DUPLICATE_WORDS", "detail", "parts", "row"]

DUPLICATE_WORDS: Mapping[str, Any] = {
    "item": "group",
    "items": "groups",
    "numbers": "fields",
    "open": "To decide",
    "expects": "duplicates among the rest",
    "verbs": [
        {"key": "m", "verdict": "merge", "label": "Merge", "past": "To merge", "tone": "good", "sign": "✓"},
        {
            "key": "n",
            "verdict": "different",
            "label": "Not a duplicate",
            "past": "Not a duplicate",
            "tone": "bad",
            "sign": "≠",
            "help": "holds for ever",
        },
        {"key": "s", "verdict": "skip", "label": "Skip", "past": "Skipped", "tone": "skip", "sign": "…"},
    ],
}
"""The words, keys and signs of the duplicates screen."""
LONGEST_COMPARED = 400
NEAR = 0.35
SUREST = 0.9999  # nothing is certain, so no bar says 100 %


def row(group: Group) -> dict[str, Any]:
    """One line of the list. Whose values are searched: all records'."""
    values = {value for record in group.records for value in record.values.values() if value}
    size = len(group.records)
    return {
        "id": group.name,
        "title": group.records[0].title,
        "subtitle": f"{size} records" if size > 2 else _other(group),  # noqa: PLR2004 a pair
        "more": " ".join(sorted(values)),
        "size": size,
        "surplus": group.surplus,
        "alternatives": [
            {
                "text": group.becomes or f"{group.merging()} records into {group.records[0].id}",
                "label": "",
                "confidence": min(round(group.probability, 4), SUREST),
                "answer": {"choices": {}, "master": 0, "without": []},
            }
        ],
        "problems": [],
    }


def _other(group: Group) -> str:
    first, second = group.records[0].title, group.records[-1].title
    return "" if first == second else f"and {second}"


def detail(group: Group, labels: Mapping[str, str]) -> dict[str, Any]:
    """The pane of one group: its records as cards, and the waterfall of evidence."""
    total = sum(item.bits for item in group.evidence)
    between = group.between
    return {
        "cards": {
            "records": [{"side": one.side, "title": one.title, "note": one.note} for one in group.records],
            "fields": [_field(group, name, labels) for name in group.fields],
            "note": _note(group),
        },
        "bars": [
            {"text": labels.get(item.field, item.field), "weight": round(item.bits, 2)} for item in group.evidence
        ],
        "barsTitle": "Evidence, in bits" + (f", between {between[0]} and {between[1]}" if between else ""),
        "waterfall": True,
        "unit": "bits",
        "total": f"{total:+.1f} bits → {_percent(group.probability)}"
        if group.evidence
        else _percent(group.probability),
        "facts": [],
    }


def _note(group: Group) -> str:
    parts = [f"{group.becomes}." if group.becomes else "", f"A merge moves {group.children}." if group.children else ""]
    return " ".join(filter(None, parts))


def _field(group: Group, name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    values = [record.values.get(name) or "" for record in group.records]
    main = next((value for value in values if value), "")
    first = next((place for place, value in enumerate(values) if value), 0)
    others = [value for value in values if value and value != main]
    return {
        "name": name,
        "label": labels.get(name, name),
        "differs": len(set(values)) > 1,
        "survivor": group.survivors.get(name, -1) if group.survivors else first,
        "values": [{"parts": parts(value, main if value != main else next(iter(others), main))} for value in values],
    }


def parts(value: str, other: str) -> list[tuple[str, bool]]:
    """A value in pieces, each with whether it differs from the other value; quite another value is marked whole."""
    if not value:
        return []
    if value == other or not other:
        return [(value, False)]
    if max(len(value), len(other)) > LONGEST_COMPARED:
        return [(value, True)]
    match = SequenceMatcher(None, value, other, autojunk=False)
    if match.ratio() < NEAR:
        return [(value, True)]
    found: list[tuple[str, bool]] = []
    for kind, start, end, _, _ in match.get_opcodes():
        if start != end:
            found.append((value[start:end], kind != "equal"))
    return found


def _percent(share: float) -> str:
    return f"{min(share, SUREST):.2%}".replace("%", " %") if share > 0.99 else f"{share:.0%}".replace("%", " %")  # noqa: PLR2004 where a digit more says something
