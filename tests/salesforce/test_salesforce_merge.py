"""merge() against the sandbox: children, losers, refusals, lost answers, locks, expired sessions, hostile XML."""

from __future__ import annotations

import pytest
import requests
from conftest import QUICK, Counting, Notebook, credentials_of, never, seed
from merger_suite import MergerTests, Merging

from kevasync.endpoint import Merger, MergeRequest, WriteOutcome
from kevasync.errors import RunError, UsageError
from kevasync.salesforce.endpoint import SalesforceEndpoint
from kevasync.salesforce.session import Verdict, open_session
from kevasync.salesforce.soap import SoapError, judge, merge_answers, merge_envelope


class TestConformance(MergerTests):
    @pytest.fixture
    def merging(self, sandbox, by_calls):
        return Merging(
            by_calls,
            seed=lambda name, items: seed(sandbox, items, name),
            lose_answers=lambda _: sandbox.faults.add("lost:times=1,path=/services/Soap/*"),
        )


def merged(endpoint, *items, name="Contact"):
    """Results by key of merges given as (master, losers, values)."""
    wanted = [MergeRequest(str(n), master, tuple(losers), values) for n, (master, losers, values) in enumerate(items)]
    chunks = endpoint.merge(name, wanted, Notebook(), Counting(), never)
    return {result.key: result for chunk in chunks for result in chunk}


def rows(sandbox, soql):
    return list(sandbox.org.query(soql, all_rows=True).rows())


def test_a_merge_moves_children_and_marks_losers(sandbox, by_calls):
    """Values go to the master, Cases and Opportunities hang on it, losers are deleted with MasterRecordId."""
    assert isinstance(by_calls, Merger)
    master, one, two = seed(sandbox, [{"LastName": f"P{n}"} for n in range(3)])
    cases = seed(sandbox, [{"ContactId": one}, {"ContactId": two}], "Case")
    deal = {"Name": "D", "StageName": "Closed Won", "CloseDate": "2026-12-01", "ContactId": two}
    (opportunity,) = seed(sandbox, [deal], "Opportunity")
    (role,) = seed(sandbox, [{"OpportunityId": opportunity, "ContactId": one}], "OpportunityContactRole")
    values = {"Title": "Zoë <&> 株式会社\nline", "Phone": None, "FirstName": "  "}
    result = merged(by_calls, (master, [one, two], values))["0"]
    assert (result.outcome, result.id) == (WriteOutcome.APPLIED, master)
    assert {row["Id"] for row in rows(sandbox, f"SELECT Id FROM Case WHERE ContactId = '{master}'")} == set(cases)
    assert rows(sandbox, f"SELECT Id FROM Opportunity WHERE ContactId = '{master}'")
    assert rows(sandbox, f"SELECT Id FROM OpportunityContactRole WHERE ContactId = '{master}'")[0]["Id"] == role
    gone = rows(sandbox, "SELECT Id FROM Contact WHERE IsDeleted = true AND MasterRecordId = '" + master + "'")
    assert {row["Id"] for row in gone} == {one, two}
    (kept,) = rows(sandbox, f"SELECT Title FROM Contact WHERE Id = '{master}'")
    assert kept["Title"] == values["Title"]


def test_children_are_named_with_whether_they_can_move(by_calls):
    """Describe's lookups, without what Salesforce keeps by itself."""
    found = {(item.object, item.field): item.movable for item in by_calls.children("Contact")}
    assert {("Case", "ContactId"), ("Opportunity", "ContactId"), ("Contact", "ReportsToId")} <= set(found)
    assert ("Contact", "MasterRecordId") not in found
    assert found["OpportunityContactRole", "ContactId"]


def test_refusals_are_ours_with_causes(sandbox, by_calls):
    """A deleted loser, a foreign id, three losers, an external id, a master without edit permission; the rest goes."""
    ids = seed(sandbox, [{"LastName": f"P{n}"} for n in range(14)])
    (account,) = seed(sandbox, [{"Name": "A"}], "Account")
    sandbox.org.delete_many("Contact", [ids[1]])
    sandbox.org.set_setting("read_only_records", [ids[6]])
    results = merged(
        by_calls,
        (ids[0], [ids[1]], {}),
        (ids[2], [account], {}),
        (ids[3], [ids[4], ids[5], ids[7]], {}),
        (ids[3], [ids[4]], {"Keva_Id__c": "k1"}),
        (ids[6], [ids[8]], {"Title": "x"}),
        (ids[9], [ids[10]], {"Email": "no mail"}),
        (ids[11], [ids[12]], {"Title": "good"}),
        (ids[13], [ids[13]], {}),
    )
    codes = [results[str(n)].failure.code if results[str(n)].failure else None for n in range(8)]
    assert codes == [
        "salesforce-record-deleted", "salesforce-malformed-id", "salesforce-value-type", "salesforce-invalid-field",
        "salesforce-no-access", "salesforce-invalid-email", None, "salesforce-value-type",
    ]  # fmt: skip
    assert len(rows(sandbox, "SELECT Id FROM Contact WHERE MasterRecordId != null")) == 1, (
        "a refused merge does nothing"
    )
    with pytest.raises(UsageError) as caught:
        merged(by_calls, (ids[0], [ids[2]], {}), name="Case")
    assert caught.value.code == "salesforce-cannot-merge"


