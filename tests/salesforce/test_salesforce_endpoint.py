"""The Salesforce side keeps the promises of a side, against the sandbox: by calls and by jobs."""

from __future__ import annotations

import pytest
from conftest import PACE, QUICK, credentials_of, seed

from kevasync.salesforce.endpoint import SalesforceEndpoint
from kevasync.salesforce.session import open_session

suite = pytest.importorskip("endpoint_suite")


def subject_of(sandbox, session, threshold, lost_path):
    names = ["LastName", "Title", "Email", "Keva_Id__c"]

    def peek(identity):
        found = sandbox.org.query(f"SELECT {', '.join(names)} FROM Contact WHERE Id = '{identity}'").rows()
        return next(({name: record[name] for name in names} for record in found), None)

    def lose(count):
        sandbox.faults.add(fault="lost", times=count, path=lost_path)

    return suite.Subject(
        SalesforceEndpoint(session, pace=PACE, rest_threshold=threshold),
        "Contact",
        "LastName",
        "Title",
        "Email",
        seed=lambda rows: seed(sandbox, rows),
        peek=peek,
        touch=lambda identity, values: sandbox.org.update_many("Contact", [{"Id": identity, **values}]),
        external_id="Keva_Id__c",
        bad="x" * 300,
        lose_answers=lose,
        restart=lambda: SalesforceEndpoint(session, pace=PACE, rest_threshold=threshold),
    )


class TestByCalls(suite.EndpointTests):
    @pytest.fixture
    def subject(self, sandbox):
        with open_session(credentials_of(sandbox), retries=QUICK) as session:
            yield subject_of(sandbox, session, 2_000, "*/composite/sobjects*")


class TestByJobs(suite.EndpointTests):
    @pytest.fixture
    def subject(self, sandbox):
        with open_session(credentials_of(sandbox), retries=QUICK) as session:
            yield subject_of(sandbox, session, 0, "*/jobs/ingest*")


@pytest.mark.parametrize(
    ("creates", "updates", "calls"), [(0, 0, 0), (1, 200, 2), (2_000, 0, 10), (0, 2_001, 18), (400_000, 1, 37)]
)
def test_the_estimate_follows_the_way_each_batch_takes(session, creates, updates, calls):
    """Collections cost a call for 200 rows, bulk jobs a fixed few for each part."""
    assert SalesforceEndpoint(session).estimate("Contact", creates, updates)[0] == calls
