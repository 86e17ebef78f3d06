"""What every side must do: a class to inherit, with one fixture to override (`subject`).

    from endpoint_suite import EndpointTests, Subject


    class TestMine(EndpointTests):
        @pytest.fixture
        def subject(self):
            yield Subject(...)

A promise that a side cannot be put to (`lose_answers=None` and the like) is skipped with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kevasync.endpoint import (
    Endpoint,
    JobNote,
    Selection,
    Silent,
    WriteBatch,
    WriteOutcome,
    WriteResult,
)

Values = Mapping[str, str | None]
TRICKY = "Zoë “Ünal”, 株式会社 🦀\nline two; =1+1, #N/A inside"


@dataclass(slots=True)
class RecordingJournal:
    """A journal that keeps all it is told; `moments` is the order of events."""

    sent: list[str] = field(default_factory=list)
    jobs: dict[str, JobNote] = field(default_factory=dict)
    moments: list[str] = field(default_factory=list)

    def sending(self, keys: Sequence[str]) -> None:
        self.sent.extend(keys)
        self.moments.append("sending")

    def job(self, note: JobNote) -> None:
        self.jobs[note.key] = note
        self.moments.append(f"job {note.state}")

    def open_jobs(self) -> Sequence[JobNote]:
        return [note for note in self.jobs.values() if note.state not in {"collected", "aborted"}]


@dataclass(slots=True)
class Subject:
    """One side to test, with the names to speak of and the back doors to look through.

    `required` and `text` are field names, `email` too; `seed` creates records behind the endpoint's back and returns
    their ids; `peek` reads one (None: gone). `bad` is a value of `text` that the side refuses in a row of its own.
    `lose_answers(n)` makes the next n answers get lost after the rows were written. `restart` returns a new endpoint
    over the same far side, as after a kill.
    """

    endpoint: Endpoint
    object: str
    required: str
    text: str
    email: str
    seed: Callable[[Sequence[Values]], list[str]]
    peek: Callable[[str], Values | None]
    touch: Callable[[str, Values], object]
    external_id: str | None = None
    bad: str | None = None
    lose_answers: Callable[[int], object] | None = None
    seed_absent: Callable[[Values, Sequence[str]], str] | None = None
    restart: Callable[[], Endpoint] | None = None
    deletes: bool = True
    creates: bool = True


class EndpointTests:
    """The promises of `kevasync.endpoint.Endpoint`, one test each."""

    @pytest.fixture
    def subject(self) -> Subject:
        raise NotImplementedError("override this fixture")

    # -- reading -------------------------------------------------------------------------------------------------

    def test_describe_finds_fields_whatever_their_case(self, subject):
        """Describe names the object's fields and a look-up ignores case."""
        schema = subject.endpoint.describe(subject.object)
        assert schema.side is subject.endpoint.side
        for name in (subject.required, subject.text, subject.email):
            assert schema.find(name.upper()) is not None

    def test_extract_reads_all_records_with_their_ids(self, subject, tmp_path):
        """An extract of everything holds every record once, with the snapshot's own columns."""
        ids = subject.seed([row(subject, number) for number in range(5)])
        rows, extracted = read(subject, tmp_path, Selection())
        assert set(ids) <= set(rows)
        assert extracted.rows == len(rows)
        for name in ("_id", "_modified", "_deleted", "_master", "_absent", subject.text):
            assert name in rows[ids[0]]
        assert rows[ids[3]][subject.text] == "text 3"
        assert not rows[ids[3]]["_deleted"]

    def test_extract_of_ids_reads_those_only(self, subject, tmp_path):
        """A selection of ids reads these records and no other; an id that does not exist is simply not there."""
        ids = subject.seed([row(subject, number) for number in range(4)])
        rows, _ = read(subject, tmp_path, Selection(ids=(ids[1], ids[2])))
        assert set(rows) == {ids[1], ids[2]}

    def test_extract_of_no_ids_reads_nothing(self, subject, tmp_path):
        """An empty set of ids is not the same as no condition."""
        subject.seed([row(subject, 1)])
        rows, extracted = read(subject, tmp_path, Selection(ids=()))
        assert (rows, extracted.rows) == ({}, 0)

    def test_extract_since_the_watermark_holds_what_moved_after_it(self, subject, tmp_path):
        """Nothing that was edited after an extract is missed by the next one from its watermark."""
        ids = subject.seed([row(subject, number) for number in range(3)])
        _, first = read(subject, tmp_path, Selection())
        subject.touch(ids[1], {subject.text: "edited since"})
        rows, _ = read(subject, tmp_path, Selection(since=first.watermark))
        assert rows[ids[1]][subject.text] == "edited since"

    def test_extract_matches_a_field_whatever_its_case(self, subject, tmp_path):
        """A match on e-mail finds all records with one of the addresses, in any case."""
        ids = subject.seed([row(subject, number) for number in range(4)])
        wanted = (row(subject, 1)[subject.email].upper(), row(subject, 2)[subject.email])
        rows, _ = read(subject, tmp_path, Selection(match=(subject.email, wanted)))
        assert set(rows) == {ids[1], ids[2]}

    def test_extract_keeps_null_and_text_as_they_are(self, subject, tmp_path):
        """Null stays null; letters of any script, quotes, commas and line breaks arrive unchanged."""
        plain, tricky = subject.seed(
            [row(subject, 1) | {subject.text: None}, row(subject, 2) | {subject.required: TRICKY.replace("\n", " ")}]
        )
        rows, _ = read(subject, tmp_path, Selection(ids=(plain, tricky)))
        assert rows[plain][subject.text] is None
        assert rows[tricky][subject.required] == TRICKY.replace("\n", " ")

    def test_extract_tells_a_field_not_said_from_null(self, subject, tmp_path):
        """A field the record did not speak of is listed in `_absent`; an explicit null is not."""
        if subject.seed_absent is None:
            pytest.skip("every record of this side says all its fields")
        identity = subject.seed_absent(row(subject, 1), [subject.text])
        other = subject.seed([row(subject, 2) | {subject.text: None}])[0]
        rows, _ = read(subject, tmp_path, Selection())
        assert subject.text in rows[identity]["_absent"]
        assert subject.text not in (rows[other]["_absent"] or [])

    def test_extract_reports_a_field_the_side_lacks(self, subject, tmp_path):
        """A field that does not exist is `missing`, and the rest is read."""
        subject.seed([row(subject, 1)])
        fields = [subject.text, "NoSuchField__c"]
        extracted = subject.endpoint.extract(subject.object, fields, tmp_path, Selection(), Silent())
        assert extracted.missing == ("NoSuchField__c",)
        assert subject.text in extracted.columns

    # -- writing -------------------------------------------------------------------------------------------------

    def test_update_writes_the_given_fields_and_leaves_the_others(self, subject, tmp_path):
        """Null in a batch means leave alone; what is given arrives exactly."""
        ids = subject.seed([row(subject, number) for number in range(2)])
        results = write(subject, tmp_path, [change(ids[0], **{subject.text: "neu, “ß” 🦀"}), change(ids[1])])
        assert {result.outcome for result in results.values()} == {WriteOutcome.APPLIED}
        assert subject.peek(ids[0])[subject.text] == "neu, “ß” 🦀"
        assert subject.peek(ids[0])[subject.email] == row(subject, 0)[subject.email]
        assert subject.peek(ids[1])[subject.text] == "text 1"

    def test_clear_sets_a_field_to_null(self, subject, tmp_path):
        """A field named in `_clear` is null afterwards."""
        identity = subject.seed([row(subject, 1)])[0]
        results = write(subject, tmp_path, [change(identity, clear=[subject.text])])
        assert results[identity].outcome is WriteOutcome.APPLIED
        assert subject.peek(identity)[subject.text] is None

    @pytest.mark.parametrize("with_external_id", [True, False])
    def test_create_makes_the_record_and_returns_its_id(self, subject, tmp_path, with_external_id):
        """A create answers with the new id, and the record holds what was given."""
        skip_unless_creates(subject, with_external_id=with_external_id)
        rows = [new(subject, number) for number in range(3)]
        results = write(subject, tmp_path, rows, create=True, external_id=with_external_id)
        assert len({result.id for result in results.values()}) == 3
        for entry in rows:
            result = results[entry["_key"]]
            assert result.created
            held = subject.peek(result.id)
            assert held[subject.text] == entry[subject.text]
            if with_external_id and subject.external_id:
                assert held[subject.external_id] == entry["_keva_id"]

    def test_a_create_with_external_id_may_be_repeated(self, subject, tmp_path):
        """Sent twice with an external id, a create makes one record and the second answer is not `created`."""
        skip_unless_creates(subject, with_external_id=True)
        first = write(subject, tmp_path, [new(subject, 1)], create=True, external_id=True)
        again = write(subject, tmp_path, [new(subject, 1)], create=True, external_id=True)
        (one,), (two,) = first.values(), again.values()
        assert (one.id, two.created) == (two.id, False)

    def test_a_failing_row_does_not_stop_the_others(self, subject, tmp_path):
        """One refused row is FAILED with the side's code and text; its neighbours are written."""
        if subject.bad is None:
            pytest.skip("this side refuses nothing")
        ids = subject.seed([row(subject, number) for number in range(3)])
        texts = ("one", subject.bad, "three")
        batch = [change(identity, **{subject.text: text}) for identity, text in zip(ids, texts, strict=True)]
        results = write(subject, tmp_path, batch)
        assert [results[identity].outcome.value for identity in ids] == ["applied", "failed", "applied"]
        failure = results[ids[1]].failure
        assert failure is not None
        assert failure.code
        assert failure.message
        assert subject.peek(ids[1])[subject.text] == "text 1"
        assert subject.peek(ids[2])[subject.text] == "three"

    def test_an_update_of_a_record_that_is_gone_fails(self, subject, tmp_path):
        """A deleted or unknown id fails its row only, and nothing is created."""
        if not subject.deletes:
            pytest.skip("nothing is ever deleted here")
        gone, there = subject.seed([row(subject, 1), row(subject, 2)])
        write(subject, tmp_path, [change(gone)], delete=True)
        results = write(subject, tmp_path, [change(gone, **{subject.text: "x"}), change(there, **{subject.text: "y"})])
        assert results[gone].outcome is WriteOutcome.FAILED
        assert results[there].outcome is WriteOutcome.APPLIED

    def test_delete_removes_the_record_and_may_be_repeated(self, subject, tmp_path):
        """A deleted record is gone, and deleting it again is no failure; a side that cannot delete says so by row."""
        identity = subject.seed([row(subject, 1)])[0]
        for _ in range(2):
            result = write(subject, tmp_path, [change(identity)], delete=True)[identity]
            if not subject.deletes:
                assert result.outcome is WriteOutcome.FAILED
                assert result.failure.code == "delete-unsupported"
                assert subject.peek(identity) is not None
                return
            assert result.outcome is WriteOutcome.APPLIED
        assert subject.peek(identity) is None
        rows, _ = read(subject, tmp_path, Selection(ids=(identity,)))
        assert identity not in rows or rows[identity]["_deleted"]

    def test_a_lost_answer_is_unknown_or_looked_up_never_failed(self, subject, tmp_path):
        """A row that was written but not answered is not called failed, and is not written twice."""
        if subject.lose_answers is None:
            pytest.skip("answers cannot get lost here")
        ids = subject.seed([row(subject, number) for number in range(2)])
        subject.lose_answers(1)
        results = write(subject, tmp_path, [change(identity, **{subject.text: "late"}) for identity in ids])
        outcomes = {result.outcome for result in results.values()}
        assert set(results) == set(ids)
        assert outcomes <= {WriteOutcome.APPLIED, WriteOutcome.UNKNOWN}
        assert subject.peek(ids[0])[subject.text] == "late"

    def test_the_journal_hears_before_a_row_leaves(self, subject, tmp_path):
        """Every answered key was announced by `sending`, and a job was noted before that."""
        ids = subject.seed([row(subject, number) for number in range(3)])
        journal = RecordingJournal()
        batch = [change(identity, **{subject.text: "journal"}) for identity in ids]
        for results in stream(subject, tmp_path, batch, journal):
            assert {result.key for result in results} <= set(journal.sent)
        assert sorted(journal.sent) == sorted(ids)
        if journal.jobs:
            assert journal.moments.index("job planned") < journal.moments.index("sending")
        assert not journal.open_jobs()

    def test_stop_sends_nothing_more(self, subject, tmp_path):
        """Rows not yet sent when the stop comes are neither written nor answered."""
        identity = subject.seed([row(subject, 1)])[0]
        journal = RecordingJournal()
        batch = [change(identity, **{subject.text: "too late"})]
        answered = [
            result for results in stream(subject, tmp_path, batch, journal, stop=lambda: True) for result in results
        ]
        assert (answered, journal.sent) == ([], [])
        assert subject.peek(identity)[subject.text] == "text 1"

    def test_resume_after_a_finished_write_has_nothing_to_do(self, subject, tmp_path):
        """A journal without open jobs resumes to nothing."""
        identity = subject.seed([row(subject, 1)])[0]
        journal = RecordingJournal()
        list(stream(subject, tmp_path, [change(identity, **{subject.text: "done"})], journal))
        endpoint = subject.restart() if subject.restart else subject.endpoint
        assert list(endpoint.resume(journal, Silent(), lambda: False)) == []

    def test_a_job_left_before_its_answers_is_collected_by_resume(self, subject, tmp_path):
        """Killed between a job's start and its answers, the next process gets the answers and writes nothing twice."""
        identity = subject.seed([row(subject, 1)])[0]
        journal = RecordingJournal()
        writing = stream(subject, tmp_path, [change(identity, **{subject.text: "job"})], journal)
        answers = {result.key: result for result in next(writing)}
        writing.close()
        endpoint = subject.restart() if subject.restart else subject.endpoint
        if not journal.open_jobs():
            pytest.skip("this side writes by calls, not by jobs")
        again = {
            result.key: result for results in endpoint.resume(journal, Silent(), lambda: False) for result in results
        }
        assert {key: (item.id, item.outcome) for key, item in again.items()} == {
            key: (item.id, item.outcome) for key, item in answers.items()
        }
        assert not journal.open_jobs()

    def test_estimate_grows_with_the_records(self, subject):
        """More records never cost fewer calls or minutes."""
        few, many = (subject.endpoint.estimate(subject.object, count, count) for count in (1, 50_000))
        assert few[0] <= many[0]
        assert few[1] <= many[1]
        limits = subject.endpoint.limits()
        assert limits is None or 0 <= limits.api_calls_left <= limits.api_calls_max


