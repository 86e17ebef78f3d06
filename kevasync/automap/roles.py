"""What a column can mean, and the Salesforce field that is on each object."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from kevasync.automap.fields import TargetField

__all__ = ["GROUPS", "NONE", "OBJECTS", "Place", "Roles", "roles"]

OBJECTS = ("Contact", "Account", "Lead")
GROUPS = ("none", "mailing", "billing", "shipping", "other")
NONE = "none"
COMPOUND = "address"  # describe's type of fields that are made of others


@dataclass(frozen=True, slots=True)
class Place:
    """Where a target stands: its role and, for a part of an address, its block ('Mailing', 'Billing', '', …)."""

    role: str
    block: str | None = None


@dataclass(frozen=True)
class Roles:
    """The table of roles.toml."""

    names: tuple[str, ...]
    """All roles in a fixed order; `none` is first."""
    address: Mapping[str, str]
    targets: Mapping[str, tuple[str, str, str]]
    blocks: Mapping[str, Mapping[str, Mapping[str, float]]]
    types: Mapping[str, str]
    labels: Mapping[str, str]

    def place(self, object_name: str, target: str) -> Place | None:
        """The place of a standard field; None for any other field."""
        return self._places(object_name).get(target)

    def fields(self, object_name: str) -> list[TargetField]:
        """The standard fields that have a role, as describe would give them."""
        readonly = {"id", "created_date", "created_by", "modified_date", "modified_by", "modstamp", "is_deleted"}
        found = []
        for name, place in self._places(object_name).items():
            label = self.labels.get(name) or _spaced(name)
            kind = self.types.get(name, "string")
            writable = place.role not in readonly and place.role != "full_name"
            found.append(TargetField(name, label, kind, writable=writable))
        return found

    def target(self, object_name: str, role: str, group: str) -> str | None:
        """The field that a role goes to when nothing else is known; None where there is none."""
        index = OBJECTS.index(object_name)
        if role in self.address:
            odds = self.blocks[object_name][group or NONE]
            return max(odds, key=lambda block: odds[block]) + self.address[role]
        return (self.targets[role][index] or None) if role in self.targets else None

    def _places(self, object_name: str) -> dict[str, Place]:
        index = OBJECTS.index(object_name)
        found = {row[index]: Place(role) for role, row in self.targets.items() if row[index] and role != "account_ref"}
        if object_name == "Contact":
            found["AccountId"] = Place("company")
        blocks = sorted({block for odds in self.blocks[object_name].values() for block in odds})
        for block in blocks:
            for role, part in self.address.items():
                found[block + part] = Place(role, block)
        return found


def _spaced(name: str) -> str:
    return "".join(f" {c}" if c.isupper() and i else c for i, c in enumerate(name))


@cache
def roles() -> Roles:
    """The table, read once."""
    text = (resources.files("kevasync.automap") / "roles.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    targets = {role: (row[0], row[1], row[2]) for role, row in table["targets"].items()}
    return Roles(
        names=(NONE, *targets, *table["address"]),
        address=MappingProxyType(table["address"]),
        targets=MappingProxyType(targets),
        blocks=MappingProxyType(table["blocks"]),
        types=MappingProxyType({name: kind for kind, names in table["types"].items() for name in names}),
        labels=MappingProxyType(table["labels"]),
    )
