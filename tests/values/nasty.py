"""Nasty values: what exports really contain, and worse."""

from __future__ import annotations

import json

from hypothesis import strategies as st

REGION = "US"

# Spaces of all sorts, line ends, combining characters before and after normal ones, letters whose case changes length
_NASTY = " \t\n\r\x0b\x1c\x1f\x85\u00a0\u1680\u2000\u200b\u2028\u202f\u3000\ufeff\x01\x7f"
_LETTERS = "aZe\u0301\u0327Eé\u00c5\u212bİ\u0131ßẞŉǆΣς가\u1100\u1161山太0123456789+-().,;:@'\"[]{}\\/%_😀"
_unicode = st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\x00")

nasty_text = st.one_of(
    st.text(st.sampled_from(_NASTY + _LETTERS), max_size=12),
    st.text(_unicode, max_size=8),
    st.text(st.sampled_from("ab \u00a0"), max_size=6),
)

phone_like = st.one_of(
    st.from_regex(r"\A[ (]?(\+1|1|\+|00|\+49|tel:)?[ .\-(]{0,2}[0-9)\-. ]{5,16}( ?(x|ext\. ?)[0-9]{1,4})?\Z"),
    st.from_regex(r"\A(\+1|1)?[ .-]?\(?[1-9][0-9]{2}\)?[ .-]{0,2}[0-9]{3}[ .-]?[0-9]{4}\Z"),
)
number_like = st.from_regex(r"\A ?[+-]?[0-9]{0,4}\.?[0-9]{0,4}([eE][+-]?[0-9]{1,2})? ?\Z")
time_like = st.one_of(
    st.datetimes().map(str),
    st.builds(
        lambda moment, precision, zone: moment.isoformat(timespec=precision) + zone,
        st.datetimes(),
        st.sampled_from(["seconds", "milliseconds", "minutes"]),
        st.sampled_from(["Z", "+0000", "+00:00", "-0130"]),
    ),
    st.from_regex(
        r"\A[0-2][0-9]{3}-[01][0-9]-[0-3][0-9]"
        r"([T ][0-2][0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?\Z"
    ),
)
other_like = st.sampled_from(
    ["TRUE", "Yes", "no", "0", "1", "T", "asia/calcutta", "US/Pacific", "Europe/Oslo", "A@B.c", "İ@ß.de", "a @b", "@"]
)
list_like = st.one_of(
    st.lists(nasty_text, max_size=4).map(";".join),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), nasty_text), lambda item: st.lists(item, max_size=3)
    ).map(json.dumps),
    st.sampled_from(['["[1]"]', '["[\\"x;y\\"]"]', "[]", "[null]", '["\\ud800"]', ";;", "[1", '{"a":1}']),
)
any_value = st.one_of(nasty_text, phone_like, number_like, time_like, other_like, list_like)