def skip_unless_creates(subject, *, with_external_id):
    if not subject.creates:
        pytest.skip("this side creates nothing")
    if with_external_id and not subject.external_id:
        pytest.skip("this side has no external id")


def row(subject, number):
    return {
        subject.required: f"Name {number}",
        subject.text: f"text {number}",
        subject.email: f"person.{number}@example.com",
    }


def change(identity, *, clear=(), **values):
    return {"_key": identity, "_keva_id": f"k-{identity}", "_id": identity, "_clear": list(clear), **values}


def new(subject, number):
    fresh = {name: f"new {value}" for name, value in row(subject, number).items()}
    fresh[subject.email] = f"new.person.{number}@example.com"
    return {"_key": f"key-{number}", "_keva_id": f"cust-{number}", "_id": None, "_clear": [], **fresh}


def read(subject, tmp_path, selection):
    into = tmp_path / f"read-{len(list(tmp_path.iterdir()))}"
    into.mkdir()
    fields = [subject.required, subject.text, subject.email]
    extracted = subject.endpoint.extract(subject.object, fields, into, selection, Silent())
    rows = [item for part in extracted.parts for item in pq.read_table(part).to_pylist()]
    assert len({item["_id"] for item in rows}) == len(rows)
    return {item["_id"]: item for item in rows}, extracted


