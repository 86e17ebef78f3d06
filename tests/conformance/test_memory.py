"""The reference side keeps the promises of a side: as Salesforce by calls and by jobs, and as Keva."""

from __future__ import annotations

import pytest
from endpoint_suite import EndpointTests, Subject
from merger_suite import MergerTests, Merging

from kevasync.memory import MemoryEndpoint
from kevasync.records import Field, Schema, Side

CONTACT = Schema(
    Side.SALESFORCE,
    "Contact",
    (
        Field("LastName", "Last Name", "string", length=80, required=True),
        Field("Title", "Title", "string", length=128),
        Field("Email", "Email", "email", length=80, id_lookup=True),
        Field("Keva_Id__c", "Keva Id", "string", length=64, unique=True, external_id=True),
    ),
)
CUSTOMER = Schema(
    Side.KEVA,
    "Contact",
    (
        Field("name", "Name", "text"),
        Field("jobTitle", "Job title", "text", length=200),
        Field("email", "E-mail", "email", required=True, unique=True),
    ),
)


CASE = Schema(Side.SALESFORCE, "Case", (Field("ContactId", "Contact ID", "reference", reference_to=("Contact",)),))


class Lossy:
    """Loses the answers of the next rows, whatever record they carry."""

    def __init__(self, endpoint):
        self.endpoint, self.left = endpoint, 0

    def __contains__(self, name):
        self.left -= 1
        return self.left >= 0

    def discard(self, name):
        """The loss is counted already."""


def subject_of(endpoint, required, text, email, external_id):
    endpoint.faults.lost = lossy = Lossy(endpoint)
    return Subject(
        endpoint,
        "Contact",
        required,
        text,
        email,
        seed=lambda rows: [endpoint.put("Contact", item) for item in rows],
        peek=lambda identity: endpoint.values("Contact").get(identity),
        touch=lambda identity, values: endpoint.put("Contact", values, identity),
        external_id=external_id,
        bad="x" * 300,
        lose_answers=lambda count: setattr(lossy, "left", count),
        seed_absent=lambda values, absent: endpoint.put(
            "Contact", {name: value for name, value in values.items() if name not in absent}, absent=absent
        ),
        deletes=endpoint.side is Side.SALESFORCE,
    )


class TestSalesforceByCalls(EndpointTests):
    @pytest.fixture
    def subject(self):
        return subject_of(MemoryEndpoint(Side.SALESFORCE, CONTACT, chunk=2), "LastName", "Title", "Email", "Keva_Id__c")


class TestSalesforceByJobs(EndpointTests):
    @pytest.fixture
    def subject(self):
        endpoint = MemoryEndpoint(Side.SALESFORCE, CONTACT, bulk=True)
        return subject_of(endpoint, "LastName", "Title", "Email", "Keva_Id__c")


class TestKeva(EndpointTests):
    @pytest.fixture
    def subject(self):
        return subject_of(MemoryEndpoint(Side.KEVA, CUSTOMER), "name", "jobTitle", "email", None)


class TestMerges(MergerTests):
    @pytest.fixture
    def merging(self):
        endpoint = MemoryEndpoint(Side.SALESFORCE, CONTACT, CASE, chunk=2)
        return Merging(
            endpoint,
            seed=lambda name, rows: [endpoint.put(name, item) for item in rows],
            lose_answers=endpoint.faults.lost.add,
        )
