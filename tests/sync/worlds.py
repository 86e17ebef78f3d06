"""Small random worlds that carry many cases at once, as plain data: both sides, links, base and mapping."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from apply_world import World

from kevasync.mapping import transforms
from kevasync.mapping.definition import ConflictPolicy, DriftPolicy, FieldMapping, ObjectMapping, Transform
from kevasync.memory import MemoryEndpoint, _checksum
from kevasync.records import Direction, Field, Link, Schema, Side
from kevasync.store.base import BaseRow
from kevasync.values import FieldKind

REGION = "US"
TO_CRM, FROM_CRM, BOTH_WAYS = Direction.TO_CRM, Direction.FROM_CRM, Direction.BIDIRECTIONAL
ALL_FLAGS = tuple(f"--allow-{name}" for name in ("empty", "count", "unlinks", "clears", "changes", "budget"))

CONTACT_FIELDS = (
    Field("FirstName", "First Name", "string", length=40),
    Field("LastName", "Last Name", "string", length=80, required=True),
    Field("Email", "Email", "email", length=80, id_lookup=True),
    Field("Phone", "Phone", "phone", length=40),
    Field("Title", "Title", "string", length=12),
    Field("MailingCity", "Mailing City", "string", length=40),
    Field("Tags__c", "Tags", "multipicklist", length=4099),
    Field("Priority__c", "Priority", "picklist", picklist=("A", "B", "C"), restricted=True),
    Field("Vip__c", "VIP", "boolean"),
    Field("Description", "Description", "textarea", length=60),
    Field("Plan__c", "Plan", "string", length=20),
    Field("AccountId", "Account ID", "reference", reference_to=("Account",), relationship="Account"),
)
_LENGTHS = {field.name: field.length for field in CONTACT_FIELDS}
EXTERNAL = Field("Keva_Id__c", "Keva Id", "string", length=64, unique=True, external_id=True)
KEVA_FIELDS = ("email", "name", "phone", "jobTitle", "location", "tags", "priorityOverride", "isVip", "notes", "plan")
KEVA_ALL = (*KEVA_FIELDS, "industry", "salesforceContactId")
CUSTOMER = Schema(
    Side.KEVA,
    "contact",
    tuple(Field(name, name, "text", required=name == "email") for name in KEVA_ALL),
)

_STRANGE = "e\u0301"  # an accent of its own: NFC makes one letter of the two
POOLS: dict[str, list[str | None]] = {
    "email": [None, "", " \u00a0", "not an email", "p1@a.example", "P2@A.EXAMPLE"],
    "name": [
        *(None, "", "Ann Lee", "Ann  Lee ", "Cher", "Ludwig van Beethoven", "Smith, John", "山田 太郎", "太郎"),
        *("José Núñez", f"Jos{_STRANGE} N", "\u00a0Ann Lee", "Dr. Ann Lee Jr."),
    ],
    "phone": [
        *(None, "", "+1 415 555 0100", "(415) 555-0100", "4155550100", "00442079460018", "+44 20 7946 0018"),
        *("call me", "415-555-0100 x3", "555 0101"),
    ],
    "jobTitle": [None, "", " ", "Buyer", "buyer", " Buyer", "CEO", "Head of everything", "a\r\nb", "a\nb"],
    "location": [None, "", "Paris, TX", "Paris", "Rome, Italy", ",", "Rome"],
    "tags": [None, "", "[]", '["a","b"]', '["b","a"]', "a;b", '["c"]', '["a;b"]', "x"],
    "priorityOverride": [None, "", "high", "low", "A", "B", "other"],
    "isVip": [None, "true", "false", "yes", "maybe"],
    "notes": [None, "", "first note", "second note\nof two lines", "note", "x" * 55],
    "plan": [None, "", "gold", "GOLD", "N/A", "-", "silver"],
    "industry": [None, "", "Retail", "Banking"],
}


def _step(name: str, **arguments: object) -> Transform:
    return Transform(name, arguments)


_TABLE = {"high": "A", "low": "B"}
_CHOICES: dict[str, tuple[tuple[str, ...], FieldKind, list[tuple[Transform, ...]]]] = {
    "email": (("Email",), FieldKind.EMAIL, [(), (), (), (_step("case", mode="lower"),)]),
    "name": (
        ("FirstName", "LastName"),
        FieldKind.NAME,
        [(_step("split_name"),), (_step("split_name"),), (_step("default", value="Not Known"), _step("split_name"))],
    ),
    "phone": (("Phone",), FieldKind.PHONE, [(), (_step("e164"),)]),
    "jobTitle": (
        ("Title",),
        FieldKind.TEXT,
        [(), (_step("truncate", length=5),), (_step("case", mode="upper"),), (_step("default", value="None yet"),)],
    ),
    "location": (("MailingCity",), FieldKind.TEXT, [(), (_step("city_from_location"),)]),
    "tags": (("Tags__c",), FieldKind.LIST, [(), (_step("map_values", table={"a": "1", "b": "2"}),)]),
    "priorityOverride": (
        ("Priority__c",),
        FieldKind.TEXT,
        [(), (_step("map_values", table=_TABLE),), (_step("map_values", table=_TABLE, default="C"),)],
    ),
    "isVip": (("Vip__c",), FieldKind.BOOLEAN, [(), (_step("invert"),), (_step("default", value=False),)]),
    "notes": (("Description",), FieldKind.TEXT, [(), (_step("trim"),), (_step("concat", prefix="Keva: "),)]),
    "plan": (("Plan__c",), FieldKind.TEXT, [(), (_step("null_if", values=("N/A", "-")),)]),
    "industry": (("Account.Industry",), FieldKind.TEXT, [()]),
}
_ONE_WAY = {"city_from_location"}
# not `newest`: a record's time stamp moves with our own writes, so a conflict that waits may find a winner later
_ANYWHERE = (
    *(ConflictPolicy.ASK, ConflictPolicy.KEVA, ConflictPolicy.SALESFORCE),
    *(ConflictPolicy.FILL_ONLY, ConflictPolicy.LONGEST),
)
_KEEP_BOTH = {"tags": ConflictPolicy.UNION, "notes": ConflictPolicy.APPEND}


@dataclasses.dataclass
class Description:
    """A world as plain data: printable, so that a failing one can be read, and easy to cut down."""

    mapping: ObjectMapping
    external_id: bool
    bulk: bool
    customers: dict[str, dict]
    contacts: dict[str, dict]
    links: list[tuple[str, str, bool]]
    base: list[tuple[str, str, dict[str, str | None]]]

    def build(self, folder: Path) -> World:
        """The world with real state in `folder`."""
        contact = Schema(
            Side.SALESFORCE, "Contact", (*CONTACT_FIELDS, EXTERNAL) if self.external_id else CONTACT_FIELDS
        )
        world = World(folder, bulk=self.bulk, mapping=self.mapping, customer=CUSTOMER, contact=contact)
        fill(world.keva, "contact", self.customers)
        fill(world.sf, "Contact", self.contacts)
        world.stores.links.save("contact", [Link(keva, crm, "given", active) for keva, crm, active in self.links], None)
        world.stores.base.save_rows("contact", [BaseRow(*row) for row in self.base])
        return world


def fill(side: MemoryEndpoint, name: str, records: dict[str, dict]) -> None:
    """Put records into a side; deleted and merged ones too."""
    for identity, record in records.items():
        side.put(name, record["values"], identity, record.get("absent", ()))
    for identity, record in records.items():
        if record.get("deleted"):
            side.remove(name, identity, record.get("master"))


def contact_id(number: int) -> str:
    """A Contact's id, 18 characters, with capitals so that its last three matter."""
    short = f"003Wd{number:010d}"
    return short + _checksum(short)


