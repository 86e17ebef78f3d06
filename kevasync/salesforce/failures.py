"""What Salesforce's errors mean: its answers as `Failure` and `KevasyncError`, and what of them may be logged."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from simple_salesforce.exceptions import SalesforceError

from kevasync.endpoint import Failure
from kevasync.errors import KevasyncError, RunError, UsageError

__all__ = [
    "CODES",
    "GONE",
    "QuietUrls",
    "bulk_failure",
    "call_error",
    "code_for",
    "error_items",
    "failure",
    "job_failure",
    "redact",
    "row_failure",
]

UNKNOWN_CODE = "salesforce-error"

CODES: dict[str, str] = {
    "NOT_FOUND": "salesforce-contact-not-found",
    "INVALID_CROSS_REFERENCE_KEY": "salesforce-contact-not-found",
    "DUPLICATE_VALUE": "salesforce-duplicate-value",
    "DUPLICATE_EXTERNAL_ID": "salesforce-duplicate-value",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "salesforce-validation-rule",
    "INVALID_FIELD": "salesforce-invalid-field",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "salesforce-invalid-field",
    "INVALID_SESSION_ID": "salesforce-session-expired",
    "INVALID_AUTH_HEADER": "salesforce-session-expired",
    "REQUEST_LIMIT_EXCEEDED": "salesforce-request-limit",
    "REQUIRED_FIELD_MISSING": "salesforce-required-field",
    "STRING_TOO_LONG": "salesforce-too-long",
    "INVALID_EMAIL_ADDRESS": "salesforce-invalid-email",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "salesforce-picklist",
    "FIELD_INTEGRITY_EXCEPTION": "salesforce-field-integrity",
    "DUPLICATES_DETECTED": "salesforce-duplicate-rule",
    "INSUFFICIENT_ACCESS": "salesforce-no-access",
    "INSUFFICIENT_ACCESS_OR_READONLY": "salesforce-no-access",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "salesforce-no-access",
    "CANNOT_UPDATE_CONVERTED_LEAD": "salesforce-no-access",
    "ENTITY_IS_DELETED": "salesforce-record-deleted",
    "UNABLE_TO_LOCK_ROW": "salesforce-row-locked",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "salesforce-trigger",
    "INVALID_TYPE": "salesforce-object-hidden",
    "API_DISABLED_FOR_ORG": "salesforce-api-disabled",
    "API_CURRENTLY_DISABLED": "salesforce-api-disabled",
    "UNSUPPORTED_API_VERSION": "salesforce-api-version",
    "SERVER_UNAVAILABLE": "salesforce-unreachable",
    "STORAGE_LIMIT_EXCEEDED": "salesforce-storage-full",
    "MALFORMED_ID": "salesforce-malformed-id",
    "JSON_PARSER_ERROR": "salesforce-value-type",
    "NUMBER_OUTSIDE_VALID_RANGE": "salesforce-value-type",
    "INVALID_TYPE_ON_FIELD_IN_RECORD": "salesforce-value-type",
    "MALFORMED_QUERY": "salesforce-query-refused",
    "INVALID_QUERY_LOCATOR": "salesforce-query-refused",
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": "salesforce-row-not-processed",
}
"""Salesforce's error code to ours; any other becomes `salesforce-error`, with Salesforce's own words."""

RETRYABLE = frozenset(
    {"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "ALL_OR_NONE_OPERATION_ROLLED_BACK"}
)

GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"})
"""What a delete of a record that is gone already is answered: for a delete that is success."""

_JOB_CODES = (
    # (what the errorMessage of a failed Bulk job contains, Salesforce's name for it, our code)
    ("field name not found", "InvalidBatch", "salesforce-invalid-field"),
    ("does not match an external id", "InvalidBatch", "salesforce-invalid-field"),
    ("lineending is invalid", "ClientInputError", "salesforce-job-failed"),
    ("exceeded", "LimitExceeded", "salesforce-job-failed"),
)

_TOKEN = re.compile(r"00D[A-Za-z0-9]{12,15}!\S+|(?i:bearer|oauth) +[A-Za-z0-9._!~+/=-]{8,}|5Aep\w{10,}\S*")
_MAIL = re.compile(r"[^\s\"'<>(),:;=&?]+(?:@|%40)[^\s\"'<>(),:;=&]+")
_PHONE = re.compile(r"(?<![\w.-])(?!\d{1,3}(?:\.\d{1,3}){3}\b)\+?\d[\d ().-]{6,}\d(?!\w)")  # but no IP address
_QUERY = re.compile(r"\?\S+")
_BULK_ERROR = re.compile(r"^([A-Z][A-Z0-9_]+):(.*?)(?::([^:]*?))?\s*--\s*$", re.DOTALL)


def redact(text: str) -> str:
    """The text without tokens, e-mail addresses and telephone numbers: the only form that may reach a log line."""
    text = _TOKEN.sub("[token]", text)
    text = _MAIL.sub("[e-mail]", text)
    return _PHONE.sub("[number]", text)


class QuietUrls(logging.Filter):
    """Takes query strings out of the HTTP library's debug lines: a SOQL query there holds e-mail addresses."""

    @classmethod
    def install(cls) -> None:
        """Put one on the HTTP library's logger, once a process."""
        logger = logging.getLogger("urllib3.connectionpool")
        if not any(isinstance(item, cls) for item in logger.filters):
            logger.addFilter(cls())

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the line; never drops one."""
        record.msg, record.args = redact(_QUERY.sub("?[query]", record.getMessage())), ()
        return True


def code_for(side_code: str) -> str:
    """Our code for Salesforce's."""
    return CODES.get(side_code, UNKNOWN_CODE)


