"""The one part of the plan's SQL that follows the mapping: both sides and the base in the shape the fixed steps expect.

Everything here only says which columns are compared, and how; what the comparison means stands in `diff.sql`. Names
reach SQL through `quote_identifier`. tests/sync/golden/projection.sql shows the whole text for one mapping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kevasync.mapping import transforms
from kevasync.mapping.definition import ConflictPolicy, FieldMapping
from kevasync.records import Direction, Side
from kevasync.values import FieldKind
from kevasync.values import quote_identifier as quote
from kevasync.values import quote_literal as literal

__all__ = ["PlannedField", "Sides", "planned_fields", "projection_steps"]

_ID18 = """case when length({id}) = 15 then {id} || array_to_string(list_transform([0, 5, 10],
    lambda o: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'[1 + list_sum(list_transform([0, 1, 2, 3, 4],
    lambda i: case when ({id})[o + i + 1] between 'A' and 'Z' then 1 << i else 0 end))::int]), '') else {id} end"""


@dataclass(frozen=True, slots=True)
class PlannedField:
    """A field mapping with its number and whether base has its columns; those that a side lacks are not planned."""

    number: int
    mapping: FieldMapping
    in_base: bool

    @property
    def direction(self) -> Direction:
        """Which way its values travel."""
        return self.mapping.direction


@dataclass(frozen=True, slots=True)
class Sides:
    """The relations a plan starts from (names of views on the connection) and what columns they have."""

    keva: str
    salesforce: str
    base: str | None
    keva_columns: frozenset[str]
    sf_columns: frozenset[str]
    base_columns: frozenset[str]
    external_id: str | None
    region: str
    keva_before: str | None = None
    short_ids: frozenset[str] = frozenset()
    """The relations (`salesforce`, `base`) in which Salesforce ids of 15 characters stand."""

    def sf_id(self, relation: str, column: str) -> str:
        """SQL for the 18-character id; a bare column where all ids are, which lets DuckDB skip rows as it reads."""
        return id18(column) if relation in self.short_ids else column

    @property
    def placed(self) -> frozenset[str]:
        """The relations that say at which row of their file a record stands, which makes finding it again cheap."""
        columns = {"keva": self.keva_columns, "salesforce": self.sf_columns, "base": self.base_columns}
        return frozenset(name for name, names in columns.items() if "_place" in names)


def planned_fields(fields: Sequence[FieldMapping], sides: Sides) -> tuple[list[PlannedField], list[dict[str, str]]]:
    """The fields both sides have, numbered from 0; and those switched off, each with its reason, for the manifest."""
    keva, crm, base = (
        {name.casefold() for name in names} for names in (sides.keva_columns, sides.sf_columns, sides.base_columns)
    )
    planned: list[PlannedField] = []
    off: list[dict[str, str]] = []
    for field in fields:
        absent = [name for name in field.salesforce if name.casefold() not in crm]
        if field.keva.casefold() not in keva:
            off.append({"field": field.keva, "reason": f"Keva's data has no column {field.keva}"})
        elif absent:
            off.append({"field": field.keva, "reason": f"Salesforce's data has no field {', '.join(absent)}"})
        else:
            in_base = all(name.casefold() in base for name in field.salesforce)
            planned.append(PlannedField(len(planned), field, in_base))
    return planned, off


def id18(expression: str) -> str:
    """SQL for the 18-character form of a Salesforce id; other lengths pass through (15 and 18 are one id)."""
    return _ID18.format(id=expression)


def _crm(field: PlannedField, alias: str) -> list[str]:
    return [f"{alias}.{quote(name)}" for name in field.mapping.salesforce]


def _plain(field: PlannedField) -> bool:
    """No transformation that changes the value: then equal text on both sides is equal whatever the kind."""
    steps = [step.name for step in field.mapping.transforms]
    return steps == ["split_name"] or (not steps and len(field.mapping.salesforce) == 1)


# Han, kana, Hangul: a name wholly written in them is joined family name first, as `mapping.names.join_name` does
_FAMILY_FIRST = "[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff・]+"


def _joined(columns: list[str]) -> str:
    """Salesforce's parts as one text, as they are read."""
    if len(columns) == 1:
        return columns[0]
    joined = f"nullif(concat_ws(' ', {', '.join(columns)}), '')"
    first, last, *more = columns
    if more:
        return joined
    written = f"regexp_full_match({first}, '{_FAMILY_FIRST}') and regexp_full_match({last}, '{_FAMILY_FIRST}')"
    # one cheap comparison spares nearly every name the two patterns
    return f"case when {first} >= chr(11904) and {written} then {last} || ' ' || {first} else {joined} end"


