"""Decisions from a file, in the sandbox: corrections, mistakes a line, records and fields that are not there."""

from __future__ import annotations

import json

import pytest
from duplicates_world import CLUSTERS, DuplicatesWorld

from kevasync.cli.sides import open_kept
from kevasync.dedupe.decisions import DuplicateDecision, DuplicateDecisions, Verdict
from kevasync.dedupe.merge_plan import MergePlan
from kevasync.sandbox.server import Sandbox


@pytest.fixture
def world(tmp_path, capsys):
    with Sandbox.start(http=True, keva_rate=0) as sandbox:
        made = DuplicatesWorld(tmp_path, sandbox)
        made.command(capsys, "extract")
        made.command(capsys, "dedupe")
        yield made


@pytest.fixture
def merge(world, capsys, tmp_path):
    """`merge(line, …)` writes a file of these lines and gives it to the command."""

    def run(*lines, code=0):
        path = tmp_path / "decided.ndjson"
        path.write_bytes(b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n"
                                  for line in lines))  # fmt: skip
        return world.command(capsys, "merge", "--decisions", str(path), code=code)

    return run


def said(ids, verdict="merge", **more):
    return {"ids": ids, "verdict": verdict, **more}


def links_of(world):
    with open_kept(world.workspace) as kept:
        return {(row["keva_id"], row["sf_id"]) for row in kept.stores.links.arrow("contact").to_pylist()}


def test_records_that_are_not_there_are_told_and_nothing_is_linked(world, merge):
    """A customer or a Contact that no snapshot has is told with its line; the others are linked and planned."""
    real = world.alone[-2]
    made = merge(
        said(["keva:ghost", real]),
        said(["keva:cust_0070", "003000000000000AAA"]),
        said(world.clusters[0]),
        said(["keva:cust_0073", real]),
    )
    assert made["decisions"]["left"] == [
        {"line": 1, "reason": "no customer ghost in the last snapshot"},
        {"line": 2, "reason": "no Contact 003000000000000AAA in the last snapshot"},
    ]
    assert made["linked"] == [{"keva_id": "cust_0073", "sf_id": real}]
    assert links_of(world) == {("cust_0073", real)}
    assert made["counts"]["clusters"] == 1


def test_a_file_without_one_good_line_is_a_mistake(world, merge):
    """Exit code 2, every line with its reason, and nothing recorded."""
    told = merge(said(["keva:ghost", world.alone[0]]), b"{", code=2)["error"]
    assert told["code"] == "merge-nothing"
    assert [item["message"].partition(":")[0] for item in told["problems"]] == ["line 1", "line 2"]
    assert "no customer ghost" in told["what"]
    with open_kept(world.workspace) as kept:
        assert DuplicateDecisions(kept.decisions).all() == []


def test_what_an_earlier_version_recorded_of_nobody_links_nobody(world, capsys):
    """A decision in the store on a customer that is not there is left out with the reason."""
    with open_kept(world.workspace) as kept:
        wanted = DuplicateDecision(("keva:ghost", world.alone[0]), Verdict.MERGE, "file:old")
        DuplicateDecisions(kept.decisions).record("bo", [wanted])
    made = world.command(capsys, "merge")
    assert [row["reason"] for row in made["left"]] == ["not linked: no customer ghost in the last snapshot"]
    assert (made["linked"], links_of(world)) == ([], set())


@pytest.mark.parametrize("correction", ["different", "skip"])
def test_a_later_line_has_the_last_word(world, merge, correction):
    """In the same file or a later one; read again, each line stays recorded once."""
    pair, other = world.clusters[0][:2], world.clusters[1]
    lines = [said(other), said(pair), said(pair[::-1], correction)]
    made = merge(*lines)
    assert (made["decisions"], made["counts"]["clusters"]) == ({"recorded": 3, "known": 0, "left": []}, 1)
    again = merge(*lines)
    assert (again["decisions"], again["counts"]["clusters"]) == ({"recorded": 0, "known": 3, "left": []}, 1)
    corrected = merge(said(other, correction, who="ana"), code=0)
    assert (corrected["decisions"]["recorded"], corrected["plan"]) == (1, None)
    lines.append(said(pair))  # what a file says a second time, after something else, is said anew
    assert merge(*lines)["counts"]["clusters"] == 1
    told = merge(*lines)["decisions"]
    assert (told["recorded"], told["known"]) == (0, 3)
    ((line, why),) = [(row["line"], row["reason"]) for row in told["left"]]
    assert (line, f"ana decided {correction}" in why) == (1, True)


def test_a_later_line_chooses_other_values(world, merge):
    """The last line's main record and values are those of the plan."""
    one, other = world.clusters[0][:2]
    made = merge(said([one, other], master=one, values={"Title": one}), said([one, other], master=other))
    assert made["decisions"]["recorded"] == 2
    (cluster,) = MergePlan.load(world.workspace.plans_dir / made["plan"]).rows("clusters")
    assert cluster["master"] == other


