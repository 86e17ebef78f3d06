"""SOQL: what conditions mean, what errors look like, and that no text at all can crash it."""

import datetime as dt
import re
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kevasync.sandbox.answers import ApiError
from kevasync.sandbox.org import Org
from kevasync.sandbox.soql_dates import date_range

TEXTS = [None, "a", "A", "b", "É", "éa", "a%b", "a_b", "o'x", "back\\slash", "two\nlines"]
NUMBERS = [None, 0, 1, 2.0, -3]
ROWS = [
    {"LastName": str(at), "Title": TEXTS[at % len(TEXTS)], "Keva_Ticket_Count__c": NUMBERS[at % len(NUMBERS)],
     "EmailBouncedDate": f"2026-01-{at % 28 + 1:02}T00:00:00Z" if at % 3 else None}
    for at in range(55)
]  # fmt: skip


@pytest.fixture(scope="module")
def org():
    made = Org.open(None)
    accounts = made.create_many("Account", [{"Name": "Acme", "Industry": "Energy"}, {"Name": "Bolt"}])
    results = made.create_many("Contact", [{**row, "AccountId": accounts[at % 2].id} for at, row in enumerate(ROWS)])
    assert all(result.success for result in results)
    yield made
    made.close()


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


# LIKE patterns as SOQL writes them, and what they mean
PATTERNS = {
    "a%": "a.*", "%": "[^\0]*", "_": "[^\0]", "É%": "é.*", "%\\'%": ".*'.*", "a_b": "a.b", "a\\_b": "a_b",
    "a\\%b": "a%b", "%\\\\%": r".*\\.*", "%\\n%": ".*\n.*",
}  # fmt: skip


def folded(text):
    return None if text is None else text.lower()


@st.composite
def text_test(draw):
    operator = draw(st.sampled_from(["=", "!=", "<>", "IN", "NOT IN", "LIKE"]))
    if operator == "LIKE":
        pattern = draw(st.sampled_from(sorted(PATTERNS)))
        expression = re.compile(PATTERNS[pattern], re.DOTALL)
        return f"Title LIKE '{pattern}'", lambda row: bool(expression.fullmatch(folded(row["Title"] or "\0")))
    if operator in ("IN", "NOT IN"):
        values = draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4))
        wanted = {folded(value) for value in values}
        listed = ", ".join("null" if value is None else quoted(value) for value in values)
        inside = operator == "IN"
        return f"Title {operator} ({listed})", lambda row: (folded(row["Title"]) in wanted) == inside
    value = draw(st.sampled_from(TEXTS))
    same = operator == "="
    return (
        f"Title {operator} {'null' if value is None else quoted(value)}",
        lambda row: (folded(row["Title"]) == folded(value)) == same,
    )


@st.composite
def number_test(draw):
    operator = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]))
    value = draw(st.sampled_from([0, 1, 2, -3, 1.5]))
    tests = {"<": lambda x: x < value, "<=": lambda x: x <= value, ">": lambda x: x > value, ">=": lambda x: x >= value}

    def holds(row):
        number = row["Keva_Ticket_Count__c"]
        if operator in ("=", "!="):
            return (number == value) == (operator == "=")
        return number is not None and tests[operator](number)

    return f"Keva_Ticket_Count__c {operator} {value}", holds


def combined(inner):
    def join(word, parts):
        hold = all if word == "AND" else any
        return f"({f' {word} '.join(text for text, _ in parts)})", lambda row: hold(test(row) for _, test in parts)

    return st.one_of(
        st.builds(join, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3)),
        inner.map(lambda part: (f"NOT ({part[0]})", lambda row: not part[1](row))),
    )


CONDITIONS = st.recursive(st.one_of(text_test(), number_test()), combined, max_leaves=6)


@settings(max_examples=150, deadline=None)
@given(CONDITIONS)
def test_a_condition_selects_what_it_means(org, condition):
    """WHERE gives the rows for which the condition holds in plain Python, nulls and casing included."""
    text, holds = condition
    got = {int(row[0]) for row in org.query(f"SELECT LastName FROM Contact WHERE {text}").flat()}
    assert got == {at for at, row in enumerate(ROWS) if holds(row)}