def chance(rng: Random, percent: int) -> bool:
    return rng.randint(1, 100) <= percent


def random_mapping(rng: Random) -> ObjectMapping:
    """Any directions, policies and transformations that a mapping file may hold; email and name nearly always there."""
    fields = []
    for name, (targets, kind, steps) in _CHOICES.items():
        if chance(rng, 2 if name in {"email", "name"} else 15):
            continue
        steps_chosen = rng.choice(steps)
        directions = [BOTH_WAYS, BOTH_WAYS, TO_CRM, FROM_CRM]
        if "." in targets[0]:
            directions = [FROM_CRM]
        elif any(step.name in _ONE_WAY for step in steps_chosen):
            directions = [TO_CRM, FROM_CRM]
        elif name == "name":
            directions = [BOTH_WAYS, BOTH_WAYS, BOTH_WAYS, TO_CRM, TO_CRM, FROM_CRM]
        policies = list(_ANYWHERE)
        policies += [_KEEP_BOTH[name]] * 3 if name in _KEEP_BOTH else []
        fields.append(
            FieldMapping(
                name,
                targets,
                rng.choice(directions),
                kind,
                steps_chosen,
                rng.choice(policies),
                rng.choice(list(DriftPolicy)),
            )
        )
    return ObjectMapping(
        "contact",
        "Contact",
        tuple(fields),
        create_in_salesforce=chance(rng, 85),
        create_in_keva=chance(rng, 40),
    )


def keva_value(rng: Random, name: str, number: int) -> str | None:
    """A value as a person or an import left it in Keva."""
    if name == "email" and chance(rng, 80):
        person = f"p{number}@a.example"
        return rng.choice([person, person, person, person.upper(), f" {person}\u00a0"])
    return rng.choice(POOLS[name])


def crm_values(rng: Random, field: FieldMapping, keva: str | None, number: int) -> dict[str, str | None]:
    """What the Contact holds for a field: Keva's value as it would be written, another such value, or any text."""
    dice = rng.randint(1, 100)
    value = keva if dice <= 55 else keva_value(rng, field.keva, number)
    if dice > 90:
        raw = [rng.choice(POOLS[field.keva]) for _ in field.salesforce]
    else:
        raw = list(transforms.to_salesforce(field, value, REGION))
    return {
        name: value and value[: _LENGTHS.get(name) or None] for name, value in zip(field.salesforce, raw, strict=True)
    }


