"""From a table to scored pairs: what is found, what is not merged, and tables that are no good."""

import random

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_up import COLUMNS, TRAPS, found, people, row

from kevasync.dedupe import pipeline
from kevasync.dedupe.canonical import make_records
from kevasync.dedupe.clustering import clusters
from kevasync.dedupe.columns import parse
from kevasync.dedupe.forest import Forest
from kevasync.dedupe.guards import guarded
from kevasync.dedupe.reading import read
from kevasync.dedupe.scoring import Scorer
from kevasync.errors import UsageError


def matches(pairs, threshold=0.5):
    rows = pairs.table.to_pylist()
    return {tuple(sorted((item["id_a"], item["id_b"]))) for item in rows if item["probability"] >= threshold}


def test_duplicates_are_found_without_labels(world):
    """Nine of ten duplicates are found, and what is taken for one seldom is none."""
    pairs, same = world
    given = matches(pairs)
    assert len(given & same) / len(same) > 0.9
    assert len(given & same) / len(given) > 0.9


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_not_merged(world, trap):
    """Two persons who look like one stay two, in the pairs and in the clusters."""
    pairs, _ = world
    first, second = (item["id"] for item in TRAPS[trap])
    assert (first, second) not in matches(pairs)
    group = {item["id"]: item["cluster"] for item in clusters(pairs).to_pylist()}
    assert group[first] != group[second]


def test_strangers_are_none_unless_a_third_record_vouches():
    """Names unlike in every order and only a city shared: low; where a third record links them: as it was."""
    con = duckdb.connect()
    people = [
        ("a", "Michaela", "Gabbert", "m.gabbert@one.example"), ("b", "Mitchell", "Ostrovsky", "zq77@two.example"),
        ("c", "Michaela", "Ostrovsky", "m.gabbert@one.example"),
    ]  # fmt: skip
    rows = [row(one, first, last, mail, None, None, "Leeds", None) for one, first, last, mail in people]
    con.register("people", pa.Table.from_pylist(rows))
    read(con, "people", parse(COLUMNS))
    make_records(con)
    number = dict(con.execute("select id, n from dd_id").fetchall())
    sides = [("a", "b"), ("a", "c"), ("b", "c")]
    numbers = np.array([[number[one], number[other]] for one, other in sides], np.int32)
    assert guarded(con, numbers, np.array([2.0, -1.0, -1.0])).tolist() == [-4.0, -1.0, -1.0]
    assert guarded(con, numbers, np.array([2.0, 3.0, 3.0])).tolist() == [2.0, 3.0, 3.0]


def test_copies_are_found_however_many_there_are():
    """Sixty copies are likely one record; with another title, or with a name and a city alone, nothing is raised."""
    rows, _ = people(160)
    copy = row("", "Wilma", "Thistlewood", "wilma@thistlewood.example", "+1 415 555 0133", None, "Graz", "Buyer")
    bare = row("", "Ann", "Li", None, None, None, "Graz", None)
    several = [{**copy, "id": f"c{number}"} for number in range(60)]
    several += [{**copy, "id": "t", "title": "Lawyer"}, *({**bare, "id": f"n{number}"} for number in range(3))]
    pairs = found([*rows, *several])
    copies = [
        item["probability"]
        for item in pairs.table.to_pylist()
        if item["id_a"].startswith("c") and item["id_b"].startswith("c")
    ]
    assert len(copies) == 60 * 59 // 2
    assert min(copies) > 0.95

    number = pairs.record_numbers()
    asked = np.array(
        [[number["c0"], number[other]] for other in ("c1", "t")] + [[number["n0"], number["n1"]]], np.int32
    )
    assert guarded(pairs.con, asked, np.array([-5.0, -5.0, -5.0])).tolist() == [3.0, -5.0, -5.0]


def test_the_same_table_gives_the_same_answer(world):
    """No step depends on the order in which threads finish."""
    pairs, _ = world
    rows, _ = people()
    again = found([*rows, *(item for trap in TRAPS.values() for item in trap)])
    assert again.table.equals(pairs.table)


def test_evidence_sums_up_to_the_weight(world):
    """The bits of the waterfall are all of the pair's weight, and the strongest field is on the right side."""
    pairs, _ = world
    best = pairs.table.slice(0, 5).to_pylist()
    for item, told in zip(best, pairs.explain([(one["id_a"], one["id_b"]) for one in best]), strict=True):
        assert sum(part.bits for part in told) == pytest.approx(item["weight"], abs=1e-4)
        assert max(told, key=lambda part: part.bits).field in {"email", "phone", "name", "company", "together"}


def test_a_block_too_large_is_capped_and_reported():
    """Where every value is equal, neighbours are compared, the rule says so, and it ends soon."""
    pairs = found([row(str(number), "Ann", "Lee", "a@b.com", "4155550101") for number in range(3000)])
    capped = [rule for rule in pairs.report.rules if rule.capped_blocks]
    assert capped
    assert capped[0].cost == 3000 * 2999 // 2
    assert pairs.report.candidates < 3_000_000
    assert pairs.report.as_dict()["blocking"][0]["capped"] is True


def test_a_mailbox_shared_by_thousands_makes_no_cluster_of_them():
    """5,000 persons behind one address are not one person."""
    rng = random.Random(1)

    def name():
        return "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(3)).title()

    rows = [row(f"m{number}", name(), name(), "all@campus.edu") for number in range(5000)]
    sizes = np.bincount(clusters(found(rows)).column("cluster").to_numpy())
    assert sizes.max() < 50


