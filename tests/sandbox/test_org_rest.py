"""The REST API over the org: statuses, headers, paging, collections, composite; and recordings of live orgs."""

import asyncio
import json
import re
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote, urlencode

import pytest
from starlette.applications import Starlette

from kevasync.sandbox.ids import to_18
from kevasync.sandbox.org import Org
from kevasync.sandbox.rest import routes

RECORDED = Path(__file__).parents[3] / "shared" / "salesforce"
ROOT = "/services/data/v60.0"
needs_recordings = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="the recordings of live orgs are not on this machine"
)


class Client:
    """Calls an ASGI application in this process, without a socket."""

    def __init__(self, app):
        self.app = app

    def __call__(self, method, target, body=None, headers=None, **query):
        path, _, given = target.partition("?")
        text = "&".join(filter(None, [given, urlencode(query)]))
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http",
            "path": path.replace("%2F", "/"),
            "raw_path": path.encode(), "query_string": text.encode(), "root_path": "", "server": ("localhost", 80),
            "headers": [(key.lower().encode(), value.encode()) for key, value in (headers or {}).items()],
        }  # fmt: skip
        sent = []

        async def receive():
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message):
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        received = b"".join(message.get("body", b"") for message in sent[1:])
        answer = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
        return sent[0]["status"], json.loads(received) if received else None, answer


@pytest.fixture
def org():
    made = Org.open(None)
    yield made
    made.close()


@pytest.fixture
def call(org):
    return Client(Starlette(routes=routes(org, lambda _request: None)))