def random_description(rng: Random, people: int = 12) -> Description:
    """One world. `people` is the most customers, and about the most Contacts, that it has."""
    mapping = random_mapping(rng)
    world = Description(mapping, chance(rng, 60), chance(rng, 30), {}, {}, [], [])
    for number in range(rng.randint(0, people)):
        _person(rng, world, number)
    _cross(rng, world)
    return world


def _person(rng: Random, world: Description, number: int) -> None:
    customer, contact = f"k{number:02d}", contact_id(number)
    values = {name: keva_value(rng, name, number) for name in (*KEVA_FIELDS, "industry")}
    if chance(rng, 85):
        absent = [name for name in values if chance(rng, 4)]
        world.customers[customer] = {"values": values, "absent": absent, "deleted": chance(rng, 8)}
    if chance(rng, 85):
        theirs: dict[str, str | None] = {}
        for field in world.mapping.fields:
            theirs |= crm_values(rng, field, values[field.keva], number)
        theirs["LastName"] = theirs.get("LastName") or "Last"
        world.contacts[contact] = {"values": theirs, "deleted": chance(rng, 8)}
        if chance(rng, 10):  # a twin: the same e-mail twice
            world.contacts[contact_id(number + 50)] = {"values": dict(theirs), "deleted": chance(rng, 20)}
    known = customer in world.customers or contact in world.contacts
    if known and chance(rng, 45):
        world.links.append((customer, contact, True))
        if chance(rng, 85):
            world.base.append((customer, contact, _base(rng, world, customer, contact, number)))
    elif known and chance(rng, 8):
        world.links.append((customer, contact, False))


def _base(rng: Random, world: Description, customer: str, contact: str, number: int) -> dict[str, str | None]:
    """What the sides once agreed on: often Salesforce's value or Keva's, sometimes another, sometimes not said."""
    keva = world.customers.get(customer, {"values": {}})["values"]
    crm = world.contacts.get(contact, {"values": {}})["values"]
    agreed: dict[str, str | None] = {}
    for field in world.mapping.fields:
        dice = rng.randint(1, 100)
        if dice <= 40:
            agreed |= {name: crm.get(name) for name in field.salesforce}
        elif dice <= 80:
            sent = transforms.to_salesforce(field, keva.get(field.keva), REGION)
            agreed |= dict(zip(field.salesforce, sent, strict=True))
        elif dice <= 92:
            agreed |= crm_values(rng, field, None, number)
    return agreed


def _cross(rng: Random, world: Description) -> None:
    """Pointers, external ids and merges between any two records, right and wrong."""
    contacts, customers = list(world.contacts), list(world.customers)
    for number, customer in enumerate(customers):
        own = contact_id(int(customer[1:]))
        target = own if chance(rng, 60) else contact_id(rng.randint(0, 15))
        pointer = rng.choice([None, None, None, target, target[:15], "", "nowhere"])
        world.customers[customer]["values"]["salesforceContactId"] = pointer
        if world.external_id and contacts and chance(rng, 20):
            holder = own if own in world.contacts and chance(rng, 60) else rng.choice(contacts)
            world.contacts[holder]["values"]["Keva_Id__c"] = customer if number else "nobody"
    for record in world.contacts.values():
        if record["deleted"] and chance(rng, 60):
            record["master"] = rng.choice(contacts)


def without(world: Description, dropped: Sequence[str]) -> Description:
    """The world without these records and fields of the mapping."""
    gone = set(dropped)
    fields = tuple(field for field in world.mapping.fields if field.keva not in gone)
    targets = {name for field in fields for name in field.salesforce}
    return dataclasses.replace(
        world,
        mapping=dataclasses.replace(world.mapping, fields=fields),
        customers={key: record for key, record in world.customers.items() if key not in gone},
        contacts={key: record for key, record in world.contacts.items() if key not in gone},
        links=[link for link in world.links if not gone & {*link[:2]}],
        base=[
            (*pair, {name: value for name, value in agreed.items() if name in targets})
            for *pair, agreed in world.base
            if not gone & {*pair}
        ],
    )


def cut_down(world: Description, fails: Callable[[Description], bool], seconds: float = 60.0) -> Description:
    """The smallest world found in the time given that still fails: records and fields are dropped in halves."""
    end = time.monotonic() + seconds
    linked = [identity for link in world.links for identity in link[:2]]
    names = list(dict.fromkeys([*world.customers, *world.contacts, *linked, *(f.keva for f in world.mapping.fields)]))
    size = len(names) // 2
    while size and time.monotonic() < end:
        start = 0
        while start < len(names) and time.monotonic() < end:
            smaller = without(world, names[start : start + size])
            if fails(smaller):
                world, names = smaller, names[:start] + names[start + size :]
            else:
                start += size
        size //= 2
    return world
