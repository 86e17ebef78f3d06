"""Made-up people and organisations, and look-alikes that are none of them twice, for the heavily damaged test tables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from kevasync.dedupe.training import words_wreck as words
from kevasync.dedupe.training.damage_wreck import pick
from kevasync.dedupe.training.words_wreck import Land, Place

Row = dict[str, str]

LAYOUTS: tuple[tuple[str, ...], ...] = (
    ("first_name", "last_name", "email", "phone", "company", "city", "state", "country", "title"),
    ("first_name", "last_name", "email", "phone", "street", "city", "state", "postcode", "title"),
    ("first_name", "last_name", "email", "phone", "dob", "street", "city", "state", "postcode"),
    ("first_name", "last_name", "email", "phone", "dob", "country"),
    ("name", "email", "phone", "company"),
    ("company", "street", "city", "postcode", "phone", "website"),
    ("first_name", "last_name", "dob", "street", "city", "postcode", "identifier"),
)


@dataclass(frozen=True)
class Level:
    """How badly copies are damaged: bounds of the damaged share, then chances."""

    low: float
    high: float
    hard: float
    more: float
    swap: float
    proof: float
    blank: float


LEVELS: dict[str, Level] = {
    "light": Level(0.02, 0.2, 0.25, 0.02, 0.01, 0.995, 0.5),
    "medium": Level(0.15, 0.4, 0.35, 0.12, 0.05, 0.985, 0.4),
    "heavy": Level(0.35, 0.65, 0.5, 0.25, 0.1, 0.95, 0.3),
    "wreck": Level(0.55, 0.9, 0.6, 0.4, 0.16, 0.88, 0.25),
}


@dataclass(frozen=True)
class Style:
    """How one source writes undamaged values."""

    case: int
    phone: int
    date: int
    iso: bool
    last_first: int


@dataclass(frozen=True)
class Plan:
    """Everything the seed decides about a table."""

    columns: tuple[str, ...]
    difficulty: str
    level: Level
    copies: tuple[float, ...]
    kin: float
    kin_kinds: tuple[str, ...]
    named_mail: float
    missing: dict[str, float]
    home: float
    lands: tuple[Land, ...]
    id_form: str
    styles: dict[str, Style]
    taken: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Entity:
    """One true person or organisation; `shared` are the columns it has in common with a look-alike."""

    land: Land
    place: Place
    row: Row
    shared: set[str] = field(default_factory=set)
    proofs: tuple[tuple[str, ...], ...] = ()
    absent: frozenset[str] = frozenset()


def plan_for(seed: int) -> Plan:
    """Draw the table's plan; any seven seeds in a row hold all layouts, any four all difficulties.

    Args:
        seed: The table's seed.

    Returns:
        Layout, difficulty and rates.
    """
    rng = Random(seed * 104729 + 11)
    columns = LAYOUTS[(seed * 3 + 1) % len(LAYOUTS)]
    difficulty = tuple(LEVELS)[seed % 4]
    lands = list(words.LANDS)
    rng.shuffle(lands)
    # Half the tables have the United States or the United Kingdom as home.
    if rng.random() < 0.5:
        home = pick(words.LANDS[:2], rng)
        lands = [home, *(land for land in lands if land is not home)]
    copies = (
        (70, 22, 6, 2),
        (45, 30, 14, 6, 3, 1, 1),
        (20, 55, 20, 5),
        (60, 15, 8, 6, 5, 3, 3),
        (15, 25, 25, 15, 10, 6, 4),
    )
    base = pick((0.02, 0.08, 0.2), rng)
    rare = {"first_name", "last_name", "name", "company", "identifier"}
    kinds = [kind for kind, needs in _KIN_NEEDS.items() if needs <= set(columns)]
    sources = rng.sample(words.SOURCES, pick((1, 2, 3, 4, 5), rng))
    calm = difficulty in ("light", "medium")
    dates = (0, pick((1, 2, 3), rng)) if calm else (0, 1, 2, 3)
    return Plan(
        columns, difficulty, LEVELS[difficulty], tuple(float(share) for share in pick(copies, rng)),
        pick((0.0, 0.04, 0.12, 0.25, 0.45), rng), tuple(rng.sample(kinds, 1 + int(len(kinds) * rng.random()))),
        pick((0.0, 0.0, 0.5, 0.85, 1.0), rng),
        {column: base * (0.1 if column in rare else 0.4 + 1.4 * rng.random()) for column in columns},
        pick((0.4, 0.6, 0.8), rng), tuple(lands), pick(("9##-##-####", "K#######@", "@@######", "#### #### ####", "PID-########"), rng),
        {name: Style(pick((0, 0, 0, 1, 2), rng), pick((0, 0, 1, 2, 3), rng), pick(dates, rng), rng.random() < 0.4, pick((0, 0, 1, 2), rng)) for name in sources},
    )  # fmt: skip


def _own(address: str, plan: Plan, rng: Random) -> str:
    """Two owners never share a mail address or a site by accident, so a taken one gets a number."""
    while address in plan.taken:
        head, dot, tail = address.rpartition("@" if "@" in address else ".")
        address = f"{head}{int(100 * rng.random())}{dot}{tail}"
    plan.taken.add(address)
    return address


# --- fresh entities -------------------------------------------------------------------------------


def _filled(pattern: str, rng: Random) -> str:
    """Replace `#` by digits and `@` by capitals."""
    return "".join(
        str(int(10 * rng.random())) if c == "#" else chr(65 + int(26 * rng.random())) if c == "@" else c
        for c in pattern
    )


def _slug(text: str) -> str:
    plain = text.replace("ł", "l").replace("ı", "i").replace("ø", "o").replace("ß", "ss")
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", plain.lower()).encode("ascii", "ignore").decode())


def _first(land: Land, rng: Random) -> str:
    names = land.men if rng.random() < 0.5 else land.women
    name, chance = pick(names, rng, 1.4), rng.random()
    if chance < 0.07:
        return f"{name}{'-' if chance < 0.03 else ' '}{pick(names, rng)}"
    return f"{name} {pick('ABCDEFGHJKLMNPRSTVW', rng)}." if chance > 0.92 else name


def _built(land: Land, rng: Random) -> str:
    return pick(land.stems, rng, 1.2) + pick(land.tails, rng, 1.2)


def _last(land: Land, rng: Random) -> str:
    chance = rng.random()
    if chance < 0.06 or (chance < 0.4 and land.iso in ("ES", "BR")):
        return f"{pick(land.common, rng, 1.3)}{' ' if land.iso in ('ES', 'BR') else '-'}{_built(land, rng)}"
    if chance < 0.4:
        return pick(land.common, rng, 1.6)
    return _built(land, rng)


def _street(land: Land, rng: Random) -> str:
    number = 1 + int((190 if land.iso != "US" else 4900) * rng.random() ** 2)
    return pick(land.road_forms, rng, 1.3).format(n=number, r=pick(land.roads, rng, 1.3), a=1 + int(40 * rng.random()))


def _phone(land: Land, place: Place, rng: Random) -> str:
    # Half are mobiles, which do not tell the town.
    area = (
        place.area
        if rng.random() < 0.5 or land.iso == "US"
        else pick("6789", rng) + str(10 + int(90 * rng.random()))[: max(1, len(place.area) - 1)]
    )
    number = f"+{land.dial} {area.removeprefix('0')} {_filled(land.local, rng)}"
    return f"{number} ext. {10 + int(900 * rng.random())}" if rng.random() < 0.06 else number


def _mail(row: Row, plan: Plan, land: Land, rng: Random) -> str:
    domain = pick(words.MAILERS, rng, 2.0)
    if rng.random() >= plan.named_mail:
        one, two, number = pick(words.ODD_WORDS, rng), pick(words.ODD_WORDS, rng), int(9999 * rng.random() ** 2)
        return (
            pick(
                (
                    f"{one}{two}{number}",
                    f"{one}.{two}{number % 100}",
                    f"{one}_{number}",
                    f"{one}{number}{two[:3]}",
                    _filled("#######", rng),
                ),
                rng,
            )
            + f"@{domain}"
        )
    first, last = _slug(row["first_name"].split()[0]), _slug(row["last_name"])
    if "company" in row and rng.random() < 0.6:
        domain = f"{_slug(' '.join(row['company'].split()[:2]))}.{land.tld}"
    number = int(100 * rng.random())
    return (
        pick(
            (
                f"{first}.{last}",
                f"{first[:1]}{last}",
                f"{first}{number}",
                f"{last}.{first}{number}",
                f"{first}_{last}",
                f"{last}{number}",
            ),
            rng,
        )
        + f"@{domain}"
    )


def _firm(land: Land, rng: Random) -> str:
    legal, trade, how = pick(land.legal, rng, 1.5), pick(words.TRADES, rng, 1.3), rng.random()
    if how < 0.35:
        head = _last(land, rng) if how < 0.22 else f"{_last(land, rng)} & {_last(land, rng)}"
    elif how < 0.65:
        head = pick(words.BRANDS, rng) + pick(words.BRAND_TAILS, rng)
    else:
        head = (
            f"{pick(words.BRANDS, rng)} {pick(words.BRANDS, rng)}" if how < 0.85 else pick(land.places, rng, 1.5).city
        )
    return f"{head} {legal}" if how < 0.05 else f"{head} {trade} {legal}"


def _person(fixed: Mapping[str, str], land: Land, place: Place, plan: Plan, rng: Random) -> Row:
    """A person with every column of the layout; `fixed` values are taken over from a look-alike."""
    other = land if rng.random() < 0.8 else pick(plan.lands, rng)
    row = {
        "first_name": _first(other, rng),
        "last_name": _last(other, rng),
        "country": land.country,
        "city": place.city,
        "state": place.state,
    }
    if "company" in plan.columns:
        row["company"] = _firm(land, rng)
    row.update(fixed)
    makers: dict[str, Callable[[], str]] = {
        "phone": lambda: _phone(land, place, rng),
        "email": lambda: _own(_mail(row, plan, land, rng), plan, rng),
        "title": lambda: pick(words.RANKS, rng) + pick(words.POSTS, rng, 1.3),
        "dob": lambda: (
            f"{2006 - int(75 * rng.random() ** 1.2)}-{1 + int(12 * rng.random()):02}-{1 + int(28 * rng.random()):02}"
        ),
        "street": lambda: _street(land, rng),
        "postcode": lambda: place.postal + _filled(land.postal, rng),
        "identifier": lambda: _filled(plan.id_form, rng),
    }
    for column in plan.columns:
        if column in makers and column not in row:
            row[column] = makers[column]()
    row["name"] = f"{row['first_name']} {row['last_name']}"
    return row


def _organisation(fixed: Mapping[str, str], land: Land, place: Place, plan: Plan, rng: Random) -> Row:
    name = fixed.get("company") or _firm(land, rng)
    row = {
        "company": name,
        "street": _street(land, rng),
        "city": place.city,
        "postcode": place.postal + _filled(land.postal, rng),
        "phone": _phone(land, place, rng),
    }
    tld = pick((land.tld, land.tld, "com", "example"), rng)
    slug = _slug(" ".join(name.split()[: 2 + int(2 * rng.random())]))
    row |= fixed
    row["website"] = fixed.get("website") or _own(f"www.{slug}.{tld}", plan, rng)
    return row


def _fresh(
    plan: Plan, rng: Random, fixed: Mapping[str, str] | None = None, near: Entity | None = None, *, move: bool = False
) -> Entity:
    """A new entity, in the land of `near` and, unless it moves, in its town."""
    land = near.land if near else plan.lands[0] if rng.random() < plan.home else pick(plan.lands, rng, 1.5)
    place = near.place if near and not move else pick(land.places, rng, 1.5)
    row = (
        _person(fixed or {}, land, place, plan, rng)
        if "website" not in plan.columns
        else _organisation(fixed or {}, land, place, plan, rng)
    )
    return Entity(
        land,
        place,
        {column: row[column] for column in plan.columns}
        | ({"first_name": row["first_name"], "last_name": row["last_name"]} if "name" in plan.columns else {}),
    )


# --- look-alikes that are not duplicates ----------------------------------------------------------

_KIN_NEEDS: dict[str, set[str]] = {
    "family": {"last_name", "email"}, "neighbours": {"last_name", "street"}, "namesake": {"email"}, "twin": {"last_name", "dob"},
    "junior": {"dob", "street"}, "colleague": {"email", "company"}, "same_desk": {"email", "phone"}, "family_name": {"name"},
    "branch": {"website"}, "tenant": {"website"}, "echo": {"website"},
}  # fmt: skip
_ADDRESS = ("street", "city", "state", "postcode", "country")


def _kept(base: Entity, rng: Random, *always: str, maybe: tuple[str, ...] = (), chance: float = 0.4) -> Row:
    """The base's values a look-alike takes over: some always, some by chance."""
    names = [*always, *(column for column in maybe if rng.random() < chance)]
    return {column: base.row[column] for column in names if column in base.row}


