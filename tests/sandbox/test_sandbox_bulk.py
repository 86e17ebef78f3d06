"""Bulk API 2.0 in the sandbox: states, results, refusals, and jobs that outlive a restart."""

import csv
import io
import json
import subprocess
import sys
import threading
import time

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kevasync.sandbox.bulk_csv import CsvError, RowWriter, page_of, read_rows, slices
from kevasync.sandbox.server import Sandbox


class Client:
    """Just enough of a Bulk API 2.0 client to look at every answer."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {sandbox.info['access_token']}"

    def call(self, method, path, **options):
        url = f"{self.sandbox.info['instance_url']}/services/data/v68.0/jobs/{path}"
        return self.session.request(method, url, timeout=30, **options)

    def create(self, **job):
        answer = self.call("POST", "ingest", json={"object": "Contact", "operation": "insert", **job})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def upload(self, job, text):
        data = text if isinstance(text, bytes) else text.encode()
        url = f"{self.sandbox.info['instance_url']}/{job['contentUrl']}"
        return self.session.put(url, data=data, headers={"Content-Type": "text/csv"}, timeout=30)

    def finish(self, job_id, kind="ingest"):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            status = self.call("GET", f"{kind}/{job_id}").json()
            if status["state"] in {"JobComplete", "Failed", "Aborted"}:
                return status
            time.sleep(0.02)
        raise TimeoutError

    def run(self, text, **job):
        made = self.create(**job)
        assert self.upload(made, text).status_code == 201
        assert self.call("PATCH", f"ingest/{made['id']}", json={"state": "UploadComplete"}).status_code == 200
        return self.finish(made["id"])

    def rows(self, path, **params):
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


@pytest.fixture(scope="module")
def running():
    with Sandbox.start(http=True) as sandbox:
        yield sandbox


@pytest.fixture
def client(running):
    made = Client(running)
    yield made
    made.session.close()


def test_insert_upsert_update_delete(client):
    """The four operations, with created flags, ids, errors by row, `#N/A` clearing and empty leaving alone."""
    head = "LastName,Title,Phone,Keva_Id__c\n"
    done = client.run(f'{head}"Lee, Ann",CTO,+1 555,k1\n,CTO,,k2\nRoe,"two\nlines",,k3\n')
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("JobComplete", 3, 1)
    good = client.rows(f"ingest/{done['id']}/successfulResults")
    assert [(row["sf__Created"], row["LastName"], row["Title"]) for row in good] == [
        ("true", "Lee, Ann", "CTO"),
        ("true", "Roe", "two\nlines"),
    ]
    (bad,) = client.rows(f"ingest/{done['id']}/failedResults/")
    assert bad["sf__Error"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"
    again = client.run(f"{head}Lee,#N/A,,k1\nNew,,,k4\n", operation="upsert", externalIdFieldName="Keva_Id__c")
    results = client.rows(f"ingest/{again['id']}/successfulResults")
    assert [row["sf__Created"] for row in results] == ["false", "true"]
    lee = results[0]["sf__Id"]
    assert lee == good[0]["sf__Id"]
    stored = client.sandbox.org.get("Contact", lee)
    assert (stored["LastName"], stored["Title"], stored["Phone"]) == ("Lee", None, "+1 555")
    changed = client.run(f"Id,Title\n{lee},CEO\n003000000000000AAA,x\n,x\n", operation="update")
    assert changed["numberRecordsFailed"] == 2
    errors = client.rows(f"ingest/{changed['id']}/failedResults")
    assert [row["sf__Id"] for row in errors] == ["003000000000000AAA", ""]
    gone = client.run(f"Id\n{lee[:15]}\n", operation="delete")
    assert client.rows(f"ingest/{gone['id']}/successfulResults") == [
        {"sf__Id": lee, "sf__Created": "false", "Id": lee[:15]}
    ]


def test_parent_by_external_id(client):
    """A column such as ReportsTo.Keva_Id__c links the parent, `#N/A` unlinks; an unknown parent fails its row only."""
    org = client.sandbox.org
    boss = org.create_many("Contact", [{"LastName": "Boss", "Keva_Id__c": "boss"}])[0].id
    done = client.run("LastName,Keva_Id__c,ReportsTo.Keva_Id__c\nKid,kid,boss\nOrphan,orphan,nobody\n")
    assert done["numberRecordsFailed"] == 1
    (row,) = client.rows(f"ingest/{done['id']}/successfulResults")
    assert org.get("Contact", row["sf__Id"])["ReportsToId"] == boss
    assert (
        client.run(f"Id,ReportsTo.Keva_Id__c\n{row['sf__Id']},#N/A\n", operation="update")["numberRecordsFailed"] == 0
    )
    assert org.get("Contact", row["sf__Id"])["ReportsToId"] is None


@pytest.mark.parametrize(
    ("text", "job", "message"),
    [
        (
            "LastName\r\nLee\r\n",
            {},
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        ("LastName\nLee\n", {"lineEnding": "CRLF"}, "ClientInputError : LineEnding is invalid on user data."),
        ("LastName,Nope,Nada\nLee,x,y\n", {}, "InvalidBatch : Field name not found : Nope"),
        ("\ufeffLastName\nLee\n", {}, "InvalidBatch : Field name not found : \ufeffLastName"),
        ("LastName,Title\nLee,x\n", {"columnDelimiter": "TAB"}, "InvalidBatch : Field name not found : LastName,Title"),
        ("LastName,Title\nLee\n", {}, "ClientInputError : CSV parse error. Row ending at line 2 has 1 columns"),
        ('LastName\n"Lee\n', {}, "ClientInputError : CSV parse error near line 2. unexpected end of data"),
        (b"LastName\n\xff\xfe\n", {}, "ClientInputError : The data is not valid UTF-8"),
        ("Title\nx\n", {"operation": "update"}, "InvalidBatch : Field name not found : Id"),
        (
            "LastName,Phone\nLee,1\n",
            {"operation": "upsert", "externalIdFieldName": "Phone"},
            "InvalidBatch : Field name provided, Phone does not match an External ID, Salesforce Id, or indexed field",
        ),
    ],
)
def test_a_bad_file_fails_the_job_and_writes_nothing(client, text, job, message):
    """What is wrong with the whole file fails the job with Salesforce's words, before any row is written."""
    before = client.sandbox.org.query("SELECT COUNT() FROM Contact").total
    done = client.run(text, **job)
    assert (done["state"], done["numberRecordsProcessed"]) == ("Failed", 0)
    assert done["errorMessage"].startswith(message)
    assert client.sandbox.org.query("SELECT COUNT() FROM Contact").total == before


