"""Decisions from a file, one JSON object a line; a line that cannot be taken is told, and the rest goes on.

    {"ids": ["003…A", "003…B"], "verdict": "merge", "master": "003…A", "values": {"Phone": "003…B"}, "who": "ana"}

`verdict` is merge, different, skip or undo. On the same ids a line has the last word over the lines above it and over
what was decided before; the same line is recorded once, however often the file is read.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from kevasync.dedupe.choices import marks_of
from kevasync.dedupe.decisions import WHAT, DuplicateDecision, DuplicateDecisions, Verdict, subject_of
from kevasync.dedupe.kept import Search
from kevasync.dedupe.sides import side_of
from kevasync.errors import UsageError
from kevasync.records import Side
from kevasync.store.decided import standing
from kevasync.store.decisions import Decision

__all__ = ["FromFile", "Known", "record_file"]

FEWEST = 2
LONGEST = 80
"""So much of what stands in a line is repeated when it is told."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a line may speak of.

    `full` gives a record's name as the snapshots have it; `absent` says, of names that no snapshot has, what is absent;
    `fields` are those of which a line may choose a value.
    """

    full: Callable[[str], str]
    absent: Callable[[Collection[str]], Mapping[str, str]]
    fields: Collection[str]


@dataclass(frozen=True, slots=True)
class FromFile:
    """How many decisions were recorded, how many stood there already, and (line, why) of those left out."""

    recorded: int
    known: int
    left: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class _Line:
    """One line that makes sense; `who` is its author."""

    number: int
    who: str
    wanted: DuplicateDecision

    @property
    def subject(self) -> str:
        return subject_of(self.wanted.ids)


def record_file(path: Path, decisions: DuplicateDecisions, found: Search | None, who: str, known: Known) -> FromFile:
    """Record the decisions of a file. Raises UsageError `decisions-unreadable` when it is no text file at all."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError("decisions-unreadable", f"{path}: {(error.strerror or str(error)).lower()}") from error
    left: list[tuple[int, str]] = []
    lines: list[_Line] = []
    turns = _Turns()
    for number, line in _lines(text):
        try:
            author, wanted, changed = _decision(line, known)
        except ValueError as error:
            left.append((number, str(error)))
            continue
        key = turns.key(line, wanted.ids, changed=changed)
        lines.append(_Line(number, author or who, _marked(replace(wanted, key=key), found)))
    fresh, stood, more = _fresh(lines, decisions.all(), known)
    recorded, overtaken = _record(fresh, decisions)
    return FromFile(recorded, stood, sorted(left + more + overtaken))