def test_one_record_from_create_to_delete(call):
    """201 with Location, 200 with attributes, 204, 404 twice: every status of a record's life."""
    status, made, headers = call("POST", f"{ROOT}/sobjects/Contact/", {"LastName": "Ann", "Email": "ann@example.com"})
    assert (status, made["success"], made["errors"]) == (201, True, [])
    address = f"{ROOT}/sobjects/Contact/{made['id']}"
    assert headers["location"] == address
    assert headers["sforce-limit-info"] == "api-usage=1/15000"
    assert call("PATCH", address, {"Phone": "1"})[0] == 204
    status, record, _ = call("GET", f"{ROOT}/sobjects/contact/{made['id'][:15]}", fields="Id,Phone")
    assert record == {"attributes": {"type": "Contact", "url": address}, "Id": made["id"], "Phone": "1"}
    assert call("PATCH", address, {"Id": made["id"]})[1][0]["errorCode"] == "INVALID_FIELD"
    assert call("DELETE", address)[0] == 204
    assert call("DELETE", address)[1] == [
        {"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}
    ]
    assert call("GET", address)[1] == [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]


def test_upsert_by_external_id_answers_201_200_300_404(call):
    """Created, updated, several and unknown field; the key may hold a slash, and not stand in the body."""
    address = f"{ROOT}/sobjects/Contact/Keva_Id__c/a%2Fb"
    status, made, headers = call("PATCH", address, {"LastName": "x", "Email": "two@example.com"})
    assert (status, made["created"]) == (201, True)
    assert headers["location"].endswith(made["id"])
    assert call("PATCH", address, {"Phone": "1"})[:2] == (200, {**made, "created": False})
    assert call("PATCH", address.replace("v60.0", "v45.0"), {"Phone": "1"})[0] == 204
    assert call("PATCH", address, {"Keva_Id__c": "a/b"})[1][0]["errorCode"] == "INVALID_FIELD"
    assert call("GET", address)[1]["Keva_Id__c"] == "a/b"
    call("POST", f"{ROOT}/sobjects/Contact", {"LastName": "y", "Email": "two@example.com"})
    status, several, _ = call("PATCH", f"{ROOT}/sobjects/Contact/Email/two@example.com", {"Phone": "2"})
    assert (status, len(several)) == (300, 2)
    assert several[0] == f"{ROOT}/sobjects/Contact/{made['id']}"
    message = "Provided external ID field does not exist or is not accessible: Namez"
    assert call("GET", f"{ROOT}/sobjects/Contact/Namez/1")[:2] == (
        404,
        [{"message": message, "errorCode": "NOT_FOUND"}],
    )
    assert call("PATCH", f"{ROOT}/sobjects/Contact/Keva_Id__c/none?updateOnly=true", {"LastName": "x"})[0] == 404


def test_query_pages_by_locator_and_ignores_q_beside_it(org, call):
    """5,000 rows come in three pages, each row once; the rows are fixed when the query is asked."""
    org.create_many("Contact", [{"LastName": f"n{at}"} for at in range(5000)])
    status, page, _ = call("GET", f"{ROOT}/query/", q="SELECT Id FROM Contact")
    assert (status, page["totalSize"], page["done"], len(page["records"])) == (200, 5000, False, 2000)
    org.create_many("Contact", [{"LastName": "late"}])
    seen = [row["Id"] for row in page["records"]]
    while not page["done"]:
        page = call("GET", page["nextRecordsUrl"], q="SELECT Id FROM Contact")[1]
        seen += [row["Id"] for row in page["records"]]
    assert len(seen) == len(set(seen)) == 5000
    assert "nextRecordsUrl" not in page
    small = call(
        "GET", f"{ROOT}/queryAll", headers={"Sforce-Query-Options": "batchSize=1"}, q="SELECT Id FROM Contact"
    )[1]
    assert len(small["records"]) == 200
    counted = call("GET", f"{ROOT}/query", q="SELECT COUNT(Id) CNT FROM Contact")[1]
    assert counted == {
        "totalSize": 1, "done": True, "records": [{"attributes": {"type": "AggregateResult"}, "CNT": 5001}],
    }  # fmt: skip
    grouped = call("GET", f"{ROOT}/query", q="SELECT LastName, COUNT(Id) FROM Contact GROUP BY LastName")[1]
    assert grouped[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    assert call("GET", f"{ROOT}/query/0r8000000000000-2000")[1][0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert call("GET", f"{ROOT}/query", q="SELECT COUNT() FROM Contact")[1] == {
        "totalSize": 5001,
        "done": True,
        "records": [],
    }


def test_collections_answer_one_result_a_record(org, call):
    """Mixed types and mistakes keep their order; allOrNone rolls everything back; 201 records are too many."""
    records = [
        {"attributes": {"type": "Contact"}, "LastName": "a"}, {"LastName": "b"},
        {"attributes": {"type": "Account"}, "Name": "c"}, {"attributes": {"type": "Nope"}},
    ]  # fmt: skip
    status, results, _ = call("POST", f"{ROOT}/composite/sobjects", {"records": records})
    assert (status, [result["success"] for result in results]) == (200, [True, False, True, False])
    assert results[0] == {"id": results[0]["id"], "success": True, "errors": []}
    assert "id" not in results[1]
    assert [result["errors"][0]["statusCode"] for result in results if result["errors"]] == [
        "JSON_PARSER_ERROR",
        "INVALID_TYPE",
    ]
    rolled = call("POST", f"{ROOT}/composite/sobjects", {"allOrNone": True, "records": records})[1]
    assert rolled[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert org.query("SELECT COUNT() FROM Contact").total == 1
    upsert = {"records": [{"attributes": {"type": "Contact"}, "LastName": "k", "Keva_Id__c": "1"}]}
    assert [call("PATCH", f"{ROOT}/composite/sobjects/Contact/Keva_Id__c", upsert)[1][0]["created"] for _ in "12"] == [
        True,
        False,
    ]
    ids = [results[0]["id"], "003000000000000AAA", "7504S000000000A"]
    retrieved = call("POST", f"{ROOT}/composite/sobjects/Contact", {"ids": ids, "fields": ["LastName"]})[1]
    assert (retrieved[0]["LastName"], retrieved[1]) == ("a", None)
    gone = call("DELETE", f"{ROOT}/composite/sobjects", ids=",".join(ids))[1]
    assert [result["success"] for result in gone] == [True, False, False]
    many = call("POST", f"{ROOT}/composite/sobjects", {"records": records[:1] * 201})
    assert (many[0], many[1][0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")


def test_composite_uses_earlier_answers_and_rolls_back(org, call):
    """@{ref.id} is filled in, a describe inside answers 304, and allOrNone undoes what came before a failure."""
    steps = [
        {"method": "POST", "url": f"{ROOT}/sobjects/Account", "referenceId": "a", "body": {"Name": "Acme"}},
        {
            "method": "POST",
            "url": f"{ROOT}/sobjects/Contact",
            "referenceId": "c",
            "body": {"LastName": "x", "AccountId": "@{a.id}"},
        },
        {
            "method": "GET",
            "url": f"{ROOT}/query?q=SELECT+Account.Name+FROM+Contact+WHERE+Id='@{{c.id}}'",
            "referenceId": "q",
        },
        {
            "method": "GET",
            "url": f"{ROOT}/sobjects/Contact/describe",
            "referenceId": "d",
            "httpHeaders": {"If-Modified-Since": formatdate(usegmt=True)},
        },
    ]
    answers = call("POST", f"{ROOT}/composite", {"allOrNone": True, "compositeRequest": steps})[1]["compositeResponse"]
    assert [answer["httpStatusCode"] for answer in answers] == [201, 201, 200, 304]
    assert answers[2]["body"]["records"][0]["Account"]["Name"] == "Acme"
    broken = [steps[0], {**steps[1], "body": {}}]
    answers = call("POST", f"{ROOT}/composite", {"allOrNone": True, "compositeRequest": broken})[1]["compositeResponse"]
    assert [answer["body"][0]["errorCode"] for answer in answers] == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"]
    assert org.query("SELECT COUNT() FROM Account").total == 1
    loose = call("POST", f"{ROOT}/composite", {"compositeRequest": broken})[1]["compositeResponse"]
    assert [answer["httpStatusCode"] for answer in loose] == [201, 400]


def test_versions_methods_and_bad_bodies(call):
    """Old versions are gone, unknown ones not found; a wrong method lists the right ones; broken JSON is named."""
    listed = call("GET", "/services/data")[1]
    assert listed[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    assert "identity" in call("GET", ROOT)[1]
    assert call("GET", "/services/data/v25.0/limits")[0] == 410
    assert call("GET", "/services/data/v69.0/limits")[0] == 404
    assert call("GET", f"{ROOT}/limits/")[1]["DailyApiRequests"]["Max"] == 15000
    status, answer, _ = call("PUT", f"{ROOT}/sobjects/Contact/003000000000000AAA")
    assert (status, answer[0]["message"]) == (405, "HTTP Method 'PUT' not allowed. Allowed are HEAD,GET,PATCH,DELETE")
    for body in (b"{bad", b"", b"[]", b"\xff", b'{"LastName": NaN}', b"[" * 100_000):
        assert call("POST", f"{ROOT}/sobjects/Contact", body)[1][0]["errorCode"] == "JSON_PARSER_ERROR", body[:20]


def test_describe_is_sent_again_only_when_it_changed(call):
    """Last-Modified comes with describe, and If-Modified-Since of that moment answers 304 with no body."""
    status, described, headers = call("GET", f"{ROOT}/sobjects/Contact/describe")
    assert status == 200
    required = {
        field["name"]
        for field in described["fields"]
        if not field["nillable"] and field["createable"] and not field["defaultedOnCreate"]
    }
    assert required == {"LastName"}
    assert call("GET", f"{ROOT}/sobjects/Contact/describe", headers={"If-Modified-Since": headers["last-modified"]})[
        :2
    ] == (304, None)


@needs_recordings
@pytest.mark.parametrize("name", ["Contact", "Account", "Lead"])
def test_describe_agrees_with_a_live_org(org, name):
    """Keys are those of a live org, and every standard field has the live type, length, label and flags."""
    live = json.loads((RECORDED / "describe" / f"cumulusci__{name}.json").read_text(encoding="utf-8"))
    ours = org.describe(name)
    assert set(ours) >= set(live) - {"associateEntityType", "associateParentEntity"}
    known = {field["name"]: field for field in live["fields"]}
    facts = (
        "type", "length", "byteLength", "precision", "scale", "digits", "createable", "updateable", "nillable",
        "defaultedOnCreate", "compoundFieldName", "extraTypeInfo", "idLookup", "externalId", "nameField", "referenceTo",
        "relationshipName", "restrictedPicklist", "soapType", "filterable", "sortable",
    )  # fmt: skip
    for field in ours["fields"]:
        if field["custom"]:
            continue
        other = known[field["name"]]
        assert set(field) >= set(other) - {"custom"}
        different = {fact: (field[fact], other[fact]) for fact in facts if field[fact] != other[fact]}
        assert not different or field["name"] == "OwnerId", (field["name"], different)


@needs_recordings
def test_recorded_ids_have_our_checksum():
    """Every id in the recordings, shortened and made long again, comes back as it was."""
    text = (RECORDED / "recorded" / "exchanges.json").read_text(encoding="utf-8")
    ids = set(re.findall(r'"Id": "([0-9A-Za-z]{18})"', text))
    assert len(ids) > 20
    assert {one: to_18(one[:15]) for one in ids} == {one: one for one in ids}


@needs_recordings
def test_recorded_calls_get_the_live_answers(tmp_path):
    """Recorded calls replayed in order, ids translated, answer with the status, members and errors of the live org."""
    exchanges = json.loads((RECORDED / "recorded" / "exchanges.json").read_text(encoding="utf-8"))
    schema = tmp_path / "schema.toml"
    schema.write_text(
        '[Contact.email_field__c]\ntype = "email"\nlabel = "email field"\n'
        '[Account.email_field__c]\ntype = "email"\nlabel = "email_field"\n',
        encoding="utf-8",
    )
    org = Org.open(None, schema_file=schema)
    call = Client(Starlette(routes=routes(org, lambda _request: None)))
    ours: dict[str, str] = {}
    replayed = 0
    for exchange in exchanges:
        given = {key: unquote(value) for key, value in (exchange["query"] or {}).items()}
        fresh = exchange["m"] == "GET" and exchange["status"] == 200 and seed(org, exchange["resp"], ours)
        text = json.dumps([exchange["path"], given, exchange["req"]])
        used = set(re.findall(r"\b[0-9A-Za-z]{3}4S[0-9A-Za-z]{13}", text))
        if used - set(ours) or exchange["path"].endswith("/query") or "Topic" in text or "Campaign" in text:
            continue  # needs records or objects that only that org had
        for live, mine in ours.items():
            text = text.replace(live, mine)
        path, query, body = json.loads(text)
        status, answer, headers = call(exchange["m"], path, body, **query)
        if (status, exchange["status"]) == (200, 404) or "CONVERTED" in str(exchange["resp"]):
            continue  # its deletion or conversion is not among the recordings
        assert status == exchange["status"], (exchange["m"], path, answer)
        assert headers["cache-control"] == exchange["headers"]["Cache-Control"]
        if exchange["m"] == "GET":
            compare_record(answer, exchange["resp"], values=fresh)
        else:
            compare_results(answer, exchange["resp"], ours)
        replayed += 1
    org.close()
    assert replayed > 30


def seed(org, live, ours):
    """Make the record that the live org had before the recording began; False when we have it, or it is no record."""
    if "Id" not in live or live["Id"] in ours:
        return False
    spec = org.spec(live["attributes"]["type"])
    kept = {
        name: value
        for name, value in live.items()
        if (field := spec.field(name)) and field.createable and not field.reference and value is not None
    }
    ours[live["Id"]] = org.create_many(spec.name, [kept])[0].id
    return True


def compare_record(answer, live, *, values):
    """Errors are the same; records have the same members and, when new, values but for what an org sets."""
    if isinstance(live, list):
        assert answer == live
        return
    own = ("Id", "Date", "Modstamp", "attributes", "PhotoUrl", "CleanStatus")
    shared = [name for name in live if name in answer and not name.endswith(own)]
    assert len(shared) > 20
    assert not values or {name: answer[name] for name in shared} == {name: live[name] for name in shared}


def compare_results(answer, live, ours):
    """One result a record, with the same members and errors; remembers which of our ids is which live one."""
    assert [set(one) for one in answer] == [set(one) for one in live]
    assert [one["errors"] for one in answer] == [one["errors"] for one in live]
    ours |= {theirs["id"]: mine["id"] for theirs, mine in zip(live, answer, strict=True) if "id" in theirs}
