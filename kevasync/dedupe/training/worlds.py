"""Worlds: a table of records with the truth, each with its own columns, people and kinds of damage."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kevasync.dedupe.training.noise import case, cut, mangle, nickname, phone_form, phonetic, scan, typo
from kevasync.dedupe.training.people import Organisation, Person, Population

__all__ = ["KINDS", "World", "make_world"]

Record = dict[str, str | None]

KINDS: dict[str, tuple[str, ...]] = {
    "crm": ("first_name", "last_name", "email", "phone", "company", "city", "title"),
    "crm_full": (
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
        "title",
    ),
    "contacts": ("name", "email", "phone", "company"),
    "retail": ("first_name", "last_name", "email", "phone", "street", "city", "postcode"),
    "registry": ("first_name", "last_name", "street", "city", "postcode", "state", "dob", "identifier"),
    "demo": ("first_name", "last_name", "dob", "city", "email"),
    "archive": ("name", "dob", "city", "postcode", "title", "other"),
    "newsletter": ("name", "email"),
    "census": ("first_name", "last_name", "dob", "city", "street"),
    "sites": ("company", "street", "city", "postcode", "phone"),
    "accounts": ("company", "website", "phone", "street", "city", "state", "country"),
}
"""Columns of each kind of world."""


@dataclass(frozen=True, slots=True)
class World:
    """A table and the truth: `truth[i]` is the number of the person behind `records[i]`."""

    kind: str
    records: list[Record]
    truth: list[int]


class Damage:
    """How one world damages values: how much is missing, and which slips are how likely, field by field."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.heavy = rng.random() < 0.15
        """Nearly every copy is damaged beyond reading somewhere, as in the worst of imports."""
        level = rng.choice([1.6, 2.4] if self.heavy else [0.1, 0.25, 0.5, 0.5, 1.0, 1.0, 1.6])
        self.level = level
        self.missing = rng.choice([0.0, 0.05, 0.15, 0.3, 0.45])
        self.missing_by_field: dict[str, float] = {}
        self.clean_first = rng.random() < 0.5
        self.even = rng.random() < (0.6 if self.heavy else 0.3)
        self.systems: list[dict[str, float]] = [{} for _ in range(rng.choice([1, 2, 2, 3]))]
        """What each of the systems that records come from tends to lack, filled in as fields are met."""
        self.slips: list[tuple[float, Callable[[str, random.Random], str]]] = [
            (rng.random() * 0.30 * level, typo),
            (rng.random() * 0.12 * level, scan),
            (rng.random() * 0.15 * level, phonetic),
            (
                rng.random() * rng.choice([0.1, 0.3] if self.heavy else [0, 0, 0, 0, 0.02, 0.02, 0.1, 0.4]) * level,
                mangle,
            ),
            (rng.random() * rng.choice([0, 0.02, 0.1]) * level, cut),
        ]
        self.by_field: dict[str, float] = {}
        self.nick = rng.choice([0.0, 0.05, 0.15, 0.35])
        self.initial = rng.choice([0.0, 0.02, 0.08, 0.15])
        self.swap = rng.choice([0.0, 0.01, 0.04, 0.1])
        self.shout = rng.choice([0.0, 0.03, 0.15])
        self.moves = rng.choice([0.0, 0.05, 0.2, 0.5])
        """How often a record holds an older e-mail, phone, job or address."""
        self.role = rng.choice([0.0, 0.0, 0.02, 0.06])
        self.wrong = rng.choice([0.0, 0.0, 0.01, 0.04])
        self.married = rng.choice([0.0, 0.0, 0.02, 0.05])
        self.replaced = rng.choice([0.0, 0.0, 0.01, 0.03, 0.08])
        """How often a value is somebody else's altogether."""
        self.masked = rng.choice([0.0] * 9 + [0.03, 0.15])
        """How often only the beginning of an address is shown."""
        self.placed_wrong = rng.choice([0.0, 0.0, 0.0, 0.005, 0.03])
        """How often the value of another column stands in a column."""
        self.filler = rng.choice([0.0, 0.0, 0.0, 0.02, 0.1])
        """How often a missing value is written as a word or a dash."""
        self.turned = rng.choice([0.03, 0.03, 0.03, 0.15, 0.4])
        """How often day and month change places; how often the year is off by a digit follows it."""
        self.own_identifier = rng.random() < 0.15
        """Each system gives out numbers of its own."""

    def text(self, field: str, value: str, strength: float) -> str:
        """The value as it was written down."""
        factor = self.by_field.setdefault(field, self.rng.choice([0.15, 0.6, 1.0, 1.0, 1.6]))
        for chance, slip in self.slips:
            if value and self.rng.random() < chance * factor * strength:
                value = slip(value, self.rng)
        return value

    def lost(self, field: str, strength: float, system: int = 0) -> bool:
        """Whether the field was left empty."""
        factor = self.systems[system].setdefault(field, self.rng.choice([0.3, 1.0, 1.0, 2.5]))
        chance = factor * self.missing_by_field.setdefault(
            field, self.missing * self.rng.choice([0.1, 0.5, 1.0, 1.5, 2.0])
        )
        return self.rng.random() < min(0.85, chance * (1.0 if self.even else strength))