WORDS = """SELECT FROM WHERE AND OR NOT IN LIKE GROUP BY HAVING ORDER LIMIT OFFSET ALL ROWS NULLS FIRST Id Name Title
Account.Name Contact Account COUNT ( ) , = != < > ' 'a' '\\x' '\\u00e9' '\\ud800' 5 -1 1e999 2026-01-01
2026-13-01T00:00:00Z TODAY LAST_N_DAYS:99999999 NEXT_N_YEARS:9999
null true FIELDS(ALL) FIELDS( MAX(Title) MailingAddress Description \0"""
WORD = st.sampled_from(WORDS.split())


@settings(max_examples=250, deadline=None)
@given(
    st.one_of(
        st.lists(WORD, max_size=14).map(" ".join), st.text(max_size=40).map("SELECT Id FROM Contact WHERE ".__add__)
    )
)
@example("SELECT Id FROM Contact WHERE " + "NOT (" * 400 + "Id = null" + ")" * 400)
@example("SELECT Id FROM Contact WHERE " + "NOT (Id = null AND " * 400 + "Id = null" + ")" * 400)
@example("SELECT Id FROM Contact WHERE " + " OR ".join(["Title = 'x'"] * 3000))
@example("SELECT Id FROM Contact WHERE Keva_Ticket_Count__c = " + "9" * 5000)
def test_no_text_crashes_the_query(org, soql):
    """Whatever is sent, the answer is rows or one of Salesforce's errors."""
    with suppress(ApiError):
        list(org.query(soql).rows())


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        (
            "select count() from XYZZY",
            "INVALID_TYPE",
            (
                "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\n"
                "sObject type 'XYZZY' is not supported. If you are attempting to use a custom object, be sure to"
                " append the '__c' after the entity name. Please reference your WSDL or the describe call for"
                " the appropriate names."
            ),
        ),
        (
            "SELECT Foo FROM Contact",
            "INVALID_FIELD",
            (
                "\nSELECT Foo FROM Contact\n       ^\nERROR at Row:1:Column:8\n"
                "No such column 'Foo' on entity 'Contact'. If you are attempting to use a custom field, be sure to"
                " append the '__c' after the custom field name. Please reference your WSDL or the describe call for"
                " the appropriate names."
            ),
        ),
        (
            "SELECT Id FORM Contact",
            "MALFORMED_QUERY",
            "\nSELECT Id FORM Contact\n          ^\nERROR at Row:1:Column:11\nunexpected token: 'FORM'",
        ),
        (
            "SELECT Id\nFROM Contact\nWHERE Name = 'a' OR Name = 'b' AND Id = null",
            "MALFORMED_QUERY",
            (
                "\nWHERE Name = 'a' OR Name = 'b' AND Id = null\n                               ^\n"
                "ERROR at Row:3:Column:32\nunexpected token: 'AND'"
            ),
        ),
    ],
)
def test_errors_show_the_place(org, soql, code, message):
    """The picture has the line, a caret under the place, row and column, as in the recordings."""
    with pytest.raises(ApiError) as caught:
        org.query(soql)
    assert (caught.value.code, caught.value.message) == (code, message)


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM Contact WHERE Title = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE IsDeleted = 'false'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Id = 'nope'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Title, COUNT(Id) FROM Contact", "MALFORMED_QUERY"),
        ("SELECT FIELDS(ALL) FROM Contact", "MALFORMED_QUERY"),
        ("SELECT Id, Id FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Contact OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("SELECT Nope.Name FROM Contact", "INVALID_FIELD"),
    ],
)
def test_misuse_is_refused(org, soql, code):
    """Wrong types, unfilterable fields, ungrouped fields and the like are refused with their code."""
    with pytest.raises(ApiError) as caught:
        list(org.query(soql).rows())
    assert caught.value.code == code


