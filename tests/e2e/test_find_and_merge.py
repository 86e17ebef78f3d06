"""Duplicates from end to end in the sandbox: extract, search, decide as the notebook does, merge plan, apply, undo."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from urllib.request import build_opener

import pyarrow.parquet as pq
import pytest
from duplicates_world import CLUSTERS, DuplicatesWorld, contacts_of, people
from world import World

from kevasync.cli import duplicates_desk
from kevasync.cli.context import Context
from kevasync.cli.main import run
from kevasync.review import session as review_session
from kevasync.review.desk import Desk
from kevasync.review.duplicates import open_duplicates
from kevasync.sandbox.server import Sandbox


@pytest.fixture
def sandbox():
    with Sandbox.start(http=True, keva_rate=0) as running:
        yield running


@pytest.fixture
def world(sandbox, tmp_path):
    return DuplicatesWorld(tmp_path, sandbox)


def searched(world, capsys):
    world.command(capsys, "extract")
    return world.command(capsys, "dedupe")


def desk_of(world):
    """The screen's desk on the real session, as the command hands it to the notebook."""
    at = Context(folder=world.folder, quiet=True)
    made = duplicates_desk.duplicates_session(at, "contact", 1_000, children=True, who="ana")
    path = world.workspace.state_dir / "review" / f"{made.name}.json"
    review_session.save(made, path)
    review = open_duplicates(path)
    return review, Desk(review.queue)


def press(number, subject, verdict, **answer):
    return {"key": f"tab:{number}", "who": "ana", "subject": subject, "verdict": verdict, "answer": answer}


def decide(world):
    """Merge every group of Contacts that was planted; say of the rest that they are none. Answers the groups."""
    review, desk = desk_of(world)
    planted = {frozenset(group) for group in world.clusters}
    groups = review.session.groups
    presses = [
        press(number, group.name, "merge" if contacts_of(group) in planted or group.becomes else "different")
        for number, group in enumerate(groups, 1)
    ]
    reply = desk.answer({"presses": presses})
    assert {outcome for _, outcome, _ in reply["results"]} == {"saved"}
    review.close()
    return groups


def contacts(world):
    fields = "Id, Email, FirstName, LastName, Phone, Title, Description, MobilePhone"
    return sorted(
        ({name: row[name] for name in fields.split(", ") if name != "Id"} for row in
         world.sandbox.org.query(f"SELECT {fields} FROM Contact").rows()),
        key=str,
    )  # fmt: skip


def test_found_decided_merged_and_taken_back(world, capsys):
    """Twenty planted clusters: all found, merged as decided, and every field and child as before after undo."""
    before = contacts(world)
    found = searched(world, capsys)
    assert found["records"] == {"keva": 76, "salesforce": len(before)}
    assert found["groups"]["merge"] >= CLUSTERS
    assert found["waiting"] == sum(found["groups"].values())
    assert world.command(capsys, "dedupe", "--detailed-exitcode", code=4)["waiting"] == found["waiting"]
    groups = decide(world)
    planted = {frozenset(group) for group in world.clusters}
    assert planted <= {contacts_of(group) for group in groups}
    again = world.command(capsys, "dedupe", "--detailed-exitcode")
    assert (again["waiting"], again["decided"]) == (0, len(groups))
    made = world.command(capsys, "merge")
    surplus = sum(len(group) - 1 for group in world.clusters)
    assert (made["counts"]["clusters"], made["counts"]["losers"], made["left"]) == (CLUSTERS, surplus, [])
    assert made["counts"]["children"] == sum(
        world.sandbox.org.query(f"SELECT COUNT() FROM Case WHERE ContactId = '{row['id']}'").total
        for row in _losers(world, made)
    )
    assert run(["show", made["plan"], "--workspace", str(world.folder)]) == 0
    assert "master" in capsys.readouterr().out
    (link,) = [row for row in made["linked"] if row["keva_id"] == "cust_0073"]
    assert link["sf_id"] == world.alone[-2]
    assert made["in_keva"] == [["cust_0074", "cust_twin"]]
    done = world.command(capsys, "apply", made["plan"], "--yes")
    assert (done["status"], done["balanced"], done["counts"]["applied"]) == ("done", True, surplus)
    assert len(contacts(world)) == len(before) - surplus
    assert world.command(capsys, "merge", code=0)["done_before"] == CLUSTERS
    undone = world.command(capsys, "undo", done["run"], "--yes")
    assert (undone["status"], undone["told"]) == ("done", [])
    assert contacts(world) == before
    plan = world.command(capsys, "plan")
    rows = pq.read_table(f"{plan['path']}/records.parquet").to_pylist()
    (row,) = [row for row in rows if row["keva_id"] == "cust_0073"]
    assert (row["sf_id"], row["operation"] in {"create", "ambiguous"}) == (link["sf_id"], False)


def _losers(world, made):
    rows = pq.read_table(f"{made['path']}/records.parquet").to_pylist()
    return [row for row in rows if row["role"] == "loser"]


def decisions_of(groups, verdict="merge", **more):
    return "".join(json.dumps({"ids": sorted(group), "verdict": verdict, **more}) + "\n" for group in groups)