def _kin(base: Entity, kind: str, plan: Plan, rng: Random) -> Entity:
    """Another entity that resembles `base`."""
    if kind == "namesake":
        return _fresh(plan, rng, _kept(base, rng, "first_name", "last_name"), base, move=rng.random() < 0.7)
    if kind == "colleague":
        return _fresh(
            plan, rng, _kept(base, rng, "company", "city", "state", "country", maybe=("phone", "title")), base
        )
    if kind == "same_desk":
        return _fresh(plan, rng, _kept(base, rng, "phone", maybe=("company", "title")), base)
    if kind == "branch":
        return _fresh(plan, rng, _kept(base, rng, "company", "website"), base, move=rng.random() < 0.85)
    if kind == "tenant":
        return _fresh(plan, rng, _kept(base, rng, "street", "city", "postcode"), base)
    if kind == "echo":
        name = base.row["company"].split()
        return _fresh(
            plan,
            rng,
            {"company": " ".join([name[0], pick(words.TRADES, rng), *name[2:]])},
            base,
            move=rng.random() < 0.5,
        )
    return _fresh(plan, rng, _household(base, kind, rng), base)


def _household(base: Entity, kind: str, rng: Random) -> Row:
    """What a relative under the same roof has in common with `base`."""
    fixed = _kept(base, rng, "last_name", *_ADDRESS, maybe=("phone",))
    if kind == "twin":
        fixed["dob"] = base.row["dob"]
        # Twins often have names of one initial, which an initial alone cannot tell apart.
        alike = [
            name
            for name in (*base.land.men, *base.land.women)
            if name[0] == base.row["first_name"][0] and name[:3] != base.row["first_name"][:3]
        ]
        if alike and rng.random() < 0.5:
            fixed["first_name"] = pick(alike, rng)
    elif kind == "junior":
        fixed["first_name"] = base.row["first_name"]
        fixed["dob"] = (
            f"{int(base.row['dob'][:4]) + 19 + int(20 * rng.random())}-{1 + int(12 * rng.random()):02}-{1 + int(28 * rng.random()):02}"
        )
    elif rng.random() < 0.1 and "email" in base.row:
        fixed["email"] = base.row["email"]
    return fixed


def population(count: int, plan: Plan, rng: Random) -> list[Entity]:
    """Make the table's true entities.

    Args:
        count: How many.
        plan: The table's plan.
        rng: Source of chance.

    Returns:
        Entities, some of them look-alikes of others.
    """
    entities: list[Entity] = []
    for _ in range(count):
        if not entities or rng.random() >= plan.kin:
            entities.append(_fresh(plan, rng))
            continue
        base = pick(entities, rng)
        entity = _kin(base, pick(plan.kin_kinds, rng), plan, rng)
        same = {column for column, value in entity.row.items() if base.row[column] == value}
        entity.shared |= same
        base.shared |= same
        entities.append(entity)
    return entities