def test_a_file_overrules_the_review_and_undo_takes_back(world, merge):
    """What somebody decided in the review yields to a line; undo gives it back, then takes that too, then is told."""
    pair = world.clusters[0][:2]
    with open_kept(world.workspace) as kept:
        wanted = DuplicateDecision(tuple(pair), Verdict.DIFFERENT, "tab:1")
        DuplicateDecisions(kept.decisions).record("ana", [wanted])
    assert merge(said(pair))["counts"]["clusters"] == 1
    undone = merge(said(pair, "undo"))
    assert (undone["decisions"]["recorded"], undone["plan"]) == (1, None)

    def holding():
        with open_kept(world.workspace) as kept:
            return [item.detail["verdict"] for item in DuplicateDecisions(kept.decisions).holding().values()]

    assert holding() == ["different"]
    assert merge(said(pair, "undo", why="again"))["decisions"]["recorded"] == 1
    assert holding() == []
    told = merge(said(pair, "undo", why="a third time"), said(world.clusters[1]))
    assert [row["reason"] for row in told["decisions"]["left"]] == [
        "there is no decision on exactly these records to take back"
    ]


def test_undo_in_the_same_file(world, merge):
    """What a file decides, corrects and takes back is as it was before the file; read again it changes nothing."""
    pair, other = world.clusters[0][:2], world.clusters[1]
    lines = [said(pair), said(pair, "different", who="ana"), said(pair, "undo"), said(pair, "undo", who="bo"),
             said(other)]  # fmt: skip
    made = merge(*lines)
    assert (made["decisions"], made["counts"]["clusters"]) == ({"recorded": 5, "known": 0, "left": []}, 1)
    again = merge(*lines)
    assert (again["decisions"], again["counts"]["clusters"]) == ({"recorded": 0, "known": 5, "left": []}, 1)


def test_undo_speaks_of_records_that_are_gone(world, merge):
    """A decision on a customer that is not there can be taken back."""
    with open_kept(world.workspace) as kept:
        wanted = DuplicateDecision(("keva:ghost", world.alone[0]), Verdict.MERGE, "file:old")
        DuplicateDecisions(kept.decisions).record("bo", [wanted])
    assert merge(said([world.alone[0], "keva:ghost"], "undo"))["left"] == []


def test_each_bad_line_is_told_and_the_others_are_recorded(world, merge):
    """Whatever stands in a line, it costs that line alone."""
    one, other = world.clusters[0][:2]
    bad = [
        said([one, other], ["merge"]), said([one, other], {}), said([one, other], None),
        said(["\ud800", "a"]), said([one, other], who="\udfff"), said([one, other], who="a\x00b"),
        b"[" * 100_000, b'{"ids": ' + b"[" * 100_000, b"[]", b"\xff\xfe{}", b"1" * 10_000,
        said([one, [other]]), said([one, one]), said([one, one[:15]]), said("ab"), said(None), {},
        said([one, other], master=["x"]), said([one, other], master={}), said([one, other], values=[1]),
        said([one, other], values={"Phone": ["x"]}), said([one, other], values={"Phone": {}}),
    ]  # fmt: skip
    made = merge(said(world.clusters[1]), *bad, said(world.clusters[2]))
    assert made["decisions"]["recorded"] == 2
    assert [row["line"] for row in made["decisions"]["left"]] == list(range(2, len(bad) + 2))
    assert all(row["reason"] for row in made["decisions"]["left"])
    assert made["counts"]["clusters"] == 2


@pytest.mark.parametrize(
    ("field", "hint"),
    [("title", "did you mean Title?"), ("Titel", "did you mean Title?"), ("Nope__c", "only Email"), ("Id", "only"),
     ("Account.Name", "")],
)  # fmt: skip
def test_a_field_that_the_records_do_not_have_is_told(world, merge, field, hint):
    """With the right spelling where there is one; that line is left out, whatever else it says."""
    one, other = world.clusters[0][:2]
    made = merge(said([one, other], values={"Phone": one, field: other}), said(world.clusters[1]))
    (left,) = made["decisions"]["left"]
    assert (left["line"], f"no field '{field}'" in left["reason"], hint in left["reason"]) == (1, True, True)
    assert made["counts"]["clusters"] == 1


def test_fifteen_and_eighteen_characters_are_one_id(world, merge):
    """Ids as reports give them: of the records, the main record and the values; no record is told to be gone."""
    one, other = world.clusters[0][:2]
    made = merge(said([one[:15], other], master=one[:15], values={"Title": other[:15]}))
    assert (made["decisions"]["left"], made["left"], made["counts"]["clusters"]) == ([], [], 1)
    assert merge(said([one, other], "different"))["plan"] is None


def test_no_plan_is_written_where_nothing_can_be_merged(world, merge, capsys):
    """Every cluster is left out with its reason, exit code 0, and there is no plan of nothing."""
    pair = world.clusters[0][:2]
    assert merge(said(pair))["counts"]["clusters"] == 1
    plans = sorted(world.workspace.plans_dir.iterdir())
    world.sandbox.org.delete_many("Contact", [pair[1]])
    made = world.command(capsys, "merge")
    assert (made["plan"], [row["reason"] for row in made["left"]]) == (None, [f"gone since the review: {pair[1]}"])
    assert sorted(world.workspace.plans_dir.iterdir()) == plans


def test_many_lines_are_quick(world, merge):
    """All clusters and two thousand corrections in one file: a transaction an author, not one a line."""
    pair = world.clusters[0][:2]
    lines = [said(pair, ("skip", "different")[turn % 2], turn=turn) for turn in range(2_000)]
    made = merge(*lines, *map(said, world.clusters))
    assert made["decisions"]["left"] == []
    assert made["counts"]["clusters"] in {CLUSTERS, CLUSTERS - 1}
