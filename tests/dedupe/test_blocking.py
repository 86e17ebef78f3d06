"""Which records are brought together: by what damage spares, by two weak clues, within the budget."""

import random

import duckdb
import pyarrow as pa
import pytest

from kevasync.dedupe import blocking
from kevasync.dedupe.blocking import Budget, find_candidates
from kevasync.dedupe.canonical import make_records
from kevasync.dedupe.columns import parse
from kevasync.dedupe.reading import read

NAMES = ("id", "first", "last", "email", "phone", "city", "dob")
COLUMNS = "id=id,first_name=first,last_name=last,email=email,phone=phone,city=city,dob=dob"


def letters(rng, count):
    return "".join(rng.choice("bcdfghjklmnpqrstvwxz") + rng.choice("aeiou") for _ in range(count))


def strangers(count, seed=3):
    """Records that share nothing but by chance."""
    rng = random.Random(seed)
    return [
        (
            f"x{number}",
            letters(rng, 3),
            letters(rng, 4),
            f"{letters(rng, 4)}@{letters(rng, 3)}.com",
            f"{rng.randint(2_000_000_000, 9_999_999_999)}",
            letters(rng, 3),
            f"{rng.randint(1940, 2000)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
        )
        for number in range(count)
    ]


def blocked(rows, budget=None):
    """Pairs of ids, and the report by rule."""
    con = duckdb.connect()
    con.register("people", pa.Table.from_pylist([dict(zip(NAMES, row, strict=True)) for row in rows]))
    read(con, "people", parse(COLUMNS))
    count = make_records(con)
    report = find_candidates(con, budget or Budget.of(count))
    name = dict(con.execute("select n, id from dd_id").fetchall())
    pairs = [frozenset((name[a], name[b])) for a, b in con.execute("select a, b from dd_pair").fetchall()]
    assert len(pairs) == len(set(pairs)), "a pair came twice"
    return set(pairs), {rule.rule: rule for rule in report}


WHOLE = ("p", "Marguerite", "Oyelaran", "mo.oyelaran@calder.com", "6125550147", "Duluth", "1971-04-09")


@pytest.mark.parametrize(
    "other",
    [
        ("q", None, None, None, None, None, "1971-09-04"),
        ("q", None, None, None, None, None, "1973-04-09"),
        ("q", None, None, None, "6125560147", None, None),
        ("q", "Xq", "Zzv", "mo.oyelaram@caldez.com", None, None, None),
        ("q", "Margverike", None, "w7@calder.com", None, "Dulhut", None),
        ("q", "Rqrguerite", "Vv", None, "6125550999", None, None),
    ],
    ids=[
        "day and month",
        "a digit of the year",
        "a digit of the phone",
        "one letter each",
        "prefixes",
        "two weak clues",
    ],
)
def test_what_damage_spares_brings_two_records_together(other):
    """A date turned round, a digit hit beside, names that begin alike: no whole value need be equal."""
    pairs, _ = blocked([WHOLE, other, *strangers(500)])
    assert frozenset("pq") in pairs


def test_the_rarest_clues_come_first_where_the_budget_is_short():
    """Of pairs that share two weak clues, those that share most are taken; the budget holds."""
    crowd = [(row[0], "Anna", row[2], row[3], row[4], "Springfield", row[6]) for row in strangers(400)]
    twice = ("q", "Margoerita", "Oyelarqn", "m.oyelaran@calder.co", "6125550199", "Duluth", None)
    pairs, report = blocked([WHOLE, twice, *crowd], Budget(400, 20_000))
    assert frozenset("pq") in pairs
    assert 1 <= report["two_parts"].pairs <= 14_000
    assert report["two_parts"].pairs < report["two_parts"].cost


def test_large_tables_do_without_the_rule_of_parts(monkeypatch):
    """A hundred keys a record are too many for a million of them; the other rules are as they were."""
    rows = [WHOLE, *strangers(50)]
    _, small = blocked(rows)
    monkeypatch.setattr(blocking, "PARTS_MOST", 50)
    _, large = blocked(rows)
    assert "two_parts" in small
    assert "two_parts" not in large
