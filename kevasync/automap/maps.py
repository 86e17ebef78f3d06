"""Field maps that people made elsewhere, as decisions: each pair in them was decided by somebody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kevasync.automap.decisions import MappingDecision, Verdict
from kevasync.automap.exchange import Pair, read_map, sdl_text
from kevasync.automap.fields import Suggestion, TargetField
from kevasync.errors import Problem, UsageError
from kevasync.mapping import file

__all__ = ["from_map", "from_mapping", "sdl_of"]

_ACCOUNT = "Account."


def from_map(path: Path, object_name: str, targets: Sequence[TargetField]) -> list[MappingDecision]:
    """An .sdl or CSV map as accepted pairs; columns that the map leaves out are not decided.

    Raises UsageError automap-map-file; automap-review-rows where a field does not exist (custom fields may).
    """
    known = {target.name.casefold(): target.name for target in targets}
    decisions, problems = [], []
    for pair in read_map(path):
        names = tuple(known.get(name.casefold(), name) for name in pair.targets)
        for name in names:
            # Account:Ext__c is a look-up by external id, which Data Loader resolves
            if name not in known.values() and not name.endswith("__c") and ":" not in name:
                message = f"line {pair.line}: there is no field {name!r}"
                problems.append(Problem("automap-review-rows", "error", message, object_name, pair.source))
        if names:
            shown = {"map": path.name, "line": pair.line}
            decisions.append(MappingDecision(object_name, pair.source, Verdict.ACCEPT, names, shown=shown))
    if problems:
        raise UsageError("automap-review-rows", f"{path}, {problems[0].message}", problems=problems)
    return decisions


def from_mapping(path: Path, object_name: str) -> list[MappingDecision]:
    """The field mappings of a mapping.toml as accepted pairs. Raises UsageError mapping-missing, mapping-invalid."""
    decisions = []
    for field in (field for item in file.load(path).objects for field in item.fields):
        account = all(name.startswith(_ACCOUNT) for name in field.salesforce)
        if account is (object_name == "Account"):
            names = tuple(name.removeprefix(_ACCOUNT) for name in field.salesforce)
            decisions.append(
                MappingDecision(
                    object_name,
                    field.keva,
                    Verdict.ACCEPT,
                    names,
                    field.direction,
                    field.transforms,
                    shown={"map": path.name, "line": field.line},
                )
            )
    return decisions


def sdl_of(suggestions: Sequence[Suggestion], accepted: dict[str, tuple[str, ...]]) -> str:
    """A Data Loader map of what was accepted; what is only suggested stands in comments, its column unmapped."""
    comments = ["accepted pairs are mapped; suggestions are comments, until somebody accepts them"]
    for item in suggestions:
        if item.source.name not in accepted and item.targets:
            sure = f"{item.candidates[0].confidence:.2f}"
            comments.append(f"suggested with {sure}: {item.source.name} -> {', '.join(item.targets)}")
    return sdl_text([Pair(item.source.name, accepted.get(item.source.name, ())) for item in suggestions], comments)
