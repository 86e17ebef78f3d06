"""The base: latest wins per field, over parts, rows, forgetting and folding."""

from __future__ import annotations

import itertools
import shutil

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kevasync.errors import RunError
from kevasync.store import base as base_module
from kevasync.store.base import Base, BaseRow
from kevasync.store.state import State

FIELDS = ("Email", "Title", "Account.Name")


@pytest.fixture
def base(state, tmp_path):
    return Base(state, tmp_path / "base")


def part(path, rows, *, agreed=True):
    """A part of BaseRows; the columns are those any row speaks for."""
    fields = [field for field in FIELDS if any(field in row.values for row in rows)]
    columns = {
        "keva_id": pa.array([row.keva_id for row in rows], pa.string()),
        "sf_id": pa.array([row.sf_id for row in rows], pa.string()),
        **{field: pa.array([row.values.get(field) for row in rows], pa.string()) for field in fields},
    }
    if agreed:
        columns["agreed"] = pa.array([list(row.values) for row in rows], pa.list_(pa.string()))
    pq.write_table(pa.table(columns), path)
    return path


def seen(base, fields=FIELDS):
    """The view as {pair: {agreed field: value}}; fields not agreed must be null."""
    with duckdb.connect() as con:
        base.view(con, "contact", fields)
        rows = con.sql("SELECT * FROM base").fetchall()
    assert len({row[:2] for row in rows}) == len(rows)
    found = {}
    for keva_id, sf_id, *values, agreed in rows:
        assert len(set(agreed)) == len(agreed)
        assert all(value is None for field, value in zip(fields, values, strict=True) if field not in agreed)
        found[keva_id, sf_id] = {field: value for field, value in zip(fields, values, strict=True) if field in agreed}
    return found


def test_rows_speak_for_their_fields_only(base):
    """A later row changes the fields it names, a null included, and leaves the others."""
    base.save_rows("contact", [BaseRow("k1", "s1", {"Email": "a", "Title": "CTO"})])
    base.save_rows("contact", [BaseRow("k1", "s1", {"Title": None}), BaseRow("k2", "s2", {})])
    base.save_rows("account", [BaseRow("k1", "a1", {"Name": "x"})])
    assert seen(base) == {("k1", "s1"): {"Email": "a", "Title": None}, ("k2", "s2"): {}}
    assert base.read("contact", "k1", FIELDS) == [BaseRow("k1", "s1", {"Email": "a", "Title": None})]


def test_a_part_without_agreed_speaks_for_all_its_columns(base, tmp_path):
    """Left out, `agreed` means every column of the file, nulls too."""
    rows = [BaseRow("k1", "s1", {"Email": "a", "Title": None})]
    base.save_part("contact", part(tmp_path / "base.parquet", rows, agreed=False), "run-1")
    assert seen(base) == {("k1", "s1"): {"Email": "a", "Title": None}}
    assert not (tmp_path / "base.parquet").exists()


def test_saving_a_part_twice_is_harmless(base, tmp_path):
    """A run killed after the commit may repeat the call, whether or not its file is still there."""
    path = tmp_path / "base.parquet"
    rows = [BaseRow("k1", "s1", {"Email": "a"})]
    base.save_part("contact", part(path, rows), "run-1")
    base.save_part("contact", path, "run-1")
    base.save_part("contact", part(path, rows), "run-1")
    assert seen(base) == {("k1", "s1"): {"Email": "a"}}
    with pytest.raises(RunError) as caught:
        base.save_part("contact", path, "run-2")
    assert caught.value.code == "base-part-invalid"


@pytest.mark.parametrize(
    "columns",
    [
        {"keva_id": ["k1"], "Email": ["a"]},
        {"keva_id": ["k1", "k1"], "sf_id": ["s1", "s1"], "Email": ["a", "b"]},
        {"keva_id": ["k1", None], "sf_id": ["s1", "s2"], "Email": ["a", "b"]},
        {"keva_id": ["k1"], "sf_id": ["s1"], "Email": [5]},
    ],
)
def test_a_part_that_could_mislead_is_refused(base, tmp_path, columns):
    """No id, a pair twice, a column that is no text: nothing is taken in and the file stays."""
    path = tmp_path / "base.parquet"
    pq.write_table(pa.table(columns), path)
    with pytest.raises(RunError) as caught:
        base.save_part("contact", path, "run-1")
    assert caught.value.code == "base-part-invalid"
    assert path.exists()
    assert seen(base) == {}


def test_one_folded_part_is_read_directly(base, tmp_path):
    """After folding nothing stands between the planner and the file: no join, no window, no list of agreed fields."""
    rows = [BaseRow(f"k{i}", f"s{i}", {"Email": str(i), "Title": None}) for i in range(100)]
    base.save_part("contact", part(tmp_path / "base.parquet", rows), "run-1")
    assert base.compact("contact")
    assert not base.compact("contact")
    assert len(seen(base)) == 100
    with duckdb.connect() as con:
        base.view(con, "contact", FIELDS)
        plan = con.execute("EXPLAIN SELECT * FROM base").fetchall()[0][1].upper()
    assert "JOIN" not in plan
    assert "WINDOW" not in plan
    (active,), _ = base._read("contact", None)
    assert not active.has_agreed


