"""Canonical values and how rare each is: the table `dd_record`, a row a record, which blocking and comparison read."""

from __future__ import annotations

from importlib import resources

import duckdb

from kevasync.dedupe.ascii import to_ascii
from kevasync.dedupe.columns import MAX_OTHER
from kevasync.dedupe.nicknames import groups_of
from kevasync.values import put_function, remembering

__all__ = ["INPUT", "RARE", "SMALLEST", "TOKENS", "make_records"]

INPUT = (
    "name", "first_name", "last_name", "email", "phone", "company", "street", "city", "postcode", "state", "country",
    "dob", "title", "website", "identifier", *(f"other{number}" for number in range(MAX_OTHER)),
)  # fmt: skip
"""Columns of `dd_in` beside n: always all of them, null where the table lacks the role."""

RARE = (
    "given1", "family", "person", "email", "local", "phone", "company_key", "label", "street", "city", "postcode",
    "dob", "title", "identifier", *(f"other{number}" for number in range(MAX_OTHER)),
)  # fmt: skip
"""Columns of which dd_record knows how many bits an agreement is worth: `bits_` and the name."""

TOKENS = {
    "name_tokens": "words",
    "company_tokens": "company_words",
    "street_tokens": "string_split(street, ' ')",
    "title_tokens": "string_split(title, ' ')",
}
"""Lists of words as numbers: hash * 1024 + bits * 32, so that an intersection knows its own weight."""


SHARED = ("email", "phone")
"""Columns of which dd_record knows how many people have a value: `people_` and the name counts pairs of initials."""

SMALLEST = 700
"""A smaller table is judged as if it were a part of one of this size: two of three records may share anything."""
_FEW = 3


def _larger(records: int) -> float:
    """By how much a table is smaller than the smallest that rarity can be learned from; 1 for larger ones."""
    return max(1.0, SMALLEST / max(records, 1))


def _scale(larger: float) -> str:
    return f"case when count(*) <= {_FEW} then {larger} else 1 end"


def make_records(con: duckdb.DuckDBPyConnection) -> int:
    """Make `dd_record` from `dd_in` (n BIGINT and the columns of INPUT as text). Returns the number of records."""
    put_function(con, "dd_ascii", remembering(to_ascii), "VARCHAR", "VARCHAR")
    others = [f"other{number}" for number in range(MAX_OTHER)]
    script = resources.files("kevasync.dedupe").joinpath("canonical.sql").read_text(encoding="utf-8")
    for step, macro in {"said": "dd_said", "thing": "dd_thing", "plain": "dd_plain", "words": "dd_words"}.items():
        script = script.replace(f"{{others_{step}}}", ", ".join(f"{macro}({name}) as {name}" for name in others))
    con.execute(script.replace("{others}", ", ".join(others)))
    _nicknames(con)
    records = int(con.execute("select count(*) from dd_form").fetchall()[0][0])
    for name, words in TOKENS.items():
        _tokens(con, name, words, _larger(records))
    _frequencies(con, _larger(records))
    for name in ("dd_form", "dd_nick", *(f"dd_{name}" for name in TOKENS), *(f"dd_rare_{name}" for name in RARE)):
        con.execute(f"drop table if exists {name}")
    return records


def _nicknames(con: duckdb.DuckDBPyConnection) -> None:
    rows = [{"word": word, "groups": list(groups)} for word, groups in groups_of().items()]
    con.execute(
        "create or replace temp table dd_nick as select item.word, item.groups::SMALLINT[] as groups "
        "from (select unnest(?::STRUCT(word VARCHAR, groups SMALLINT[])[]) as item)",
        [rows],
    )


def _tokens(con: duckdb.DuckDBPyConnection, name: str, words: str, larger: float) -> None:
    """A list of weighted word numbers for each record that has words."""
    con.execute(f"""
        create or replace temp table dd_{name} as
        with word as (select n, unnest(list_distinct({words})) as word from dd_form where {words} is not null),
        total as (select greatest(count(distinct n), 2) as records from word),
        weight as (
          select word, (hash(word) >> 16)::BIGINT * 1024
            + least(1023, round(32 * log2(total.records * {_scale(larger)} / count(*)))::BIGINT) as token
          from word, total where word <> '' group by word, total.records
        )
        select n, list(token order by token) as {name} from word join weight using (word) group by n""")  # noqa: S608 ours


def _frequencies(con: duckdb.DuckDBPyConnection, larger: float) -> None:
    joins, columns = [], []
    for name in RARE:
        filled = con.execute(f"select count({name}) from dd_form").fetchall()[0]  # noqa: S608 ours
        if not filled[0]:
            columns.append(f"0::FLOAT as bits_{name}")
            columns += [f"0::FLOAT as people_{name}"] * (name in SHARED)
            continue
        people = ", least(count(distinct initials), 20)::FLOAT as people" if name in SHARED else ""
        con.execute(
            f"create or replace temp table dd_rare_{name} as "  # noqa: S608 ours
            f"select {name}, log2({filled[0]} * {_scale(larger)} / count(*))::FLOAT as bits{people} "
            f"from dd_form where {name} is not null group by {name}"
        )
        joins.append(f"left join dd_rare_{name} on dd_rare_{name}.{name} = dd_form.{name}")
        columns.append(f"coalesce(dd_rare_{name}.bits, 0) as bits_{name}")
        columns += [f"coalesce(dd_rare_{name}.people, 0) as people_{name}"] * (name in SHARED)
    for name in TOKENS:
        joins.append(f"left join dd_{name} on dd_{name}.n = dd_form.n")
        columns.append(f"{name}, dd_weight({name})::FLOAT as weight_{name}")
    joins.append("left join dd_nick on dd_nick.word = dd_form.given1")
    con.execute(
        f"create or replace temp table dd_record as select dd_form.*, dd_nick.groups as nicks, {', '.join(columns)} "  # noqa: S608 ours
        f"from dd_form {' '.join(joins)} order by dd_form.n"
    )