def _narrow(field: PlannedField, side: Side, alias: str, sides: Sides) -> str:
    """What is hashed: the text as it stands where that suffices (trimming a million values is dear), else canonical."""
    if side is Side.KEVA:
        column = f"{alias}.{quote(field.mapping.keva)}"
        return column if _plain(field) else transforms.compare_keva_sql(field.mapping, column, sides.region)
    columns = _crm(field, alias)
    return (
        _joined(columns) if _plain(field) else transforms.compare_salesforce_sql(field.mapping, columns, sides.region)
    )


def _side_views(fields: list[PlannedField], sides: Sides) -> list[tuple[str, str]]:
    """Both sides with what linking looks at, as it stands; macros give its canonical form for the few who need it."""
    email = next((item for item in fields if item.mapping.kind is FieldKind.EMAIL), None)
    keva_email = sf_email = "null::varchar"
    canonical = "value"
    if email and _plain(email):
        keva_email, sf_email = f"data.{quote(email.mapping.keva)}", f"data.{quote(email.mapping.salesforce[0])}"
        canonical = transforms.compare_keva_sql(email.mapping, "value", sides.region)
    elif email:  # a transformation may make anything of it, so here every value is worked out
        keva_email = transforms.compare_keva_sql(email.mapping, f"data.{quote(email.mapping.keva)}", sides.region)
        sf_email = transforms.compare_salesforce_sql(email.mapping, _crm(email, "data"), sides.region)
    keva_names, sf_names = ({name.casefold() for name in names} for names in (sides.keva_columns, sides.sf_columns))
    pointer = "data.salesforceContactId" if "salesforcecontactid" in keva_names else "null::varchar"
    has_external = sides.external_id is not None and sides.external_id.casefold() in sf_names
    external_ref = f"data.{quote(sides.external_id)}" if sides.external_id and has_external else "null::varchar"
    full_id = id18("nullif(trim(value), '')")
    return [
        ("canonical_email", f"create or replace temp macro canonical_email(value) as ({canonical})"),
        ("canonical_id", f"create or replace temp macro canonical_id(value) as ({full_id})"),
        (
            "keva_side",
            f"""create or replace temp view keva_side as select data._id as keva_id, data._deleted is true as deleted,
            {pointer} as pointer, {keva_email} as email_as_is from {quote(sides.keva)} as data""",  # noqa: S608 quoted
        ),
        (
            "sf_side",
            f"""create or replace temp view sf_side as select {sides.sf_id("salesforce", "data._id")} as sf_id,
            data._deleted is true as deleted, {id18("data._master")} as master, {external_ref} as external_ref,
            {sf_email} as email_as_is from {quote(sides.salesforce)} as data""",  # noqa: S608 as above
        ),
    ]


def _narrow_tables(fields: list[PlannedField], sides: Sides) -> list[tuple[str, str]]:
    def digest(parts: list[str]) -> str:
        return f"hash({', '.join(parts)})" if parts else "0::ubigint"

    keva = digest([_narrow(item, Side.KEVA, "side", sides) for item in fields])
    crm = digest([_narrow(item, Side.SALESFORCE, "side", sides) for item in fields])
    remembered = [_narrow(item, Side.SALESFORCE, "side", sides) if item.in_base else "null::varchar" for item in fields]
    knows_all = all(item.in_base for item in fields)
    place = {name: ", side._place" if name in sides.placed else "" for name in ("keva", "salesforce", "base")}
    targets = ", ".join(literal(name) for item in fields for name in item.mapping.salesforce)
    lacking = f"side.agreed is not null and not list_has_all(side.agreed, [{targets}]::varchar[])"
    partial = lacking if "agreed" in sides.base_columns else "false"
    base = (
        "select null::varchar as keva_id, null::varchar as sf_id, null::ubigint as digest, false as partial where false"
    )
    if sides.base:
        base = f"""select side.keva_id, {sides.sf_id("base", "side.sf_id")} as sf_id, {digest(remembered)} as digest,
            {partial if knows_all else "true"} as partial{place["base"]} from {quote(sides.base)} as side"""  # noqa: S608 as above
    return [
        (
            "keva_narrow",
            f"""create or replace temp table keva_narrow as select side._id as keva_id, {keva} as digest,
            coalesce(len(side._absent), 0) > 0 as partial{place["keva"]}
            from {quote(sides.keva)} as side where side._deleted is not true""",  # noqa: S608 as above
        ),
        (
            "sf_narrow",
            f"""create or replace temp table sf_narrow as select {sides.sf_id("salesforce", "side._id")} as sf_id,
            {crm} as digest{place["salesforce"]}
            from {quote(sides.salesforce)} as side where side._deleted is not true""",  # noqa: S608 as above
        ),
        ("base_narrow", f"create or replace temp table base_narrow as {base}"),
    ]