def test_calls_carry_two_hundred(sandbox, by_calls, session):
    """401 merges take three calls; a chain of merges into one master goes in order."""
    ids = seed(sandbox, [{"LastName": f"P{n}"} for n in range(403)])
    before = session.calls
    results = merged(by_calls, *[(ids[0], [one], {}) for one in ids[1:402]])
    assert session.calls - before - 1 <= 3, "one describe and three calls"
    assert {result.outcome for result in results.values()} == {WriteOutcome.APPLIED}


def test_a_lost_answer_is_unknown_and_never_repeated(sandbox, by_calls):
    """The merge was done, the answer lost: UNKNOWN, once; a refusal that passes is repeated."""
    ids = seed(sandbox, [{"LastName": f"P{n}"} for n in range(4)])
    by_calls.describe("Contact")
    sandbox.faults.add("lost:times=1,path=/services/Soap/*")
    assert merged(by_calls, (ids[0], [ids[1]], {}))["0"].outcome is WriteOutcome.UNKNOWN
    assert rows(sandbox, f"SELECT Id FROM Contact WHERE MasterRecordId = '{ids[0]}'")
    sandbox.faults.clear()
    for fault in ("503:times=2,path=/services/Soap/*", "row-lock:times=2"):
        sandbox.faults.add(fault)
    assert merged(by_calls, (ids[2], [ids[3]], {}))["0"].outcome is WriteOutcome.APPLIED


def test_an_expired_session_is_renewed(sandbox, tmp_path):
    """SOAP says it in a fault, not by a status; the token in the envelope is the new one."""
    names = ("refresh_token", "client_id", "client_secret")
    ids = seed(sandbox, [{"LastName": f"P{n}"} for n in range(2)])
    with open_session(credentials_of(sandbox, **{n: sandbox.info[n] for n in names}), retries=QUICK) as session:
        endpoint = SalesforceEndpoint(session, describe_folder=tmp_path)
        endpoint.describe("Contact")
        sandbox.oauth.expire()
        assert merged(endpoint, (ids[0], [ids[1]], {}))["0"].outcome is WriteOutcome.APPLIED


def test_without_refresh_an_expired_session_is_said(sandbox, by_calls):
    """No token to refresh with: the user must sign in again."""
    ids = seed(sandbox, [{"LastName": f"P{n}"} for n in range(2)])
    by_calls.describe("Contact")
    sandbox.oauth.expire()
    with pytest.raises(UsageError) as caught:
        merged(by_calls, (ids[0], [ids[1]], {}))
    assert caught.value.code == "salesforce-session-expired"


BOMB = '<!DOCTYPE a [<!ENTITY b "x">]>'


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<a", b"<html>502</html>", BOMB.encode() + b"<a>&b;</a>", (BOMB + "<a/>").encode("utf-16"),
        b'<?xml version="1.0" encoding="UTF-7"?><a/>', b"<a>" * 10, b"\xff\xfe<a/>",
    ],
)  # fmt: skip
def test_hostile_answers_are_read_as_no_answer(body):
    """What is no answer to a merge leaves the outcome unknown; nothing of it is expanded."""
    with pytest.raises(RunError) as caught:
        merge_answers(body, 1)
    assert caught.value.code == "salesforce-answer-incomplete"
    assert judge(500, body) is Verdict.LOST


def test_faults_of_the_whole_call(sandbox):
    """The daily limit ends the run; a definite refusal is told; the sandbox refuses what it should."""
    url = sandbox.info["instance_url"] + "/services/Soap/u/68.0"

    def post(body, address=url):
        return requests.post(address, data=body, headers={"SOAPAction": '""'}, timeout=10)

    too_many = merge_envelope(sandbox.info["access_token"], "Contact", [MergeRequest("1", "a", ("b",), {})] * 201)
    answer = post(too_many)
    with pytest.raises(SoapError, match="EXCEEDED_ID_LIMIT"):
        judge(answer.status_code, answer.content)
    for body in ((BOMB + "<a/>").encode(), b"<a/>", b"\xff", too_many[:-40]):
        answer = post(body)
        assert (answer.status_code, b"PARSER_ERROR" in answer.content) == (500, True)
    answer = post(merge_envelope("wrong", "Contact", []))
    assert judge(answer.status_code, answer.content) is Verdict.EXPIRED
    login = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><login/></e:Body></e:Envelope>'
    assert b"not available" in post(login).content
    assert b"INVALID_LOGIN" in post(login, url.replace("68.0", "60.0")).content
    assert b"UNSUPPORTED_API_VERSION" in post(login, url.replace("68.0", "30.0")).content
    sandbox.org.counters.set_limit(0)
    answer = post(merge_envelope(sandbox.info["access_token"], "Contact", []))
    with pytest.raises(RunError) as caught:
        judge(answer.status_code, answer.content)
    assert caught.value.code == "salesforce-request-limit"