def write(subject, tmp_path, rows, *, create=False, delete=False, external_id=False):
    results: dict[str, WriteResult] = {}
    journal = RecordingJournal()
    batch = {"create": create, "delete": delete, "external_id": external_id}
    for chunk in stream(subject, tmp_path, rows, journal, **batch):
        for result in chunk:
            assert result.key not in results
            results[result.key] = result
    return results


def stream(
    subject, tmp_path: Path, rows, journal, *, stop=lambda: False, create=False, delete=False, external_id=False
):
    names = [] if delete else [subject.required, subject.text, subject.email]
    columns = {name: pa.array([item.get(name) for item in rows], pa.string()) for name in ("_key", "_keva_id", "_id")}
    if not delete:
        columns["_clear"] = pa.array([item.get("_clear") or [] for item in rows], pa.list_(pa.string()))
    columns |= {name: pa.array([item.get(name) for item in rows], pa.string()) for name in names}
    path = tmp_path / f"batch-{len(list(tmp_path.iterdir()))}.parquet"
    pq.write_table(pa.table(columns), path)
    batch = WriteBatch(
        subject.object,
        path,
        len(rows),
        tuple(names),
        create,
        subject.external_id if external_id else None,
        delete,
    )
    yield from subject.endpoint.write(batch, journal, Silent(), stop)
