"""What counts as equal, kind by kind: the settled answers."""

from __future__ import annotations

import sys

import phonenumbers
import pytest
from email_validator import validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from kevasync.values import FieldKind, canonical, clean, is_valid, kinds, list_items, quote_identifier, quote_literal
from kevasync.values.text import SPACES
from kevasync.values.timezones import aliases
from tests.values.nasty import phone_like


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (FieldKind.TEXT, "\u00a0Zoe\u0308 \u3000", "Zoë"),
        (FieldKind.TEXT, "a\r\nb\rc", "a\nb\nc"),
        (FieldKind.EMAIL, "Ada@Example.COM ", "ada@example.com"),
        (FieldKind.NAME, "Jan  van\tder Berg", "Jan van der Berg"),
        (FieldKind.PHONE, "(415) 555-0100", "+14155550100"),
        (FieldKind.PHONE, "0049 30 123456", "+49 30/123456"),
        (FieldKind.PHONE, "415.555.0100 ext. 12", "+1 415 555 0100 x12"),
        (FieldKind.PHONE, "(555) 123-4567", "+1 555 1234567"),
        (FieldKind.NUMBER, "12.50", "1.25e1"),
        (FieldKind.NUMBER, "-0.0", "0"),
        (FieldKind.NUMBER, "500.0", "500"),
        (FieldKind.BOOLEAN, "Yes", "true"),
        (FieldKind.DATE, "2024-01-14T23:30:00-02:00", "2024-01-15"),
        (FieldKind.DATETIME, "2024-01-14T15:30:00Z", "2024-01-14T17:30:00.000+0200"),
        (FieldKind.DATETIME, "2024-01-14 15:30:00.123456", "2024-01-14T15:30:00.123Z"),
        (FieldKind.TIMEZONE, "Asia/Calcutta", "asia/kolkata"),
        (FieldKind.TIMEZONE, "Europe/Kiev", "Europe/Kyiv"),
        (FieldKind.TIMEZONE, "Iceland", "Atlantic/Reykjavik"),
        (FieldKind.TIMEZONE, "Zulu", "UTC"),
        (FieldKind.LIST, '["vip", "eu"]', "eu;vip;vip; "),
    ],
)
def test_equal(kind, one, other):
    """Two ways of writing one value have one canonical form."""
    assert canonical(kind, one, "US") == canonical(kind, other, "US") is not None


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (FieldKind.TEXT, "ada", "Ada"),
        (FieldKind.TEXT, "a  b", "a b"),
        (FieldKind.PHONE, "415-555-0100", "415-555-0100 x1"),
        (FieldKind.PHONE, "+1-555-0100", "+15550100"),
        (FieldKind.TIMEZONE, "Europe/Oslo", "Europe/Berlin"),
        (FieldKind.NUMBER, "0.1", "0.10000000000000000001"),
        (FieldKind.LIST, "a;b", "a"),
    ],
)
def test_different(kind, one, other):
    """What a person would call two values stays two."""
    assert canonical(kind, one, "US") != canonical(kind, other, "US")


@pytest.mark.parametrize("kind", list(FieldKind))
@pytest.mark.parametrize("nothing", [None, "", " \t\u00a0\u3000", "\x00"])
def test_null(kind, nothing):
    """Null, empty and white space are null for every kind."""
    assert canonical(kind, nothing, "US") is None
    assert not is_valid(kind, nothing, "US")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (FieldKind.PHONE, "call me after 5"),
        (FieldKind.PHONE, "home 4155550100"),
        (FieldKind.PHONE, "415-555-0100 / 415-555-0101"),
        (FieldKind.PHONE, "+49000000"),
        (FieldKind.NUMBER, "NaN"),
        (FieldKind.NUMBER, "1e9999"),
        (FieldKind.NUMBER, "٣"),
        (FieldKind.BOOLEAN, "perhaps"),
        (FieldKind.DATE, "2023-02-29"),
        (FieldKind.DATETIME, "2024-01-14T25:00:00Z"),
        (FieldKind.DATETIME, "0001-01-01T00:00:00+14:00"),
        (FieldKind.TIMEZONE, "Mars/Base"),
    ],
)
def test_what_does_not_parse_is_text(kind, text):
    """A value that is none of its kind is compared as it stands, and is not valid."""
    assert canonical(kind, text, "US") == clean(text)
    assert not is_valid(kind, text, "US")


@settings(max_examples=100, deadline=None)
@given(phone_like)
def test_the_short_way_for_phones_is_the_long_way(text):
    """North American numbers skip the parser; it would have said the same."""
    result = canonical(FieldKind.PHONE, text, "US")
    if result is not None and result.startswith("+1") and result != clean(text):
        international = "+" + text.strip()[2:] if text.strip().startswith("00") else text
        number = phonenumbers.parse(international, "US")
        expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        assert result.partition(";")[0] == expected


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("ada@example.com", True),
        ("zoë@exämple.de", True),
        ("a b@c.de", False),
        ("ada@", False),
        ("a@b..de", False),
        ("a@b.test", True),
        ("a@localhost", False),
    ],
)
def test_email_form(text, valid):
    """An e-mail address is checked for its form, without asking the network."""
    assert is_valid(FieldKind.EMAIL, text, "US") is valid


def test_list_items_keep_their_order():
    """A list is written in the order it came; an item of a list is never half a character."""
    assert list_items('["b", "a", "b", null, " "]') == ("b", "a")
    assert list_items('["\\ud800x"]') == ("?x",)


def test_all_time_zone_names_settle():
    """Every name leads to one that leads to itself."""
    table = aliases()
    assert len(table) > 550
    assert all(table[target.lower()] == target for target in table.values())


def test_quoting(con):
    """Names and literals reach DuckDB whatever they contain."""
    name = 'a"; drop table x; --'
    text = "it's \\ \n 'quoted'"
    relation = con.sql(f"select {quote_literal(text)} as {quote_identifier(name)}")
    assert relation.columns == [name]
    assert relation.fetchall() == [(text,)]


def test_spaces_are_complete():
    """Every character that Unicode calls white space is known."""
    assert "".join(char for char in map(chr, range(sys.maxunicode + 1)) if char.isspace()) == SPACES


@pytest.mark.parametrize("kind", list(FieldKind))
@pytest.mark.parametrize("cell", ["1" * 5_000_000, "[" * 5_000_000, "a@" * 2_500_000, " +1" * 1_500_000])
def test_a_huge_cell_is_only_text(kind, cell):
    """A cell of five megabytes is compared like any other value, in no time."""
    result = canonical(kind, cell, "US")
    assert result is not None
    assert not is_valid(kind, cell, "US") or kind in {FieldKind.TEXT, FieldKind.NAME, FieldKind.LIST}


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r"[A-Za-z0-9_+.-]{1,40}@([A-Za-z0-9-]{1,35}\.){1,4}[A-Za-z]{1,25}", fullmatch=True))
def test_common_emails_are_valid_emails(text):
    """The quick look takes nothing that the validator refuses."""
    if kinds._COMMON_EMAIL.fullmatch(text):
        start, dot, last = text.rpartition(".")
        inner = (dot + last).lower() in kinds._INNER_DOMAINS
        validate_email(start + ".com" if inner else text, check_deliverability=False)
