"""The features of a (column, field) pair: what speaks for it and against it, on scales that add up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from kevasync.automap.fields import SourceField, TargetField
from kevasync.automap.meaning import Linear, Splitter, kind_of, signs
from kevasync.automap.memory import Memory, Nearest
from kevasync.automap.names import read, words_of
from kevasync.automap.roles import GROUPS, NONE, Place, roles
from kevasync.automap.shapes import Shapes

__all__ = ["FEATURES", "Known", "Reader", "Sheet", "features", "read_sheet"]

Floats = NDArray[np.float64]
Semantic = Callable[[list[str]], Sequence[Sequence[float]]]

FEATURES = (
    "meaning", "memory", "exact", "contrary", "spelled_name", "spelled_label", "same", "kind", "values",
    "values_against", "contest", "row_margin", "column_margin", "taken", "block", "custom", "read_only", "picklist",
)  # fmt: skip
_FLOOR = 1e-3  # below this probability one meaning is as unlikely as another
_SEVERAL = frozenset({"street"})  # several columns to one field are normal
_KIND_FITS: dict[str, frozenset[str]] = {
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date", "datetime"}),
    "datetime": frozenset({"date", "datetime"}),
    "integer": frozenset({"int", "double", "currency", "string", "phone"}),
    "number": frozenset({"int", "double", "currency", "string", "phone", "percent"}),
    "money": frozenset({"currency", "double"}),
    "email": frozenset({"email"}),
    "phone": frozenset({"phone"}),
    "url": frozenset({"url"}),
    "reference": frozenset({"reference", "id", "string", "picklist"}),
    "text": frozenset({"textarea", "string"}),
    "many": frozenset({"multipicklist", "phone", "email"}),
    "structure": frozenset({"reference", "address"}),
}
_STRICT = frozenset({"boolean", "date", "datetime", "int", "double", "currency"})


@dataclass(frozen=True, slots=True)
class Reader:
    """The models that read single columns."""

    splitter: Splitter
    meaning: Linear
    group: Linear
    memory: Memory
    shapes: Shapes


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the columns of one file say, each by itself and together."""

    sources: tuple[SourceField, ...]
    meaning: Floats
    """Columns by roles: probabilities by name, label and type."""
    group: Floats
    """Columns by address groups: probabilities."""
    nearest: tuple[Nearest, ...]
    values: Floats
    """Columns by roles: log-odds by the values; 0 without."""
    familiar: Floats
    """columns: share of the name's words that the corpus knows."""


@dataclass(frozen=True, slots=True)
class Known:
    """The targets of one object with their places."""

    targets: tuple[TargetField, ...]
    places: tuple[Place | None, ...]

    @classmethod
    def of(cls, object_name: str, targets: Sequence[TargetField]) -> Known:
        """The targets without compound ones (they are made of others)."""
        kept = tuple(target for target in targets if target.type not in {"address", "location"})
        return cls(kept, tuple(roles().place(object_name, target.name) for target in kept))


def read_sheet(object_name: str, sources: Sequence[SourceField], reader: Reader) -> Sheet:
    """Read every column of a file."""
    listed = [signs(object_name, source, reader.splitter) for source in sources]
    group = reader.group.probabilities(listed)
    nearest = tuple(reader.memory.nearest(source.name, source.label) for source in sources)
    values = np.asarray([reader.shapes.evidence(source.profile) for source in sources]).reshape(len(sources), -1)
    index = reader.meaning.index
    familiar = [_familiar(column, index) for column in listed]
    return Sheet(
        tuple(sources), reader.meaning.probabilities(listed), group, nearest, values, np.asarray(familiar, dtype=float)
    )


def _familiar(column: dict[str, float], index: object) -> float:
    words = [sign for sign in column if sign.startswith("w:")]
    return sum(sign in index for sign in words) / len(words) if words else 0.0  # type: ignore[operator]


