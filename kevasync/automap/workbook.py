"""The review as a table for people who open no notebook: written to Excel or CSV, and read back as decisions."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kevasync.automap.decisions import Held, MappingDecision, Verdict
from kevasync.automap.fields import CustomField, Suggestion, TargetField
from kevasync.errors import Problem, UsageError
from kevasync.mapping.definition import Transform
from kevasync.records import Direction

__all__ = ["NO_FIELD", "Review", "read", "write"]

NO_FIELD = "no standard field"
_COLUMNS = {
    "source": 28,
    "label": 22,
    "samples": 40,
    "suggested": 28,
    "confidence": 11,
    "decision": 12,
    "target": 28,
    "direction": 14,
    "transform": 34,
    "alternatives": 44,
    "evidence": 60,
    "custom field": 34,
    "notes": 50,
    "object": 10,
    "seen": 12,
}
_SHEET, _FIELDS, _ABOUT = "review", "fields", "about"
_SAMPLES = 5
_MOST = 20
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "'")
_MAPPING = "mapping"


@dataclass(frozen=True, slots=True)
class Review:
    """What a review file says: the decisions of its rows, and mapping.toml's fingerprint when it was written."""

    decisions: tuple[MappingDecision, ...]
    mapping: str | None


def write(
    path: Path,
    suggestions: Sequence[Suggestion],
    object_name: str,
    *,
    targets: Sequence[TargetField],
    held: Mapping[str, Held],
    mapping: str | None = None,
) -> None:
    """Write the review to `path` (.xlsx, else CSV), in one step. What holds already stands in `decision`."""
    rows = [_row(item, object_name, held.get(item.source.name, Held())) for item in suggestions]
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        if path.suffix.casefold() == ".xlsx":
            _write_excel(fresh, rows, targets, mapping)
        else:
            _write_csv(fresh, rows)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _row(item: Suggestion, object_name: str, held: Held) -> dict[str, str | float]:
    first = item.candidates[0] if item.candidates else None
    others = item.candidates[1:]
    accepted = held.accepted
    refused = " | ".join(", ".join(names) or NO_FIELD for names in held.rejected)
    steps = [{"name": step.name, **dict(step.arguments)} for step in item.transforms]
    own = item.custom_field
    return {
        "source": item.source.name,
        "label": item.source.label or "",
        "samples": " | ".join(item.source.profile.samples[:_SAMPLES]) if item.source.profile else "",
        "suggested": ", ".join(item.targets) or NO_FIELD,
        "confidence": round(first.confidence, 4) if first else 0.0,
        "decision": "accept" if accepted is not None else "reject" if held.rejected and first is None else "",
        "target": (", ".join(accepted.targets) or NO_FIELD) if accepted is not None else "",
        "direction": item.direction.value if item.direction else "",
        "transform": json.dumps(steps, ensure_ascii=False) if steps else "",
        "alternatives": " | ".join(f"{one.target or NO_FIELD} {one.confidence:.2f}" for one in others[:4]),
        "evidence": "; ".join(reason.text for reason in first.evidence[:4]) if first else "",
        "custom field": "" if own is None else f"{own.name} {own.type}" + (f"({own.length})" if own.length else ""),
        "notes": "; ".join([*item.notes, *([f"rejected: {refused}"] if refused else [])]),
        "object": object_name,
        "seen": held.last or "",
    }


