"""The Customers API client reads everybody once, keeps to the limit, and says what went wrong."""

from __future__ import annotations

import json
import logging
import threading
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from kevasync.errors import RunError, UsageError
from kevasync.keva.api import AnswerLostError, KevaClient, RowRefusedError

KEY = "keva_live_" + "0" * 64


@contextmanager
def serving(answer):
    """A real HTTP server whose answers `answer(method, path, query, body)` gives: (status, headers, body)."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self):
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(raw) if raw else None
            requests.append((self.command, parts.path, query, body, dict(self.headers)))
            status, headers, content = answer(self.command, parts.path, query, body)
            if status is None:
                self.connection.close()
                self.close_connection = True
                return
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response_only(status)
            headers = {"Date": self.date_time_string(), **headers}
            for name, value in headers.items():
                self.send_header(name, str(value))
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _serve  # noqa: N815 the server's own names

        def log_message(self, *_):
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def client_of(answer, **options):
    pauses = []
    with serving(answer) as (url, requests), KevaClient(url, KEY, "ws_1", sleep=pauses.append, **options) as client:
        yield client, requests, pauses


def customer(number):
    return {"id": f"c{number:04d}", "email": f"p{number}@example.com"}


class Shelf:
    """Customers that a list answer is cut from, in one of the documented shapes; `between` runs after each page."""

    def __init__(self, shape, count, cap=100, between=None):
        self.rows = [customer(number) for number in range(count)]
        self.shape, self.cap, self.between = shape, cap, between

    def __call__(self, _method, _path, query, _body):
        if self.shape in {"pages", "bare-pages"}:
            size = min(int(query.get("per_page", 20)), self.cap)
            start = (int(query.get("page", 1)) - 1) * size
        else:
            size, start = min(int(query.get("limit", 50)), self.cap), int(query.get("offset", 0))
        rows, total = self.rows[start : start + size], len(self.rows)
        page = {"page": start // size + 1, "per_page": size, "total": total, "totalPages": -(-total // size)}
        answer = {
            "named": {"customers": rows, "total": total, "limit": size, "offset": start},
            "pages": {"data": rows, "pagination": page},
            "bare": rows,
            "bare-pages": rows,
        }[self.shape]
        if self.between:
            self.between(self)
        return 200, {}, answer


@pytest.mark.parametrize("shape", ["named", "pages", "bare", "bare-pages"])
@pytest.mark.parametrize(("count", "cap"), [(0, 100), (7, 100), (100, 100), (253, 100), (130, 30)])
def test_everybody_comes_once_in_every_paging_shape(shape, count, cap):
    """Whatever the shape of a page, and if Keva gives fewer than asked for, each customer is read exactly once."""
    with client_of(Shelf(shape, count, cap)) as (client, _, _):
        read = [one["id"] for rows, _ in client.pages() for one in rows]
    assert sorted(read) == [customer(number)["id"] for number in range(count)]


@pytest.mark.parametrize("shape", ["named", "pages", "bare"])
@pytest.mark.parametrize("where", ["head", "tail"])
def test_customers_created_while_paging_are_neither_lost_nor_doubled(shape, where):
    """New customers shift the pages or stand on one already read: all are read, nobody twice."""
    made = iter(range(1000, 1005))

    def between(shelf):
        number = next(made, None)
        if number is not None:
            shelf.rows.insert(0 if where == "head" else len(shelf.rows), customer(number))

    shelf = Shelf(shape, 320, between=between)
    with client_of(shelf) as (client, _, _):
        read = [one["id"] for rows, _ in client.pages() for one in rows]
    assert len(read) == len(set(read))
    # what is created after the last page was asked for belongs to the next reading
    assert {customer(number)["id"] for number in range(320)} <= set(read)
    assert len(read) >= 323


def test_customers_that_move_between_pages_are_found_again():
    """A customer that jumps to a page already read (sorted by change, say) is found by the second look."""
    jumped = []

    def between(shelf):
        if not jumped:
            jumped.append(shelf.rows.pop(250))
            shelf.rows.insert(0, jumped[0])

    with client_of(Shelf("named", 300, between=between)) as (client, _, _):
        read = [one["id"] for rows, _ in client.pages() for one in rows]
    assert sorted(read) == [customer(number)["id"] for number in range(300)]


@pytest.mark.parametrize("shape", ["named", "bare", "pages"])
def test_customers_removed_while_paging_take_nobody_with_them(shape):
    """A removal pulls the rest forward over the edge of a page, and a new customer hides it from the count."""
    left = [5, 40, 120]

    def between(shelf):
        if left:
            shelf.rows.pop(left.pop(0))
            if shape != "pages":  # counted pages cannot overlap: there only a count that falls shows it
                shelf.rows.append(customer(1000 + len(left)))

    shelf = Shelf(shape, 430, between=between)
    with client_of(shelf) as (client, _, _):
        read = [one["id"] for rows, _ in client.pages() for one in rows]
    assert len(read) == len(set(read))
    assert {one["id"] for one in shelf.rows} <= set(read)


def test_most_customers_may_vanish_while_paging():
    """Where the next page lies behind the new end of the list, those who are left are still read."""

    def between(shelf):
        if len(shelf.rows) == 200:
            del shelf.rows[:110]

    shelf = Shelf("named", 200, between=between)
    with client_of(shelf) as (client, _, _):
        read = {one["id"] for rows, _ in client.pages() for one in rows}
    assert {one["id"] for one in shelf.rows} <= read


def test_a_count_that_cannot_be_reached_is_refused():
    """Missing customers would look deleted: better no answer than one that lacks some."""

    def answer(*_):
        return 200, {}, {"customers": [customer(1)], "total": 3}

    with client_of(answer) as (client, _, _), pytest.raises(RunError) as caught:
        list(client.pages())
    assert caught.value.code == "keva-moving"
    assert "counts 3 customers, but only 1" in caught.value.what


def test_limit_is_obeyed_by_its_own_headers(caplog):
    """When none are left, the client waits until the reset that Keva names, and tells whoever watches."""
    state = {"now": 1_000_000.0, "made": 0, "reset": 0.0}

    def answer(*_):
        if state["now"] >= state["reset"]:
            state.update(made=0, reset=state["now"] + 60)
        if state["made"] == 3:
            return 429, {"X-RateLimit-Remaining": 0, "X-RateLimit-Reset": int(state["reset"])}, {"error": "slow down"}
        state["made"] += 1
        headers = {
            "X-RateLimit-Limit": 3,
            "X-RateLimit-Remaining": 3 - state["made"],
            "X-RateLimit-Reset": int(state["reset"]),
        }
        return 200, headers, customer(1)

    def sleep(seconds):
        state["now"] += seconds

    told = []
    # the server's Date is the real one: too far off to be believed, so the test takes the skew away
    with serving(answer) as (url, requests), KevaClient(url, KEY, sleep=sleep, clock=lambda: state["now"]) as client:
        client.on_wait = told.append
        for _ in range(7):
            client._allowance.skew = 0.0
            client.get("c1")
        assert client.limits().api_calls_max == 3
    assert len(requests) == 7, "no request was refused: the client waited before"
    assert [round(seconds) for seconds in told] == [60, 0, 60, 0]


def test_a_clock_that_goes_wrong_does_not_matter():
    """The reset is Keva's time: with our clock an hour slow the wait is still the minute that is left."""

    def answer(*_):
        headers = {"X-RateLimit-Remaining": 0, "X-RateLimit-Reset": 5_040, "Date": formatdate(5_000, usegmt=True)}
        return 200, headers, customer(1)

    pauses = []
    with serving(answer) as (url, _), KevaClient(url, KEY, sleep=pauses.append, clock=lambda: 1_400.0) as client:
        client.get("c1")
        client.get("c1")
    assert pauses == [40.0]


