"""Works out a plan in DuckDB: linking, the hash-narrow comparison and the law as named steps; leaves result tables.

Results on the connection: `records`, `changes`, `review` (as design.md names their columns) and `agreements`.
Memory is bounded by `memory_limit`; what does not fit spills to the folder given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import duckdb
from duckdb.func import FunctionNullHandling

from kevasync.errors import UsageError
from kevasync.mapping import transforms
from kevasync.mapping.definition import ConflictPolicy, ObjectMapping
from kevasync.records import Direction, Schema
from kevasync.store.steps import read_steps, run_steps
from kevasync.sync.candidates import CandidateSearch, no_candidates, search_candidates
from kevasync.sync.combine import combine_both
from kevasync.sync.projection import PlannedField, Sides, id18, planned_fields, projection_steps
from kevasync.values import FieldKind, is_valid
from kevasync.values import quote_identifier as quote

__all__ = ["DiffRequest", "PaddedIdsError", "connect", "run_diff"]

# Without a describe (a plan from files) only what every org requires is known; Salesforce's object reference.
_ALWAYS_REQUIRED = {"Contact": ("LastName",), "Lead": ("LastName", "Company"), "Account": ("Name",)}
_NO_FIELD = -1  # the field number of what no field of the mapping is for
_ROW_GROUP = 122_880  # rows of a table that DuckDB's threads take at a time
_CHECKED = (FieldKind.EMAIL, FieldKind.NUMBER, FieldKind.BOOLEAN, FieldKind.DATE, FieldKind.DATETIME)


class PaddedIdsError(Exception):
    """Ids were to be taken as they stand, but one is empty or has spaces around it: trim them, and run again."""


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """What is compared. The names are views on the connection in the form endpoint.py gives.

    `links` has keva_id, sf_id, active; `base` is None where the sides never met; `customers` narrows the plan.
    """

    mapping: ObjectMapping
    keva: str
    salesforce: str
    base: str | None
    links: str | None
    region: str
    schema: Schema | None = None
    customers: Sequence[str] | None = None
    keva_before: str | None = None
    """An earlier snapshot of Keva, where there is one: the policy `newest` asks it when a field was changed."""
    candidates: CandidateSearch | None = None
    """How customers whom no key links are scored against Contacts; None: they are not."""
    ids_untrimmed: bool = False
    """The ids of both sides are taken as they stand, unlooked at: a padded one ends in PaddedIdsError."""


def connect(temporary: Path, memory_limit: str = "1GB") -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that spills to `temporary`, so that no process locks out another."""
    temporary.mkdir(parents=True, exist_ok=True)
    return duckdb.connect(
        config={"temp_directory": str(temporary), "memory_limit": memory_limit, "preserve_insertion_order": "false"}
    )


def run_diff(con: duckdb.DuckDBPyConnection, request: DiffRequest) -> tuple[list[PlannedField], list[dict[str, str]]]:
    """Run all steps; return the planned fields and those switched off with their reasons.

    Raises RunError `plan-out-of-memory` or `plan-disk-full`, UsageError `plan-no-fields`; PaddedIdsError.
    """
    sides = _sides(con, request)
    fields, off = planned_fields(request.mapping.fields, sides)
    if not fields:
        told = "; ".join(f"{item['field']} ({item['reason']})" for item in off)
        raise UsageError("plan-no-fields", f"none of the mapping's fields is on both sides: {told}")
    before, after = projection_steps(fields, sides)
    called_in = "".join(statement for _, statement in (*before, *after))
    transforms.register(con, [item.mapping for item in fields], request.region, called_in)
    _register_validity(con, request.region)
    _rules(con, fields, request)
    run_steps(con, before)
    if request.ids_untrimmed and _padded(con, request):
        raise PaddedIdsError
    if short := frozenset(_with_short_ids(con, request)):
        # worked out only now, as the look at the ids that were read costs next to nothing; few files have such ids
        sides = replace(sides, short_ids=short)
        before, after = projection_steps(fields, sides)
        run_steps(con, before)
    _links(con, request)
    linking = read_steps("link.sql", "kevasync.sync")
    cut = next(number for number, (name, _) in enumerate(linking) if name == "merged")
    run_steps(con, linking[:cut])
    _refuse_doubled(con)
    alone = "unsettled where not known" if request.customers is None else "keva_narrow anti join links using (keva_id)"
    con.execute(f"create temp view alone as select keva_id from {alone}")  # noqa: S608 ours
    run_steps(con, linking[cut:-1])
    _score(con, request, sides)
    run_steps(con, linking[-1:])  # pairs
    if request.mapping.create_in_keva:
        run_steps(con, read_steps("create_in_keva.sql", "kevasync.sync"))
    cut = next(number for number, (name, _) in enumerate(after) if name == "wide")
    run_steps(con, after[:cut])
    with _as_many_threads_as_help(con):
        run_steps(con, after[cut:])
        _apply_the_law(con, fields, request.region)
    return fields, off


