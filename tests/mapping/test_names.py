"""Names: taken apart only to be written, and always the same name when joined."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kevasync.mapping.names import FIRST_NAME_LENGTH, LAST_NAME_LENGTH, join_name, split_name
from kevasync.values import collapse
from tests.values.nasty import nasty_text

WORDS = [
    "John",
    "Smith",
    "van",
    "der",
    "Berg,",
    "Jr.",
    "Dr.",
    "de",
    "la",
    "&",
    "(Bob)",
    '"Al"',
    "III",
    "山田",
    "太郎",
    "PhD",
]


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("John Doe", "John", "Doe"),
        ("Plato", None, "Plato"),
        ("Prince", None, "Prince"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Maria de la Cruz", "Maria", "de la Cruz"),
        ("Hans-Peter von der Leyen III", "Hans-Peter", "von der Leyen III"),
        ("Dr. John Q. Smith Jr.", "Dr. John Q.", "Smith Jr."),
        ("John Smith, PhD", "John", "Smith, PhD"),
        ("Smith, John", None, "Smith, John"),
        ("Smith Jr.", None, "Smith Jr."),
        ("Van Johnson", "Van", "Johnson"),
        ("J. R. R. Tolkien", "J. R. R.", "Tolkien"),
        ("山田 太郎", "太郎", "山田"),
        ("  Ada \u00a0 Lovelace\t", "Ada", "Lovelace"),
        ("x " * 300 + "y", None, "x " * 300 + "y"),
        ("", None, None),
        (None, None, None),
    ],
)
def test_split(name, first, last):
    """Particles and suffixes go to the last name, a single word is the last name, and null stays null."""
    assert split_name(name) == (first, last)


@settings(max_examples=250, deadline=None)
@given(st.one_of(nasty_text, st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join)))
def test_joined_it_is_the_same_name(name):
    """Whatever the name, its two parts joined are the name, and a name has a last name."""
    first, last = split_name(name)
    assert join_name(first, last) == collapse(name)
    assert last is not None or collapse(name) is None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("abcdef", min_size=1, max_size=30), min_size=1, max_size=5).map(" ".join))
def test_the_parts_fit_where_any_border_does(name):
    """A long name is cut at another word rather than rejected for its length."""
    first, last = split_name(name)
    words = name.split()
    assert first is None or len(first) <= FIRST_NAME_LENGTH
    can_fit = any(
        len(" ".join(words[:at])) <= FIRST_NAME_LENGTH and len(" ".join(words[at:])) <= LAST_NAME_LENGTH
        for at in range(len(words))
    )
    assert not can_fit or len(last) <= LAST_NAME_LENGTH
