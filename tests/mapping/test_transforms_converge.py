"""The law of convergence, for every transformation and direction: what was written compares equal afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kevasync.mapping import transforms
from kevasync.mapping.definition import FieldMapping, Transform
from kevasync.mapping.pipeline import pipeline
from kevasync.mapping.recipes import RECIPES
from kevasync.records import Direction, Side
from kevasync.values import FieldKind
from tests.values.nasty import REGION, any_value, nasty_text, time_like

K = FieldKind


def step(name: str, **arguments: object) -> Transform:
    return Transform(name, arguments)


TABLE = {"high": "A", "low": "B", "B": "mid", "é": "E"}
NAME = ("FirstName", "LastName")
PLACE = ("MailingCity", "MailingState", "MailingCountry")

CASES: dict[str, tuple[tuple[str, ...], FieldKind, tuple[Transform, ...]]] = {
    **{f"plain {kind}": (("X",), kind, ()) for kind in FieldKind},
    "split_name": (NAME, K.NAME, (step("split_name"),)),
    "default": (("X",), K.TEXT, (step("default", value="Unknown"),)),
    "default, split_name": (NAME, K.NAME, (step("default", value="Not Known"), step("split_name"))),
    "default false": (("X",), K.BOOLEAN, (step("default", value=False),)),
    "trim": (("X",), K.TEXT, (step("trim"),)),
    "case upper": (("X",), K.TEXT, (step("case", mode="upper"),)),
    "case lower": (("X",), K.TEXT, (step("case", mode="lower"),)),
    "case title": (("X",), K.TEXT, (step("case", mode="title"),)),
    "e164": (("X",), K.PHONE, (step("e164"),)),
    "e164 DE": (("X",), K.TEXT, (step("e164", region="DE"),)),
    "truncate": (("X",), K.TEXT, (step("truncate", length=5),)),
    "map_values": (("X",), K.TEXT, (step("map_values", table={"high": "A", "low": "C", "é": "E"}),)),
    "map_values tangled": (("X",), K.TEXT, (step("map_values", table=TABLE),)),
    "map_values default": (("X",), K.TEXT, (step("map_values", table={"a": "1", "b": "1"}, default="0"),)),
    "map_values unsettled": (("X",), K.TEXT, (step("map_values", table={"a": "1"}, default="a"),)),
    "map_values list": (("X",), K.LIST, (step("map_values", table={"a": "1", "b": "2"}),)),
    "concat": (("X",), K.TEXT, (step("concat", prefix="Keva: ", suffix=" !"),)),
    "split 3": (PLACE, K.TEXT, (step("split", separator=", "),)),
    "split list": (("X",), K.LIST, (step("split", separator=", "),)),
    "city_from_location": (("X",), K.TEXT, (step("city_from_location"),)),
    "date": (("X",), K.DATE, (step("date", format="%d.%m.%Y"),)),
    "date short": (("X",), K.DATE, (step("date", format="%m/%d/%y"),)),
    "datetime": (("X",), K.DATETIME, (step("datetime", format="%d.%m.%Y %H:%M", zone="Europe/Berlin"),)),
    "number": (("X",), K.NUMBER, (step("number", decimal=","),)),
    "number rounded": (("X",), K.NUMBER, (step("number", decimals=1),)),
    "boolean": (("X",), K.BOOLEAN, (step("boolean", true="VIP;yes", false="standard"),)),
    "invert": (("X",), K.BOOLEAN, (step("invert"),)),
    "null_if": (("X",), K.TEXT, (step("null_if", values=("N/A", "-")),)),
    "null_if, default": (("X",), K.TEXT, (step("null_if", values=("a", "-")), step("default", value="none"))),
    "regex_replace": (("X",), K.TEXT, (step("regex_replace", pattern="[ab]+", replacement="ab"),)),
    "trim, case, truncate": (("X",), K.TEXT, (step("trim"), step("case", mode="upper"), step("truncate", length=4))),
}
# different texts may become one: the way back cannot tell them apart, and the lint says so
UNSETTLED = {"map_values unsettled", "regex_replace"}


def mapping(case: str, direction: Direction) -> FieldMapping:
    targets, kind, steps = CASES[case]
    return FieldMapping("k", targets, direction, kind, steps)


interesting = st.sampled_from(
    [
        *("high", "low", "A", "B", "mid", "a", "b", "1", "0", "Unknown", "none", "N/A", "-", "n/a"),
        *(
            "VIP",
            "standard",
            "true",
            "false",
            "Keva: x !",
            "Keva: ",
            "31.12.2024",
            "2024-12-31",
            "12/31/24",
            "1950-01-01",
        ),
        *(
            "31.03.2024 02:30",
            "27.10.2024 02:30",
            "2024-10-27T01:30:00Z",
            ".000Z",
            "1.234,56",
            "1234.56",
            "0,5",
            "2.25",
            "1,000",
        ),
        *(
            "Austin, TX, USA",
            ",",
            "a,,b",
            "Austin",
            "Jan van der Berg",
            "山田 太郎",
            "太郎",
            "Smith, John",
            "\u200bx\u200b",
        ),
        *('["a","b"]', "a;b", "a, b", "ǆ", "ΑΣ ΑΣ", "straße", "😀😀😀😀", "(415) 555-0100 x3", "030 123456"),
    ]
)
value = st.one_of(st.none(), interesting, any_value, time_like)
piece = st.one_of(st.none(), interesting, nasty_text)
quick = settings(max_examples=25, deadline=None)


def values_for(case: str) -> st.SearchStrategy[tuple[str | None, ...]]:
    count = len(CASES[case][0])
    return st.tuples(value) if count == 1 else st.tuples(*[piece] * count)


def test_every_transformation_is_here():
    """No transformation may be added without standing under the law."""
    assert {item.name for _, _, steps in CASES.values() for item in steps} == set(RECIPES)


@pytest.mark.parametrize("direction", [Direction.TO_CRM, Direction.BIDIRECTIONAL])
@pytest.mark.parametrize("case", CASES)
def test_written_to_salesforce_compares_equal(case, direction):
    """After a write to Salesforce both sides compare equal, whatever the Keva value was."""
    field = mapping(case, direction)

    @quick
    @given(value)
    def check(keva):
        sent = transforms.to_salesforce(field, keva, REGION)
        assert len(sent) == len(field.salesforce)
        assert transforms.compare_salesforce(field, sent, REGION) == transforms.compare_keva(field, keva, REGION)

    check()


@pytest.mark.parametrize("direction", [Direction.FROM_CRM, Direction.BIDIRECTIONAL])
@pytest.mark.parametrize("case", [case for case in CASES if case not in UNSETTLED])
def test_written_to_keva_compares_equal(case, direction):
    """After a write to Keva both sides compare equal, whatever the Salesforce values were."""
    field = mapping(case, direction)

    @quick
    @given(values_for(case))
    def check(crm):
        arrived = transforms.to_keva(field, crm, REGION)
        assert transforms.compare_keva(field, arrived, REGION) == transforms.compare_salesforce(field, crm, REGION)

    check()


def keeps_all(case: str) -> bool:
    return not any(item.lossy or not item.stable for item in pipeline(mapping(case, Direction.BIDIRECTIONAL)).steps)


@pytest.mark.parametrize("case", [case for case in CASES if keeps_all(case)])
def test_the_way_back_is_the_way_back(case):
    """A value that no step loses comes back equal to what it was, null as null."""
    field = mapping(case, Direction.BIDIRECTIONAL)

    @quick
    @given(value)
    def check(keva):
        back = transforms.to_keva(field, transforms.to_salesforce(field, keva, REGION), REGION)
        assert transforms.compare_keva(field, back, REGION) == transforms.compare_keva(field, keva, REGION)

    check()


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for direction in Direction:
            transforms.register(connection, [mapping(case, direction) for case in CASES], REGION)
        yield connection


@pytest.mark.parametrize("case", CASES)
def test_sql_is_the_python(con, case):
    """All four SQL twins say what the Python says, and equal cheap values mean equal compare forms."""
    count = len(CASES[case][0])
    columns = ["v", "w", "x"][:count]

    @settings(max_examples=6, deadline=None)
    @given(st.lists(st.tuples(value, *[piece] * 2), min_size=1, max_size=25), st.sampled_from(Direction))
    def check(rows, direction):
        field = mapping(case, direction)
        sql = ", ".join(
            [
                transforms.to_salesforce_sql(field, "v", REGION),
                transforms.to_keva_sql(field, columns, REGION),
                transforms.compare_keva_sql(field, "v", REGION),
                transforms.compare_salesforce_sql(field, columns, REGION),
                transforms.cheap_sql(field, Side.KEVA, ["v"]) or "null",
                transforms.cheap_sql(field, Side.SALESFORCE, columns) or "null",
            ]
        )
        answers = con.execute(
            f"select {sql} from"
            " (select unnest($1::struct(n int, v varchar, w varchar, x varchar)[], recursive := true))"
            " order by n",
            [[dict(zip("nvwx", (number, *row), strict=True)) for number, row in enumerate(rows)]],
        ).fetchall()
        kevas, crms = {}, {}
        for row, (sent, arrived, keva, crm, cheap_keva, cheap_crm) in zip(rows, answers, strict=True):
            assert tuple(sent) == transforms.to_salesforce(field, row[0], REGION)
            assert arrived == transforms.to_keva(field, row[:count], REGION)
            assert keva == transforms.compare_keva(field, row[0], REGION)
            assert crm == transforms.compare_salesforce(field, row[:count], REGION)
            if cheap_keva is not None:
                kevas[cheap_keva] = keva
            if cheap_crm is not None:
                crms[cheap_crm] = crm
        assert {text: crms[text] for text in kevas.keys() & crms} == {text: kevas[text] for text in kevas.keys() & crms}

    check()


SWIFT = [
    "plain text",
    "plain email",
    "plain phone",
    "split_name",
    "default",
    "default, split_name",
    "city_from_location",
]


@pytest.mark.parametrize("case", SWIFT)
def test_a_settled_record_is_told_by_its_cheap_values(con, case):
    """The cheap values of a record in step are equal, so that hardly a record is compared in full."""
    field = mapping(case, Direction.TO_CRM)
    sent = transforms.to_salesforce(field, "Ada Lovelace", REGION)
    keva = transforms.cheap_sql(field, Side.KEVA, ["$1::varchar"])
    crm = transforms.cheap_sql(field, Side.SALESFORCE, ["$2::varchar", "$3::varchar"][: len(sent)])
    assert con.execute(f"select {keva} = {crm}", ["Ada Lovelace", *sent]).fetchall() == [(True,)]