def test_scripts_meet():
    """A name in another script finds its transliteration, and hidden characters hide nothing."""
    rows, _ = people(60)
    rows += [
        row("x1", "Дмитрий", "Волкодавов", "d.volkodavov@sever.ru", None, "Север"),
        row("x2", "Dmitriy", "Volkodavov", "d.volkodavov@sever.ru", None, None),
        row("y1", "Søren", "Kjærgaard", "soren@nord.dk", "45 3312 9981"),
        row("y2", "So\u200bren", "Kjaergaard", None, "45 3312 9981"),
    ]
    assert {("x1", "x2"), ("y1", "y2")} <= matches(found(rows))


@pytest.mark.parametrize(
    "columns",
    [
        "id=id,first_name=first,last_name=last,phone=phone,company=company",
        "id=id,name=last",
        "id=id,email=email",
    ],
)
def test_few_columns_are_enough(columns):
    """No e-mail, or one column only: it runs, and scores stay between 0 and 1."""
    pairs = found(people()[0], columns)
    assert ((pairs.probability >= 0) & (pairs.probability <= 1)).all()


def test_empty_columns_say_nothing():
    """Columns without a value, and records without any, make no pair of strangers."""
    rows = [row(str(number), None, None) for number in range(50)] + [row("a", "Ann", "Lee"), row("b", "", " ")]
    assert not matches(found(rows))


def test_a_hundred_columns():
    """Columns that say nothing are passed over; of those called other, those beyond eight are named."""
    rows = [item | {f"extra{n}": str(n) for n in range(100)} for item in people(40)[0]]
    more = COLUMNS + "".join(f",other=extra{number}" for number in range(12))
    pairs = found(rows, more)
    assert pairs.report.as_dict()["not_compared"] == ["extra10", "extra11", "extra8", "extra9"]
    assert found(rows, None).report.records == len(rows)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "dedupe-unreadable"),
        (b"id,name,email\n", "dedupe-unreadable"),
        (b"\x00\x01\x02\xff\xfe", "dedupe-unreadable"),
        (b"a,b,c\n1,2,3\n", "dedupe-no-columns"),
    ],
)
def test_a_file_that_is_no_table_is_one_clear_error(tmp_path, content, code):
    """Empty, a header alone, rubbish, or nothing to compare by: an error with a code, no traceback."""
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with duckdb.connect() as con, pytest.raises(UsageError) as caught:
        pipeline.find_pairs(con, [path], None)
    assert caught.value.code == code


def test_a_cut_parquet_and_a_missing_file(tmp_path):
    """A file cut in half, and one that is not there, are named."""
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.Table.from_pylist(people()[0]), whole)
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(whole.read_bytes()[:900])
    for path in (cut, tmp_path / "none.csv", tmp_path / "book.xlsx"):
        with duckdb.connect() as con, pytest.raises(UsageError) as caught:
            pipeline.find_pairs(con, [path], None)
        assert caught.value.code == "dedupe-unreadable"
        assert path.name in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ("id=first,email=email", "dedupe-id"),
        ("id=id,email=mail", "dedupe-column-missing"),
        ("id=id,emial=email", "dedupe-role"),
        ("id=id", "dedupe-no-columns"),
    ],
)
def test_a_wrong_columns_option_is_one_clear_error(columns, code):
    """Ids that come twice, a column or a role that does not exist."""
    with pytest.raises(UsageError) as caught:
        found(people(30)[0], columns)
    assert caught.value.code == code


def test_several_files_are_one_table(tmp_path):
    """Files with other headers are compared with each other; equal ids in two files stay apart."""
    (tmp_path / "keva.csv").write_text("id,name,email\n1,Ann Abernathy,ann.abernathy@firm.com\n2,Bo Quigley,bo@q.com\n")
    (tmp_path / "org.csv").write_text("Id,Full,Mail\n1,Ann Abernathy,ann.abernathy@firm.com\n7,Zoe Xiong,zoe@x.com\n")
    with duckdb.connect() as con:
        roles = [parse("id=id,name=name,email=email"), parse("id=Id,name=Full,email=Mail")]
        pairs = pipeline.find_pairs(con, [tmp_path / "keva.csv", tmp_path / "org.csv"], roles)
        assert matches(pairs) == {("keva:1", "org:1")}


def test_trees_walk_the_same_with_and_without_the_compiled_walk():
    """Where scikit-learn lays its nodes out in another way, numpy gives the same scores."""
    first: Forest = Scorer.load().first
    rows = np.random.default_rng(3).uniform(-2, 12, (200, first.features)).astype(np.float32)
    assert np.allclose(first.predict(rows, first.compiled()), first.predict(rows, []), atol=1e-5)


def test_the_most_likely_pairs_are_looked_at_amid_their_neighbours():
    """Where more pairs are left than memory is for, the unlikely ones go; equal scores share their fate."""
    numbers = np.arange(12, dtype=np.int32).reshape(6, 2)
    logit = np.array([3.0, -5.0, 1.0, -5.0, 2.0, -6.0], np.float32)
    kept, scores = pipeline._most_likely(numbers, logit, 4)
    assert scores.tolist() == [3.0, 1.0, 2.0]
    assert kept[:, 0].tolist() == [0, 4, 8]
    assert pipeline._most_likely(numbers, logit, 6)[1] is logit


def test_pairs_that_were_passed_over_are_counted(monkeypatch):
    """No pair is left out in silence, and what is likely is found all the same."""
    rows, same = people()
    whole = found(rows)
    assert whole.report.as_dict()["passed_over"] == 0
    monkeypatch.setattr(pipeline, "_AMID", (0, 70))
    few = found(rows)
    assert few.report.passed_over > 0
    assert len(matches(few) & same) / len(matches(whole) & same) > 0.95
