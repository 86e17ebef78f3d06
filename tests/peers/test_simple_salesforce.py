"""simple-salesforce, unchanged, against the sandbox over HTTPS."""

import csv
import io

import pytest
import requests
import simple_salesforce
from simple_salesforce.bulk2 import SFBulk2Handler

from kevasync.sandbox.server import Sandbox

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox.start() as running:
        yield running


@pytest.fixture(scope="module")
def salesforce(sandbox):
    with requests.Session() as session:
        session.trust_env = False
        session.verify = sandbox.info["ca_bundle"]
        yield simple_salesforce.Salesforce(
            instance_url=sandbox.info["instance_url"],
            session_id=sandbox.info["access_token"],
            session=session,
            version="68.0",
        )


def test_records(salesforce):
    """Create, read, update, upsert, delete, describe and limits go through."""
    made = salesforce.Contact.create({"LastName": "Lovelace", "Email": "ada@example.com"})
    assert made["success"] is True
    assert salesforce.Contact.update(made["id"], {"Title": "Countess"}) == 204
    assert salesforce.Contact.get(made["id"])["Title"] == "Countess"
    assert salesforce.Contact.upsert("Keva_Id__c/k1", {"LastName": "New"}) == 201
    assert salesforce.Contact.upsert("Keva_Id__c/k1", {"LastName": "Newer"}) == 200
    assert salesforce.Contact.get_by_custom_id("Keva_Id__c", "k1")["LastName"] == "Newer"
    assert salesforce.Contact.delete(made["id"]) == 204
    with pytest.raises(simple_salesforce.SalesforceResourceNotFound):
        salesforce.Contact.get(made["id"])
    with pytest.raises(simple_salesforce.SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        salesforce.Contact.create({"FirstName": "Only"})
    assert salesforce.Contact.describe()["name"] == "Contact"
    assert salesforce.limits()["DailyApiRequests"]["Max"] > 0
    assert salesforce.api_usage["api-usage"].used > 0


def test_an_expired_session_is_its_own_error(sandbox, salesforce):
    """A dead token raises SalesforceExpiredSession."""
    sandbox.oauth.expire()
    try:
        with pytest.raises(simple_salesforce.SalesforceExpiredSession):
            salesforce.query("SELECT Id FROM Contact")
    finally:
        sandbox.oauth._standing_tokens()


def test_query_more_over_5000_rows(sandbox, salesforce):
    """5,001 rows come in three pages, each once; queryAll sees the deleted ones too."""
    made = sandbox.org.create_many("Lead", [{"LastName": f"L{n}", "Company": "C"} for n in range(5001)])
    found = salesforce.query_all("SELECT Id, LastName FROM Lead")
    assert found["totalSize"] == 5001
    assert {row["Id"] for row in found["records"]} == {each.id for each in made}
    first = salesforce.query("SELECT Id FROM Lead")
    assert len(first["records"]) == 2000
    assert len(salesforce.query_more(first["nextRecordsUrl"], identifier_is_url=True)["records"]) == 2000
    sandbox.org.delete_many("Lead", [made[0].id])
    assert salesforce.query("SELECT COUNT() FROM Lead", include_deleted=True)["totalSize"] == 5001
    assert salesforce.query("SELECT COUNT() FROM Lead")["totalSize"] == 5000


def test_collections(salesforce):
    """A collections call of 200 answers one result a record, in order, bad ones among them."""
    records = [
        {"attributes": {"type": "Contact"}, "LastName": f"C{n}" if n != 7 else None, "Phone": str(n)}
        for n in range(200)
    ]
    body = {"allOrNone": False, "records": records}
    results = salesforce.restful("composite/sobjects", method="POST", json=body)
    assert [at for at, result in enumerate(results) if not result["success"]] == [7]
    assert results[7]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"


def test_bulk2_ingest_and_query(salesforce):
    """Insert, upsert with one bad row, and a paged query through its Bulk 2.0 classes."""
    rows = [{"LastName": f"B{n}", "Keva_Id__c": f"b{n}", "Description": 'one, "two"'} for n in range(3000)]
    (job,) = salesforce.bulk2.Contact.insert(records=rows)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (3000, 0)
    again = [{"LastName": "changed", "Keva_Id__c": "b1"}, {"LastName": "x" * 81, "Keva_Id__c": "b2"}]
    (job,) = salesforce.bulk2.Contact.upsert(records=again, external_id_field="Keva_Id__c")
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (2, 1)
    failed = salesforce.bulk2.Contact.get_failed_records(job["job_id"])
    assert "STRING_TOO_LONG" in next(csv.DictReader(io.StringIO(failed)))["sf__Error"]
    assert "changed" in salesforce.bulk2.Contact.get_successful_records(job["job_id"])
    pages = list(
        salesforce.bulk2.Contact.query(
            "SELECT Id, LastName, Description FROM Contact WHERE Keva_Id__c LIKE 'b%'", max_records=1000
        )
    )
    assert len(pages) == 3
    read = [row for page in pages for row in csv.DictReader(io.StringIO(page))]
    assert len({row["Id"] for row in read}) == 3000
    assert read[0]["Description"] == 'one, "two"'
    (job,) = salesforce.bulk2.Contact.delete(records=[{"Id": row["Id"]} for row in read[:10]])
    assert job["numberRecordsProcessed"] == 10


def test_bulk2_failure_names_the_field(salesforce):
    """A column that is not there fails the job, with Salesforce's text."""
    handler: SFBulk2Handler = salesforce.bulk2
    with pytest.raises(simple_salesforce.exceptions.SalesforceOperationError, match="Field name not found : Nope"):
        handler.Contact.insert(records=[{"LastName": "x", "Nope": "y"}])