def make_world(kind: str, records: int, seed: int, *, any_table: bool = False) -> World:
    """A world of about so many records. `any_table`: perhaps one in which nobody is easily taken for somebody else."""
    rng = random.Random(f"{kind} {seed}")
    population = Population(rng)
    columns = [name for name in KINDS[kind] if len(KINDS[kind]) < 4 or rng.random() < 0.93]
    if not {"name", "last_name", "company"} & set(columns):
        columns = list(KINDS[kind])
    sizes = _sizes(rng, dense=kind in {"archive", "sites"})
    population.employ(records // rng.choice([3, 8, 20, 60]))
    damage = Damage(rng)
    made: list[tuple[int, Record]] = []
    if kind in {"sites", "accounts"}:
        made = _sites(population, damage, columns, sizes, records)
    else:
        made = _people(population, damage, columns, sizes, records, any_table=any_table)
    rng.shuffle(made)
    return World(kind, [record for _, record in made], [number for number, _ in made])


def _sizes(rng: random.Random, *, dense: bool) -> tuple[int, ...]:
    """How many records there are of one person, to be drawn from: mostly one, or two, or a score in archives."""
    if rng.random() < (0.5 if dense else 0.15):
        least, most = rng.choice([(2, 6), (3, 12), (3, 21), (1, 15), (4, 8)])
        return tuple(range(least, most + 1))
    return rng.choice(
        [
            (1, 1, 1, 2),
            (1, 2),
            (1, 1, 2, 2, 3, 4),
            (1, 1, 1, 1, 1, 1, 2),
            (1, 1, 1, 1, 2, 3),
            (1, 1, 3, 6),
            (1, 2, 3, 4, 5),
        ]
    )


def _people(
    population: Population,
    damage: Damage,
    columns: Sequence[str],
    sizes: Sequence[int],
    records: int,
    *,
    any_table: bool,
) -> list[tuple[int, Record]]:
    rng = population.rng
    relatives = rng.choice([0.0, 0.02, 0.1, 0.25, 0.4] if any_table else [0.02, 0.1, 0.25, 0.4])
    persons: list[Person] = []
    total = 0
    counts: list[int] = []
    while total < records:
        other = rng.choice(persons) if persons and rng.random() < relatives else None
        persons.append(population.relative(other, len(persons)) if other else population.person(len(persons)))
        counts.append(rng.choice(sizes))
        total += counts[-1]
    return [
        (person.number, _written(person, population, damage, columns, first=copy == 0))
        for person, count in zip(persons, counts, strict=True)
        for copy in range(count)
    ]


def _moved(values: list[str], damage: Damage) -> str:
    return damage.rng.choice(values) if len(values) > 1 and damage.rng.random() < damage.moves else values[-1]


def _written(person: Person, population: Population, damage: Damage, columns: Sequence[str], *, first: bool) -> Record:
    """One record about a person, as some system has it."""
    rng = damage.rng
    strength = 0.0 if first and damage.clean_first else (1.0 if damage.even else min(4.0, rng.expovariate(1.0)))
    person = _replaced(person, population, damage, strength)
    given, family = _names(person, damage, strength)
    organisation, title = person.jobs[-1] if rng.random() > damage.moves else rng.choice(person.jobs)
    email = _moved(person.emails, damage)
    if rng.random() < damage.role * strength:
        email = f"{rng.choice(['info', 'sales', 'support', 'office'])}@{organisation.domain}"
    elif rng.random() < damage.moves * 0.3 * strength:
        email = population.email(person.given, person.family, rng.choice([None, organisation]))
    phone = _moved(person.phones, damage)
    if rng.random() < damage.moves * 0.4 * strength:
        phone = population.phone()
    moved = rng.random() < damage.moves * 0.3 * strength
    values = {
        "name": " ".join(part for part in (given, family) if part),
        "first_name": given,
        "last_name": family,
        "email": _email(email, damage, strength),
        "phone": _phone(phone, person.extension, damage, strength),
        "company": _company(organisation, damage, strength),
        "street": damage.text("street", population.street() if moved else person.street, strength),
        "city": damage.text(
            "city", population.pick(population.cities) if moved and rng.random() < 0.5 else person.city, strength
        ),
        "postcode": damage.text("postcode", population.postcode() if moved else person.postcode, strength * 0.6),
        "state": damage.text("state", person.state, strength * 0.3),
        "country": person.country,
        "dob": _dob(person, damage, strength),
        "title": damage.text("title", title, strength * 0.3),
        "identifier": damage.text("identifier", person.identifier, strength * 0.5),
        "other": person.gender if rng.random() > 0.06 * strength else rng.choice(["male", "female"]),
        "website": organisation.domain,
    }
    system = rng.randrange(len(damage.systems))
    record: Record = {
        column: None if not values[column] or damage.lost(column, max(0.3, strength), system) else values[column]
        for column in columns
    }
    _misplace(record, damage, strength)
    if not any(record.get(column) for column in ("name", "first_name", "last_name", "email", "phone")):
        column = next(name for name in ("name", "last_name") if name in columns or name == "last_name")
        record[column if column in record else columns[0]] = values[column if column in record else columns[0]]
    if rng.random() < damage.shout:
        record = {
            column: value.upper()
            if value and column in {"name", "first_name", "last_name", "company", "city"}
            else value
            for column, value in record.items()
        }
    return record


def _misplace(record: Record, damage: Damage, strength: float) -> None:
    """Values in a column of another, and words for values that are not there."""
    rng = damage.rng
    if rng.random() < damage.placed_wrong * strength:
        here, there = rng.choice(list(record)), rng.choice(list(record))
        record[here], record[there] = record[there], (record[here] if rng.random() < 0.5 else None)
    if damage.filler:
        for column, value in record.items():
            if value is None and rng.random() < damage.filler:
                record[column] = rng.choice(["n/a", "-", ".", "unknown", "none", "xx", "0"])


def _replaced(person: Person, population: Population, damage: Damage, strength: float) -> Person:
    """The person with some values that are wrong altogether."""
    rng = damage.rng
    makers: list[tuple[str, Callable[[], str]]] = [
        ("given", lambda: population.pick(population.givens)),
        ("family", lambda: population.pick(population.families)),
        ("dob", lambda: f"{rng.randint(1930, 2006)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"),
        ("city", lambda: population.pick(population.cities)),
        ("postcode", population.postcode),
        ("state", lambda: population.pick(population.states)),
    ]
    changes: dict[str, Any] = {}
    for name, make in makers:
        factor = damage.by_field.setdefault(f"{name} replaced", rng.choice([0.2, 1.0, 2.0]))
        if rng.random() < damage.replaced * factor * strength:
            changes[name] = make()
    if damage.own_identifier or rng.random() < damage.replaced * 2 * strength:
        changes["identifier"] = str(rng.randint(10**6, 10**7 - 1))
    return replace(person, **changes) if changes else person


def _names(person: Person, damage: Damage, strength: float) -> tuple[str, str]:
    rng = damage.rng
    given, family = person.given, person.family
    if rng.random() < damage.nick * strength:
        given = nickname(given, rng)
    if rng.random() < damage.initial * strength:
        given = given[:1] + rng.choice(["", "."])
    elif person.middle and rng.random() < 0.2:
        given = f"{given} {rng.choice([person.middle, person.middle[:1], person.middle[:1] + '.'])}"
    if rng.random() < damage.married * strength:
        family = person.maiden
    if rng.random() < damage.wrong * strength:
        given = rng.choice(["test", "unknown", person.maiden, ""])
    if person.generation and rng.random() < 0.85:
        family = f"{family} {person.generation}"
    given, family = damage.text("given", given, strength), damage.text("family", family, strength)
    if rng.random() < damage.swap * strength:
        given, family = family, given
    return case(given, rng, damage.shout), case(family, rng, damage.shout)


def _email(email: str, damage: Damage, strength: float) -> str:
    rng = damage.rng
    local, _, domain = email.partition("@")
    if domain == "gmail.com" and rng.random() < 0.1:
        local = rng.choice([local.replace(".", ""), f"{local}+{rng.choice(['news', 'shop', 'crm'])}"])
    if rng.random() < damage.masked:
        local = f"{local[:3]}***"
    return f"{damage.text('local', local, strength * 0.6)}@{damage.text('domain', domain, strength * 0.15)}"


def _phone(digits: str, extension: str, damage: Damage, strength: float) -> str:
    rng = damage.rng
    keep = damage.by_field.setdefault("extension", rng.choice([0.0, 0.1, 1.0]))
    return phone_form(damage.text("phone", digits, strength * 0.5), rng, extension if rng.random() < keep else "")


def _dob(person: Person, damage: Damage, strength: float) -> str:
    rng = damage.rng
    date = person.dob
    draw = rng.random()
    if draw < 0.04 * strength:
        date = date[:4] + "0101"
    elif draw < 0.09 * strength:
        date = date[:6] + f"{rng.randint(1, 28):02d}"
    if rng.random() < damage.turned * strength:
        date = date[:4] + date[6:] + date[4:6]
    if rng.random() < damage.turned * strength * 0.5:
        date = rng.choice([f"{date[:3]}{rng.randint(0, 9)}", f"{date[:2]}{rng.randint(0, 9)}{date[3]}"]) + date[4:]
    date = "".join(
        letter if letter.isdigit() else rng.choice("0123456789") for letter in damage.text("dob", date, strength * 0.6)
    )
    return f"{date[:4]}-{date[4:6]}-{date[6:8]}" if rng.random() < 0.5 else date


def _company(organisation: Organisation, damage: Damage, strength: float) -> str:
    rng = damage.rng
    name = organisation.name
    draw = rng.random()
    if draw < 0.08 * strength:
        name = name.replace("&", "and")
    elif draw < 0.14 * strength:
        name = name.replace(" ", "")
    elif draw < 0.18 * strength and " " in name:
        name = " ".join(name.split()[:-1])
    elif draw < 0.21 * strength:
        name = " ".join(reversed(name.split()))
    name = damage.text("company", name, strength)
    suffix = organisation.suffix if rng.random() < 0.8 else rng.choice(["", "Inc", "Ltd", "LLC"])
    return f"{name} {suffix}".strip() if rng.random() < 0.8 else name


def _sites(
    population: Population, damage: Damage, columns: Sequence[str], sizes: Sequence[int], records: int
) -> list[tuple[int, Record]]:
    """Records of organisations: branches of one company, and others at the same address, are not the same."""
    rng = population.rng
    made: list[tuple[int, Record]] = []
    sites: list[Organisation] = []
    while len(made) < records:
        site = population.organisation()
        draw = rng.random()
        if sites and draw < 0.25:
            parent = rng.choice(sites)
            site = replace(
                site,
                name=parent.name
                if rng.random() < 0.5
                else f"{parent.name} {rng.choice(['-', ''])} {site.name.split()[0]}",
                domain=parent.domain,
                phone=parent.phone if rng.random() < 0.3 else site.phone,
            )
        elif sites and draw < 0.32:
            parent = rng.choice(sites)
            site = replace(site, street=parent.street, city=parent.city, postcode=parent.postcode)
        sites.append(site)
        alias = rng.choice(
            [
                site.name,
                f"{rng.choice(sites).name.split()[0]} - {site.name}",
                f"{site.name} {rng.choice(['center', 'school', 'office', 'branch', 'hq'])}",
            ]
        )
        other_phone = population.phone()
        made.extend((len(sites), _site(site, alias, other_phone, damage, columns)) for _ in range(rng.choice(sizes)))
    return made


def _site(site: Organisation, alias: str, other_phone: str, damage: Damage, columns: Sequence[str]) -> Record:
    rng = damage.rng
    strength = 1.0 if damage.even else min(4.0, rng.expovariate(1.0))
    named = replace(site, name=alias) if rng.random() < damage.moves else site
    values = {
        "company": case(_company(named, damage, strength), rng, damage.shout),
        "website": rng.choice(["www.", "http://www.", "https://", ""]) + site.domain,
        "phone": phone_form(
            damage.text("phone", other_phone if rng.random() < damage.moves * 0.5 else site.phone, strength * 0.4), rng
        ),
        "street": damage.text("street", site.street, strength * 0.7),
        "city": damage.text("city", site.city, strength * 0.5),
        "postcode": damage.text("postcode", site.postcode, strength * 0.4),
        "state": site.state,
        "country": "us",
    }
    return {
        column: None if column != "company" and damage.lost(column, strength) else values[column] for column in columns
    }