def _wide(fields: list[PlannedField], sides: Sides) -> str:
    """One row a pair that is not settled: raw and compared values of every field, and what base knows."""
    columns: list[str] = []
    for item in fields:
        no, keva, crm = item.number, f"k.{quote(item.mapping.keva)}", _crm(item, "s")
        base = _crm(item, "b") if item.in_base else ["null::varchar"] * len(crm)
        names = ", ".join(literal(name) for name in item.mapping.salesforce)
        known = f"b.agreed is null or list_has_all(b.agreed, [{names}])" if "agreed" in sides.base_columns else "true"
        known = f"p.has_base and ({known})" if item.in_base else "false"
        # equal to the letter is equal by meaning: canonical forms are worked out only where something differs
        alike = f"{keva} is not distinct from {_joined(crm)} and {keva} is not distinct from {_joined(base)}"
        compared = [
            transforms.compare_keva_sql(item.mapping, keva, sides.region),
            transforms.compare_salesforce_sql(item.mapping, crm, sides.region),
            transforms.compare_salesforce_sql(item.mapping, base, sides.region),
        ]
        if _plain(item):
            compared = [f"case when {alike} then {keva} else {form} end" for form in compared]
        columns += [
            f"{_keva_time(item, sides)} as kt{no}",
            f"{keva} as k{no}",
            f"[{', '.join(crm)}] as s{no}",
            f"[{', '.join(base)}] as b{no}",
            *(f"{form} as {name}{no}" for form, name in zip(compared, ("ck", "cs", "cb"), strict=True)),
            f"coalesce({known}, false) as known{no}",
            f"coalesce(not list_contains(k._absent, {literal(item.mapping.keva)}), true) as said{no}",
        ]
    base_join = "left join base_open as b on b.keva_id = p.keva_id and b._open_id = p.base_sf_id" if sides.base else ""
    before_join = "left join before_open as e on e._open_id = p.keva_id" if sides.keva_before else ""
    return f"""create temp table wide as
        select p.keva_id, p.sf_id, p.verdict, s._modified as sf_time
            {"".join(f", {column}" for column in columns)}
        from pairs as p
        left join keva_open as k on k._open_id = p.keva_id
        left join sf_open as s on s._open_id = p.sf_id
        {base_join}
        {before_join}
        where p.verdict not in ('ambiguous', 'gone', 'tombstone')"""  # noqa: S608 names are quoted


def _open_rows(fields: list[PlannedField], sides: Sides) -> list[tuple[str, str]]:
    """The rows of unsettled pairs only: a semi join lets DuckDB skip the others while it reads the file."""
    # the time stamp has to be worked out for every row read, so it is asked for only where a policy needs it
    times = "side._modified" if _by_time(fields) else "null::varchar as _modified"
    keva = ", ".join(f"side.{quote(name)}" for name in dict.fromkeys(item.mapping.keva for item in fields))
    targets = dict.fromkeys(name for item in fields for name in item.mapping.salesforce)
    crm = ", ".join(f"side.{quote(name)}" for name in targets)
    remembered = dict.fromkeys(name for item in fields if item.in_base for name in item.mapping.salesforce)
    agreed = ["side.agreed"] if "agreed" in sides.base_columns else []
    base = ", ".join([*(f"side.{quote(name)}" for name in remembered), *agreed])
    sf_id, base_id = sides.sf_id("salesforce", "side._id"), sides.sf_id("base", "side.sf_id")
    opened = [
        ("keva_open", f"side._id as _open_id, {times}, side._absent, {keva}", sides.keva, "keva_id", "side._id"),
        ("sf_open", f"{sf_id} as _open_id, {times}, {crm}", sides.salesforce, "sf_id", sf_id),
        ("base_open", f"side.keva_id, {base_id} as _open_id, {base}", sides.base, "keva_id", "side.keva_id"),
        ("before_open", f"side._id as _open_id, {times}, {keva}", sides.keva_before, "keva_id", "side._id"),
    ]
    return [
        (
            name,
            f"""create temp table {name} as select {columns.rstrip(", ")} from {quote(source)} as side
            {_among_pairs(name, key, own, sides)}
            where {"true" if name == "base_open" else "side._deleted is not true"}""",  # noqa: S608 as above
        )
        for name, columns, source, key, own in opened
        if source
    ]


def _among_pairs(name: str, key: str, own: str, sides: Sides) -> str:
    """The semi join that picks the rows of unsettled pairs: by their place in the file if known, else by id."""
    relation, narrow = {
        "keva_open": ("keva", "keva_narrow"),
        "sf_open": ("salesforce", "sf_narrow"),
        "base_open": ("base", "base_narrow"),
    }.get(name, ("", ""))
    if relation not in sides.placed:
        return f"semi join pairs on pairs.{key} = {own}"
    places = f"select _place from {narrow} semi join pairs on pairs.{key} = {narrow}.{key}"  # noqa: S608 ours
    return f"semi join ({places}) as places on places._place = side._place"


