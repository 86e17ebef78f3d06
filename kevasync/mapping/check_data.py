"""The part of the lint that counts: Keva rows that Salesforce would refuse, or that would not come back as they were.

Everything is one scan of the Parquet files a field, inside DuckDB; messages hold counts and record ids, and values
only of picklists, never of e-mail, telephone or names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from kevasync.errors import Problem
from kevasync.mapping import transforms
from kevasync.mapping.check_frame import Frame
from kevasync.mapping.definition import FieldMapping
from kevasync.mapping.pipeline import Pipeline, nearest, pipeline
from kevasync.records import Direction, Field
from kevasync.values import FieldKind, clean_sql, is_valid, put_function, quote_identifier, quote_literal, remembering

__all__ = ["check_data"]

_SIZED = frozenset({"string", "textarea", "email", "phone", "url", "encryptedstring"})
_TYPED = {
    "email": FieldKind.EMAIL,
    "double": FieldKind.NUMBER,
    "int": FieldKind.NUMBER,
    "long": FieldKind.NUMBER,
    "currency": FieldKind.NUMBER,
    "percent": FieldKind.NUMBER,
    "boolean": FieldKind.BOOLEAN,
    "date": FieldKind.DATE,
    "datetime": FieldKind.DATETIME,
}
# what this matches is a valid address for certain; the rest is asked one by one
_SURE_EMAIL = (
    "[A-Za-z0-9_%+-]{1,60}([.][A-Za-z0-9_%+-]{1,60})?@([A-Za-z0-9]([A-Za-z0-9-]{0,40}[A-Za-z0-9])?[.]){1,3}"
    "(com|org|net|io|co|de|fr|uk|us|eu|es|it|nl|in|jp|br|ca|au|ch|at|pl|se)"
)


@dataclass(frozen=True, slots=True)
class _Count:
    """One question to the rows: `condition` over `_id`, `v` (the Keva value) and `t` (the values to be written)."""

    code: str
    condition: str
    message: str
    field: str
    hint: str = ""
    shown: str = ""


def check_data(frame: Frame, samples: Sequence[Path], region: str) -> list[Problem]:
    """Problems that only the rows can show. `samples` are Parquet files in snapshot form."""
    with duckdb.connect() as con:
        files = ", ".join(quote_literal(str(path)) for path in samples)
        con.execute(f"create view rows as from read_parquet([{files}], union_by_name := true)")
        columns = [row[0] for row in con.execute("describe rows").fetchall()]
        transforms.register(con, frame.item.fields, region)
        for kind in set(_TYPED.values()):
            put_function(con, f"keva_valid_{kind}", remembering(_valid(kind, region)), "VARCHAR", "BOOLEAN")
        problems: list[Problem] = []
        for number, field in enumerate(frame.item.fields):
            if field.direction is Direction.FROM_CRM:
                continue
            if field.keva not in columns:
                problems.append(_no_column(frame, field, columns))
            else:
                problems += _field(con, frame, number, columns, region)
        return problems


def _valid(kind: FieldKind, region: str) -> Callable[[str], bool]:
    return lambda value: is_valid(kind, value, region)


def _no_column(frame: Frame, field: FieldMapping, columns: Sequence[str]) -> Problem:
    names = [name for name in columns if not name.startswith("_")]
    message = f"the Keva data has no column {field.keva}: the field mapping is switched off until it has"
    return frame.problem(
        "mapping-keva-column", message, of=field, severity="warning", field=field.keva, hint=nearest(field.keva, names)
    )


def _field(
    con: duckdb.DuckDBPyConnection, frame: Frame, number: int, columns: Sequence[str], region: str
) -> Iterator[Problem]:
    field = frame.item.fields[number]
    line = pipeline(field)
    counts = list(_counts(frame, field, line, region))
    loses = _losing(line)
    if loses:
        put_function(con, f"keva_loses_{number}", remembering(_loses(line, region)), "VARCHAR", "BOOLEAN")
        names = ", ".join(step.name for step in field.transforms)
        counts.append(
            _Count(
                "mapping-lossy",
                f"keva_loses_{number}(v)",
                f"values of {field.keva} do not come back from Salesforce as they were ({names})",
                field.keva,
                'direction = "to_crm"',
            )
        )
    if not counts:
        return
    identity = "_id" if "_id" in columns else ("id" if "id" in columns else "NULL::VARCHAR")
    alive = "where _deleted is distinct from true" if "_deleted" in columns else ""
    keva = quote_identifier(field.keva)
    source = f"(select {identity} as _id, {keva}::VARCHAR as v from rows {alive})"  # noqa: S608 quoted
    written = f"(select _id, v, {_written_sql(frame, field, line, region)} as t from {source})"  # noqa: S608 quoted
    asked = ", ".join(f"count(*) filter ({item.condition}), min(_id, 3) filter ({item.condition})" for item in counts)
    # fetchall: a result that is not read to its end would block the connection
    (answer,) = con.execute(f"select {asked} from {written}").fetchall()  # noqa: S608 quoted
    for position, item in enumerate(counts):
        count, ids = answer[2 * position : 2 * position + 2]
        if count:
            yield _problem(con, frame, field, item, written, count, ids)


def _problem(
    con: duckdb.DuckDBPyConnection,
    frame: Frame,
    field: FieldMapping,
    item: _Count,
    written: str,
    count: int,
    ids: Sequence[str] | None,
) -> Problem:
    examples = ""
    if item.shown and field.kind in {FieldKind.TEXT, FieldKind.LIST}:
        query = (
            f"select {item.shown} as value, count(*) as n from {written} where {item.condition}"  # noqa: S608 quoted
            " group by 1 order by 2 desc, 1 limit 3"
        )
        worst = con.execute(query).fetchall()
        examples = f": {', '.join(f'{value!r} ({number:,})' for value, number in worst)}"
    if ids:
        examples += f", such as {', '.join(ids)}"
    return frame.problem(
        item.code, f"{count:,} {item.message}{examples}", of=field, severity="warning", field=item.field, hint=item.hint
    )


def _written_sql(frame: Frame, field: FieldMapping, line: Pipeline, region: str) -> str:
    """The values to be written; taking apart is dear, so only where a part could be too long."""
    sql = transforms.to_salesforce_sql(field, "v", region)
    if line.splitter is None or line.steps:
        return sql
    lengths = [target.field.length for name in field.salesforce if (target := frame.target(name)).field is not None]
    least = min((length for length in lengths if length), default=0)
    return f"CASE WHEN length(v) > {least} THEN {sql} END"


def _counts(frame: Frame, field: FieldMapping, line: Pipeline, region: str) -> Iterator[_Count]:
    of_null = line.forward(None, region)
    for number, name in enumerate(field.salesforce):
        target = frame.target(name)
        if target.field is None or target.field.compound or target.field.calculated:
            continue
        yield from _of_target(frame, field, target.field, f"t[{number + 1}]", of_null[number] is None)


def _of_target(frame: Frame, field: FieldMapping, target: Field, value: str, null_stays: bool) -> Iterator[_Count]:
    full, kind = f"{frame.item.salesforce}.{target.name}", target.type.lower()
    if kind in _SIZED and target.length:
        yield _Count(
            "mapping-too-long",
            f"length({value}) > {target.length}",
            f"values of {field.keva} are longer than the {target.length} characters of {full}",
            target.name,
            f'{{name = "truncate", length = {target.length}}}',
        )
    if target.restricted and target.picklist and kind in {"picklist", "multipicklist"}:
        allowed = "[" + ", ".join(quote_literal(item) for item in target.picklist) + "]"
        given = f"string_split({value}, ';')" if kind == "multipicklist" else f"[{value}]"
        yield _Count(
            "mapping-picklist",
            f"{value} is not null and not list_has_all({allowed}, {given})",
            f"values of {field.keva} are not in the restricted picklist {full}",
            target.name,
            '{name = "map_values", table = {…}}',
            shown=value,
        )
    if kind in _TYPED:
        # CASE, since AND may be evaluated in any order and the function is dear
        sure = f"WHEN regexp_full_match({value}, '{_SURE_EMAIL}') THEN false" if kind == "email" else ""
        yield _Count(
            "mapping-invalid-values",
            f"CASE WHEN {value} IS NULL THEN false {sure} ELSE NOT keva_valid_{_TYPED[kind]}({value}) END",
            f"values of {field.keva} do not fit {full}, a field of type {target.type}",
            target.name,
        )
    if kind == "boolean" and null_stays:
        yield _Count(
            "mapping-null-boolean",
            f"{clean_sql('v')} is null",
            f"customers have no {field.keva}, and {full} is a checkbox, which cannot be null",
            target.name,
            '{name = "default", value = false}',
        )
    # of several parts the last is the one that a value always fills (LastName)
    elif target.required and null_stays and frame.item.create_in_salesforce and target.name == field.salesforce[-1]:
        yield _Count(
            "mapping-required-empty",
            f"{clean_sql('v')} is null",
            f"customers have no {field.keva}, and {full} is required: no Contact can be created for them",
            target.name,
            '{name = "default", value = "…"}',
        )


def _losing(line: Pipeline) -> bool:
    """True where the rows must be asked: a two-way field whose steps have ways back, but not for every value."""
    if line.direction is not Direction.BIDIRECTIONAL or any(step.one_way for step in line.steps):
        return False
    return any(step.lossy for step in line.steps)


def _loses(line: Pipeline, region: str) -> Callable[[Any], bool]:
    """Whether a value, or an item of a list, meets a step that would not give it back."""

    def loses(value: str) -> bool:
        return line.would_lose(value, region)

    return loses
