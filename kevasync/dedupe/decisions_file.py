"""Decisions from a file, one JSON object a line; a line that cannot be taken is told, and the rest goes on.

    {"ids": ["003…A", "003…B"], "verdict": "merge", "master": "003…A", "values": {"Phone": "003…B"}, "who": "ana"}

`verdict` is merge, different or skip. The same line is recorded once, however often the file is read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kevasync.dedupe.choices import marks_of
from kevasync.dedupe.decisions import DuplicateDecision, DuplicateDecisions, Verdict
from kevasync.dedupe.kept import Search
from kevasync.dedupe.sides import side_of
from kevasync.errors import UsageError
from kevasync.records import Side

__all__ = ["FromFile", "record_file"]

FEWEST = 2


@dataclass(frozen=True, slots=True)
class FromFile:
    """How many decisions were recorded, how many stood there already, and (line, why) of those left out."""

    recorded: int
    known: int
    left: list[tuple[int, str]]


def record_file(path: Path, decisions: DuplicateDecisions, found: Search | None, who: str) -> FromFile:
    """Record the decisions of a file. Raises UsageError `decisions-unreadable` when it is no text file at all."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError("decisions-unreadable", f"{path}: {(error.strerror or str(error)).lower()}") from error
    before = {item.detail.get("key") for item in decisions.all()}
    left: list[tuple[int, str]] = []
    recorded = known = 0
    for number, line in _lines(text):
        try:
            author, wanted = _decision(line, found)
        except ValueError as error:
            left.append((number, str(error)))
            continue
        if wanted.key in before:
            known += 1
            continue
        taken = decisions.record(author or who, [wanted])
        by = taken.overtaken.get(wanted.key)
        if by is None:
            recorded += 1
        else:
            left.append((number, f"{by.who} decided on this group already, {by.detail['verdict']}"))
    return FromFile(recorded, known, left)


def _lines(text: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, line.strip()


def _decision(line: bytes, found: Search | None) -> tuple[str | None, DuplicateDecision]:
    """Raises ValueError with what is wrong, for people."""
    try:
        item: Any = json.loads(line)
    except ValueError:
        raise ValueError("no valid JSON; is the file cut off?") from None
    if not isinstance(item, dict):
        raise ValueError("not an object with ids and verdict")  # noqa: TRY004 told as text
    ids = item.get("ids")
    if not (isinstance(ids, list) and all(isinstance(one, str) and one for one in ids) and len(set(ids)) >= FEWEST):
        raise ValueError("ids must be a list of at least two records")
    if item.get("verdict") not in {Verdict.MERGE, Verdict.DIFFERENT, Verdict.SKIP}:
        raise ValueError(f"verdict {item.get('verdict')!r} is not merge, different or skip")
    master, values = item.get("master"), item.get("values") or {}
    if master is not None and (master not in ids or side_of(master) is not Side.SALESFORCE):
        raise ValueError(f"master {master!r} is no Salesforce record among the ids")
    if not isinstance(values, dict) or not all(one in ids for one in values.values()):
        raise ValueError("values must say of a field which of the ids has the value that survives")
    key = "file:" + hashlib.sha256(line).hexdigest()[:24]
    records = found.records if found else {}
    marks = {one: marks_of(records[one].values) for one in ids if one in records and side_of(one) is Side.SALESFORCE}
    author = item["who"] if isinstance(item.get("who"), str) else None
    verdict = Verdict(item["verdict"])
    return author, DuplicateDecision(tuple(ids), verdict, key, master, (), values, marks=marks)