def _by_time(fields: list[PlannedField]) -> bool:
    return any(item.mapping.conflict is ConflictPolicy.NEWEST for item in fields)


def _keva_time(item: PlannedField, sides: Sides) -> str:
    """When Keva's value was last changed: an earlier snapshot that had it already says so better than the record."""
    if sides.keva_before is None or item.mapping.conflict is not ConflictPolicy.NEWEST:
        return "k._modified"
    name = quote(item.mapping.keva)
    same = f"e._open_id is not null and e.{name} is not distinct from k.{name}"
    return f"case when {same} then coalesce(e._modified, k._modified) else k._modified end"


def _differences(fields: list[PlannedField], sides: Sides) -> str:
    """One row a pair and field whose sides differ, with what would be written either way."""
    branches: list[str] = []
    for item in fields:
        no, way = item.number, item.mapping.direction
        crm = [f"s{no}[{part}]" for part in range(1, len(item.mapping.salesforce) + 1)]
        remembered = [f"b{no}[{part}]" for part in range(1, len(item.mapping.salesforce) + 1)]
        to_crm = transforms.to_salesforce_sql(item.mapping, f"k{no}", sides.region)
        to_keva = transforms.to_keva_sql(item.mapping, crm, sides.region)
        branches.append(
            f"""select keva_id, sf_id, verdict as pair_verdict, kt{no} as keva_time, sf_time, {no} as field_no,
            true as keva_said, true as sf_said, known{no} as base_known, cb{no} as base, ck{no} as keva, cs{no} as sf,
            k{no}::varchar as keva_raw, s{no} as sf_raw, b{no} as base_raw,
            {"null::varchar[]" if way is Direction.FROM_CRM else to_crm} as new_crm,
            {"null::varchar" if way is Direction.TO_CRM else to_keva} as new_keva,
            {_joined(crm)} as sf_shown, {_joined(remembered)} as base_shown
            from wide where verdict not like 'gone%' and said{no} and ck{no} is distinct from cs{no}"""  # noqa: S608 ours
        )
    return "create temp table differences as\n" + "\nunion all\n".join(branches)


def _agreements(fields: list[PlannedField]) -> str:
    """What becomes base: fields on which both sides are equal and base is not, and what a moved link takes along."""
    columns: dict[str, tuple[str, str, str]] = {}
    for item in fields:
        no = item.number
        equal = f"(said{no} and ck{no} is not distinct from cs{no})"
        fresh = f"({equal} and (not known{no} or cb{no} is distinct from cs{no} or verdict = 'relink'))"
        kept = f"(verdict = 'relink' and known{no})"
        for part, name in enumerate(item.mapping.salesforce, start=1):
            value = f"case when {fresh} then s{no}[{part}] when {kept} then b{no}[{part}] end"
            columns.setdefault(name, (value, f"{fresh} or {kept}", name))
    values = "".join(f", {value} as {quote(name)}" for name, (value, _, _) in columns.items())
    marks = ", ".join(f"case when {mark} then {literal(name)} end" for name, (_, mark, _) in columns.items())
    return f"""create temp table agreements as
        select * from (
            select keva_id, sf_id{values}, list_filter([{marks}]::varchar[], lambda name: name is not null) as agreed
            from wide where verdict in ('known', 'link', 'relink'))
        where len(agreed) > 0"""  # noqa: S608 names are quoted


def _edited_gone(fields: list[PlannedField]) -> str:
    """Pairs gone on one side whose other side was edited since base: a person decides."""

    def edited(letter: str) -> str:
        tests = [
            f"(known{item.number} and c{letter}{item.number} is distinct from cb{item.number})"
            for item in fields
            if not (letter == "s" and item.direction is Direction.TO_CRM)
            and not (letter == "k" and item.direction is Direction.FROM_CRM)
        ]
        return " or ".join(tests) or "false"

    return f"""create temp table edited_gone as
        select keva_id, sf_id, case verdict when 'gone-keva' then 'gone in Keva, edited in Salesforce'
            else 'gone in Salesforce, edited in Keva' end as reason
        from wide
        where (verdict = 'gone-keva' and ({edited("s")})) or (verdict = 'gone-sf' and ({edited("k")}))"""  # noqa: S608


def projection_steps(fields: list[PlannedField], sides: Sides) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The named steps before linking (views and hashes), and those after it (wide rows, differences, agreements)."""
    before = _side_views(fields, sides) + _narrow_tables(fields, sides)
    after = [
        *_open_rows(fields, sides),
        ("wide", _wide(fields, sides)),
        ("differences", _differences(fields, sides)),
        ("agreements", _agreements(fields)),
        ("edited_gone", _edited_gone(fields)),
    ]
    return before, after
