"""The org's duplicate rule: off, alert (the allowSave header gets past it) or block; the setting `duplicate_rule`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kevasync.sandbox.answers import ApiError
from kevasync.sandbox.database import quoted
from kevasync.sandbox.rules import Prepared
from kevasync.sandbox.schema import ObjectSpec

if TYPE_CHECKING:
    from kevasync.sandbox.org import Org

__all__ = ["find_duplicates"]

# Salesforce's standard rules match fuzzily on many fields; this one matches equal e-mail, or for Accounts equal name
_MATCH_FIELD = {"Contact": "Email", "Lead": "Email", "Account": "Name"}


def find_duplicates(
    org: Org, con: sqlite3.Connection, spec: ObjectSpec, rows: Sequence[Prepared], *, allow_save: bool
) -> None:
    """Give every row that matches another record the error DUPLICATES_DETECTED, unless the rule lets it be saved."""
    alert = org.setting("duplicate_rule") == "alert"
    field = _MATCH_FIELD.get(spec.name)
    if field is None or (alert and allow_save):
        return
    asked = [row for row in rows if not row.errors and row.values.get(field)]
    known: dict[str, list[str]] = {}
    for value, record_id in con.execute(
        f"SELECT lower(t.{quoted(field)}), t.Id FROM json_each(?) j JOIN {quoted(spec.name)} t"  # noqa: S608 names of the schema
        f" ON t.{quoted(field)} = j.value WHERE t.IsDeleted = 0",
        (json.dumps(list({row.values[field] for row in asked})),),
    ):
        known.setdefault(value, []).append(record_id)
    for row in asked:
        folded = row.values[field].lower()
        others = list(dict.fromkeys(one for one in known.get(folded, ()) if one != row.id))
        if others:
            row.errors.append(_detected(spec, others, alert=alert))
        else:
            known.setdefault(folded, []).append(row.id)


def _detected(spec: ObjectSpec, others: Sequence[str], *, alert: bool) -> ApiError:
    records: list[dict[str, Any]] = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {
                "attributes": {"type": spec.name, "url": f"/services/data/v68.0/sobjects/{spec.name}/{one}"},
                "Id": one,
            },
        }
        for one in others
    ]
    message = "Use one of these records?" if alert else "You're creating a duplicate record."
    result = {
        "allowSave": alert,
        "duplicateRule": f"Standard_{spec.name}_Duplicate_Rule",
        "duplicateRuleEntityType": spec.name,
        "errorMessage": message,
        "matchResults": [
            {
                "entityType": spec.name,
                "errors": [],
                "matchEngine": "FuzzyMatchEngine",
                "matchRecords": records,
                "rule": f"Standard_{spec.name}_Match_Rule_v1_1",
                "size": len(records),
                "success": True,
            }
        ],
    }
    return ApiError("DUPLICATES_DETECTED", message, extra={"duplicateResult": result})
