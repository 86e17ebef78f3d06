"""A stock org's Contact and Account, as a compact table of facts: no custom fields."""

from __future__ import annotations

from kevasync.records import Field, Schema, Side

# name, type, length, flags: r required, - not writable, c compound, f formula, p restricted
CONTACT = """
Id id 18 - | AccountId reference 18 >Account | LastName string 80 r | FirstName string 40 | Salutation picklist 40
Name string 121 -c | MailingStreet textarea 255 | MailingCity string 40 | MailingState string 80
MailingPostalCode string 20 | MailingCountry string 80 | MailingAddress address 0 -c | Phone phone 40
MobilePhone phone 40 | Email email 80 | Title string 128 | Department string 80 | LeadSource picklist 255
Birthdate date 0 | Description textarea 32000 | OwnerId reference 18 >Owner | CreatedDate datetime 0 -
LastModifiedDate datetime 0 - | SystemModstamp datetime 0 - | IsEmailBounced boolean 0 -
CleanStatus picklist 40 p | DoNotCall boolean 0
"""
ACCOUNT = """
Id id 18 - | Name string 255 r | Industry picklist 255 | Website url 255 | Phone phone 40 | NumberOfEmployees int 0
"""


def _field(text: str) -> Field:
    name, kind, length, *flags = text.split()
    marks = flags[0] if flags else ""
    reference = marks[1:] if marks.startswith(">") else ""
    return Field(
        name=name,
        label=name,
        type=kind,
        length=int(length),
        required="r" in marks and not reference,
        createable="-" not in marks,
        updateable="-" not in marks,
        compound="c" in marks and not reference,
        restricted="p" in marks and not reference,
        picklist=("Pending", "Matched") if kind == "picklist" and "p" in marks else (),
        reference_to=({"Account": "Account", "Owner": "User"}[reference],) if reference else (),
        relationship=reference or None,
    )


def schema(object_name: str, table: str, *extra: Field) -> Schema:
    fields = tuple(_field(part) for line in table.strip().splitlines() for part in line.split("|"))
    return Schema(Side.SALESFORCE, object_name, (*fields, *extra))


STOCK = {"Contact": schema("Contact", CONTACT), "Account": schema("Account", ACCOUNT)}