def test_429_waits_as_told_and_gives_up_in_the_end():
    """Retry-After is obeyed; a limit that never eases ends in one error."""

    def answer(*_):
        return 429, {"Retry-After": 7}, {"error": "Rate limit exceeded"}

    with client_of(answer) as (client, requests, pauses), pytest.raises(RunError) as caught:
        client.get("c1")
    assert caught.value.code == "keva-limit"
    assert len(requests) == 8
    assert all(7 <= seconds < 8 for seconds in pauses)


@pytest.mark.parametrize("broken", [503, None])
def test_passing_failures_are_tried_again_with_jitter(broken):
    """A server error or a cut connection is tried again, a PATCH too, which may be repeated; a create is sent once."""
    left = [broken, broken]

    def answer(_method, _path, _query, body):
        return (left.pop(), {}, {"error": "down"}) if left else (200, {}, {**customer(1), **body})

    with client_of(answer) as (client, requests, pauses):
        assert client.update("c1", {"name": "n"})["name"] == "n"
        assert len(requests) == 3
        assert all(0 <= seconds <= 30 for seconds in pauses)
        left.append(broken)
        with pytest.raises(AnswerLostError):
            client.upsert({"name": "n"})
        assert len(requests) == 4


def test_a_limit_without_headers_is_waited_out():
    """A bare 429 says nothing of how long: the pauses grow past the minute in which Keva counts."""

    def answer(*_):
        return 429, {}, b""

    with client_of(answer) as (client, _, pauses), pytest.raises(RunError):
        client.upsert({"email": "a@b.example"})
    assert sum(pauses) > 60
    assert pauses == sorted(pauses) or max(pauses) <= 31


def test_an_update_without_content_is_no_error():
    """204 is an answer too: the values are written, what Keva holds is not told."""
    with client_of(lambda *_: (204, {}, b"")) as (client, _, _):
        assert client.update("c1", {"name": "n"}) is None