def features(object_name: str, sheet: Sheet, known: Known) -> Floats:
    """Columns by targets by FEATURES."""
    rows, columns = len(sheet.sources), len(known.targets)
    found = np.zeros((rows, columns, len(FEATURES)))
    if not rows or not columns:
        return found
    likely = _likely(object_name, sheet, known)
    put = {name: place for place, name in enumerate(FEATURES)}
    found[:, :, put["meaning"]] = np.log(likely + _FLOOR) - np.log(_FLOOR)
    _remembered(object_name, sheet, known, found, put)
    _spelled(sheet, known, found, put)
    found[:, :, put["kind"]] = [[_kind(source, target) for target in known.targets] for source in sheet.sources]
    values = _by_values(sheet, known)
    found[:, :, put["values"]], found[:, :, put["values_against"]] = np.maximum(values, 0.0), np.minimum(values, 0.0)
    found[:, :, put["contest"]] = _contest(sheet, known)
    found[:, :, put["row_margin"]] = likely - _best_other(likely, axis=1)
    margin = likely - _best_other(likely, axis=0)
    several = np.asarray([place is not None and place.role in _SEVERAL for place in known.places])
    found[:, :, put["column_margin"]] = np.where(several, np.maximum(margin, 0.0), margin)
    same = found[:, :, put["same"]] > 0
    found[:, :, put["taken"]] = (same.any(axis=0) & ~same & ~several).astype(float)
    found[:, :, put["block"]] = _blocks(object_name, sheet, known)
    found[:, :, put["custom"]] = [place is None for place in known.places]
    found[:, :, put["read_only"]] = [not target.writable for target in known.targets]
    found[:, :, put["picklist"]] = [[_picklist(source, target) for target in known.targets] for source in sheet.sources]
    return found


def _best_other(likely: Floats, axis: int) -> Floats:
    """For each cell the greatest of the other cells of its row (axis 1) or column (axis 0)."""
    if likely.shape[axis] == 1:
        return np.zeros_like(likely)
    top = np.partition(likely, -2, axis=axis)
    best, second = np.take(top, -1, axis=axis), np.take(top, -2, axis=axis)
    best, second = np.expand_dims(best, axis), np.expand_dims(second, axis)
    return np.where(likely == best, second, best)


def _odds_of_block(object_name: str, block: str, groups: Floats) -> Floats:
    """For each column the probability that its address group fills this block."""
    table = roles().blocks[object_name]
    weights = np.asarray([table[group].get(block, 0.0) for group in GROUPS])
    return np.asarray(groups @ weights, dtype=np.float64)


def _groups(object_name: str, sheet: Sheet) -> Floats:
    """Address groups of the columns; where a file of people has one address alone, that is the address."""
    groups = sheet.group.copy()
    if object_name != "Contact":
        return groups
    names = roles().names
    weight = sheet.meaning[:, [names.index(role) for role in roles().address]].sum(axis=1)
    mass = (sheet.group * weight[:, None]).sum(axis=0)
    none = GROUPS.index(NONE)
    first = mass[[none, GROUPS.index("mailing"), GROUPS.index("billing")]].sum()
    for alone in (GROUPS.index("shipping"), GROUPS.index("other")):
        if mass[alone] > 1.0 and mass.sum() - mass[alone] < 0.3 * mass[alone] and first < mass[alone]:
            moved = groups[:, alone] * 0.7
            groups[:, none] += moved
            groups[:, alone] -= moved
    return groups


def _likely(object_name: str, sheet: Sheet, known: Known) -> Floats:
    names = roles().names
    groups = _groups(object_name, sheet)
    found = np.zeros((len(sheet.sources), len(known.targets)))
    for column, place in enumerate(known.places):
        if place is None:
            continue
        found[:, column] = sheet.meaning[:, names.index(place.role)]
        if place.role == "company" and object_name == "Contact":
            found[:, column] += sheet.meaning[:, names.index("account_ref")]
        if place.role == "id" and object_name == "Account":
            found[:, column] += 0.5 * sheet.meaning[:, names.index("account_ref")]
        if place.block is not None:
            found[:, column] *= _odds_of_block(object_name, place.block, groups)
    return found


def _remembered(object_name: str, sheet: Sheet, known: Known, found: Floats, put: dict[str, int]) -> None:
    groups = _groups(object_name, sheet)
    for row, near in enumerate(sheet.nearest):
        for column, place in enumerate(known.places):
            if place is None:
                continue
            wanted = [place.role, "account_ref"] if place.role == "company" else [place.role]
            part = 1.0
            if place.block is not None:
                part = float(_odds_of_block(object_name, place.block, groups[row : row + 1])[0])
            if vote := sum(near.votes.get(role, 0.0) for role in wanted):
                found[row, column, put["memory"]] = vote * near.likeness * part
            if near.exact:
                vote = sum(near.exact.get(role, 0.0) for role in wanted) * part
                found[row, column, put["exact"]] = vote
                found[row, column, put["contrary"]] = float(vote < 0.05)  # noqa: PLR2004 one odd use among twenty


