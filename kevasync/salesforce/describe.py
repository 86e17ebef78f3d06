"""What an object looks like: describe answers as `Schema`, kept per org and object, and what changed between two."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simple_salesforce.exceptions import SalesforceError

from kevasync.errors import Problem, UsageError
from kevasync.records import Field, Schema, Side
from kevasync.salesforce.failures import call_error
from kevasync.salesforce.session import Session, decoded

__all__ = ["Describer", "drift", "schema_from_describe", "schema_from_file"]

COMPOUND_TYPES = frozenset({"address", "location"})
NOT_MODIFIED, NOT_FOUND = 304, 404
_OBJECT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Describer:
    """Asks one org what its objects look like; `folder` (optional) keeps the answers, asked anew only if changed."""

    def __init__(self, session: Session, folder: Path | None = None) -> None:
        self._session = session
        self._folder = folder
        self._known: dict[str, Schema] = {}
        self._prefixes: dict[str, str | None] = {}
        self._children: dict[str, tuple[tuple[str, str], ...]] = {}

    def schema(self, object_name: str) -> Schema:
        """The object's fields as this user sees them; asked once in the life of the object.

        Raises UsageError when the object does not exist or may not be seen.
        """
        if object_name not in self._known:
            answer = self._describe(object_name)
            self._known[object_name] = schema_from_describe(answer)
            self._prefixes[object_name] = answer.get("keyPrefix")
            self._children[object_name] = tuple(
                (str(item["childSObject"]), str(item["field"]))
                for item in answer.get("childRelationships") or ()
                if item.get("field") and not item.get("deprecatedAndHidden")
            )
        return self._known[object_name]

    def key_prefix(self, object_name: str) -> str | None:
        """The three characters every id of the object begins with, where it tells."""
        self.schema(object_name)
        return self._prefixes.get(object_name)

    def children(self, object_name: str) -> tuple[tuple[str, str], ...]:
        """(object, field) by which records of other objects hang on this one, as describe lists them."""
        self.schema(object_name)
        return self._children.get(object_name, ())

    def forget(self) -> None:
        """Ask again next time: a service that runs for weeks calls this before each reconcile."""
        self._known.clear()

    def _describe(self, object_name: str) -> Mapping[str, Any]:
        if not _OBJECT_NAME.fullmatch(object_name):
            raise UsageError("salesforce-object-hidden", f"{object_name!r} is no object's name")
        kept = self._kept(object_name)
        headers = {"If-Modified-Since": kept["last_modified"]} if kept else {}
        try:
            response = self._session.attempt("GET", f"sobjects/{object_name}/describe", headers=headers)
        except SalesforceError as error:
            if error.status == NOT_MODIFIED and kept:
                describe: dict[str, Any] = kept["describe"]
                return describe
            if error.status == NOT_FOUND:
                what = f"{object_name} does not exist for this user, or may not be seen"
                raise UsageError("salesforce-object-hidden", what) from None
            raise call_error(error, f"describing {object_name}") from None
        answer: dict[str, Any] = decoded(response)
        self._keep(object_name, response.headers.get("Last-Modified"), answer)
        return answer

    def _file(self, object_name: str) -> Path | None:
        if self._folder is None:
            return None
        org = re.sub(r"[^a-z0-9.-]", "_", self._session.instance_url.partition("://")[2].lower())
        asked = self._session.credentials
        # Field-level security makes a describe the user's own: another sign-in gets another file.
        user = f"{asked.client_id} {asked.username}" if asked.client_id else str(asked.access_token)
        mark = hashlib.sha256(user.encode()).hexdigest()[:12]
        return self._folder / org / f"{object_name}-v{asked.api_version}-{mark}.json"

    def _kept(self, object_name: str) -> dict[str, Any] | None:
        """The describe kept last time, or None; a file that is cut or edited is as good as none."""
        path = self._file(object_name)
        try:
            kept = json.loads(path.read_text(encoding="utf-8")) if path else None
            if kept and isinstance(kept["last_modified"], str):
                schema_from_describe(kept["describe"])
                return dict(kept)
        except (OSError, ValueError, KeyError, TypeError, UsageError):
            return None
        return None

    def _keep(self, object_name: str, last_modified: str | None, describe: Mapping[str, Any]) -> None:
        path = self._file(object_name)
        if path is None or not last_modified:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        fresh.write_text(json.dumps({"last_modified": last_modified, "describe": describe}), encoding="utf-8")
        fresh.replace(path)


def schema_from_describe(answer: Any) -> Schema:
    """The schema a describe answer tells. Also takes the `sf` command's form, with the describe under `result`.

    Raises UsageError `salesforce-describe-invalid` when it is not a describe of one object.
    """
    body = answer.get("result", answer) if isinstance(answer, Mapping) else None
    if not isinstance(body, Mapping) or not isinstance(body.get("fields"), list) or not body.get("name"):
        raise UsageError("salesforce-describe-invalid", "This is no describe of an object: name or fields are missing")
    try:
        compounds = {item.get("compoundFieldName") for item in body["fields"]} - {None}
        fields = tuple(_field(item, compounds) for item in body["fields"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"The describe of {body['name']} has a field that cannot be read ({type(error).__name__})"
        raise UsageError("salesforce-describe-invalid", what) from None
    return Schema(
        Side.SALESFORCE,
        str(body["name"]),
        fields,
        createable=bool(body.get("createable", True)),
        updateable=bool(body.get("updateable", True)),
        queryable=bool(body.get("queryable", True)),
    )


def schema_from_file(path: Path) -> Schema:
    """The schema of a saved describe (`--describe FILE`). Raises UsageError for a cut or wrong file."""
    try:
        answer = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError("salesforce-describe-invalid", f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        what = f"{path} is not JSON" + (f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "")
        raise UsageError("salesforce-describe-invalid", what) from None
    try:
        return schema_from_describe(answer)
    except UsageError as error:
        raise UsageError(error.code, f"{path}: {error.what}") from None


def drift(old: Schema, new: Schema) -> list[Problem]:
    """What changed since `old` so that a mapping may no longer hold: fields gone, of other type or length, required."""
    problems: list[Problem] = []

    def add(code: str, name: str, message: str, hint: str = "", *, error: bool = False) -> None:
        problems.append(Problem(code, "error" if error else "warning", message, new.object, name, hint))

    for before in old.fields:
        now, name = new.find(before.name), f"{new.object}.{before.name}"
        if now is None:
            hint = "Deleted, renamed, or hidden from this user"
            add("describe-field-gone", before.name, f"{name} is gone", hint, error=True)
            continue
        if now.type != before.type:
            add("describe-type-changed", now.name, f"{name} was {before.type} and is now {now.type}", error=True)
        elif now.length != before.length:
            message = f"{name} held {before.length} characters and now holds {now.length}"
            add("describe-length-changed", now.name, message, error=now.length < before.length)
        if now.required and not before.required:
            add("describe-now-required", now.name, f"{name} is now required")
    for now in new.fields:
        if now.required and old.find(now.name) is None:
            add("describe-now-required", now.name, f"{new.object}.{now.name} is new and required")
    return problems


def _field(item: Mapping[str, Any], compounds: set[str]) -> Field:
    name, kind = str(item["name"]), str(item["type"])
    createable = bool(item.get("createable"))
    return Field(
        name=name,
        label=str(item.get("label", name)),
        type=kind,
        length=int(item.get("length") or 0),
        # A checkbox is never null, and a field with a default fills itself: neither has to be given.
        required=createable and not item.get("nillable") and not item.get("defaultedOnCreate") and kind != "boolean",
        createable=createable,
        updateable=bool(item.get("updateable")),
        unique=bool(item.get("unique")),
        external_id=bool(item.get("externalId")),
        id_lookup=bool(item.get("idLookup")),
        calculated=bool(item.get("calculated")),
        compound=kind in COMPOUND_TYPES or name in compounds,
        restricted=bool(item.get("restrictedPicklist")),
        picklist=tuple(str(value["value"]) for value in item.get("picklistValues") or () if value.get("active", True)),
        reference_to=tuple(item.get("referenceTo") or ()),
        relationship=item.get("relationshipName"),
    )
