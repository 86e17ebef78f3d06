"""SOAP envelopes made and read: one call in, its results out; hostile XML is refused before a parser sees it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kevasync.endpoint import MergeRequest
from kevasync.errors import RunError, UsageError
from kevasync.salesforce.failures import code_for, redact
from kevasync.salesforce.session import Verdict

__all__ = ["MergeAnswer", "SoapError", "judge", "merge_answers", "merge_envelope"]

OK = 200
MOST_BYTES = 8 * 1024 * 1024
_ENV = "http://schemas.xmlsoap.org/soap/envelope/"
_PARTNER, _SOBJECT = "urn:partner.soap.sforce.com", "urn:sobject.partner.soap.sforce.com"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_HOSTILE = re.compile(r"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_ENCODING = re.compile(r"""<\?xml[^>]{0,100}encoding\s*=\s*["']([^"']*)""", re.IGNORECASE)
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class SoapError(Exception):
    """A definite refusal of the whole call, in Salesforce's words: nothing of it was carried out."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class MergeAnswer:
    """The answer to one merge request: done, or the errors in the form that collections calls give them."""

    master: str | None
    merged: tuple[str, ...]
    errors: tuple[dict[str, Any], ...]


def merge_envelope(token: str, object_name: str, requests: Sequence[MergeRequest]) -> bytes:
    """The envelope of a merge() call to the partner address. Characters that XML cannot carry are left out."""
    for prefix, uri in (("soapenv", _ENV), ("urn", _PARTNER), ("ens", _SOBJECT), ("xsi", _XSI)):
        ET.register_namespace(prefix, uri)
    root = ET.Element(f"{{{_ENV}}}Envelope")
    header = ET.SubElement(root, f"{{{_ENV}}}Header")
    session = ET.SubElement(header, f"{{{_PARTNER}}}SessionHeader")
    ET.SubElement(session, f"{{{_PARTNER}}}sessionId").text = token
    call = ET.SubElement(ET.SubElement(root, f"{{{_ENV}}}Body"), f"{{{_PARTNER}}}merge")
    for item in requests:
        request = ET.SubElement(call, f"{{{_PARTNER}}}request")
        record = ET.SubElement(request, f"{{{_PARTNER}}}masterRecord", {f"{{{_XSI}}}type": "ens:sObject"})
        ET.SubElement(record, f"{{{_SOBJECT}}}type").text = object_name
        for name, value in item.values.items():
            if value is None:
                ET.SubElement(record, f"{{{_SOBJECT}}}fieldsToNull").text = name
        ET.SubElement(record, f"{{{_SOBJECT}}}Id").text = item.master
        for name, value in item.values.items():
            if value is not None:
                # a bare CR would come out of any XML parser as LF
                ET.SubElement(record, f"{{{_SOBJECT}}}{name}").text = _UNFIT.sub("", value)
        for loser in item.losers:
            ET.SubElement(request, f"{{{_PARTNER}}}recordToMergeIds").text = loser
    made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def merge_answers(body: bytes, wanted: int) -> list[MergeAnswer]:
    """The answers in the order of the requests. Raises RunError `salesforce-answer-incomplete` for anything else."""
    root = _parsed(body)
    call = None if root is None else root.find(f"{{{_ENV}}}Body/{{*}}mergeResponse")
    results = [] if call is None else call.findall("{*}result")
    if len(results) != wanted:
        raise RunError(
            "salesforce-answer-incomplete", f"A merge of {wanted} requests was answered for {len(results)} of them"
        )
    return [_answer(item) for item in results]


def _answer(result: ET.Element) -> MergeAnswer:
    if _text(result, "success") == "true":
        merged = tuple((item.text or "").strip() for item in result.findall("{*}mergedRecordIds"))
        return MergeAnswer(_text(result, "id"), merged, ())
    errors = tuple(
        {
            "statusCode": _text(item, "statusCode"),
            "message": _text(item, "message"),
            "fields": [(name.text or "").strip() for name in item.findall("{*}fields")],
        }
        for item in result.findall("{*}errors")
    )
    return MergeAnswer(None, (), errors or ({"statusCode": "UNKNOWN_EXCEPTION", "message": "", "fields": []},))


def judge(status: int, body: bytes) -> Verdict:
    """What an answer means for the call. Raises SoapError for a definite refusal, RunError for the daily limit."""
    fault = _fault(body)
    if fault is None:
        # an answer that cannot be read, or a gateway's page: the call may have been carried out
        return Verdict.GOOD if status == OK and _parsed(body) is not None else Verdict.LOST
    code, message = fault
    if code == "INVALID_SESSION_ID":
        return Verdict.EXPIRED
    if code == "REQUEST_LIMIT_EXCEEDED" and not message.startswith("Concurrent"):
        raise RunError("salesforce-request-limit", f"Salesforce answered {code} while merging: {redact(message)}")
    if code in {"SERVER_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "UNABLE_TO_LOCK_ROW"}:
        return Verdict.REFUSED
    if code in {"API_DISABLED_FOR_ORG", "UNSUPPORTED_API_VERSION", "API_CURRENTLY_DISABLED"}:
        raise UsageError(code_for(code), f"Salesforce answered {code} while merging: {redact(message)}")
    if code in {"UNKNOWN_EXCEPTION", ""}:
        return Verdict.LOST
    raise SoapError(code, message)


def _fault(body: bytes) -> tuple[str, str] | None:
    root = _parsed(body)
    fault = None if root is None else root.find(f"{{{_ENV}}}Body/{{{_ENV}}}Fault")
    if fault is None:
        return None
    told = {item.tag.rpartition("}")[2]: (item.text or "").strip() for item in fault.iter()}
    code = told.get("exceptionCode") or told.get("faultcode", "").rpartition(":")[2]
    return code, told.get("exceptionMessage") or told.get("faultstring", "")


def _parsed(body: bytes) -> ET.Element | None:
    """The document, or None: too large, not UTF-8, with a document type, or not well-formed."""
    if len(body) > MOST_BYTES:
        return None
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    declared = _ENCODING.match(text.lstrip())
    foreign = declared is not None and declared[1].lower() not in {"utf-8", "utf8"}
    if foreign or _HOSTILE.search(text):
        return None
    try:
        return ET.fromstring(text)  # noqa: S314 refused above: without a document type there are no entities
    except (ET.ParseError, ValueError):
        return None


def _text(element: ET.Element, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()
