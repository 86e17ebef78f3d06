"""Which objects and fields the org has: the standard ones, Keva's custom fields, and what a TOML file adds."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal

__all__ = ["ADDRESS_PARTS", "FieldSpec", "ObjectSpec", "Schema", "ValidationRule", "load_schema"]

ADDRESS_PARTS = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude", "GeocodeAccuracy")
_OBJECTS = ("Account", "Contact", "Lead", "Opportunity", "OpportunityContactRole", "Case", "Organization", "User")
_NUMERIC = {"number": "double", "text": "string", "checkbox": "boolean", "longtextarea": "textarea"}
_DEFAULT_LENGTH = {"string": 255, "textarea": 255, "email": 80, "phone": 40, "url": 255, "picklist": 255}


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """The facts of one field; lengths in characters, `type` in the words of describe."""

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    required: bool = False
    access: Literal["both", "create", "update", "read"] = "both"
    defaulted: bool = False
    default: Any = None
    part_of: str | None = None
    extra: str | None = None
    name_field: bool = False
    id_lookup: bool = False
    reference: tuple[str, ...] = ()
    relationship: str | None = None
    cascade: bool = False
    restricted: bool = False
    values: tuple[str, ...] = ()
    filterable: bool = True
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    calculated: bool = False

    @property
    def createable(self) -> bool:
        """Whether a create may set it."""
        return self.access in ("both", "create") and not self.calculated

    @property
    def updateable(self) -> bool:
        """Whether an update may set it."""
        return self.access in ("both", "update") and not self.calculated

    @property
    def custom(self) -> bool:
        """Whether it is one of the org's own fields."""
        return self.name.endswith("__c")

    @property
    def nillable(self) -> bool:
        """Whether it may be null."""
        return not self.required and self.type not in ("boolean", "id")

    @property
    def is_text(self) -> bool:
        """Whether its values are text that is compared without regard to case."""
        return self.type in (
            "string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "combobox", "encryptedstring",
        )  # fmt: skip

    @property
    def is_key(self) -> bool:
        """Whether an upsert may find records by it."""
        return self.external_id or self.id_lookup


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """A rule an administrator made: a row for which the SOQL condition `when` holds is refused with `message`."""

    name: str
    when: str
    message: str
    field: str | None = None


