"""The sandbox over plain HTTP in a thread, sessions with short pauses, and a journal that keeps what it is told."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kevasync.endpoint import JobNote, Selection, WriteBatch
from kevasync.salesforce.endpoint import SalesforceEndpoint
from kevasync.salesforce.jobs import Pace
from kevasync.salesforce.oauth import SalesforceCredentials
from kevasync.salesforce.session import Retries, open_session

sys.path.append(str(Path(__file__).parent.parent / "conformance"))

QUICK = Retries(attempts=4, base=0.01, cap=0.02, timeout=(5.0, 20.0))
PACE = Pace(first=0.02, factor=1.2, most=0.1)


@dataclass
class Counting:
    """A Progress that adds up."""

    rows: int = 0
    calls: int = 0
    steps: list[str] = field(default_factory=list)

    def start(self, what, total):  # noqa: ARG002 the protocol's name
        self.steps.append(what)

    def advance(self, rows, *, api_calls=0):
        self.rows += rows
        self.calls += api_calls

    def done(self):
        self.steps.append("done")


@dataclass
class Notebook:
    """A Journal; `moments` is the order of events, `die_at` raises at one of them, as a kill would end the process."""

    sent: list[str] = field(default_factory=list)
    jobs: dict[str, JobNote] = field(default_factory=dict)
    moments: list[str] = field(default_factory=list)
    die_at: str = ""

    def sending(self, keys: Sequence[str]) -> None:
        self.sent += keys
        self._moment("sending")

    def job(self, note: JobNote) -> None:
        self.jobs[note.key] = note
        self._moment(note.state)

    def open_jobs(self) -> Sequence[JobNote]:
        return [note for note in self.jobs.values() if note.state not in {"collected", "aborted"}]

    def _moment(self, name: str) -> None:
        self.moments.append(name)
        if name == self.die_at:
            self.die_at = ""
            raise KeyboardInterrupt(name)


def never() -> bool:
    return False


def credentials_of(sandbox, **changes) -> SalesforceCredentials:
    names = ("instance_url", "login_url", "access_token")
    return SalesforceCredentials(**{name: sandbox.info[name] for name in names} | changes)


def batch_of(folder: Path, rows, fields, *, create=False, external_id=None, delete=False) -> WriteBatch:
    """A batch file of rows given as dicts with _key, _id, _keva_id, _clear and field values."""
    table = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in ("_key", "_keva_id", "_id")}
    if not delete:
        table["_clear"] = pa.array([row.get("_clear") or [] for row in rows], pa.list_(pa.string()))
        table |= {name: pa.array([row.get(name) for row in rows], pa.string()) for name in fields}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"batch-{len(list(folder.iterdir()))}.parquet"
    pq.write_table(pa.table(table), path)
    return WriteBatch("Contact", path, len(rows), tuple(fields), create, external_id, delete)


def send(endpoint, batch, journal=None, *, progress=None, stop=never):
    """Results by key; each key is answered once."""
    return take(endpoint.write(batch, journal or Notebook(), progress or Counting(), stop), {})


def take(chunks, results):
    """Put results as they come into the dict, by key; each key is answered once."""
    for chunk in chunks:
        for result in chunk:
            assert result.key not in results
            results[result.key] = result
    return results


def read(endpoint, into: Path, fields, selection=None, name="Contact"):
    """(rows by id, what extract said)."""
    folder = into / f"read-{len(list(into.iterdir()))}"
    folder.mkdir()
    extracted = endpoint.extract(name, fields, folder, selection or Selection(), Counting())
    rows = [row for part in extracted.parts for row in pq.read_table(part).to_pylist()]
    assert extracted.rows == len(rows) == len({row["_id"] for row in rows})
    return {row["_id"]: row for row in rows}, extracted


def seed(sandbox, rows, name="Contact") -> list[str]:
    """Create records behind the client's back."""
    results = sandbox.org.create_many(name, rows)
    assert not [result.errors for result in results if result.errors]
    return [result.id for result in results]


def people(count, **more):
    return [{"LastName": f"Person {n}", "Email": f"p{n}@example.com", **more} for n in range(count)]


@pytest.fixture
def sandbox():
    server = pytest.importorskip("kevasync.sandbox.server")
    with server.Sandbox.start(http=True) as running:
        yield running


@pytest.fixture
def session(sandbox):
    with open_session(credentials_of(sandbox), retries=QUICK) as opened:
        yield opened


@pytest.fixture
def by_calls(session):
    return SalesforceEndpoint(session, pace=PACE)


@pytest.fixture
def by_jobs(session):
    return SalesforceEndpoint(session, pace=PACE, rest_threshold=0)