def _score(con: duckdb.DuckDBPyConnection, request: DiffRequest, sides: Sides) -> None:
    if request.candidates is None:
        no_candidates(con)
        return
    sf_id = sides.sf_id("salesforce", "data._id")
    narrowed = request.customers is not None
    search_candidates(con, request.candidates, request.keva, request.salesforce, sf_id, narrowed=narrowed)


def _apply_the_law(con: duckdb.DuckDBPyConnection, fields: list[PlannedField], region: str) -> None:
    law = read_steps("diff.sql", "kevasync.sync")
    cut = next(number for number, (name, _) in enumerate(law) if name == "proposals")
    run_steps(con, law[:cut])
    if any(item.mapping.conflict in {ConflictPolicy.UNION, ConflictPolicy.APPEND} for item in fields):
        combine_both(con, fields, region)
    run_steps(con, law[cut:])


@contextmanager
def _as_many_threads_as_help(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One thread where the unsettled pairs fill no more than one row group: there is nothing to share out.

    DuckDB hands out work by the row group, so the others only wait, and waiting cost a quarter of these steps' time.
    """
    pairs = con.execute("select count(*) from pairs").fetchall()[0][0]
    if pairs > _ROW_GROUP:
        yield
        return
    threads = con.execute("select current_setting('threads')").fetchall()[0][0]
    con.execute("set threads = 1")
    try:
        yield
    finally:
        con.execute(f"set threads = {int(threads)}")


# True where every record stands once. A pair known twice makes more live rows than there are records; a record there
# twice makes more known pairs than there are, or, where nobody links it, stands twice among the few that are alone.
_ALL_ONCE = """select not narrows
    and known = (select count(*) from links) and keva_live = (select count(*) from keva_narrow)
    and sf_live = (select count(*) from sf_narrow)
    and not exists (
        select 1 from matched where not known and keva_id is not null group by keva_id having count(*) > 1)
    and not exists (select 1 from matched where keva_id is null group by sf_id having count(*) > 1)
    from in_scope, (select count(*) filter (where known) as known, count(*) filter (where keva_live) as keva_live,
        count(*) filter (where sf_live) as sf_live from matched)"""


def _refuse_doubled(con: duckdb.DuckDBPyConnection) -> None:
    """Every record has an id, and stands once on its side, in links and base; told by counts, looked up if they differ.

    Raises UsageError `export-id-missing`, `export-id-twice`.
    """
    for key, table, place in (("keva_id", "keva_narrow", "Keva's data"), ("sf_id", "sf_narrow", "Salesforce's data")):
        rows, ids = con.execute(f"select count(*), count({key}) from {table}").fetchall()[0]  # noqa: S608 ours
        if ids < rows:
            raise UsageError("export-id-missing", f"{rows - ids:,} of {rows:,} records have no id in {place}")
    if con.execute(_ALL_ONCE).fetchall()[0][0]:
        return
    for key, places in (
        ("keva_id", {"Keva's data": "keva_narrow", "base or links": "matched"}),
        ("sf_id", {"Salesforce's data": "sf_narrow", "base or links": "matched"}),
    ):
        for place, table in places.items():
            found = con.execute(
                f"""select {key}, count(*) over () from {table} where {key} is not null
                group by {key} having count(*) > 1 order by {key} limit 3"""  # noqa: S608 ours
            ).fetchall()
            if found:
                names = ", ".join(str(row[0]) for row in found)
                number = "1 id stands" if found[0][1] == 1 else f"{found[0][1]:,} ids stand"
                raise UsageError("export-id-twice", f"{number} more than once in {place}: {names}")


def _columns(con: duckdb.DuckDBPyConnection, view: str | None) -> frozenset[str]:
    if view is None:
        return frozenset()
    return frozenset(con.table(view).columns)


def _sides(con: duckdb.DuckDBPyConnection, request: DiffRequest) -> Sides:
    return Sides(
        keva=request.keva,
        salesforce=request.salesforce,
        base=request.base,
        keva_columns=_columns(con, request.keva),
        sf_columns=_columns(con, request.salesforce),
        base_columns=_columns(con, request.base),
        external_id=request.mapping.external_id,
        region=request.region,
        keva_before=request.keva_before,
    )


def _padded(con: duckdb.DuckDBPyConnection, request: DiffRequest) -> bool:
    """Whether an id is empty or begins or ends with a space: looked up in what was read, which is cheap."""
    return any(
        con.execute(f"select 1 from {place} ({key} < '!' or ends_with({key}, ' ')) limit 1").fetchall()  # noqa: S608 quoted
        for key, place in (
            ("keva_id", "keva_narrow where"),
            ("sf_id", "sf_narrow where"),
            ("_id", f"{quote(request.keva)} where _deleted is true and"),
            ("_id", f"{quote(request.salesforce)} where _deleted is true and"),
        )
    )


def _with_short_ids(con: duckdb.DuckDBPyConnection, request: DiffRequest) -> Iterator[str]:
    """The relations with a Salesforce id of 15 characters among what was read, or among what is deleted."""
    gone = f"{quote(request.salesforce)} where _deleted is true and"
    for name, column, places in (
        ("salesforce", "sf_id", "sf_narrow where"),
        ("salesforce", "_id", gone),
        ("base", "sf_id", "base_narrow where"),
    ):
        if con.execute(f"select 1 from {places} strlen({column}) = 15 limit 1").fetchall():  # noqa: S608 quoted
            yield name


def _links(con: duckdb.DuckDBPyConnection, request: DiffRequest) -> None:
    """Tables links (active, 18-character ids) and tombstones; a base without links says who is linked."""
    origin = "links" if request.links or not request.base else "base"
    con.execute("create temp table link_origin as select $1::varchar as known", [origin])
    known = "select keva_id, sf_id from base_narrow"
    dead = "select keva_id, sf_id from links where false"
    if origin == "links":
        known = "select null::varchar as keva_id, null::varchar as sf_id where false"
    if request.links:
        rows = f"select keva_id, {id18('sf_id')} as sf_id"
        active = "active" if "active" in _columns(con, request.links) else "true"
        known = f"{rows} from {quote(request.links)} where {active}"
        dead = f"{rows} from {quote(request.links)} where not {active}"
    kind = "table" if origin == "links" else "view"
    con.execute(f"create temp {kind} links as {known}")
    con.execute(
        f"create temp table tombstones as select * from ({dead}) as dead anti join links using (keva_id, sf_id)"  # noqa: S608 quoted above
    )
    con.execute("create temp table in_scope as select $1::boolean as narrows", [request.customers is not None])
    con.execute("create temp table scope as select unnest($1::varchar[]) as keva_id", [list(request.customers or ())])


def _rules(con: duckdb.DuckDBPyConnection, fields: Sequence[PlannedField], request: DiffRequest) -> None:
    """The fixed steps' parameters as tables: field_rules, constraints, needed, switches."""
    rules = [
        {
            "field_no": item.number,
            "keva_field": item.mapping.keva,
            "targets": list(item.mapping.salesforce),
            "direction": str(item.mapping.direction),
            "conflict": str(item.mapping.conflict),
            "drift": str(item.mapping.drift),
        }
        for item in fields
    ]
    con.execute(
        """create temp table field_rules (field_no integer, keva_field varchar, targets varchar[], direction varchar,
            conflict varchar, drift varchar)"""
    )
    con.execute(
        """create temp table constraints (direction varchar, field varchar, required boolean, max_length integer,
            allowed varchar[], checked boolean, kind varchar)"""
    )
    con.execute(
        """create temp table needed (pair_verdict varchar, field varchar, field_no integer, direction varchar,
            problem varchar)"""
    )
    for table, rows in (
        ("field_rules", rules),
        ("constraints", _constraints(fields, request)),
        ("needed", _needed(fields, request)),
    ):
        for row in rows:  # a handful of rows, one a field
            con.execute(f"insert into {table} values ({', '.join('?' * len(row))})", list(row.values()))  # noqa: S608 our own names
    con.execute(
        "create temp table switches as select $1::boolean as create_in_salesforce",
        [request.mapping.create_in_salesforce],
    )


def _required(request: DiffRequest) -> set[str]:
    required = set(_ALWAYS_REQUIRED.get(request.mapping.salesforce, ()))
    if request.schema is not None:
        required |= {field.name for field in request.schema.fields if field.required and field.createable}
    return required


def _constraints(fields: Sequence[PlannedField], request: DiffRequest) -> list[dict[str, object]]:
    required = _required(request)
    rows: list[dict[str, object]] = []
    for item in fields:
        kind, checked = item.mapping.kind, item.mapping.kind in _CHECKED
        if item.direction is not Direction.FROM_CRM:
            for target in item.mapping.salesforce:
                known = request.schema.find(target) if request.schema else None
                rows.append(
                    {
                        "direction": "to_crm",
                        "field": target,
                        "required": target in required,
                        "max_length": known.length if known else 0,
                        "allowed": list(known.picklist) if known and known.restricted else [],
                        "checked": checked,
                        "kind": str(kind),
                    }
                )
        if item.direction is not Direction.TO_CRM:
            rows.append(
                {
                    "direction": "from_crm",
                    "field": item.mapping.keva,
                    "required": kind is FieldKind.EMAIL,
                    "max_length": 0,
                    "allowed": [],
                    "checked": checked,
                    "kind": str(kind),
                }
            )
    return rows


def _needed(fields: Sequence[PlannedField], request: DiffRequest) -> list[dict[str, object]]:
    """What a new record cannot do without: the e-mail, and every required target, mapped or not."""
    required = _required(request)
    rows: list[dict[str, object]] = []
    for item in fields:
        is_email = item.mapping.kind is FieldKind.EMAIL
        if item.direction is not Direction.FROM_CRM:
            for target in item.mapping.salesforce:
                if target in required or is_email:
                    problem = "no e-mail" if is_email else "no last name" if target == "LastName" else f"no {target}"
                    rows.append(_need("create", target, item.number, "to_crm", problem))
        if is_email and item.direction is not Direction.TO_CRM:
            rows.append(_need("create-keva", item.mapping.keva, item.number, "from_crm", "no e-mail"))
    served = {target.casefold() for row in rows if row["pair_verdict"] == "create" for target in [str(row["field"])]}
    rows += [
        _need("create", target, _NO_FIELD, "to_crm", f"nothing is mapped to {target}, which is required")
        for target in sorted(required)
        if target.casefold() not in served
    ]
    if not any(row["pair_verdict"] == "create-keva" for row in rows):
        rows.append(_need("create-keva", "email", _NO_FIELD, "from_crm", "nothing is mapped to Keva's e-mail"))
    return rows


def _need(pair_verdict: str, field: str, number: int, direction: str, problem: str) -> dict[str, object]:
    return {
        "pair_verdict": pair_verdict,
        "field": field,
        "field_no": number,
        "direction": direction,
        "problem": problem,
    }


def _register_validity(con: duckdb.DuckDBPyConnection, region: str) -> None:
    @cache
    def valid(kind: str, text: str | None) -> bool:
        return text is None or is_valid(FieldKind(kind), text, region)

    con.create_function(
        "kv_is_valid", valid, ["VARCHAR", "VARCHAR"], "BOOLEAN", null_handling=FunctionNullHandling.SPECIAL
    )
