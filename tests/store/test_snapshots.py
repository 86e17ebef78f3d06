"""Snapshots: staging, commit, views over increments, sweeping and pruning."""

from __future__ import annotations

import signal
import subprocess
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kevasync.endpoint import Extracted
from kevasync.errors import RunError
from kevasync.records import Side
from kevasync.store.snapshots import Snapshots

META = {"_modified": pa.string(), "_deleted": pa.bool_(), "_master": pa.string(), "_absent": pa.list_(pa.string())}

KILLED = """
import sys, time
from pathlib import Path
from kevasync.records import Side
from kevasync.store.snapshots import Snapshots
from kevasync.store.state import State
staging = Snapshots(State.open(sys.argv[1]), Path(sys.argv[2])).begin(Side.KEVA, "contact")
(staging.path / "part-0.parquet").write_bytes(b"half")
print(staging.path, flush=True)
time.sleep(60)
"""


@pytest.fixture
def snapshots(state, tmp_path):
    return Snapshots(state, tmp_path / "snap*[shots]'")


def stage(staging, rows, fields, name="part-0.parquet"):
    schema = pa.schema([("_id", pa.string()), *META.items(), *((field, pa.string()) for field in fields)])
    complete = [{"_deleted": False, **dict.fromkeys(fields), **row} for row in rows]
    pq.write_table(pa.Table.from_pylist(complete, schema), staging.path / name)
    return staging.path / name


def take(snapshots, rows, fields, *, full=True, **more):
    with snapshots.begin(Side.KEVA, "contact") as staging:
        part = stage(staging, rows, fields)
        return snapshots.commit(staging, Extracted((part,), len(rows), tuple(fields), **more), full)


def seen(snapshots):
    with duckdb.connect() as con:
        used = snapshots.view(con, Side.KEVA, "contact", "seen")
        relation = con.sql("SELECT * FROM seen")
        columns, rows = relation.columns, relation.fetchall()
    return used, {row[0]: dict(zip(columns, row, strict=True)) for row in rows}


def test_a_committed_snapshot_tells_what_it_holds(snapshots):
    """Rows, columns, what was missing, the watermark and a fingerprint stand in the manifest."""
    made = take(
        snapshots, [{"_id": "a", "email": "x"}], ["email"], missing=("phone",), watermark="2026-01-01T00:00:00Z"
    )
    (found,) = snapshots.latest(Side.KEVA, "contact")
    assert found == made
    assert (found.rows, found.columns, found.missing) == (1, ("email",), ("phone",))
    assert found.watermark == "2026-01-01T00:00:00Z"
    snapshots.verify(found)
    found.parts[0].write_bytes(found.parts[0].read_bytes() + b"x")
    with pytest.raises(RunError, match="changed"):
        snapshots.verify(found)


def test_increments_are_laid_over_the_full_one(snapshots):
    """The latest row of a record wins, also a deleted one; a later full snapshot starts anew."""
    take(snapshots, [{"_id": "a", "email": "a1"}, {"_id": "b", "email": "b1"}], ["email"])
    take(snapshots, [{"_id": "b", "email": "b2"}, {"_id": "c", "email": "c2"}], ["email"], full=False)
    take(snapshots, [{"_id": "c", "email": "c3", "_deleted": True, "_master": "a"}], ["email"], full=False)
    used, rows = seen(snapshots)
    assert [item.rows for item in used] == [2, 2, 1]
    assert {key: (row["email"], row["_deleted"], row["_master"]) for key, row in rows.items()} == {
        "a": ("a1", False, None),
        "b": ("b2", False, None),
        "c": ("c3", True, "a"),
    }
    take(snapshots, [{"_id": "z", "email": "z"}], ["email"])
    assert list(seen(snapshots)[1]) == ["z"]