def test_forgotten_pairs_begin_anew(base, tmp_path):
    """What was agreed before a forgetting does not come back with the next save."""
    rows = [BaseRow("k1", "s1", {"Email": "a", "Title": "x"}), BaseRow("k2", "s2", {"Email": "b"})]
    base.save_part("contact", part(tmp_path / "base.parquet", rows), "run-1")
    base.forget("contact", [("k1", "s1"), ("k9", "s9")])
    assert seen(base) == {("k2", "s2"): {"Email": "b"}}
    base.save_rows("contact", [BaseRow("k1", "s1", {"Title": "y"})])
    assert seen(base)["k1", "s1"] == {"Title": "y"}


def test_what_is_saved_while_folding_stays(base, tmp_path, monkeypatch):
    """A row saved between reading and replacing is laid over the new part, not lost with the old rows."""
    base.save_part("contact", part(tmp_path / "base.parquet", [BaseRow("k1", "s1", {"Email": "a"})]), "run-1")
    base.save_rows("contact", [BaseRow("k1", "s1", {"Title": "x"})])
    fold = base_module._fold

    def slow_fold(*arguments):
        base.save_rows("contact", [BaseRow("k1", "s1", {"Email": "meanwhile"})])
        return fold(*arguments)

    monkeypatch.setattr(base_module, "_fold", slow_fold)
    assert base.compact("contact")
    assert seen(base) == {("k1", "s1"): {"Email": "meanwhile", "Title": "x"}}


def test_of_two_foldings_at_once_one_gives_way(base, tmp_path, monkeypatch):
    """The second finds its parts replaced and drops its own file."""
    for number in range(2):
        path = part(tmp_path / "base.parquet", [BaseRow("k1", "s1", {"Email": str(number)})])
        base.save_part("contact", path, f"run-{number}")
    fold = base_module._fold

    def other_first(*arguments):
        monkeypatch.setattr(base_module, "_fold", fold)
        assert base.compact("contact")
        return fold(*arguments)

    monkeypatch.setattr(base_module, "_fold", other_first)
    assert not base.compact("contact")
    assert seen(base) == {("k1", "s1"): {"Email": "1"}}
    assert not list((tmp_path / "base" / "contact").glob(".folding-*"))


def test_a_view_outlives_a_folding(base, tmp_path):
    """A notebook that made its view before another process folded the parts can still read it."""
    base.save_part("contact", part(tmp_path / "base.parquet", [BaseRow("k1", "s1", {"Email": "a"})]), "run-1")
    base.compact("contact")
    with duckdb.connect() as con:
        base.view(con, "contact", FIELDS)
        base.save_rows("contact", [BaseRow("k1", "s1", {"Email": "b"})])
        base.compact("contact")
        assert con.sql('SELECT "Email" FROM base').fetchall() == [("a",)]
    assert seen(base) == {("k1", "s1"): {"Email": "b"}}


def test_a_lost_part_is_a_clear_error(base, tmp_path):
    """A file removed by hand is named; silence would ask again about everything."""
    base.save_part("contact", part(tmp_path / "base.parquet", [BaseRow("k1", "s1", {"Email": "a"})]), "run-1")
    shutil.rmtree(tmp_path / "base")
    with pytest.raises(RunError) as caught:
        seen(base)
    assert caught.value.code == "base-damaged"


PAIRS = st.sampled_from([("k1", "s1"), ("k1", "s2"), ("k2", "s2"), ("k3", "s3")])
VALUES = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from([None, "a", "b"]))
ROWS = st.dictionaries(PAIRS, VALUES, min_size=1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("rows"), ROWS),
        st.tuples(st.just("part"), ROWS),
        st.tuples(st.just("forget"), st.lists(PAIRS, min_size=1)),
        st.tuples(st.just("compact"), st.none()),
    ),
    max_size=7,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    path = tmp_path_factory.mktemp("empty") / "state.db"
    State.open(path).close()
    return path


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_any_history_equals_a_dictionary(empty, tmp_path_factory, steps):
    """However saves, forgettings and foldings follow each other, the view is what a plain dictionary would hold."""
    folder = tmp_path_factory.mktemp("history")
    shutil.copy(empty, folder / "state.db")
    numbers, model = itertools.count(), {}
    with State.open(folder / "state.db") as state:
        base = Base(state, folder / "base")
        for kind, what in steps:
            if kind == "compact":
                base.compact("contact")
            elif kind == "forget":
                base.forget("contact", what)
                model = {pair: values for pair, values in model.items() if pair not in what}
            else:
                rows = [BaseRow(*pair, values) for pair, values in what.items()]
                if kind == "rows":
                    base.save_rows("contact", rows)
                else:
                    base.save_part("contact", part(folder / f"{next(numbers)}.parquet", rows), "run")
                for pair, values in what.items():
                    model[pair] = model.get(pair, {}) | values
        assert seen(base) == model
        narrow = {(row.keva_id, row.sf_id): dict(row.values) for row in base.read("contact", "k1", FIELDS)}
        assert narrow == {pair: values for pair, values in model.items() if pair[0] == "k1"}
