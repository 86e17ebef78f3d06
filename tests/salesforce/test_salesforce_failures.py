"""Salesforce's errors become ours, and nothing personal reaches a log line."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from simple_salesforce.exceptions import SalesforceGeneralError, SalesforceRefusedRequest

import kevasync.salesforce
from kevasync.errors import RunError, UsageError, catalogue
from kevasync.salesforce.failures import (
    CODES,
    QuietUrls,
    bulk_failure,
    call_error,
    failure,
    job_failure,
    redact,
    row_failure,
)


def test_every_code_is_in_the_catalogue_and_every_entry_is_complete():
    """No error can be raised without its page, and no page lacks a next step."""
    texts = "".join(path.read_text() for path in Path(kevasync.salesforce.__file__).parent.glob("*.py"))
    used = set(re.findall(r'"((?:salesforce|describe)-[a-z-]+)"', texts)) | set(CODES.values())
    ours = {code for code, entry in catalogue().items() if entry.area == "salesforce"}
    assert used <= ours
    # The two symptoms of Keva's troubleshooting list that are not errors have pages all the same.
    assert ours - used == {"salesforce-stuck-pending", "salesforce-webhook-silent"}
    assert all(entry.next_steps and entry.why for code, entry in catalogue().items() if code in ours)


@pytest.mark.parametrize(
    ("cell", "code", "message", "fields"),
    [
        (
            "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
            "salesforce-required-field",
            "Required fields are missing: [LastName]",
            ("LastName",),
        ),
        ("DUPLICATE_VALUE:duplicate value found: K__c duplicates value on record with id: 003A:--",
         "salesforce-duplicate-value", "duplicate value found: K__c duplicates value on record with id: 003A", ()),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION:Say: a,\nb:Phone,Fax --",
         "salesforce-validation-rule", "Say: a,\nb", ("Phone", "Fax")),
        ("something else", "salesforce-error", "something else", ()),
        ("", "salesforce-error", "", ()),
    ],
)  # fmt: skip
def test_the_error_cell_of_a_bulk_result_is_read(cell, code, message, fields):
    """Code, text with its own colons and line breaks, and field list come apart."""
    found = bulk_failure(cell)
    assert (found.code, found.message, found.fields) == (code, message, fields)


def test_a_lock_is_retryable_and_a_rule_is_not():
    """Only what may pass by itself is marked so."""
    assert failure("UNABLE_TO_LOCK_ROW", "x").retryable
    assert not failure("FIELD_CUSTOM_VALIDATION_EXCEPTION", "x").retryable


def test_all_errors_of_a_row_are_told():
    """The first error decides the code, no text is lost."""
    found = row_failure(
        [
            {"statusCode": "STRING_TOO_LONG", "message": "a", "fields": ["Title"]},
            {"statusCode": "INVALID_EMAIL_ADDRESS", "message": "b", "fields": ["Email"]},
        ]
    )
    assert (found.code, found.message, found.fields) == ("salesforce-too-long", "a; b", ("Title", "Email"))


def test_a_failed_job_says_what_its_message_says():
    """A column the org lacks is INVALID_FIELD, whichever way it is put."""
    assert job_failure("InvalidBatch : Field name not found : Company").code == "salesforce-invalid-field"
    assert job_failure("ClientInputError : LineEnding is invalid on user data.").code == "salesforce-job-failed"


@pytest.mark.parametrize("content", ["<html><body>Bad <b>gateway</b></body></html>", b"\xff", [], {}, None, [1]])
def test_an_answer_that_is_not_salesforces_is_still_an_error_of_ours(content):
    """A proxy's page in Salesforce's place gives a short, clear error."""
    error = call_error(SalesforceGeneralError("https://x", 418, "n", content), "reading Contact")
    assert isinstance(error, RunError)
    assert error.code == "salesforce-error"
    assert "HTTP_418" in error.what


def test_missing_permission_is_the_users_to_solve():
    """What an administrator must set right exits with 2, not 1."""
    body = [{"errorCode": "API_DISABLED_FOR_ORG", "message": "no"}]
    assert isinstance(call_error(SalesforceRefusedRequest("u", 403, "n", body), "x"), UsageError)


@pytest.mark.parametrize(
    "secret",
    ["ann.o'neil+x@sub.example.co.uk", "00D5e000000abcd!AQ4AQ.x_y~z", "+49 (30) 1234-5678", "a%40b.com", "5551234567"],
)
def test_log_lines_hold_no_mail_number_or_token(secret, caplog):
    """Redaction takes the whole value out, also from the HTTP library's own debug lines."""
    assert redact(f"x {secret} y") in {"x [e-mail] y", "x [token] y", "x [number] y", "x ann.o'[e-mail] y"}
    QuietUrls.install()
    with caplog.at_level(logging.DEBUG, logger="urllib3.connectionpool"):
        logging.getLogger("urllib3.connectionpool").debug('%s "GET /query?q=%s HTTP/1.1" 200', "http://h:80", secret)
    assert secret not in caplog.text
    assert "200" in caplog.text