def _lines(text: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, line.strip()


class _Turns:
    """Marks by which a line is known again: it may be said anew once the file has said something else of its ids."""

    def __init__(self) -> None:
        self._last: dict[str, bytes] = {}
        self._count: dict[bytes, int] = {}

    def key(self, line: bytes, ids: Sequence[str], *, changed: bool) -> str:
        """The key of the next line of the file; `changed`: its ids are spelled otherwise than in the line."""
        subject = subject_of(ids)
        if self._last.get(subject) != line:
            self._last[subject] = line
            self._count[line] = self._count.get(line, 0) + 1
        turn = self._count[line]
        said = line
        if changed:  # an earlier kevasync recorded such a line under ids that no record has
            said += "\n".join(ids).encode()
        if turn > 1:
            said += f"\n{turn}".encode()
        return "file:" + hashlib.sha256(said).hexdigest()[:24]


def _fresh(
    lines: Sequence[_Line], before: Sequence[Decision], known: Known
) -> tuple[list[_Line], int, list[tuple[int, str]]]:
    """The lines to record, each with what it follows upon; how many stood already; (line, why) of the others."""
    history: dict[str, list[Decision]] = {}
    for item in before:
        history.setdefault(str(item.subject), []).append(item)
    keys = {item.detail["key"] for item in before if item.detail.get("key")}
    ours = {line.wanted.key for line in lines}
    new = {one for line in lines if line.wanted.key not in keys for one in _needed(line.wanted)}
    absent = known.absent(new)
    fresh: list[_Line] = []
    left: list[tuple[int, str]] = []
    stood = 0
    for line in lines:
        held = history.setdefault(line.subject, [])
        if line.wanted.key in keys:
            if held[-1].detail.get("key") in ours:
                stood += 1
            else:
                left.append((line.number, _overruled(held[-1])))
            continue
        try:
            wanted = _following(line.wanted, held, absent)
        except ValueError as error:
            left.append((line.number, str(error)))
            continue
        keys.add(wanted.key)
        fresh.append(replace(line, wanted=wanted))
        detail = {"verdict": wanted.verdict.value, "key": wanted.key, "undoes": wanted.undoes}
        held.append(Decision(wanted.key, "", line.who, WHAT, line.subject, detail))
    return fresh, stood, left


def _needed(wanted: DuplicateDecision) -> Sequence[str]:
    """The records that have to be there; a decision on what is gone can still be taken back."""
    return () if wanted.verdict is Verdict.UNDO else wanted.ids


def _overruled(last: Decision) -> str:
    said = "took it back" if last.detail["verdict"] == Verdict.UNDO else f"decided {last.detail['verdict']}"
    return f"recorded before, and since then {last.who} {said}: to say it anew, add something to the line"


def _following(wanted: DuplicateDecision, held: Sequence[Decision], absent: Mapping[str, str]) -> DuplicateDecision:
    """The decision as one that knows of those before it on the same records. Raises ValueError, for people."""
    gone = [absent[one] for one in _needed(wanted) if one in absent]
    if gone:
        raise ValueError("; ".join(gone))
    seen = held[-1].id if held else None
    if wanted.verdict is not Verdict.UNDO:
        return replace(wanted, seen=seen)
    stand = standing(held)
    if not stand:
        raise ValueError("there is no decision on exactly these records to take back")
    return replace(wanted, seen=seen, undoes=stand[-1].id)


def _record(lines: Sequence[_Line], decisions: DuplicateDecisions) -> tuple[int, list[tuple[int, str]]]:
    """Record, a transaction for each run of lines of one author; how many, and the lines that somebody overtook."""
    recorded = 0
    left: list[tuple[int, str]] = []
    for who, group in groupby(lines, key=lambda line: line.who):
        said = list(group)
        overtaken = decisions.record(who, [line.wanted for line in said]).overtaken
        for line in said:
            by = overtaken.get(line.wanted.key)
            if by is None:
                recorded += 1
            else:  # in the review, since this file was read
                left.append((line.number, f"{by.who} decided on these records meanwhile, {by.detail['verdict']}"))
    return recorded, left


def _decision(line: bytes, known: Known) -> tuple[str | None, DuplicateDecision, bool]:
    """The author, the decision without its key, and whether ids were completed. Raises ValueError, for people."""
    item = _object(line)
    ids = item.get("ids")
    if not (isinstance(ids, list) and all(isinstance(one, str) and one for one in ids)):
        raise ValueError("ids must be a list of at least two records")
    names = {one: known.full(one) for one in ids}
    full = tuple(dict.fromkeys(names.values()))
    if len(full) < FEWEST:
        raise ValueError("ids must be a list of at least two records")
    said, master, values = item.get("verdict"), item.get("master"), item.get("values") or {}
    if not (isinstance(said, str) and said in {verdict.value for verdict in Verdict}):
        raise ValueError(f"verdict {_short(said)} is not merge, different, skip or undo")
    if master is not None:
        main = known.full(master) if isinstance(master, str) else None
        if main not in full or side_of(main) is not Side.SALESFORCE:
            raise ValueError(f"master {_short(master)} is no Salesforce record among the ids")
        master = main
    author = item.get("who")
    if author is not None and not (isinstance(author, str) and author.isprintable()):
        raise ValueError("who must be a name")
    wanted = DuplicateDecision(full, Verdict(said), "", master, (), _values(values, full, known))
    return author, wanted, any(one != name for one, name in names.items())


def _object(line: bytes) -> dict[str, Any]:
    try:
        item: Any = json.loads(line)
        if not isinstance(item, dict):
            raise ValueError("not an object with ids and verdict")  # noqa: TRY004 told as text
        json.dumps(item, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError(r"half a character (\ud800 to \udfff alone) is no text") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError("no valid JSON; is the file cut off?") from None
    except RecursionError:
        raise ValueError("brackets within brackets, too deep to be read") from None
    return item


def _values(values: Any, ids: Sequence[str], known: Known) -> dict[str, str]:
    """Of each field, the full name of the record whose value survives."""
    if not isinstance(values, dict) or not all(
        isinstance(one, str) and known.full(one) in ids for one in values.values()
    ):
        raise ValueError("values must say of a field which of the ids has the value that survives")
    folded = {name.casefold(): name for name in known.fields}
    for name in values:
        if name not in known.fields:
            near = difflib.get_close_matches(name.casefold(), folded, n=1)
            hint = f"; did you mean {folded[near[0]]}?" if near else f", only {', '.join(known.fields)}"
            raise ValueError(f"values: the records have no field {_short(name)} of their own{hint}")
    return {name: known.full(one) for name, one in values.items()}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _marked(wanted: DuplicateDecision, found: Search | None) -> DuplicateDecision:
    """With the fingerprints of what the last search saw, so that what has changed since is not merged."""
    records = found.records if found else {}
    marks = {
        one: marks_of(records[one].values) for one in wanted.ids if one in records and side_of(one) is Side.SALESFORCE
    }
    return replace(wanted, marks=marks)