def test_crlf_job_keeps_lone_line_feeds_inside_quotes(client):
    """In a CRLF job a value keeps its own line breaks, of both kinds."""
    done = client.run('LastName,Description\r\nLee,"a\nb\r\nc"\r\n', lineEnding="CRLF")
    assert done["state"] == "JobComplete", done
    (row,) = client.rows(f"ingest/{done['id']}/successfulResults")
    assert row["Description"] == "a\nb\r\nc"


def test_states_and_refusals(client):
    """One PUT only, no closing twice, no deleting of an open job, no abort after the end; unknown jobs are 404."""
    job = client.create()
    assert client.call("DELETE", f"ingest/{job['id']}").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert client.upload(job, "LastName\nLee\n").status_code == 201
    assert "Found multiple contents for job" in client.upload(job, "LastName\nLee\n").json()[0]["message"]
    assert client.call("PATCH", f"ingest/{job['id']}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    again = client.call("PATCH", f"ingest/{job['id']}", json={"state": "UploadComplete"})
    assert (again.status_code, again.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    assert client.rows(f"ingest/{job['id']}/unprocessedrecords") == [{"LastName": "Lee"}]
    assert client.call("DELETE", f"ingest/{job['id'][:15]}").status_code == 204
    assert client.call("GET", f"ingest/{job['id']}").status_code == 404
    for asked, text in [
        ({"object": "Nope", "operation": "insert"}, "Unable to find object: Nope"),
        ({"object": "Contact", "operation": "upsert"}, "External ID was blank for Contact"),
        ({"object": "Contact", "operation": "fold"}, "Unsupported operation"),
        ({"object": "Contact", "operation": "insert", "lineEnding": "CR"}, "Invalid lineEnding"),
    ]:
        answer = client.call("POST", "ingest", json=asked)
        assert answer.status_code == 400
        assert text in answer.json()[0]["message"]
    listed = client.call("GET", "ingest").json()
    assert listed["done"] is True
    assert client.call("GET", "ingest", headers={"Authorization": "Bearer no"}).status_code == 401


def test_multipart_job(client):
    """Job and data in one request are worked off at once."""
    parts = {
        "job": (None, '{"object":"Contact","operation":"insert"}', "application/json"),
        "content": ("content", "LastName\nMulti\n", "text/csv"),
    }
    made = client.call("POST", "ingest", files=parts)
    assert made.json()["state"] == "UploadComplete"
    assert client.finish(made.json()["id"])["numberRecordsProcessed"] == 1


def test_query_in_pages(client):
    """A query pages with a locator and ends with the word null; deleted rows come on ask."""
    org = client.sandbox.org
    org.create_many("Lead", [{"LastName": f"L{n}", "Company": 'a "b"\nc'} for n in range(25)])
    org.delete_many("Lead", [row["Id"] for row in org.query("SELECT Id FROM Lead LIMIT 5").rows()])
    ask = {"operation": "query", "query": "SELECT Id, LastName, Company FROM Lead ORDER BY LastName"}
    job = client.call("POST", "query", json=ask).json()
    assert client.finish(job["id"], "query")["numberRecordsProcessed"] == 20
    seen, params = [], {"maxRecords": 8}
    while params.get("locator") != "null":
        page = client.call("GET", f"query/{job['id']}/results", params=params)
        seen += [row["LastName"] for row in csv.DictReader(io.StringIO(page.text, newline=""))]
        params["locator"] = page.headers["Sforce-Locator"]
    assert len(seen) == 20
    assert seen == sorted(seen)
    everything = client.call("POST", "query", json={**ask, "operation": "queryAll"}).json()
    assert client.finish(everything["id"], "query")["numberRecordsProcessed"] == 25
    bad = client.call("POST", "query", json={"operation": "query", "query": "SELECT Nope FROM Lead"})
    assert (bad.status_code, bad.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    assert client.call("DELETE", f"query/{job['id']}").status_code == 204


def test_locks_hit_rows_of_a_job(client):
    """Row locks fail single rows of a job and leave the others."""
    client.sandbox.faults.add("row-lock:after=1,times=2")
    try:
        done = client.run("LastName\n" + "x\n" * 10)
    finally:
        client.sandbox.faults.clear()
    errors = client.rows(f"ingest/{done['id']}/failedResults")
    assert [row["sf__Error"].split(":")[0] for row in errors] == ["UNABLE_TO_LOCK_ROW"] * 2


def test_an_interrupted_job_goes_on_after_a_restart(tmp_path):
    """A sandbox stopped between two batches finishes the job at its next start, each row once."""
    rows, threads = 25_000, set(threading.enumerate())
    with Sandbox.start(tmp_path, http=True) as sandbox:
        client = Client(sandbox)
        sandbox.bulk.pause.clear()
        made = client.create()
        client.upload(made, "LastName\n" + "".join(f"N{n}\n" for n in range(rows)))
        client.call("PATCH", f"ingest/{made['id']}", json={"state": "UploadComplete"})
        sandbox.bulk.pause.set()
        deadline = time.monotonic() + 30
        while not client.call("GET", f"ingest/{made['id']}").json()["numberRecordsProcessed"]:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        client.session.close()
    with Sandbox.start(tmp_path, http=True) as sandbox:
        client = Client(sandbox)
        done = client.finish(made["id"])
        assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", rows)
        found = client.rows(f"ingest/{made['id']}/successfulResults")
        assert [row["LastName"] for row in found] == [f"N{n}" for n in range(rows)]
        assert sandbox.org.query("SELECT COUNT() FROM Contact").total == rows
        client.session.close()
    assert set(threading.enumerate()) <= threads


START = """
import pathlib, sys, threading
from kevasync.sandbox.server import Sandbox
folder = pathlib.Path(sys.argv[1])
with Sandbox.start(folder, http=True) as sandbox:
    sandbox.write_info(folder / "info.json")
    print("ready", flush=True)
    threading.Event().wait()
"""


class Told:
    """A sandbox in another process, known by its info file."""

    def __init__(self, folder):
        self.info = json.loads((folder / "info.json").read_text("utf-8"))


@pytest.mark.parametrize("delay", [0.3, 0.9])
def test_a_killed_sandbox_repeats_and_loses_nothing(tmp_path, delay):
    """Killed in the middle of a job it finishes it after the restart: every row has one record and one result."""
    rows = 40_000
    with subprocess.Popen([sys.executable, "-c", START, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        client = Client(Told(tmp_path))
        made = client.create()
        client.upload(made, "LastName\n" + "".join(f"N{n}\n" for n in range(rows)))
        client.call("PATCH", f"ingest/{made['id']}", json={"state": "UploadComplete"})
        time.sleep(delay)
        process.kill()
        client.session.close()
    with Sandbox.start(tmp_path, http=True) as sandbox:
        client = Client(sandbox)
        assert client.finish(made["id"])["numberRecordsProcessed"] == rows
        found = client.rows(f"ingest/{made['id']}/successfulResults")
        client.session.close()
        assert [row["LastName"] for row in found] == [f"N{n}" for n in range(rows)]
        stored = {row["Id"]: row["LastName"] for row in sandbox.org.query("SELECT Id, LastName FROM Contact").rows()}
        assert stored == {row["sf__Id"]: row["LastName"] for row in found}


cells = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=2, max_size=2)


@given(
    st.lists(cells, min_size=1, max_size=12), st.sampled_from(["LF", "CRLF"]), st.sampled_from(["COMMA", "TAB", "PIPE"])
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_csv_round_trip_and_slices(tmp_path, rows, ending, delimiter):
    """What is written is read back cell by cell, and any page of an indexed file is exactly its rows."""
    path = tmp_path / "x.csv"
    with RowWriter(path, delimiter, ending, index=True) as writer:
        for row in (["a", "b"], *rows):
            writer.row(row)
    assert list(read_rows(path, delimiter, ending)) == [["a", "b"], *rows]
    for first in range(len(rows) + 1):
        header, span, found, total = page_of(path, first, 2)
        page = tmp_path / "page.csv"
        page.write_bytes(b"".join(slices(path, header, span)))
        assert (found, total) == (len(rows[first : first + 2]), len(rows))
        assert list(read_rows(page, delimiter, ending)) == [["a", "b"], *rows[first : first + 2]]


def test_a_bare_carriage_return_is_refused(tmp_path):
    """A carriage return alone, outside quotes, is no line ending."""
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\nc\rd,e\n")
    with pytest.raises(CsvError):
        list(read_rows(path, "COMMA", "LF"))
