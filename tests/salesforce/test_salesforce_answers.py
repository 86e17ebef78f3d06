"""Answers no documentation promises: a proxy's page, a cut body, too few rows. Served by a small real server."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import PACE, QUICK, Notebook, batch_of, send

from kevasync.endpoint import Selection, Silent, WriteOutcome
from kevasync.errors import KevasyncError, RunError
from kevasync.salesforce.endpoint import SalesforceEndpoint
from kevasync.salesforce.oauth import SalesforceCredentials
from kevasync.salesforce.session import open_session

DESCRIBE = {
    "name": "Contact",
    "keyPrefix": "003",
    "fields": [
        {"name": "Id", "type": "id"},
        {"name": "LastName", "type": "string", "createable": True, "updateable": True},
        {"name": "SystemModstamp", "type": "datetime"},
    ],
}
PAGE = (200, b"<html><body>Please sign in to the company network</body></html>")


@pytest.fixture
def scripted():
    """(endpoint, script, seen): the server answers `script` in turn, and writes down what it was asked."""
    script, seen = [], []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append(f"{self.command} {self.path.partition('v68.0/')[2].partition('?')[0]}")
            if self.path.endswith("/describe"):
                status, body, headers = 200, DESCRIBE, {}
            else:
                status, body, *rest = script.pop(0)
                headers = rest[0] if rest else {}
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(raw)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)
            self.close_connection = headers.get("Content-Length", "") != ""

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 the base class calls them so

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    credentials = SalesforceCredentials(f"http://127.0.0.1:{server.server_port}", access_token="t")
    with open_session(credentials, retries=QUICK) as session:
        yield SalesforceEndpoint(session, pace=PACE), script, seen
    server.shutdown()
    thread.join()
    server.server_close()


def extract(endpoint, folder, selection=None):
    return endpoint.extract("Contact", ["LastName"], folder, selection or Selection(), Silent())


@pytest.mark.parametrize(
    "answers",
    [
        [PAGE],
        [(200, {})],
        [(200, [])],
        [(200, b"")],
        [(200, {"totalSize": 1, "done": True, "records": []}), (200, {"totalSize": 1, "done": True, "records": []})],
        [(200, {"totalSize": 1, "done": False, "records": [{}], "nextRecordsUrl": "https://elsewhere.example/"})] * 2,
    ],
)
def test_what_is_no_page_of_records_is_an_error_not_an_empty_side(scripted, tmp_path, answers):
    """A sign-in page, an empty body, fewer rows than announced, a link elsewhere: nothing of it becomes a snapshot."""
    endpoint, script, _ = scripted
    script += answers
    with pytest.raises(RunError) as caught:
        extract(endpoint, tmp_path)
    assert caught.value.code == "salesforce-answer-incomplete"


def test_a_count_that_takes_too_long_goes_in_bulk(scripted, tmp_path):
    """In the largest orgs even counting times out; the extraction then is a bulk query, read to its last page."""
    endpoint, script, seen = scripted
    job = {"id": "750x", "state": "JobComplete"}
    page = b'"Id","LastName","SystemModstamp"\n"003A","a\r\nb","2026-11-02T10:00:00.000Z"\n'
    last = {"Sforce-NumberOfRecords": "1", "Sforce-Locator": "null"}
    script += [
        (400, [{"errorCode": "QUERY_TIMEOUT", "message": "Your query request was running for too long."}]),
        (200, job),
        (200, page, {"Sforce-NumberOfRecords": "1", "Sforce-Locator": "MTA"}),
        (200, page[:40], {**last, "Content-Length": str(len(page))}),
        (200, page.replace(b"003A", b"003B"), last),
        (204, b""),
    ]
    extracted = extract(endpoint, tmp_path)
    assert extracted.rows == 2
    assert seen[2:] == ["POST jobs/query", *["GET jobs/query/750x/results"] * 3, "DELETE jobs/query/750x"]


@pytest.mark.parametrize("answer", [PAGE, (200, []), (200, {"ok": 1}), (502, b"<h1>Bad gateway</h1>"), (500, b"")])
def test_a_write_without_a_readable_answer_is_unknown(scripted, tmp_path, answer):
    """An insert answered by something else may have happened: neither applied nor failed, and not sent again."""
    endpoint, script, seen = scripted
    script += [answer, (200, [{"id": "003B", "success": True, "errors": []}])]
    batch = batch_of(tmp_path, [{"_key": "a", "LastName": "x"}], ["LastName"], create=True)
    assert send(endpoint, batch)["a"].outcome is WriteOutcome.UNKNOWN
    assert seen.count("POST composite/sobjects") == 1


def test_one_record_that_cannot_be_parsed_does_not_fail_the_call(scripted, tmp_path):
    """The call is halved until the culprit stands alone."""
    endpoint, script, _ = scripted
    refused = (400, [{"errorCode": "JSON_PARSER_ERROR", "message": "Cannot deserialize"}])
    good = {"id": "003B", "success": True, "errors": []}
    script += [refused, (200, [good, good]), refused, refused, (200, [good])]
    rows = [{"_key": key, "_id": f"003{key}", "LastName": key} for key in "abcd"]
    results = send(endpoint, batch_of(tmp_path, rows, ["LastName"]))
    assert [results[key].outcome.value for key in "abcd"] == ["applied", "applied", "failed", "applied"]


def test_a_bulk_job_with_odd_answers_ends_as_our_error(scripted, tmp_path):
    """No answer of a job leads to a traceback."""
    endpoint, script, _ = scripted
    script += [(200, {"state": "Open"})]
    bulk = SalesforceEndpoint(endpoint.session, pace=PACE, rest_threshold=0)
    journal = Notebook()
    with pytest.raises(KevasyncError) as caught:
        send(bulk, batch_of(tmp_path, [{"_key": "a", "LastName": "x"}], ["LastName"], create=True), journal)
    assert caught.value.code == "salesforce-answer-incomplete"
    assert not journal.open_jobs()
    assert [path.suffix for path in tmp_path.iterdir()] == [".parquet"]


def test_a_folder_that_cannot_be_written_is_a_clear_error(scripted, tmp_path):
    """A full disk, a read-only or missing folder: one error with its next step."""
    endpoint, script, _ = scripted
    script += [(200, {"totalSize": 0, "done": True, "records": []})] * 2
    with pytest.raises(RunError) as caught:
        extract(endpoint, tmp_path / "missing")
    assert caught.value.code == "salesforce-working-file"