def _spelled(sheet: Sheet, known: Known, found: Floats, put: dict[str, int]) -> None:
    readings = [read(source.name) for source in sheet.sources]
    own = [" ".join(reading.own[-4:]) for reading in readings]
    last_two = [" ".join((*reading.parents[-1:], *reading.own)) for reading in readings]
    labels = [" ".join(words_of(source.label)) if source.label else "" for source in sheet.sources]
    target_names = [" ".join(read(target.name).own) for target in known.targets]
    target_labels = [" ".join(words_of(target.label)) for target in known.targets]

    def alike(left: list[str], right: list[str]) -> Floats:
        scores = process.cdist(left, right, scorer=fuzz.ratio, dtype=np.float64) / 100.0
        sets = process.cdist(left, right, scorer=fuzz.token_sort_ratio, dtype=np.float64) / 100.0
        return np.asarray(np.maximum(scores, sets), dtype=np.float64)

    by_name = np.maximum(alike(own, target_names), alike(last_two, target_names))
    by_label = np.maximum(alike(own, target_labels), alike(last_two, target_labels))
    if any(labels):
        given = np.asarray([bool(label) for label in labels])[:, None]
        by_label = np.maximum(by_label, np.where(given, alike(labels, target_labels), 0.0))
        by_label = np.maximum(by_label, np.where(given, alike(labels, target_names), 0.0))
    found[:, :, put["spelled_name"]] = by_name**3
    found[:, :, put["spelled_label"]] = by_label**3
    glued = ["".join((*reading.parents, *reading.own)) for reading in readings]
    wanted = ["".join(name.split()) for name in target_names]
    found[:, :, put["same"]] = [[float(name == spelling) for name in wanted] for spelling in glued]


def _kind(source: SourceField, target: TargetField) -> float:
    kind = kind_of(source.type)
    if kind in {"", "string", "choice"}:
        return -0.3 if kind == "choice" and target.type in _STRICT else 0.0
    if target.type in _KIND_FITS[kind]:
        return 1.0 if kind not in {"integer", "number", "text", "many", "structure", "reference"} else 0.4
    return -1.0


def _by_values(sheet: Sheet, known: Known) -> Floats:
    names = roles().names
    found = np.zeros((len(sheet.sources), len(known.targets)))
    for column, place in enumerate(known.places):
        if place is not None:
            evidence = sheet.values[:, names.index(place.role)]
            if place.role == "company":
                evidence = np.maximum(evidence, sheet.values[:, names.index("account_ref")])
            found[:, column] = evidence
    return found


def _contest(sheet: Sheet, known: Known) -> Floats:
    """Among fields whose columns are named alike: how much better the values fit this one than the best of the rest."""
    names = roles().names
    found = np.zeros((len(sheet.sources), len(known.targets)))
    given = np.abs(sheet.values).sum(axis=1) > 0
    for column, place in enumerate(known.places):
        family = next((one for one in _NAMED_ALIKE if place is not None and place.role in one), None)
        if place is None or family is None:
            continue
        rest = [names.index(role) for role in family if role != place.role]
        ahead = sheet.values[:, names.index(place.role)] - sheet.values[:, rest].max(axis=1)
        found[:, column] = np.where(given, np.clip(ahead, -4.0, 4.0), 0.0)
    return found


_NAMED_ALIKE = (("phone", "mobile"), ("title", "salutation"), ("first_name", "last_name", "full_name"))


def _picklist(source: SourceField, target: TargetField) -> float:
    """How much of the column's values the field's own values have, beyond chance."""
    if source.profile is None:
        return 0.0
    shares = source.profile.shares
    return max(shares.get(f"picklist:{target.name}", 0.0), shares.get(f"values:{target.name}", 0.0))


def _blocks(object_name: str, sheet: Sheet, known: Known) -> Floats:
    """For parts of an address: how the columns with the same path or first word are grouped, against this column."""
    names = roles().names
    address = np.asarray([names.index(role) for role in roles().address])
    weight = sheet.meaning[:, address].sum(axis=1)
    groups = _groups(object_name, sheet)
    kin: dict[tuple[str, ...], list[int]] = {}
    for row, source in enumerate(sheet.sources):
        kin.setdefault(_kin(source.name), []).append(row)
    found = np.zeros((len(sheet.sources), len(known.targets)))
    pooled = np.zeros_like(groups)
    for members in kin.values():
        weights = weight[members]
        pooled[members] = (groups[members] * weights[:, None]).sum(axis=0) / max(weights.sum(), 1e-9)
    for column, place in enumerate(known.places):
        if place is not None and place.block is not None:
            found[:, column] = (_odds_of_block(object_name, place.block, pooled) - 0.5) * np.minimum(weight, 1.0)
    return found


def _kin(name: str) -> tuple[str, ...]:
    reading = read(name)
    if reading.parents:
        return (*reading.parents, *reading.indices)
    return ("", reading.own[0]) if len(reading.own) > 1 else ("",)
