"""The labelled corpus: read from field_pairs.csv, and dealt out into files as they would come."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import kevasync
from kevasync.automap.fields import SourceField
from kevasync.automap.roles import roles
from kevasync.errors import UsageError

__all__ = ["Case", "Row", "cases", "corpus_path", "load"]

_SHARE_OF_NONE = 0.21  # of the columns of real files have no standard field; the vocabularies list far more of them
_COLUMNS = frozenset({"family", "file", "object", "language", "name", "label", "type", "role", "polarity"})


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled column. `group` is the address's ('' unknown); `target` is None for no standard field."""

    family: str
    file: str
    object: str
    language: str
    source: SourceField
    role: str
    group: str
    target: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """The columns of one file, as they would be given to the suggester."""

    family: str
    object: str
    rows: tuple[Row, ...]


def corpus_path() -> Path:
    """field_pairs.csv: beside the installed package's models, else in the checkout."""
    home = Path(kevasync.__file__).parent
    for path in (home / "models" / "field_pairs.csv", home.parent / "data" / "fixtures" / "field_pairs.csv"):
        if path.is_file():
            return path
    raise UsageError(
        "automap-corpus-missing",
        "the corpus field_pairs.csv is not there",
        why="training needs the labelled field names that come with the source",
        next_steps=("python data/fixtures/field_pairs.py", "kevasync automap train"),
    )


def load(path: Path) -> list[Row]:
    """The rows of a corpus file.

    Raises UsageError automap-corpus-missing when it is not a corpus.
    """
    table = roles()
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if not set(reader.fieldnames or ()) >= _COLUMNS:
            raise UsageError("automap-corpus-missing", f"{path.name} is not a corpus: it lacks columns")
        found = []
        for record in reader:
            role, _, group = record["role"].partition("@")
            source = SourceField(record["name"], record["label"] or None, record["type"] or None)
            target = table.target(record["object"], role, group)
            found.append(
                Row(record["family"], record["file"], record["object"], record["language"], source, role, group, target)
            )
    return found


def cases(rows: Iterable[Row], seed: int) -> list[Case]:
    """Deal the rows of each file out into cases of 6 to 45 columns, about a fifth of them without a standard field."""
    files: dict[str, list[Row]] = {}
    for row in rows:
        files.setdefault(row.file, []).append(row)
    found: list[Case] = []
    for name, members in files.items():
        draw = random.Random(f"{seed}-{name}")  # noqa: S311 reproducible, not secret
        mapped = [row for row in members if row.target is not None]
        nulls = [row for row in members if row.target is None]
        rounds = 1 if name.startswith("invented") else min(4, 2 + len(members) // 40)
        first = members[0]
        found.extend(Case(first.family, first.object, _deal(draw, mapped, nulls, rounds)) for _ in range(rounds))
    return [case for case in found if case.rows]


def _deal(draw: random.Random, mapped: Sequence[Row], nulls: Sequence[Row], rounds: int) -> tuple[Row, ...]:
    share = 1.0 if rounds == 1 else draw.uniform(0.4, 1.0)
    kept = [row for row in mapped if draw.random() < share][:45]
    odds = _SHARE_OF_NONE * draw.choice((0.3, 0.7, 1.0, 1.3, 1.7))
    wanted = min(len(nulls), round(len(kept) * odds / (1 - odds)))
    chosen = {id(row) for row in (*kept, *draw.sample(list(nulls), wanted))}
    return tuple(row for row in (*mapped, *nulls) if id(row) in chosen)