def test_parents_aggregates_order_and_windows(org):
    """Paths through parents nest, aggregates name themselves, nulls sort where they are told to."""
    first = next(org.query("SELECT c.Name, Account.Owner.Name, Account.Name FROM Contact c LIMIT 1").rows("60.0"))
    assert first["Name"] == "0"
    assert first["Account"]["Name"] == "Acme"
    assert first["Account"]["attributes"]["url"].startswith("/services/data/v60.0/sobjects/Account/001")
    assert first["Account"]["Owner"]["Name"] == "Integration User"
    groups = list(
        org.query(
            "SELECT Account.Name, COUNT(Id) n, MAX(Keva_Ticket_Count__c) FROM Contact"
            " GROUP BY Account.Name HAVING COUNT(Id) > 27"
        ).rows()
    )
    assert groups == [{"attributes": {"type": "AggregateResult"}, "Name": "Acme", "n": 28, "expr0": 2.0}]
    ordered = [
        row[0]
        for row in org.query("SELECT Title FROM Contact ORDER BY Title DESC NULLS LAST, Id LIMIT 2 OFFSET 1").flat()
    ]
    assert ordered == ["éa"] * 2
    semi = "SELECT COUNT() FROM Contact WHERE AccountId IN (SELECT Id FROM Account WHERE Industry = 'energy')"
    assert org.query(semi).total == 28
    assert org.query("SELECT Id FROM Contact WHERE LastName IN ('1','2','3')").total == 3


def test_csv_form_is_bulks(org):
    """Flat rows are text: null is empty, booleans are words, doubles and datetimes have Bulk's form."""
    result = org.query(
        "SELECT IsDeleted, Keva_Ticket_Count__c, EmailBouncedDate, Title, Account.Name FROM Contact"
        " WHERE LastName = '1'"
    )
    assert [name for name, _ in result.columns][-1] == "Account.Name"
    assert list(result.flat()) == [["false", "0.0", "2026-01-02T00:00:00.000Z", "a", "Bolt"]]


def test_date_literals_are_half_open_ranges(org):
    """Each literal stands for its days; Sunday begins the week."""
    day = dt.date(2026, 11, 23)
    expected = {
        "TODAY": ("2026-11-23", "2026-11-24"), "LAST_N_DAYS:2": ("2026-11-21", "2026-11-24"),
        "NEXT_N_DAYS:2": ("2026-11-24", "2026-11-26"), "N_DAYS_AGO:2": ("2026-11-21", "2026-11-22"),
        "THIS_WEEK": ("2026-11-22", "2026-11-29"), "LAST_MONTH": ("2026-10-01", "2026-11-01"),
        "NEXT_N_MONTHS:2": ("2026-12-01", "2027-02-01"), "THIS_FISCAL_QUARTER": ("2026-10-01", "2027-01-01"),
        "LAST_N_YEARS:2": ("2024-01-01", "2026-01-01"), "last_90_days": ("2026-08-25", "2026-11-24"),
    }  # fmt: skip
    for literal, (start, end) in expected.items():
        assert date_range(literal, day) == (dt.date.fromisoformat(start), dt.date.fromisoformat(end)), literal
    assert org.query("SELECT Id FROM Contact WHERE CreatedDate = LAST_N_DAYS:1").total == len(ROWS)
    assert (
        org.query("SELECT Id FROM Contact WHERE CreatedDate < TODAY AND CreatedDate > 2000-01-01T00:00:00+02:00").total
        == 0
    )


def test_fields_function_and_compound_fields(org):
    """FIELDS(ALL) gives every field of describe, addresses as objects."""
    (made,) = org.create_many("Lead", [{"LastName": "x", "Company": "y", "City": "Oslo"}])
    record = next(org.query("SELECT FIELDS(ALL) FROM Lead LIMIT 1").rows())
    assert set(record) - {"attributes"} == {field["name"] for field in org.describe("Lead")["fields"]}
    assert record["Id"] == made.id
    assert record["Address"]["city"] == "Oslo"
    assert record["Status"] == "Open - Not Contacted"
