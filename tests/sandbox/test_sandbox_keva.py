"""Keva's Customers API in the sandbox: what it accepts, how it pages, limits and refuses."""

import csv
import gzip
import json

import pytest
import requests

from kevasync.sandbox.server import Sandbox


@pytest.fixture
def sandbox():
    with Sandbox.start(http=True) as running:
        yield running


@pytest.fixture
def call(sandbox):
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {sandbox.info['keva_api_key']}"

        def request(method, path="", **options):
            return session.request(method, f"{sandbox.info['keva_url']}/customers{path}", timeout=30, **options)

        yield request


def test_upsert_by_email_and_patch(call):
    """POST creates once and then updates by e-mail in any case; PATCH changes only what it names, null clears."""
    made = call("POST", json={"email": "Ann@Example.com", "name": "Ann Lee", "tags": ["a"], "company": "Acme"})
    again = call("POST", json={"email": "ann@example.COM", "isVip": True})
    assert (made.status_code, again.status_code) == (201, 200)
    one = again.json()
    assert (one["id"], one["name"], one["isVip"], one["tags"]) == (made.json()["id"], "Ann Lee", True, ["a"])
    patched = call("PATCH", f"/{one['id']}", json={"company": None, "customFields": {"tier": "gold"}}).json()
    assert (patched["company"], patched["name"], patched["customFields"]) == (None, "Ann Lee", {"tier": "gold"})
    assert patched["updatedAt"] >= one["updatedAt"] > patched["createdAt"]
    assert call("PATCH", f"/{one['id']}", json={"tier": "silver"}).json()["customFields"] == {"tier": "silver"}
    assert call("GET", f"/{one['id']}").json()["customFields"] == {"tier": "silver"}
    assert call("GET", "/lookup", params={"email": "ANN@example.com"}).json()["id"] == one["id"]


def test_bad_bodies_are_422_with_every_field(call):
    """All that is wrong with a body is said at once; computed fields, unknown fields and a taken e-mail are refused."""
    answer = call("POST", json={"email": "nonsense", "isVip": "yes", "totalTickets": 3, "nope": 1, "tags": "x"})
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["details"]} == {"email", "isVip", "totalTickets", "nope", "tags"}
    assert call("POST", json={"name": "No Mail"}).json()["details"][0]["field"] == "email"
    first, second = (call("POST", json={"email": f"{name}@example.com"}).json()["id"] for name in "ab")
    assert call("PATCH", f"/{first}", json={"email": "B@example.com"}).status_code == 422
    assert call("PATCH", f"/{second}", json={"email": "B@example.com"}).status_code == 200
    assert call("PATCH", "/cust_nobody", json={"name": "x"}).status_code == 404
    assert call("POST", data="{").status_code == 400
    assert call("DELETE", f"/{first}").status_code == 404


def test_three_shapes_of_paging(sandbox, call):
    """All three documented shapes answer, with a size of at most 100, and a search or VIPs only."""
    sandbox.keva.seed({"email": f"c{at}@example.com", "name": f"C {at}", "isVip": at % 2 == 0} for at in range(150))
    named = call("GET", params={"limit": 500, "offset": 100}).json()
    assert (named["total"], named["limit"], named["offset"], len(named["customers"])) == (150, 100, 100, 50)
    assert named["customers"][-1]["name"] == "C 0"
    assert call("GET", params={"search": "C 14", "vipOnly": "true"}).json()["total"] == 6
    sandbox.keva.paging = "pages"
    pages = call("GET", params={"page": 3, "per_page": 60, "offset": 7}).json()
    assert pages["pagination"] == {"page": 3, "per_page": 60, "total": 150, "total_pages": 3}
    assert len(pages["data"]) == 30
    sandbox.keva.paging, sandbox.keva.newest_first = "bare", False
    assert [each["name"] for each in call("GET", params={"limit": 2}).json()] == ["C 0", "C 1"]
    assert call("GET", params={"limit": "x"}).status_code == 400


def test_keys_scopes_workspace(sandbox, call):
    """A wrong key is 401, a missing scope or another workspace 403, and the resource pages' address works too."""
    assert call("GET", headers={"Authorization": "Bearer keva_live_x"}).status_code == 401
    reader = {"Authorization": f"Bearer {sandbox.keva.add_key('customers:read')}"}
    assert call("GET", headers=reader).status_code == 200
    assert call("POST", headers=reader, json={"email": "a@b.co"}).json() == {"error": "Insufficient scope"}
    assert call("GET", headers={"X-Workspace-Id": sandbox.info["keva_workspace_id"]}).status_code == 200
    assert call("GET", headers={"X-Workspace-Id": "ws_other"}).status_code == 403
    assert call("GET", "/../../customers").status_code == 200


def test_rate_limit_tells_when_to_come_back(sandbox, call):
    """The headers count down; past the limit 429 until the time they name."""
    sandbox.keva.rate = 2
    answers = [call("GET") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[2].headers["X-RateLimit-Limit"] == "2"
    assert int(answers[2].headers["X-RateLimit-Reset"]) > 1_700_000_000
    sandbox.keva.rate_seconds = 0.0
    assert call("GET").status_code == 200


def test_exports_hold_every_customer(sandbox, tmp_path):
    """CSV, NDJSON, JSON and gzipped exports hold all rows, line breaks, bad values and custom columns."""
    rows = [
        {"email": "a@example.com", "notes": 'two\nlines, "quoted"', "region": "EU", "tags": ["x", "y"]},
        {"email": "not an address", "name": None, "id": "cust_mine"},
        {"email": "a@example.com"},
    ]
    assert sandbox.keva.seed(rows) == 3
    assert sandbox.keva.export(tmp_path / "a.csv") == 3
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert (table[0]["notes"], table[0]["region"], json.loads(table[0]["tags"])) == (rows[0]["notes"], "EU", ["x", "y"])
    assert (table[1]["id"], table[1]["name"], table[1]["isVip"]) == ("cust_mine", "", "false")
    sandbox.keva.export(tmp_path / "a.ndjson.gz")
    with gzip.open(tmp_path / "a.ndjson.gz", "rt", encoding="utf-8") as file:
        assert [json.loads(line)["email"] for line in file] == [row["email"] for row in rows]
    assert sandbox.keva.export(tmp_path / "a.json") == len(json.loads((tmp_path / "a.json").read_text("utf-8")))
    touched = sandbox.keva.touch("cust_mine", totalTickets=5)
    assert (touched["totalTickets"], sandbox.keva.get("cust_mine")["totalTickets"]) == (5, 5)