@dataclass(frozen=True)
class ObjectSpec:
    """One object: its facts, and its fields in the order of describe."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: tuple[FieldSpec, ...]
    mergeable: bool = False
    read_only: bool = False
    rules: tuple[ValidationRule, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, FieldSpec]:
        """The fields by lower-case name."""
        return {spec.name.lower(): spec for spec in self.fields}

    @cached_property
    def by_relationship(self) -> Mapping[str, FieldSpec]:
        """The reference fields by the lower-case name of their relationship."""
        return {spec.relationship.lower(): spec for spec in self.fields if spec.relationship}

    def field(self, name: str) -> FieldSpec | None:
        """The field of this name, in any casing."""
        return self.by_name.get(name.lower())

    @cached_property
    def stored(self) -> tuple[FieldSpec, ...]:
        """The fields that have a column of their own and are filled by writes."""
        return tuple(spec for spec in self.fields if not self.is_computed(spec))

    @cached_property
    def has_person_name(self) -> bool:
        """Whether Name is put together from FirstName and LastName."""
        return "lastname" in self.by_name

    def is_computed(self, spec: FieldSpec) -> bool:
        """Whether the value is put together from other columns."""
        return spec.type == "address" or spec.name == "PhotoUrl" or (spec.name == "Name" and self.has_person_name)


@dataclass(frozen=True)
class Schema:
    """All objects of the org by lower-case name."""

    objects: Mapping[str, ObjectSpec] = field(default_factory=dict)

    def get(self, name: str) -> ObjectSpec | None:
        """The object of this name, in any casing."""
        return self.objects.get(name.lower())

    def restricted_to(self, permissions: Mapping[str, Any]) -> Schema:
        """What a user with these permissions sees.

        `{"Contact": "none"}` hides the object, `"read"` makes it read-only; `{"Contact": {"Phone": "none"}}` does the
        same for one field.
        """
        wanted = {name.lower(): grant for name, grant in permissions.items()}
        seen: dict[str, ObjectSpec] = {}
        for key, spec in self.objects.items():
            grant = wanted.get(key, "all")
            if grant == "none":
                continue
            if grant == "read":
                seen[key] = replace(spec, read_only=True)
            elif isinstance(grant, Mapping):
                seen[key] = replace(spec, fields=_granted(spec.fields, grant))
            else:
                seen[key] = spec
        return Schema(seen)


def _granted(fields: tuple[FieldSpec, ...], grants: Mapping[str, str]) -> tuple[FieldSpec, ...]:
    wanted = {name.lower(): grant for name, grant in grants.items()}
    return tuple(
        replace(spec, access="read") if wanted.get(spec.name.lower()) == "read" else spec
        for spec in fields
        if wanted.get(spec.name.lower()) != "none"
    )


def load_schema(schema_file: Path | None = None, *, stock: bool = False) -> Schema:
    """Read the standard objects, Keva's custom fields unless `stock`, and the fields and rules of `schema_file`.

    Raises:
        ValueError: the file names an object the org has not, or a field without a type.
    """
    system = _read("system")
    objects = {name: _standard(name, system) for name in _OBJECTS}
    additions = [] if stock else [_read("keva")]
    if schema_file is not None:
        additions.append(tomllib.loads(schema_file.read_text(encoding="utf-8")))
    for addition in additions:
        for name, table in addition.items():
            known = next((object_name for object_name in objects if object_name.lower() == name.lower()), None)
            if known is None:
                raise ValueError(f"the schema names {name}, which this org has not; it has {', '.join(_OBJECTS)}")
            objects[known] = _extended(objects[known], table)
    return Schema({name.lower(): spec for name, spec in objects.items()})


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("objects", f"{name}.toml").read_text(encoding="utf-8"))


def _standard(name: str, system: dict[str, Any]) -> ObjectSpec:
    table = _read(name)
    kept = {key: dict(system["fields"][key]) for key in table["system"]}
    kept["Id"]["label"] = f"{table['label']} ID"
    own = {key: dict(facts) for key, facts in table["fields"].items()}
    front = ("Id", "IsDeleted", "MasterRecordId")
    ordered = {
        **{key: kept[key] for key in front if key in kept},
        **own,
        **{key: facts for key, facts in kept.items() if key not in front},
    }
    fields = tuple(_field(key, facts, name, system["values"]) for key, facts in ordered.items())
    return ObjectSpec(
        name, table["label"], table["plural"], table["prefix"], fields,
        mergeable=table.get("mergeable", False), read_only=table.get("read_only", False),
    )  # fmt: skip


def _field(name: str, facts: dict[str, Any], object_name: str, shared: Mapping[str, list[str]]) -> FieldSpec:
    values = facts.pop("values", [])
    facts["values"] = tuple(shared[values] if isinstance(values, str) else values)
    facts["reference"] = tuple(object_name if to == "self" else to for to in facts.get("reference", ()))
    return FieldSpec(name=name, **facts)


def _extended(spec: ObjectSpec, table: Mapping[str, Any]) -> ObjectSpec:
    """The object with the fields and validation rules of one table of a schema file."""
    rules = tuple(ValidationRule(**rule) for rule in table.get("validation", ()))
    fields = {known.name.lower(): known for known in spec.fields}
    for name, given in table.items():
        if name == "validation":
            continue
        if not isinstance(given, Mapping) or "type" not in given:
            raise ValueError(f"the schema's field {spec.name}.{name} needs at least a type")
        facts = dict(given)
        facts["type"] = _NUMERIC.get(str(facts["type"]).lower(), str(facts["type"]).lower())
        facts.setdefault("label", name.removesuffix("__c").replace("_", " "))
        facts.setdefault("length", _DEFAULT_LENGTH.get(facts["type"], 0))
        if facts["type"] in ("double", "currency", "percent"):
            facts.setdefault("precision", 18)
        if facts["type"] == "boolean":
            facts.setdefault("default", False)
            facts.setdefault("defaulted", True)
        if "picklist" in facts:
            facts["values"] = facts.pop("picklist")
        fields[name.lower()] = _field(name, facts, spec.name, {})
    return replace(spec, fields=tuple(fields.values()), rules=spec.rules + rules)
