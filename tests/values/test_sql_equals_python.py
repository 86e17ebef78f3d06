"""The SQL and the Python mean the same by every value."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kevasync.values import FieldKind, canonical, canonical_sql, clean, clean_sql, collapse, collapse_sql
from tests.values.nasty import REGION, any_value, nasty_text

many = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(st.lists(st.one_of(st.none(), nasty_text), min_size=1, max_size=40))
def test_clean(run, values):
    """`clean_sql` is `clean`, for every Unicode space, line end and combining character."""
    assert run(clean_sql("x"), values) == [clean(value) for value in values]
    assert run(collapse_sql("x"), values) == [collapse(value) for value in values]


@pytest.mark.parametrize("kind", list(FieldKind))
def test_canonical(run, kind):
    """`canonical_sql` is `canonical` for every kind, both where the value parses and where it does not."""

    @settings(max_examples=35, deadline=None)
    @given(st.lists(st.one_of(st.none(), any_value), min_size=1, max_size=40), st.sampled_from([REGION, "DE"]))
    def check(values, region):
        assert run(canonical_sql(kind, "x", region), values) == [canonical(kind, value, region) for value in values]

    check()


@pytest.mark.parametrize("kind", list(FieldKind))
def test_canonical_settles(kind):
    """The canonical form of a canonical form is itself, so stored forms may be compared again."""

    @settings(max_examples=100, deadline=None)
    @given(any_value)
    def check(value):
        once = canonical(kind, value, REGION)
        assert canonical(kind, once, REGION) == once
        assert once is None or clean(once) == once

    check()


def test_every_space_is_trimmed(run):
    """Each of Unicode's spaces disappears at either end, alone, and not from the middle."""
    spaces = [char for char in map(chr, range(1, 0x3001)) if char.isspace() and char != "\r"]
    values = [text for space in spaces for text in (space, space + "a", "a" + space, f"a{space}b")]
    assert run(clean_sql("x"), values) == [clean(value) for value in values]
    assert {clean(space) for space in spaces} == {None}