def test_a_field_a_snapshot_lacks_is_not_said_rather_than_cleared(snapshots):
    """After a change of the mapping, rows of older or newer extracts do not turn into clears."""
    take(snapshots, [{"_id": "a", "email": "a1"}, {"_id": "b", "email": "b1"}], ["email"])
    take(snapshots, [{"_id": "b", "phone": None, "_absent": ["fax"]}], ["phone"], full=False)
    _, rows = seen(snapshots)
    assert (rows["a"]["phone"], rows["a"]["_absent"]) == (None, ["phone"])
    assert (rows["b"]["email"], rows["b"]["_absent"]) == (None, ["fax", "email"])


def test_several_parts_with_different_columns_are_one_snapshot(snapshots):
    """Parts are matched by column name."""
    with snapshots.begin(Side.KEVA, "contact") as staging:
        parts = (
            stage(staging, [{"_id": "a", "email": "x"}], ["email", "phone"], "part-0.parquet"),
            stage(staging, [{"_id": "b", "phone": "1"}], ["phone"], "part-1.parquet"),
        )
        snapshots.commit(staging, Extracted(parts, 2, ("email", "phone")), full=True)
    _, rows = seen(snapshots)
    assert (rows["a"]["email"], rows["b"]["email"], rows["b"]["phone"]) == ("x", None, "1")


def test_without_a_full_snapshot_there_is_nothing_to_see(snapshots):
    """An increment alone is no picture of the side."""
    take(snapshots, [{"_id": "a"}], [], full=False)
    with duckdb.connect() as con, pytest.raises(RunError) as caught:
        snapshots.view(con, Side.KEVA, "contact", "seen")
    assert caught.value.code == "snapshot-missing"


def test_a_removed_file_is_a_clear_error(snapshots):
    """Who deletes files under .kevasync is told which one is gone."""
    made = take(snapshots, [{"_id": "a"}], [])
    made.parts[0].unlink()
    with duckdb.connect() as con, pytest.raises(RunError) as caught:
        snapshots.view(con, Side.KEVA, "contact", "seen")
    assert caught.value.code == "snapshot-damaged"


def test_a_failed_extract_leaves_nothing(snapshots):
    """An extract that fails takes its staging folder with it."""
    staging = snapshots.begin(Side.KEVA, "contact")
    with pytest.raises(OSError, match="lost"), staging:
        raise OSError("lost")
    assert list(staging.path.parent.iterdir()) == []
    assert snapshots.latest(Side.KEVA, "contact") == []


def test_a_killed_extract_is_swept_and_a_living_one_is_not(snapshots, tmp_path):
    """After kill -9 the next extract removes the remains; a staging folder in use stays."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "state.db"), str(snapshots._folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        remains = process.stdout.readline().strip()
        with snapshots.begin(Side.KEVA, "contact") as staging:
            assert remains in map(str, staging.path.parent.iterdir())
        process.send_signal(signal.SIGKILL)
    with snapshots.begin(Side.KEVA, "contact") as first, snapshots.begin(Side.KEVA, "contact") as second:
        folders = {item for item in first.path.parent.iterdir() if item.is_dir()}
        assert folders == {first.path, second.path}


def test_a_crash_between_rename_and_manifest_is_swept(snapshots):
    """A renamed folder without a row never counted, and goes."""
    kept = take(snapshots, [{"_id": "a"}], [])
    (kept.folder.parent / "0199-no-row").mkdir()
    snapshots.begin(Side.KEVA, "contact").discard()
    assert [item.name for item in kept.folder.parent.iterdir()] == [kept.id]


def test_prune_keeps_what_the_next_plan_needs(snapshots):
    """Old snapshots lose their files, the last full one and its increments stay, the counts are remembered."""
    for number in (3, 2, 1):
        take(snapshots, [{"_id": str(item)} for item in range(number)], [])
        take(snapshots, [{"_id": "x"}], [], full=False)
    assert snapshots.prune(keep=1) == 4
    assert [item.rows for item in seen(snapshots)[0]] == [1, 1]
    assert snapshots.counts(Side.KEVA, "contact") == [1, 2, 3]
    assert snapshots.counts(Side.SALESFORCE, "contact") == []
