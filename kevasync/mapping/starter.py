"""The first mapping.toml: Keva's documented mapping, with what an org lacks commented out and the reason why."""

from __future__ import annotations

from dataclasses import dataclass

from kevasync.mapping.known import WANTED
from kevasync.records import Schema

__all__ = ["default_text"]

_HEAD = """\
# Which Keva field is which Salesforce field. Edit it, then: kevasync mapping check
#
# direction    bidirectional: both ways; to_crm: Keva writes to Salesforce; from_crm: Salesforce writes to Keva
# transform    steps on the way to Salesforce: ["trim", {name = "truncate", length = 40}]; the way back is derived
# conflict     both sides changed: ask (a person decides), keva, salesforce, newest, fill_only, longest, union, append
# drift        somebody edited the target of a one-way field: revert, respect, report
# type         text, email, name, phone, number, boolean, date, datetime, timezone, list; usually known, so left out
version = 1

[contact]
salesforce = "Contact"
"""

_SWITCHES = """\
create_in_salesforce = true            # a customer without a Contact gets one
create_in_keva = false                 # a Contact without a customer is counted and left alone
"""

_EXTERNAL_ID = """\
# the Contact field for the Keva id, used when the org has it: a repeated create then finds the Contact it made
external_id = "Keva_Id__c"
"""

_NO_EXTERNAL_ID = """\
# The org has no usable Keva_Id__c. Without it a lost answer to a create is looked up by e-mail. To have it,
# {remedy}, and write its name here:
external_id = ""
"""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One field of the documented mapping as it is written, and what is said above it."""

    keva: str
    salesforce: tuple[str, ...]
    direction: str
    note: str = ""
    transform: str = ""

    def text(self, table: str) -> str:
        names = ", ".join(f'"{name}"' for name in self.salesforce)
        value = names if len(self.salesforce) == 1 else f"[{names}]"
        lines = [
            f"[[{table}.field]]",
            f'keva = "{self.keva}"',
            f"salesforce = {value}",
            f'direction = "{self.direction}"',
        ]
        if self.transform:
            lines.append(f"transform = {self.transform}")
        return "\n".join([*(f"# {line}" for line in self.note.splitlines()), *lines]) + "\n"


_SPLIT_NAME = '["split_name"]'
_CITY = '["city_from_location"]'

_CONTACT = (
    _Entry("email", ("Email",), "bidirectional", "how customers and Contacts find each other the first time"),
    _Entry(
        "name",
        ("FirstName", "LastName"),
        "bidirectional",
        "one full name in Keva; a single word becomes the LastName, which Salesforce requires",
        _SPLIT_NAME,
    ),
    _Entry("phone", ("Phone",), "bidirectional", "compared in international form, never rewritten only to look alike"),
    _Entry("company", ("Company",), "bidirectional"),
    _Entry("jobTitle", ("Title",), "bidirectional"),
    _Entry("location", ("MailingCity",), "to_crm"),
    _Entry("timezone", ("TimeZone__c",), "to_crm"),
    _Entry("notes", ("Description",), "bidirectional"),
    _Entry("totalTickets", ("Keva_Ticket_Count__c",), "to_crm", "counted by Keva, so to_crm only"),
)

_ACCOUNT_HEAD = """\
# Fields of the Contact's Account are read, never written: many Contacts share one Account.
[account]
salesforce = "Account"
"""

_ACCOUNT = (
    _Entry("company", ("Name",), "from_crm"),
    _Entry("industry", ("Industry",), "from_crm"),
    _Entry("website", ("Website",), "from_crm"),
)


def default_text(schema: Schema | None = None) -> str:
    """Keva's documented default mapping as a file with comments.

    Without a schema of Contact it is the documented mapping to the letter: on a stock org `kevasync mapping check`
    says what is wrong with it. With one, what the org lacks is commented out with the reason and the remedy, and
    `location` gives its city only: that file passes its own check.
    """
    parts = [_HEAD + _external_id(schema) + _SWITCHES]
    parts += [_contact_entry(entry, schema) for entry in _CONTACT]
    company_is_free = schema is not None and schema.find("Company") is None
    if schema is None or any(field.relationship == "Account" for field in schema.fields):
        parts.append(_ACCOUNT_HEAD)
        for entry in _ACCOUNT:
            text = entry.text("account")
            if entry.keva == "company" and not company_is_free:
                reason = (
                    "company comes from Contact.Company above; one Keva field takes one value. Or choose this one:\n"
                )
                text = _commented(reason, text)
            parts.append(text)
    return "\n".join(parts)


def _external_id(schema: Schema | None) -> str:
    if schema is None:
        return _EXTERNAL_ID
    field = schema.find("Keva_Id__c")
    if field is not None and field.external_id and field.unique:
        return _EXTERNAL_ID
    return _NO_EXTERNAL_ID.format(remedy=WANTED["contact.keva_id__c"].remedy)


def _contact_entry(entry: _Entry, schema: Schema | None) -> str:
    if schema is None:
        return entry.text("contact")
    missing = [name for name in entry.salesforce if schema.find(name) is None]
    if missing:
        known = WANTED.get(f"contact.{missing[0].lower()}")
        remedy = known.remedy if known is not None else "create it, or map the field to another"
        return _commented(f"{schema.object} has no field {missing[0]} in this org:\n{remedy}\n", entry.text("contact"))
    if entry.keva == "location":
        note = 'location holds "City, State"; the Salesforce field takes the city'
        entry = _Entry(entry.keva, entry.salesforce, entry.direction, note, _CITY)
    return entry.text("contact")


def _commented(reason: str, text: str) -> str:
    lines = [*reason.splitlines(), *(line for line in text.splitlines() if not line.startswith("#"))]
    return "".join(f"# {line}\n" for line in lines)
