"""Faults on demand: each kind does what it says, and seeded rules repeat."""

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from kevasync.sandbox.faults import Fault, Faults, parse_rule
from kevasync.sandbox.server import Sandbox


@pytest.fixture
def sandbox():
    with Sandbox.start(http=True) as running:
        yield running


@pytest.fixture
def call(sandbox):
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {sandbox.info['access_token']}"

        def request(method, path, **options):
            return session.request(
                method, f"{sandbox.info['instance_url']}/services/data/v68.0{path}", timeout=30, **options
            )

        yield request


@given(st.integers(0, 2**32), st.floats(0, 1), st.integers(0, 5), st.integers(0, 20))
def test_a_seed_repeats_and_limits_hold(seed, rate, after, times):
    """The same seed gives the same faults, whatever other rules stand beside; `after` and `times` are kept."""
    spec = {"fault": "503", "rate": rate, "after": after, "times": times, "path": "/a"}

    def run(*others):
        faults = Faults([spec, *others], seed)
        return [faults.for_request("GET", "/a") is not None for _ in range(40)]

    struck = run()
    assert struck == run({"fault": "reset", "path": "/b"})
    assert not any(struck[:after])
    assert sum(struck) <= times


def test_specs():
    """Text and JSON say the same; what is not understood is named."""
    assert (
        parse_rule("lost:times=2, method=PATCH").as_dict()
        == parse_rule({"fault": "lost", "times": 2, "method": "PATCH"}).as_dict()
    )
    for bad, why in [("503:rate=2", "share"), ("503:often=1", "no setting 'often'"), ("503:rate=x", "float")]:
        with pytest.raises(ValueError, match=why):
            parse_rule(bad)


def test_answers_of_the_refusing_faults(sandbox, call):
    """503, session and daily limit are Salesforce's errors; 429 is Keva's unless a path says more."""
    expected = {"503": (503, "SERVER_UNAVAILABLE"), "limit-exceeded": (403, "REQUEST_LIMIT_EXCEEDED")}
    for fault, answer in expected.items():
        sandbox.faults.add(f"{fault}:times=1")
        response = call("GET", "/limits")
        assert (response.status_code, response.json()[0]["errorCode"]) == answer
    sandbox.faults.add("429:times=1")
    assert call("GET", "/limits").status_code == 200
    sandbox.faults.clear()
    sandbox.faults.add("429:path=*,times=1")
    assert call("GET", "/limits").status_code == 429


def test_an_expired_session_stays_expired(sandbox, call):
    """The token of the struck request is dead afterwards; a refreshed one works."""
    sandbox.faults.add("expired-session:times=1,after=1")
    assert [call("GET", "/limits").status_code for _ in range(3)] == [200, 401, 401]
    assert sandbox.faults.rules[0].hits == 1
    form = {key: sandbox.info[key] for key in ("client_id", "refresh_token")}
    answer = requests.post(
        f"{sandbox.info['login_url']}/services/oauth2/token", {"grant_type": "refresh_token", **form}, timeout=30
    )
    fresh = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert call("GET", "/limits", headers=fresh).status_code == 200


def test_reset_and_lost_answer(sandbox, call):
    """A reset leaves nothing done; a lost answer leaves the record there and the client with a broken connection."""
    count = "SELECT COUNT() FROM Contact"
    sandbox.faults.add("lost:times=1")
    sandbox.faults.add("reset:times=1,method=POST")
    for records in (1, 1):
        with pytest.raises(requests.exceptions.ConnectionError):
            call("POST", "/sobjects/Contact", json={"LastName": "Twice"})
        assert sandbox.org.query(count).total == records
    assert call("POST", "/sobjects/Contact", json={"LastName": "Twice"}).status_code == 201


def test_slow(sandbox, call):
    """A slow answer comes late but whole."""
    sandbox.faults.add("slow:seconds=0.3,times=1")
    assert call("GET", "/limits").elapsed.total_seconds() >= 0.3
    assert Fault.SLOW == "slow"


def test_row_locks_spare_the_other_rows(sandbox, call):
    """A locked row is refused and unchanged, its neighbours are written; all-or-none writes nothing."""
    ids = [each.id for each in sandbox.org.create_many("Contact", [{"LastName": str(n)} for n in range(4)])]
    sandbox.faults.add("row-lock:object=Contact,after=1,times=1")
    records = [{"attributes": {"type": "Contact"}, "Id": each, "Title": "new"} for each in ids]
    results = call("PATCH", "/composite/sobjects", json={"records": records}).json()
    assert [each["success"] for each in results] == [True, False, True, True]
    assert results[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert sandbox.org.query("SELECT COUNT() FROM Contact WHERE Title = 'new'").total == 3
    sandbox.faults.add("row-lock:times=1")
    body = {"allOrNone": True, "records": [{**each, "Title": "never"} for each in records]}
    results = call("PATCH", "/composite/sobjects", json=body).json()
    assert [each["success"] for each in results] == [False] * 4
    assert sandbox.org.query("SELECT COUNT() FROM Contact WHERE Title = 'never'").total == 0
    sandbox.faults.add("row-lock:times=1")
    single = call("PATCH", f"/sobjects/Contact/{ids[0]}", json={"Title": "x"})
    assert (single.status_code, single.json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")
