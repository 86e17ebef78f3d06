"""The law of one field, and its SQL twin."""

import itertools

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kevasync.mapping.definition import ConflictPolicy, DriftPolicy
from kevasync.records import Direction
from kevasync.store.steps import read_steps, run_steps
from kevasync.sync.merge import UNSAID, Action, Times, Verdict, decide, settle

VALUES = [UNSAID, None, "b", "x", "y"]
TRIPLES = list(itertools.product(VALUES, repeat=3))
BOTH, TO_CRM, FROM_CRM = Direction.BIDIRECTIONAL, Direction.TO_CRM, Direction.FROM_CRM


@pytest.mark.parametrize(
    ("base", "keva", "salesforce", "bidirectional", "to_crm", "from_crm"),
    [
        ("b", "b", "b", "agreed", "agreed", "agreed"),
        ("b", "x", "x", "agreed", "agreed", "agreed"),
        (UNSAID, "x", "x", "agreed", "agreed", "agreed"),
        ("b", "x", "b", "to_crm", "to_crm", "drift"),
        ("b", None, "b", "to_crm", "to_crm", "drift"),
        ("b", "b", "y", "from_crm", "drift", "from_crm"),
        ("b", "b", None, "from_crm", "drift", "from_crm"),
        ("b", "x", "y", "conflict", "to_crm", "from_crm"),
        (None, "x", "y", "conflict", "to_crm", "from_crm"),
        (UNSAID, None, "y", "from_crm", "review", "from_crm"),
        (UNSAID, "x", None, "to_crm", "to_crm", "review"),
        (UNSAID, "x", "y", "conflict", "to_crm", "from_crm"),
        ("b", UNSAID, "y", "unsaid", "unsaid", "unsaid"),
    ],
)
def test_the_table(base, keva, salesforce, bidirectional, to_crm, from_crm):
    """Each row of the design's table gives the verdict it names, in each direction."""
    assert decide(base, keva, salesforce, BOTH) == bidirectional
    assert decide(base, keva, salesforce, TO_CRM) == to_crm
    assert decide(base, keva, salesforce, FROM_CRM) == from_crm


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("drift", list(DriftPolicy))
@pytest.mark.parametrize("conflict", list(ConflictPolicy))
def test_no_triple_writes_against_its_direction(direction, drift, conflict):
    """A one-way field is never written the other way, whatever the values."""
    for base, keva, salesforce in TRIPLES:
        verdict = decide(base, keva, salesforce, direction)
        action = settle(verdict, keva, salesforce, direction, (conflict, drift))
        if direction is TO_CRM:
            assert action not in {Action.FROM_CRM, Action.BOTH}
        if direction is FROM_CRM:
            assert action not in {Action.TO_CRM, Action.BOTH}


def test_first_sync_never_clears():
    """Without a base, no verdict lets a null overwrite a value."""
    for keva, salesforce, direction in itertools.product([None, "x"], [None, "y"], Direction):
        verdict = decide(UNSAID, keva, salesforce, direction)
        if verdict is Verdict.TO_CRM:
            assert keva is not None
        if verdict is Verdict.FROM_CRM:
            assert salesforce is not None


def sql_law(cases):
    """Verdict and action of each (base, keva, salesforce, direction, conflict, drift, times) from diff.sql."""
    rules = list(itertools.product(Direction, ConflictPolicy, DriftPolicy))
    number = {rule: index for index, rule in enumerate(rules)}
    said = lambda value: value is not UNSAID  # noqa: E731 a name for the test's readers
    text = lambda value: None if value is UNSAID else value  # noqa: E731 likewise
    rows = [
        {
            "keva_id": str(index),
            "sf_id": "s",
            "pair_verdict": "known",
            "keva_time": times.keva,
            "sf_time": times.salesforce,
            "field_no": number[(direction, conflict, drift)],
            "keva_said": said(keva),
            "sf_said": said(salesforce),
            "base_known": said(base),
            "base": text(base),
            "keva": text(keva),
            "sf": text(salesforce),
        }
        for index, (base, keva, salesforce, direction, conflict, drift, times) in enumerate(cases)
    ]
    types = {"field_no": pa.int32(), "keva_said": pa.bool_(), "sf_said": pa.bool_(), "base_known": pa.bool_()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in rows[0]])
    with duckdb.connect() as con:
        con.register("differences", pa.Table.from_pylist(rows, schema=schema))
        con.register(
            "field_rules",
            pa.table(
                {
                    "field_no": pa.array(range(len(rules)), pa.int32()),
                    "keva_field": ["f"] * len(rules),
                    "targets": [["F"]] * len(rules),
                    "direction": [str(rule[0]) for rule in rules],
                    "conflict": [str(rule[1]) for rule in rules],
                    "drift": [str(rule[2]) for rule in rules],
                }
            ),
        )
        run_steps(con, [step for step in read_steps("diff.sql", "kevasync.sync") if step[0] in {"verdicts", "actions"}])
        found = con.execute("select verdict, action from actions order by keva_id::int").fetchall()
    return [(Verdict(verdict), Action(action)) for verdict, action in found]


def python_law(cases):
    """The same from merge.py."""
    answers = []
    for base, keva, salesforce, direction, conflict, drift, times in cases:
        verdict = decide(base, keva, salesforce, direction)
        answers.append((verdict, settle(verdict, keva, salesforce, direction, (conflict, drift), times)))
    return answers


def test_sql_is_the_law_on_all_triples():
    """diff.sql and merge.py agree on all 125 triples, in every direction and under every policy."""
    cases = [
        (*triple, direction, conflict, drift, Times("2026-01-02T00:00:00.000Z", "2026-01-01T00:00:00.000Z"))
        for triple, direction, conflict, drift in itertools.product(TRIPLES, Direction, ConflictPolicy, DriftPolicy)
    ]
    assert len(TRIPLES) == 125
    assert sql_law(cases) == python_law(cases)


values = st.one_of(st.just(UNSAID), st.none(), st.sampled_from(["", "a", "ab", "é", "日本", "b"]), st.text(max_size=3))
stamps = st.one_of(st.none(), st.sampled_from([f"2026-01-0{day}T00:00:00.000Z" for day in range(1, 5)]))
usable = values.filter(lambda value: not isinstance(value, str) or ("\x00" not in value and value.isprintable()))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            usable,
            usable,
            usable,
            st.sampled_from(list(Direction)),
            st.sampled_from(list(ConflictPolicy)),
            st.sampled_from(list(DriftPolicy)),
            st.builds(Times, stamps, stamps),
        ),
        min_size=1,
        max_size=50,
    )
)
def test_sql_is_the_law_on_random_records(cases):
    """diff.sql and merge.py agree on random values, lengths and time stamps."""
    assert sql_law(cases) == python_law(cases)