@pytest.mark.parametrize(
    ("status", "content", "kind", "code", "says"),
    [
        (401, {"error": "Invalid API key"}, UsageError, "keva-key", "Invalid API key"),
        (403, {"error": "Insufficient scope"}, UsageError, "keva-scope", "Insufficient scope"),
        (500, {"error": "boom"}, RunError, "keva-failed", "in 5 attempts (boom)"),
        (200, b"<html>sign in</html>", RunError, "keva-answer", "text/html"),
        (200, {"ok": True}, RunError, "keva-answer", "no customer"),
        (302, b"", RunError, "keva-answer", "elsewhere"),
        (404, b"<html>nginx</html>", UsageError, "keva-not-found", "404"),
    ],
)
def test_what_concerns_the_whole_call_is_one_error(status, content, kind, code, says):
    """Key, scope, outage, and an address that is not Keva's: each has its code and says where."""
    headers = {"Content-Type": "text/html; charset=utf-8"}
    with client_of(lambda *_: (status, headers, content)) as (client, _, _), pytest.raises(kind) as caught:
        client.get("c1")
    assert caught.value.code == code
    assert says in caught.value.what


def test_wrong_path_of_the_list_is_named():
    """A list that Keva does not find is a wrong setting, not an empty side."""
    answer = (404, {}, {"error": "Not found"})
    with (
        client_of(lambda *_: answer, customers_path="/v2/people") as (client, _, _),
        pytest.raises(UsageError) as caught,
    ):
        list(client.pages())
    assert "/v2/people" in caught.value.what


def test_a_refused_record_names_its_fields():
    """422 tells which field is wrong; 404 of a customer is None to a reader."""
    details = [{"field": "phone", "message": "is too long"}]
    answer = (422, {}, {"error": "Validation failed", "details": details})
    with client_of(lambda *_: answer) as (client, _, _), pytest.raises(RowRefusedError) as caught:
        client.update("c1", {"phone": "1" * 99})
    assert (caught.value.code, caught.value.fields) == ("keva-rejected", ("phone",))
    assert str(caught.value) == "Validation failed; phone: is too long"
    with client_of(lambda *_: (404, {}, {"error": "Customer not found"})) as (client, _, _):
        assert client.get("c1") is None


def test_nobody_there_is_one_error():
    """An address where no server listens ends in one error after the retries."""
    with serving(lambda *_: (200, {}, {})) as (url, _):
        pass
    with KevaClient(url, KEY, sleep=lambda _: None) as client, pytest.raises(RunError) as caught:
        client.get("c1")
    assert caught.value.code == "keva-unreachable"


def test_lookup_falls_back_to_search_and_compares_the_address():
    """Where there is no look-up the search is asked, and only the exact address counts."""

    def answer(_method, path, query, _body):
        if path.endswith("/lookup"):
            return 400, {}, {"error": "no such parameter"}
        rows = [{"id": "1", "email": "ann.b@example.com"}, {"id": "2", "email": "B@Example.com"}]
        return 200, {}, {"customers": rows if query["search"] else [], "total": 2}

    with client_of(answer) as (client, _, _):
        assert client.lookup("b@example.com")["id"] == "2"
        assert client.lookup("c@example.com") is None


def test_the_key_travels_in_its_header_only(caplog):
    """Key and workspace are sent; neither `repr`, nor an error, nor the log shows the key; ids are escaped in paths."""
    caplog.set_level(logging.DEBUG)
    with client_of(lambda *_: (200, {}, customer(1))) as (client, requests, _):
        client.get("a/b?c")
        assert KEY not in repr(client)
        assert KEY not in str(vars(client))
    method, path, _, _, headers = requests[0]
    assert (method, path) == ("GET", "/api/customers/a%2Fb%3Fc")
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["X-Workspace-Id"] == "ws_1"
    assert KEY not in caplog.text


def test_no_address_in_errors():
    """An error of a look-up does not tell whose e-mail was asked for."""
    with client_of(lambda *_: (500, {}, {"error": "down"})) as (client, _, _), pytest.raises(RunError) as caught:
        client.lookup("somebody@example.com")
    assert "somebody" not in caught.value.what


@pytest.mark.parametrize(
    ("base", "path", "asked"),
    [
        ("", "/api/customers", "/api/customers"),
        ("/api/v1", "/api/customers", "/api/v1/customers"),
        ("/api/v1/", "customers", "/api/v1/customers"),
        ("/keva/api", "/api/v2/customers", "/keva/api/customers"),
        ("/proxy", "/people/", "/proxy/people"),
    ],
)
def test_address_and_path_are_put_together_once(base, path, asked):
    """`/api` in the address and in the path, as Keva's own pages have it, is not doubled."""
    with serving(lambda *_: (200, {}, customer(1))) as (url, requests):
        with KevaClient(url + base, KEY, customers_path=path) as client:
            client.get("c1")
        assert requests[0][1] == f"{asked}/c1"
