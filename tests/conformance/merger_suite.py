"""What every side that merges must do: a class to inherit, with one fixture to override (`merging`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from endpoint_suite import RecordingJournal

from kevasync.endpoint import MOST_LOSERS, Merger, MergeRequest, Selection, Silent, WriteOutcome

Values = Mapping[str, str | None]


@dataclass(slots=True)
class Merging:
    """A side to test: it has Contacts (LastName, Title) and Cases with a ContactId; `seed` makes records of either."""

    endpoint: Any
    seed: Callable[[str, Sequence[Values]], list[str]]
    lose_answers: Callable[[str], object]


class MergerTests:
    """The promises of `kevasync.endpoint.Merger`, one test each."""

    @pytest.fixture
    def merging(self) -> Merging:
        raise NotImplementedError("override this fixture")

    def test_losers_are_deleted_and_tell_their_master(self, merging, tmp_path):
        """Values stand on the master; a read of the losers says deleted, and into whom."""
        ids = people(merging, 3)
        (result,) = merge(merging, (ids[0], ids[1:], {"Title": "Zoë <&>\nnext", "Email": None}))
        assert (result.outcome, result.id) == (WriteOutcome.APPLIED, ids[0])
        rows = read(merging, "Contact", ["Title", "Email"], tmp_path)
        assert (rows[ids[0]]["Title"], rows[ids[0]]["Email"], rows[ids[0]]["_deleted"]) == (
            "Zoë <&>\nnext",
            None,
            False,
        )
        assert [(rows[one]["_deleted"], rows[one]["_master"]) for one in ids[1:]] == [(True, ids[0])] * 2

    def test_children_are_named_and_move(self, merging, tmp_path):
        """`children` names Case.ContactId, and a loser's Case hangs on the master afterwards."""
        ids = people(merging, 2)
        (case,) = merging.seed("Case", [{"ContactId": ids[1]}])
        assert isinstance(merging.endpoint, Merger)
        named = {(item.object, item.field) for item in merging.endpoint.children("Contact") if item.movable}
        assert ("Case", "ContactId") in named
        merge(merging, (ids[0], ids[1:], {}))
        assert read(merging, "Case", ["ContactId"], tmp_path)[case]["ContactId"] == ids[0]

    def test_a_refused_merge_does_nothing(self, merging, tmp_path):
        """A loser that is gone, too many losers: FAILED with a code, others of the call are carried out."""
        ids = people(merging, 9)
        merge(merging, (ids[0], ids[1:2], {}))
        results = merge(
            merging,
            (ids[2], [ids[1]], {"Title": "no"}),
            (ids[3], ids[4 : 5 + MOST_LOSERS], {}),
            (ids[7], [ids[8]], {"Title": "yes"}),
        )
        assert [item.outcome for item in results] == [WriteOutcome.FAILED, WriteOutcome.FAILED, WriteOutcome.APPLIED]
        assert all(item.failure and item.failure.code for item in results[:2])
        rows = read(merging, "Contact", ["Title"], tmp_path)
        assert (rows[ids[2]]["Title"], rows[ids[7]]["Title"]) == (None, "yes")
        assert not any(rows[one]["_deleted"] for one in (*ids[2:8],))

    def test_a_chain_goes_in_order(self, merging, tmp_path):
        """Several requests with one master in one call, each told to the journal before it leaves."""
        ids = people(merging, 6)
        journal = RecordingJournal()
        results = merge(merging, *[(ids[0], [one], {}) for one in ids[1:]], journal=journal)
        assert {item.outcome for item in results} == {WriteOutcome.APPLIED}
        assert sorted(journal.sent) == sorted(item.key for item in results)
        rows = read(merging, "Contact", ["Title"], tmp_path)
        assert {rows[one]["_master"] for one in ids[1:]} == {ids[0]}

    def test_a_lost_answer_is_unknown(self, merging, tmp_path):
        """Carried out, no answer: UNKNOWN, not repeated; the losers tell whoever looks."""
        ids = people(merging, 2)
        merging.endpoint.describe("Contact")
        merging.lose_answers(ids[0])
        (result,) = merge(merging, (ids[0], ids[1:], {}))
        assert result.outcome is WriteOutcome.UNKNOWN
        assert read(merging, "Contact", ["Title"], tmp_path)[ids[1]]["_master"] == ids[0]

    def test_stop_sends_nothing_more(self, merging):
        """When asked to stop, requests not yet sent are not answered."""
        ids = people(merging, 2)
        assert merge(merging, (ids[0], ids[1:], {}), stop=lambda: True) == []


def people(merging: Merging, count: int) -> list[str]:
    return merging.seed("Contact", [{"LastName": f"P{n}", "Email": f"p{n}@mail.example"} for n in range(count)])


def merge(merging: Merging, *items: Any, journal: Any = None, stop: Callable[[], bool] = lambda: False) -> list[Any]:
    requests = [
        MergeRequest(f"k{n}", master, tuple(losers), values) for n, (master, losers, values) in enumerate(items)
    ]
    chunks = merging.endpoint.merge("Contact", requests, journal or RecordingJournal(), Silent(), stop)
    found = {item.key: item for chunk in chunks for item in chunk}
    return [found[request.key] for request in requests if request.key in found]


def read(merging: Merging, name: str, fields: Sequence[str], into: Path) -> dict[str, dict[str, Any]]:
    folder = into / name
    folder.mkdir()
    parts = merging.endpoint.extract(name, fields, folder, Selection(), Silent()).parts
    return {row["_id"]: row for part in parts for row in pq.read_table(part).to_pylist()}