def _guarded(value: str | float) -> str | float:
    """Text that a spreadsheet would run as a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_DANGEROUS) else value


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_DANGEROUS) else text


def _write_csv(path: Path, rows: Sequence[Mapping[str, str | float]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(_COLUMNS)
        writer.writerows([_guarded(row[name]) for name in _COLUMNS] for row in rows)


def _write_excel(
    path: Path, rows: Sequence[Mapping[str, str | float]], targets: Sequence[TargetField], mapping: str | None
) -> None:
    from openpyxl import Workbook  # noqa: PLC0415 half a second, and most reviews are not in Excel
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415 as above
    from openpyxl.styles import Font  # noqa: PLC0415 as above
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415 as above

    book = Workbook()
    sheet = book.active
    sheet.title = _SHEET

    def add(page: Any, line: int, cells: Sequence[str | float]) -> None:
        for place, value in enumerate(cells, 1):
            cell = page.cell(line, place)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value) if isinstance(value, str) else value
            if isinstance(value, str):
                cell.data_type = "s"  # whatever it begins with, it is no formula

    add(sheet, 1, list(_COLUMNS))
    for line, row in enumerate(rows, 2):
        add(sheet, line, [row[name] for name in _COLUMNS])
    for place, (name, width) in enumerate(_COLUMNS.items(), 1):
        head = sheet.cell(1, place)
        head.font = Font(bold=True)
        sheet.column_dimensions[head.column_letter].width = width
        sheet.column_dimensions[head.column_letter].hidden = name in {"object", "seen"}
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = sheet.dimensions
    fields = book.create_sheet(_FIELDS)
    add(fields, 1, ["field", "label", "type"])
    writable = [target for target in targets if target.writable]
    for line, target in enumerate(writable, 2):
        add(fields, line, [target.name, target.label, target.type])
    last = max(len(rows) + 1, 2)
    names = list(_COLUMNS)
    for name, formula in (
        ("decision", '"accept,reject,change,undo"'),
        ("target", f"{_FIELDS}!$A$2:$A${max(len(writable) + 1, 2)}"),
    ):
        # two fields for one column, or a field yet to be created, may be typed in
        choice = DataValidation("list", formula1=formula, allow_blank=True, showErrorMessage=name == "decision")
        letter = sheet.cell(1, names.index(name) + 1).column_letter
        choice.add(f"{letter}2:{letter}{last}")
        sheet.add_data_validation(choice)
    about = book.create_sheet(_ABOUT)
    add(about, 1, [_MAPPING, mapping or ""])
    about.sheet_state = "hidden"
    book.save(path)


def read(path: Path, targets: Callable[[str], Sequence[TargetField]]) -> Review:
    """The decisions of a review file; rows without one are passed over. `targets` gives the fields of an object.

    Raises UsageError: file-not-found, automap-review-file, automap-review-rows (all wrong rows at once).
    """
    rows, mapping = _read_excel(path) if path.suffix.casefold() == ".xlsx" else (_read_csv(path), None)
    decisions: list[MappingDecision] = []
    problems: list[Problem] = []
    for place, row in rows:
        if not row["decision"] and not row["target"]:
            continue
        try:
            decisions.append(_decision(row, targets))
        except ValueError as error:
            problems.append(
                Problem("automap-review-rows", "error", f"{place}: {error}", row.get("object"), row["source"])
            )
    if problems:
        more = f" (and {len(problems) - 1} more rows)" if len(problems) > 1 else ""
        raise UsageError("automap-review-rows", f"{path}, {problems[0].message}{more}", problems=problems)
    return Review(tuple(decisions), mapping)


def _decision(row: Mapping[str, str], targets: Callable[[str], Sequence[TargetField]]) -> MappingDecision:
    """The decision of a row. Raises ValueError with what is wrong with it."""
    word = row["decision"].casefold() or "change"
    if word not in set(Verdict):
        raise ValueError(f"{row['decision']!r} is none of accept, reject, change, undo")
    if not row["source"]:
        raise ValueError("the name of the column is gone")
    object_name = row.get("object") or "Contact"
    known = {target.name.casefold(): target.name for target in targets(object_name)}
    suggested = _names(row.get("suggested", ""), None)
    chosen = _names(row["target"], known) if row["target"] else suggested
    verdict = Verdict(word)
    if verdict is Verdict.CHANGE and not row["target"]:
        raise ValueError("change needs the field in the column target")
    if verdict is Verdict.ACCEPT and chosen != suggested:
        verdict = Verdict.CHANGE
    try:
        direction = Direction(row["direction"].strip()) if row.get("direction") else None
        steps = _steps(row.get("transform", ""))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"direction or transform cannot be read ({error})") from None
    # what was suggested for one field does not fit another
    same = chosen == suggested and verdict is not Verdict.REJECT
    own = _custom(row.get("custom field", ""), row.get("label") or row["source"]) if same and not chosen else None
    return MappingDecision(
        object_name,
        row["source"],
        verdict,
        () if verdict is Verdict.UNDO else chosen,
        direction if same else None,
        steps if same else (),
        own,
        {"suggested": row.get("suggested", ""), "confidence": row.get("confidence", "")},
        row.get("seen") or None,
    )


def _names(text: str, known: Mapping[str, str] | None) -> tuple[str, ...]:
    if text.strip().casefold() in {NO_FIELD, "none", ""}:
        return ()
    names = [name.strip() for name in text.split(",") if name.strip()]
    if known is None:
        return tuple(names)
    for name in names:
        if name.casefold() not in known and not name.endswith("__c"):
            raise ValueError(f"there is no field {name!r}")
    return tuple(known.get(name.casefold(), name) for name in names)


def _steps(text: str) -> tuple[Transform, ...]:
    made = []
    for step in json.loads(text) if text.strip() else []:
        name = step if isinstance(step, str) else step["name"]
        arguments = {} if isinstance(step, str) else {key: value for key, value in step.items() if key != "name"}
        made.append(
            Transform(
                name, {key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()}
            )
        )
    return tuple(made)


def _custom(text: str, label: str) -> CustomField | None:
    name, _, kind = text.partition(" ")
    base, _, length = kind.partition("(")
    return CustomField(name, label[:40], base, int(length.rstrip(")") or 0)) if name and base else None


def _read_csv(path: Path) -> list[tuple[str, dict[str, str]]]:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise UsageError("file-not-found", f"{path} does not exist") from None
    except OSError as error:
        raise UsageError("automap-review-file", f"{path} cannot be read: {error.strerror}") from None
    try:
        text = raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError("automap-review-file", f"{path} is no CSV in UTF-8: {error}") from None
    return list(_named(path, rows))


def _read_excel(path: Path) -> tuple[list[tuple[str, dict[str, str]]], str | None]:
    from zipfile import BadZipFile  # noqa: PLC0415 as for writing

    from openpyxl import load_workbook  # noqa: PLC0415 as for writing
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415 as for writing

    try:
        book = load_workbook(path, data_only=True)
    except FileNotFoundError:
        raise UsageError("file-not-found", f"{path} does not exist") from None
    except (BadZipFile, InvalidFileException, OSError, KeyError, ValueError) as error:
        raise UsageError("automap-review-file", f"{path} is no Excel workbook ({type(error).__name__})") from None
    sheet = book[_SHEET] if _SHEET in book.sheetnames else book.worksheets[0]
    rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    mapping = str(book[_ABOUT]["B1"].value or "") if _ABOUT in book.sheetnames else None
    book.close()
    return list(_named(path, rows)), mapping


def _named(path: Path, rows: Sequence[Sequence[str]]) -> Iterator[tuple[str, dict[str, str]]]:
    """(row 7, its cells by heading)."""
    heads = [cell.strip().casefold() for cell in rows[0]] if rows else []
    for name in ("source", "decision", "target"):
        if name not in heads:
            raise UsageError("automap-review-file", f"{path} has no column {name!r}")
    for number, row in enumerate(rows[1:], 2):
        cells = [*(_unguarded(cell) for cell in row), *[""] * (len(heads) - len(row))]
        made = {head: cell if head == "source" else cell.strip() for head, cell in zip(heads, cells, strict=False)}
        if any(made.values()):
            yield f"row {number}", made
