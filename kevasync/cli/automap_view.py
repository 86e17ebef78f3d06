"""How suggestions and decisions look to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kevasync.automap.fields import Candidate, Suggestion
    from kevasync.cli.render import Screen

__all__ = ["show"]

_REASONS = 2
_NONE = "no standard field"


def show(screen: Screen, document: Mapping[str, Any], suggestions: Sequence[Suggestion], notes: Sequence[str]) -> None:
    """The whole result of `kevasync automap`."""
    if "recorded" in document:
        _show_recorded(screen, document["recorded"])
    if suggestions:
        _show_suggestions(screen, suggestions)
    elif "source" in document:
        screen.line("The file has no columns.")
    if "mapping" in document:
        _show_mapping(screen, document["mapping"])
    for note in notes:
        screen.line(note)
    if "written" in document:
        screen.line(
            f"{document['written']} is written. Decide in it, then: kevasync automap --from {document['written']}"
        )
    elif suggestions:
        screen.line("Nothing is applied by itself. Next: kevasync automap with --to review.xlsx added")


def _show_suggestions(screen: Screen, suggestions: Sequence[Suggestion]) -> None:
    rows = []
    for item in suggestions:
        best = item.candidates[0] if item.candidates else None
        rows.append(
            (
                item.source.name,
                _answer(item),
                "" if best is None else f"{best.confidence:.0%}",
                item.direction.value if item.direction else "",
                ", ".join(step.name for step in item.transforms),
                _second(item),
                _why(best),
            )
        )
    heads = ("column", "field", "sure", "direction", "transform", "else", "because")
    screen.table(heads, rows, right=("sure",))
    for item in suggestions:
        for note in item.notes:
            screen.line(f"{item.source.name}: {note}", style="yellow")
    found = sum(bool(item.targets) for item in suggestions)
    screen.line(
        f"{len(suggestions):,} columns: {found:,} have a field, {len(suggestions) - found:,} none", style="bold"
    )


def _answer(item: Suggestion) -> str:
    if item.targets:
        return " + ".join(item.targets)
    own = item.custom_field
    if own is None:
        return _NONE
    return f"none; {own.name} {own.type}" + (f"({own.length})" if own.length else "")


def _second(item: Suggestion) -> str:
    return "".join(f"{second.target or 'none'} {second.confidence:.0%}" for second in item.candidates[1:2])


def _why(best: Candidate | None) -> str:
    if best is None:
        return ""
    strongest = sorted(best.evidence, key=lambda reason: -abs(reason.weight))[:_REASONS]
    return "; ".join(reason.text for reason in strongest)


def _show_recorded(screen: Screen, recorded: Mapping[str, Any]) -> None:
    made, overtaken = recorded["decisions"], recorded["overtaken"]
    screen.line(f"{len(made):,} decision{'s' * (len(made) != 1)} recorded", style="bold")
    for item in overtaken:
        theirs = ", ".join(item["theirs"]) or _NONE
        screen.line(f"{item['source']}: {item['by']} decided meanwhile ({item['their_verdict']} {theirs})", style="red")


def _show_mapping(screen: Screen, mapping: Mapping[str, Any]) -> None:
    screen.line(f"{mapping['path']}: {len(mapping['written'])} written, {len(mapping['unchanged'])} there already")
    for item in mapping["written"]:
        screen.line(f"  {item['source']} = {', '.join(item['targets'])}", style="green")
    for item in mapping["removed"]:
        screen.line(f"  {item['source']} = {', '.join(item['targets'])} taken out", style="yellow")
    if mapping["written"] or mapping["removed"]:
        screen.line("Next: kevasync mapping check")