def failure(side_code: str, message: str, fields: Sequence[str] = ()) -> Failure:
    """One row's failure, from the three things Salesforce always says."""
    return Failure(code_for(side_code), side_code, message, tuple(fields), side_code in RETRYABLE)


def row_failure(errors: Sequence[dict[str, Any]]) -> Failure:
    """The failure of one row of a collections call; of several errors the first decides, the texts are joined."""
    if not errors:
        return failure("UNKNOWN_EXCEPTION", "Salesforce refused the record without saying why")
    first = errors[0]
    fields = [name for error in errors for name in error.get("fields") or ()]
    message = "; ".join(str(error.get("message", "")) for error in errors)
    return failure(str(first.get("statusCode") or first.get("errorCode") or "UNKNOWN_EXCEPTION"), message, fields)


def bulk_failure(text: str) -> Failure:
    """The failure in a `sf__Error` cell: `CODE:message:field list --`; the message may hold colons itself."""
    found = _BULK_ERROR.match(text.strip())
    if found is None:
        code, _, message = text.partition(":")
        return failure(code.strip() or "UNKNOWN_EXCEPTION", message.strip() or text)
    fields = [name.strip() for name in (found[3] or "").split(",") if name.strip()]
    return failure(found[1], found[2].strip(), fields)


def job_failure(text: str) -> Failure:
    """The failure every row of a failed Bulk job shares, from the job's `errorMessage`."""
    lowered = text.lower()
    for words, side_code, code in _JOB_CODES:
        if words in lowered:
            return Failure(code, side_code, text)
    return Failure("salesforce-job-failed", text.partition(":")[0].strip() or "Failed", text)


def error_items(error: SalesforceError) -> list[dict[str, Any]]:
    """The `[{message, errorCode, fields}]` of an error answer; whatever else the body was becomes one such item."""
    content: Any = error.content
    if isinstance(content, list) and content and all(isinstance(item, dict) for item in content):
        return content
    if isinstance(content, dict) and "errorCode" in content:
        return [content]
    if isinstance(content, dict) and "error" in content:
        return [{"errorCode": str(content["error"]), "message": str(content.get("error_description", ""))}]
    # A proxy's or a gateway's HTML page: the first words are enough to recognise it.
    words = " ".join(re.sub(r"<[^>]*>", " ", str(content)).split())[:200]
    return [{"errorCode": f"HTTP_{error.status}", "message": words}]


_IN_A_QUERY = re.compile(r"^.*\n *\^ *\nERROR at Row:\d+:Column:\d+\n", re.DOTALL)
"""Salesforce quotes a piece of the query with an arrow below; the sentence after it says what is wrong."""


def call_error(error: SalesforceError, doing: str) -> KevasyncError:
    """The error of a whole call as one of ours. `doing` completes "while …" and names no values.

    What the user must set right (login, permissions, a name) is a UsageError; what Salesforce failed at, a RunError.
    """
    item = error_items(error)[0]
    side_code, message = str(item.get("errorCode", "")), redact(str(item.get("message", ""))).strip()
    message = _IN_A_QUERY.sub("", message)
    code = code_for(side_code)
    if code == UNKNOWN_CODE and error.status == 401:  # noqa: PLR2004 the number is the name
        code = "salesforce-session-expired"
    kind = UsageError if code in _USERS_MISTAKE else RunError
    return kind(code, f"Salesforce answered {side_code} (HTTP {error.status}) while {doing}: {message}")


_USERS_MISTAKE = frozenset(
    {
        "salesforce-session-expired",
        "salesforce-no-access",
        "salesforce-object-hidden",
        "salesforce-invalid-field",
        "salesforce-api-disabled",
        "salesforce-api-version",
    }
)