def test_what_changed_or_vanished_since_is_left_out(world, capsys):
    """A value edited, a record deleted, one merged by others since the review: told and left; the rest is merged."""
    searched(world, capsys)
    decide(world)
    org, (edited, deleted, merged) = world.sandbox.org, world.clusters[:3]
    org.update_many("Contact", [{"Id": edited[1], "Title": "meanwhile"}])
    org.delete_many("Contact", [deleted[1]])
    org.merge_records("Contact", merged[0], [merged[1]])
    made = world.command(capsys, "merge")
    reasons = sorted(row["reason"] for row in made["left"])
    assert reasons == sorted([
        f"{edited[1]} was changed since the review: Title",
        f"gone since the review: {deleted[1]}",
        f"gone since the review: {merged[1]}",
    ])  # fmt: skip
    assert (made["counts"]["clusters"], made["counts"]["skipped"]) == (CLUSTERS - 3, 3)
    done = world.command(capsys, "apply", made["plan"], "--yes", code=3)
    assert done["counts"]["applied"] == made["counts"]["losers"]


def test_a_decisions_file_cut_in_half(world, capsys, tmp_path):
    """Whole lines are recorded once, whoever reads the file again; each other line is told with its reason."""
    searched(world, capsys)
    text = decisions_of(world.clusters[:4], who="bo")
    text += json.dumps({"ids": world.clusters[4], "verdict": "marry"}) + "\n"
    text += json.dumps({"ids": world.clusters[5], "verdict": "merge", "master": "keva:cust_0000"}) + "\n"
    text += decisions_of(world.clusters[6:7])
    path = tmp_path / "decided.ndjson"
    path.write_bytes(text.encode()[:-40])
    made = world.command(capsys, "merge", "--decisions", str(path))
    assert (made["decisions"]["recorded"], made["counts"]["clusters"]) == (4, 4)
    assert [row["line"] for row in made["decisions"]["left"]] == [5, 6, 7]
    assert "cut off" in made["decisions"]["left"][2]["reason"]
    again = world.command(capsys, "merge", "--decisions", str(path))
    assert (again["decisions"]["recorded"], again["decisions"]["known"]) == (0, 4)
    missing = world.command(capsys, "merge", "--decisions", str(tmp_path / "no.ndjson"), code=2)
    assert missing["error"]["code"] == "decisions-unreadable"


def test_nothing_searched_nothing_decided_or_damaged(world, capsys):
    """Each says what to do; a damaged search costs no decision, and the next search mends it."""
    assert world.command(capsys, "dedupe", code=1)["error"]["code"] == "snapshot-missing"
    said = world.command(capsys, "review", "duplicates", "--no-open", code=2)
    assert said["error"]["code"] == "duplicates-not-searched"
    assert world.command(capsys, "merge", code=2)["error"]["code"] == "merge-nothing"
    found = searched(world, capsys)
    decide(world)
    path = f"{found['path']}/groups.parquet"
    os.truncate(path, 100)
    said = world.command(capsys, "review", "duplicates", "--no-open", code=1)
    assert said["error"]["code"] == "duplicates-damaged"
    assert world.command(capsys, "merge", "--above", "0.9", code=1)["error"]["code"] == "duplicates-damaged"
    assert world.command(capsys, "merge")["counts"]["clusters"] == CLUSTERS
    assert world.command(capsys, "dedupe")["waiting"] == 0


def test_a_no_holds_and_a_threshold_merges_the_rest(world, capsys, tmp_path):
    """What somebody parted stays parted in later searches and is not merged by --above; undecided groups are."""
    searched(world, capsys)
    path = tmp_path / "decided.ndjson"
    path.write_text(decisions_of(world.clusters[:2], "different") + decisions_of(world.clusters[2:3], "merge"))
    made = world.command(capsys, "merge", "--decisions", str(path), "--above", "0.5")
    assert made["decisions"]["left"] == []
    assert made["counts"]["clusters"] == CLUSTERS - 2
    found = world.command(capsys, "dedupe")
    assert found["decided"] == 3
    review, _ = desk_of(world)
    apart = [set(group) for group in world.clusters[:2]]
    standing, _ = review.queue.standing()
    for group in review.session.groups:
        if any(pair <= contacts_of(group) for pair in apart):
            assert standing[group.name].verdict == "different"
    review.close()


def test_the_command_serves_the_real_groups(world, capsys):
    """`kevasync review duplicates` comes up behind its token and leaves no session file behind."""
    searched(world, capsys)
    with world.process("-m", "kevasync", "review", "duplicates", "--no-open", "--json", "--quiet") as process:
        text = ""
        while not text.rstrip().endswith("}"):
            line = process.stdout.readline().decode()
            assert line, f"it ended before it was up: {text}"
            text += line
        said = json.loads(text[text.index("{") :])
        opener = build_opener()
        with opener.open(said["url"]) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert not Path(said["session"]).exists()


def test_a_shared_mailbox_is_told_and_left_out(sandbox, tmp_path, capsys):
    """Sixty records that look like one are put before nobody; a side without records is no obstacle."""
    world = World(tmp_path, sandbox)
    everybody = people(20)
    sandbox.org.create_many("Contact", [everybody[0]] * 60 + everybody[1:])
    found = searched(world, capsys)
    assert found["records"] == {"salesforce": 79}
    assert [item["size"] for item in found["too_large"]] == [60]
    assert found["waiting"] < 5
