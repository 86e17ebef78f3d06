"""Describe: the facts of the schema in the JSON shape that Salesforce's clients read."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from kevasync.sandbox.database import quoted
from kevasync.sandbox.schema import FieldSpec, ObjectSpec, Schema

if TYPE_CHECKING:
    from kevasync.sandbox.org import Org

__all__ = ["describe", "fill_identity", "summary"]

_SOAP = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double",
    "currency": "xsd:double", "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime",
    "address": "urn:address",
}  # fmt: skip
_SCOPES = ({"label": "All {}", "name": "everything"}, {"label": "My {}", "name": "mine"})
_MASTER_TYPE = "012000000000000AAA"


def summary(spec: ObjectSpec, version: str) -> dict[str, Any]:
    """One entry of the list of objects."""
    base = f"/services/data/v{version}/sobjects/{spec.name}"
    writable = not spec.read_only
    return {
        "activateable": False, "associateEntityType": None, "associateParentEntity": None, "createable": writable,
        "custom": False, "customSetting": False, "deepCloneable": False, "deletable": writable,
        "deprecatedAndHidden": False, "feedEnabled": spec.mergeable, "hasSubtypes": False, "isInterface": False,
        "isSubtype": False, "keyPrefix": spec.prefix, "label": spec.label, "labelPlural": spec.plural,
        "layoutable": True, "mergeable": spec.mergeable, "mruEnabled": spec.mergeable, "name": spec.name,
        "queryable": True, "replicateable": True, "retrieveable": True, "searchable": spec.name != "Organization",
        "triggerable": spec.mergeable, "undeletable": spec.mergeable, "updateable": writable,
        "urls": {
            "rowTemplate": f"{base}/{{ID}}", "describe": f"{base}/describe", "sobject": base,
            "layouts": f"{base}/describe/layouts",
        },
    }  # fmt: skip


def describe(schema: Schema, spec: ObjectSpec, version: str) -> dict[str, Any]:
    """The full describe of one object."""
    layout = f"/services/data/v{version}/sobjects/{spec.name}/describe/layouts/{_MASTER_TYPE}"
    return {
        **summary(spec, version),
        "actionOverrides": [],
        "childRelationships": _children(schema, spec),
        "compactLayoutable": spec.mergeable,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [_field(spec, field) for field in spec.fields],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [
            {
                "active": True, "available": True, "defaultRecordTypeMapping": True, "developerName": "Master",
                "master": True, "name": "Master", "recordTypeId": _MASTER_TYPE, "urls": {"layout": layout},
            }
        ],
        "searchLayoutable": spec.mergeable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [
            {"label": scope["label"].format(spec.plural.lower()), "name": scope["name"]} for scope in _SCOPES
        ],
    }  # fmt: skip


def _children(schema: Schema, spec: ObjectSpec) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": field.cascade, "childSObject": child.name, "deprecatedAndHidden": False,
            "field": field.name, "junctionIdListNames": [], "junctionReferenceTo": [],
            "relationshipName": child.plural if field.cascade else None, "restrictedDelete": False,
        }
        for child in schema.objects.values()
        for field in child.fields
        if spec.name in field.reference
    ]  # fmt: skip


def _field(spec: ObjectSpec, field: FieldSpec) -> dict[str, Any]:
    name_part = field.part_of or (field.name if field.name == "Name" and not spec.has_person_name else None)
    plain = field.type not in ("address", "multipicklist") and field.filterable
    writable = not spec.read_only
    return {
        "aggregatable": plain and field.type != "boolean", "aiPredictionField": False, "autoNumber": False,
        "byteLength": 18 if field.length == 18 else field.length * 3,  # noqa: PLR2004 a fact of the format
        "calculated": field.calculated, "calculatedFormula": None, "cascadeDelete": field.cascade,
        "caseSensitive": field.case_sensitive, "compoundFieldName": name_part, "controllerName": None,
        "createable": field.createable and writable, "custom": field.custom, "defaultValue": field.default,
        "defaultValueFormula": None, "defaultedOnCreate": field.defaulted, "dependentPicklist": False,
        "deprecatedAndHidden": False, "digits": field.digits, "displayLocationInDecimal": False, "encrypted": False,
        "externalId": field.external_id, "extraTypeInfo": field.extra, "filterable": field.filterable,
        "filteredLookupInfo": None, "formulaTreatNullNumberAsZero": False,
        "groupable": plain and field.type not in ("double", "currency", "percent", "datetime"),
        "highScaleNumber": False, "htmlFormatted": False, "idLookup": field.is_key, "inlineHelpText": None,
        "label": field.label, "length": field.length, "mask": None, "maskType": None, "name": field.name,
        "nameField": field.name_field, "namePointing": len(field.reference) > 1, "nillable": field.nillable,
        "permissionable": writable and field.access != "read" and not field.required and field.part_of != "Name",
        "picklistValues": [
            {"active": True, "defaultValue": value == field.default, "label": value, "validFor": None, "value": value}
            for value in field.values
        ],
        "polymorphicForeignKey": len(field.reference) > 1, "precision": field.precision,
        "queryByDistance": field.type == "address", "referenceTargetField": None,
        "referenceTo": list(field.reference), "relationshipName": field.relationship, "relationshipOrder": None,
        "restrictedDelete": False, "restrictedPicklist": field.restricted, "scale": field.scale,
        "searchPrefilterable": field.type == "reference", "soapType": _SOAP.get(field.type, "xsd:string"),
        "sortable": plain, "type": field.type, "unique": field.unique, "updateable": field.updateable and writable,
        "writeRequiresMasterRead": False,
    }  # fmt: skip


def fill_identity(con: sqlite3.Connection, org: Org, stamp: str) -> None:
    """Make the org's one Organization row and its integration user."""
    common = {
        "CreatedDate": stamp, "CreatedById": org.user_id, "LastModifiedDate": stamp,
        "LastModifiedById": org.user_id, "SystemModstamp": stamp,
    }  # fmt: skip
    user = {
        "Id": org.user_id, "Username": org.username, "FirstName": "Integration", "LastName": "User", "Alias": "integ",
        "Email": "integration@example.com", "IsActive": 1, "UserType": "Standard", "TimeZoneSidKey": "GMT",
        "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US", "EmailEncodingKey": "UTF-8",
    }  # fmt: skip
    organization = {
        "Id": org.org_id, "Name": "kevasync sandbox", "Country": "US", "PrimaryContact": "Integration User",
        "DefaultLocaleSidKey": "en_US", "TimeZoneSidKey": "GMT", "LanguageLocaleKey": "en_US",
        "FiscalYearStartMonth": 1, "OrganizationType": "Developer Edition", "InstanceName": "CS5", "IsSandbox": 1,
    }  # fmt: skip
    for table, row in (("User", user), ("Organization", organization)):
        filled = {**row, **common}
        columns, marks = ", ".join(map(quoted, filled)), ", ".join("?" * len(filled))
        con.execute(f"INSERT INTO {quoted(table)} ({columns}) VALUES ({marks})", tuple(filled.values()))  # noqa: S608 names of the schema
