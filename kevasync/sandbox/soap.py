"""The one thing the sandbox answers over SOAP: merge(), at the partner (u) and the enterprise (c) address."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kevasync.sandbox.answers import ApiError
from kevasync.sandbox.ids import to_18
from kevasync.sandbox.org import Org

__all__ = ["routes", "session_of", "soap_fault"]

MOST_BYTES = 8 * 1024 * 1024
MOST_REQUESTS, MOST_LOSERS = 200, 2
OLDEST, NEWEST, LAST_WITH_LOGIN = 31, 68, 64
_SOAP_ENV = "http://schemas.xmlsoap.org/soap/envelope/"
_PARTNER, _ENTERPRISE = "urn:partner.soap.sforce.com", "urn:enterprise.soap.sforce.com"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_HOSTILE = re.compile(r"<!(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_DECLARED = re.compile(r"<\?xml[^>]*encoding\s*=\s*[\"']([^\"']+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Merge:
    object: str
    master: str
    losers: list[str]
    values: dict[str, str | None]


def routes(org: Org, check: Callable[[str], bool]) -> list[Route]:
    """The Starlette routes; `check` says whether a session id is good."""

    async def answer(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, org, check, request, body)

    return [
        Route("/services/Soap/{kind:str}/{version:str}", answer, methods=["POST"]),
        Route("/services/Soap/{kind:str}/{version:str}/{org:str}", answer, methods=["POST"]),
    ]


def soap_fault(code: str, message: str, status: int = 500) -> Response:
    """An error about the whole call, as Salesforce words it."""
    kind = "sf:LoginFault" if code == "INVALID_LOGIN" else "sf:UnexpectedErrorFault"
    text = escape(f"{code}: {message}")
    body = (
        f'<soapenv:Envelope xmlns:soapenv="{_SOAP_ENV}" xmlns:sf="urn:fault.partner.soap.sforce.com"'
        f' xmlns:xsi="{_XSI}"><soapenv:Body><soapenv:Fault><faultcode>sf:{code}</faultcode>'
        f'<faultstring>{text}</faultstring><detail><{kind} xsi:type="{kind}">'
        f"<sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{escape(message)}</sf:exceptionMessage>"
        f"</{kind}></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )
    return _xml(body, status)


def session_of(body: bytes) -> str:
    """The session id in a SOAP call, or nothing where it cannot be read."""
    try:
        return _text(_find(_parse(body), "sessionId"))
    except ApiError:
        return ""


def _xml(body: str, status: int = 200) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>{body}'
    return Response(text.encode(), status, media_type="text/xml;charset=utf-8")


def _answer(org: Org, check: Callable[[str], bool], request: Request, body: bytes) -> Response:
    try:
        return _carried_out(org, check, request, body)
    except ApiError as error:
        return soap_fault(error.code, error.message, max(error.status, 500))


def _carried_out(org: Org, check: Callable[[str], bool], request: Request, body: bytes) -> Response:
    version = _version(request.path_params["version"])
    namespace = {"u": _PARTNER, "c": _ENTERPRISE}.get(request.path_params["kind"])
    if namespace is None:
        raise ApiError("INVALID_OPERATION", "no such SOAP service", status=404)
    root = _parse(body)
    called = _call(root)
    operation = _local(called)
    if operation == "login":
        return _login(version)
    if not check(_text(_find(root, "sessionId"))):
        message = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session"
        raise ApiError("INVALID_SESSION_ID", message, status=500)
    org.counters.request()
    if operation != "merge":
        raise ApiError("INVALID_OPERATION", f"the sandbox answers merge only, not {operation}", status=500)
    return _merge(org, called, namespace)


def _version(text: str) -> float:
    if not re.fullmatch(r"\d{1,3}(\.\d)?", text):
        raise ApiError("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL", status=500)
    number = float(text)
    if not OLDEST <= number <= NEWEST:
        raise ApiError("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL", status=500)
    return number


def _login(version: float) -> Response:
    """SOAP login is gone from v65 on, and off by default in new orgs before that."""
    if version > LAST_WITH_LOGIN:
        return soap_fault("INVALID_OPERATION", "login() is not available in this version of the SOAP API")
    return soap_fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")


def _parse(body: bytes) -> ET.Element:
    """The envelope; anything but plain UTF-8 XML with no document type is refused before a parser sees it."""
    if len(body) > MOST_BYTES:
        raise ApiError("REQUEST_LIMIT_EXCEEDED", "the request is larger than 8 MiB", status=500)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ApiError("PARSER_ERROR", "the request is not UTF-8", status=500) from None
    declared = _DECLARED.search(text[:200])
    if _HOSTILE.search(text) or (declared and declared[1].lower().replace("-", "") != "utf8"):
        raise ApiError("PARSER_ERROR", "DOCTYPE and foreign encodings are not allowed in SOAP", status=500)
    try:
        return ET.fromstring(text)  # noqa: S314 refused above: no document type, so no entities
    except (ET.ParseError, ValueError) as error:
        raise ApiError("PARSER_ERROR", f"the request is not well-formed: {error}", status=500) from None


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _find(element: ET.Element, name: str) -> ET.Element | None:
    return next((one for one in element.iter() if _local(one) == name), None)


def _text(element: ET.Element | None) -> str:
    return "" if element is None else (element.text or "").strip()


def _call(root: ET.Element) -> ET.Element:
    body = next((one for one in root if one.tag == f"{{{_SOAP_ENV}}}Body"), None)
    if root.tag != f"{{{_SOAP_ENV}}}Envelope" or body is None or len(body) != 1:
        raise ApiError("PARSER_ERROR", "this is no SOAP envelope with one call in its body", status=500)
    return body[0]


def _merge(org: Org, called: ET.Element, namespace: str) -> Response:
    requests = [_request(one) for one in called if _local(one) == "request"]
    if len(requests) > MOST_REQUESTS:
        message = "record limit reached. cannot submit more than 200 records into this call"
        raise ApiError("EXCEEDED_ID_LIMIT", message, status=500)
    results = "".join(_result(org, one) for one in requests)
    return _xml(
        f'<soapenv:Envelope xmlns:soapenv="{_SOAP_ENV}" xmlns="{namespace}" xmlns:xsi="{_XSI}"><soapenv:Body>'
        f"<mergeResponse>{results}</mergeResponse></soapenv:Body></soapenv:Envelope>"
    )


def _request(element: ET.Element) -> _Merge:
    record = next((one for one in element if _local(one) == "masterRecord"), None)
    if record is None:
        raise ApiError("MISSING_ARGUMENT", "masterRecord not specified", status=500)
    name = record.get(f"{{{_XSI}}}type", "").rpartition(":")[2]
    master = ""
    values: dict[str, str | None] = {}
    for one in record:
        field = _local(one)
        if field == "type":
            name = _text(one)
        elif field == "fieldsToNull":
            values[_text(one)] = None
        elif field == "Id":
            master = _text(one)
        else:
            nil = one.get(f"{{{_XSI}}}nil") == "true"
            values[field] = None if nil else "".join(one.itertext())
    return _Merge(name, master, [_text(one) for one in element if _local(one) == "recordToMergeIds"], values)


def _result(org: Org, wanted: _Merge) -> str:
    try:
        master, moved = _carry_out(org, wanted)
    except ApiError as error:
        fields = "".join(f"<fields>{escape(name)}</fields>" for name in error.fields)
        return (
            f"<result><errors>{fields}<message>{escape(error.message)}</message><statusCode>{error.code}</statusCode>"
            f'</errors><id xsi:nil="true"/><success>false</success></result>'
        )
    return (
        f"<result><id>{master}</id>{_elements('mergedRecordIds', map(to_18, wanted.losers))}"
        f"<success>true</success>{_elements('updatedRelatedIds', moved)}</result>"
    )


def _elements(name: str, values: Sequence[str] | map[str]) -> str:
    return "".join(f"<{name}>{value}</{name}>" for value in values)


def _carry_out(org: Org, wanted: _Merge) -> tuple[str, list[str]]:
    """One merge, a transaction of its own. The codes of the first three refusals are from memory, not from an org."""
    spec = org.spec(wanted.object) if org.schema.get(wanted.object) else None
    if spec is None or not spec.mergeable:
        raise ApiError("INVALID_TYPE", f"sObject type '{wanted.object}' is not supported by merge().")
    if not wanted.losers or len(wanted.losers) > MOST_LOSERS:
        message = f"a merge takes one or two records besides the master, not {len(wanted.losers)}"
        raise ApiError("NUMBER_OUTSIDE_VALID_RANGE", message)
    external = [name for name in wanted.values if (field := spec.field(name)) is not None and field.external_id]
    if external:
        raise ApiError("INVALID_FIELD", "external ID fields cannot be used with merge()", tuple(external))
    return org.merge_records(spec.name, wanted.master, wanted.losers, wanted.values)
