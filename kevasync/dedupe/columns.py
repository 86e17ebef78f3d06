"""What the columns of a table mean for finding duplicates: said by `role=column`, or guessed from the headers."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kevasync.errors import UsageError

__all__ = ["ROLES", "Columns", "guess", "listed", "parse"]

ROLES = (
    "id",
    "source",
    "name",
    "first_name",
    "last_name",
    "email",
    "phone",
    "company",
    "street",
    "city",
    "postcode",
    "state",
    "country",
    "dob",
    "title",
    "website",
    "identifier",
    "other",
)
"""Roles; all but id, source and other are joined by a space when several columns are given for one."""

_ALIASES = {
    "first": "first_name",
    "firstname": "first_name",
    "givenname": "first_name",
    "forename": "first_name",
    "last": "last_name",
    "lastname": "last_name",
    "surname": "last_name",
    "familyname": "last_name",
    "fullname": "name",
    "contactname": "name",
    "displayname": "name",
    "mail": "email",
    "emailaddress": "email",
    "workemail": "email",
    "primaryemail": "email",
    "telephone": "phone",
    "phonenumber": "phone",
    "tel": "phone",
    "mobile": "phone",
    "mobilephone": "phone",
    "cell": "phone",
    "organization": "company",
    "organisation": "company",
    "companyname": "company",
    "account": "company",
    "accountname": "company",
    "employer": "company",
    "sitename": "company",
    "address": "street",
    "streetaddress": "street",
    "streetnumber": "street",
    "housenumber": "street",
    "addressline": "street",
    "mailingstreet": "street",
    "mailingcity": "city",
    "mailingstate": "state",
    "mailingpostalcode": "postcode",
    "mailingcountry": "country",
    "town": "city",
    "suburb": "city",
    "locality": "city",
    "birthplace": "city",
    "zip": "postcode",
    "zipcode": "postcode",
    "postal": "postcode",
    "postalcode": "postcode",
    "postcodefake": "postcode",
    "statecode": "state",
    "province": "state",
    "region": "state",
    "county": "state",
    "countrycode": "country",
    "birthdate": "dob",
    "dateofbirth": "dob",
    "birthday": "dob",
    "jobtitle": "title",
    "occupation": "title",
    "position": "title",
    "url": "website",
    "web": "website",
    "homepage": "website",
    "ssn": "identifier",
    "socsecid": "identifier",
    "taxid": "identifier",
    "vat": "identifier",
    "duns": "identifier",
    "dunsnumber": "identifier",
    "gender": "other",
    "sex": "other",
    "text": "other",
}
"""Header or role, letters and digits only, to role; the roles themselves are understood too."""

_IDS = ("id", "uniqueid", "recordid", "recid", "customerid", "contactid", "kevaid", "rowid", "userid")
_SOURCES = ("source", "sourcesystem", "sourcedataset", "side")
MOST_DIGITS = 3
"""More digits than this are a telephone number or an id, not a heading."""
MAX_OTHER = 8
"""More columns of role `other` than this cost time and tell little: those beyond are reported and left out."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Roles to the columns that play them, in order. `left_out`: columns that were asked for but are not compared.

    `notes`: what a person should be told about how the table was read.
    """

    roles: tuple[tuple[str, tuple[str, ...]], ...]
    guessed: bool = False
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, role: str) -> tuple[str, ...]:
        """Columns of a role, none where the table lacks it."""
        return dict(self.roles).get(role, ())

    def compared(self) -> tuple[str, ...]:
        """Roles that tell something about the person."""
        return tuple(role for role, _ in self.roles if role not in {"id", "source"})

    def as_dict(self) -> dict[str, list[str]]:
        """For JSON."""
        return {role: list(names) for role, names in self.roles}


def _squash(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def _role(text: str) -> str | None:
    squashed = _squash(text)
    if squashed in (known := {_squash(role): role for role in ROLES}):
        return known[squashed]
    stem = re.sub(r"[0-9]+$", "", squashed)
    return _ALIASES.get(squashed) or known.get(stem) or _ALIASES.get(stem)


def _made(found: Iterable[tuple[str, str]], *, guessed: bool) -> Columns:
    by_role: dict[str, list[str]] = {}
    for role, column in found:
        columns = by_role.setdefault(role, [])
        if column not in columns:
            columns.append(column)
    spare = by_role.get("other", [])[MAX_OTHER:]
    if spare:
        by_role["other"] = by_role["other"][:MAX_OTHER]
    order = {role: at for at, role in enumerate(ROLES)}
    roles = tuple((role, tuple(by_role[role])) for role in sorted(by_role, key=order.__getitem__))
    return Columns(roles, guessed, tuple(spare))


def parse(text: str) -> Columns:
    r"""`role=column,role=column` as Columns; a comma in a column's name is `\,`. Raises UsageError dedupe-role."""
    found: list[tuple[str, str]] = []
    for part in re.split(r"(?<!\\),", text):
        word, equals, column = part.replace("\\,", ",").partition("=")
        word, column = word.strip(), column.strip()
        if not equals or not column:
            raise UsageError("dedupe-role", f"--columns: {part!r} is not role=column")
        role = _role(word)
        if role is None:
            near = difflib.get_close_matches(_squash(word), [*ROLES, *_ALIASES], 1)
            hint = f"; did you mean {_role(near[0])}?" if near else ""
            raise UsageError("dedupe-role", f"--columns: there is no role {word!r}{hint}")
        found.append((role, column))
    return _made(found, guessed=False)


def listed(headers: Sequence[str]) -> str:
    """What the columns are called, for an error; where one looks like a person's value, only that and its place.

    A file without a header has its first record there, and values belong neither on a screen nor in a log.
    """
    value = next(
        (at for at, name in enumerate(headers, 1) if "@" in name or sum(map(str.isdigit, name)) > MOST_DIGITS), 0
    )
    if value:
        return f"column {value} of {len(headers)} looks like a value: is there no header line?"
    return "it has " + ", ".join(headers[:12]) + (", …" if len(headers) > 12 else "")  # noqa: PLR2004 a line's worth


def guess(headers: Sequence[str], name: str = "the table") -> Columns:
    """Roles by the headers' names. Columns that say nothing are left alone. Raises UsageError dedupe-no-columns."""
    found: list[tuple[str, str]] = []
    squashed = {_squash(header): header for header in reversed(headers)}
    for names, role in ((_IDS, "id"), (_SOURCES, "source")):
        first = next((squashed[name] for name in names if name in squashed), None)
        if first is not None:
            found.append((role, first))
    taken = {column for _, column in found}
    for header in headers:
        played = _role(header)
        if header not in taken and played is not None and played not in {"id", "source"}:
            found.append((played, header))
    made = _made(_without_doubles(found), guessed=True)
    if not made.compared():
        raise UsageError(
            "dedupe-no-columns",
            f"{name} has no column called like a name, e-mail, company or the like; {listed(headers)}",
        )
    return made


def _without_doubles(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Parts of a name beat the full name; the first e-mail, phone and company column beats the others."""
    roles = {role for role, _ in found}
    single = {"email", "company", "title", "dob", "city", "country", "state", "postcode", "first_name", "last_name"}
    kept: list[tuple[str, str]] = []
    for role, column in found:
        if role == "name" and {"first_name", "last_name"} <= roles:
            continue
        if role in single | {"phone", "name"} and any(role == other for other, _ in kept):
            continue
        kept.append((role, column))
    return kept
