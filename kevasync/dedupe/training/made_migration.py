"""Makes contact tables of merged CRM systems with known duplicates, as a hard test bed for duplicate detection."""

import random
from itertools import accumulate
from typing import NamedTuple

from kevasync.dedupe.training.damage_migration import (
    Row,
    Trace,
    bad_page,
    evidence,
    hurt_mail,
    hurt_phone,
    hurt_text,
    misheard,
    misplace,
    show_phone,
    show_title,
    swap_some,
    trace,
    typo,
)
from kevasync.dedupe.training.people_migration import Company, Job, Person, World
from kevasync.dedupe.training.words_migration import (
    CIVIL,
    COUNTRIES,
    KINDS,
    LAYOUTS,
    OTHER_PLACEHOLDERS,
    PARTS,
    PLACEHOLDERS,
    SCANS,
    Kind,
    Place,
    fold,
    slug,
)


class System(NamedTuple):
    """One of the merged systems, with the habits it keeps for all its records."""

    name: str
    kind: Kind
    weight: float
    phone: int
    order: int
    page: int
    width: int
    country: int


class Plan(NamedTuple):
    """What the seed draws for a whole table."""

    columns: tuple[str, ...]
    severity: float
    hard: float
    more: float
    missing: float
    systems: tuple[System, ...]
    mix: tuple[str, ...]


def plan(seed: int) -> Plan:
    """Draw the layout, the severity and the systems of a table."""
    rng = random.Random(f"migration plan {seed}")
    columns, weights = zip(*LAYOUTS, strict=True)
    severity = rng.choices([rng.uniform(0.03, 0.25), rng.uniform(0.3, 0.6), rng.uniform(0.7, 1)], [3, 4, 3])[0]
    hard = rng.choices([0.01, rng.uniform(0.05, 0.2), rng.uniform(0.25, 0.5)], [2, 5, 3])[0]
    more = rng.choices([rng.uniform(0.015, 0.06), rng.uniform(0.15, 0.35), rng.uniform(0.4, 0.58)], [2, 5, 3])[0]
    kinds = rng.sample(list(KINDS), rng.choice([3, 4, 4, 5]))
    systems = []
    for name in kinds:
        kind = KINDS[name]
        weight = kind.share * rng.uniform(0.5, 1.5)
        systems.append(
            System(
                rng.choice(kind.names),
                kind,
                weight,
                rng.randrange(8),
                rng.choice([0, 0, 0, 1, 2, 3]),
                rng.randrange(6),
                rng.choice([15, 20, 20, 25, 30]),
                rng.randrange(5),
            )
        )
    home = rng.choice(
        [
            "US GB IN",
            "US",
            "DE AT CH",
            "DE FR US",
            "GB US DE",
            "FR CH ES",
            "ES BR US",
            "IT DE FR",
            "NL DE GB",
            "SE GB PL",
            "IN AE GB",
            "US CN JP",
            "PL DE",
            "TR DE",
        ]
    ).split()
    mix = home + rng.sample([code for code in COUNTRIES if code not in home], rng.choice([1, 3, 6, 10]))
    return Plan(
        tuple(rng.choices(columns, weights)[0].split()),
        severity,
        hard,
        more,
        rng.uniform(0.6, 1.3),
        tuple(systems),
        tuple(mix),
    )


def show_firm(rng: random.Random, firm: Company, form: int) -> str:
    """A firm by brand, full name, legal name, abbreviation, department or subsidiary."""
    full, land = f"{firm.brand} {firm.activity}", COUNTRIES[firm.place.country]
    if form == 5:
        return rng.choice(
            [
                f"{firm.brand} {land.names.split('|')[1 % len(land.names.split('|'))]} {firm.legal}",
                f"{full} ({rng.choice(firm.place.cities)})",
                f"{firm.brand} {rng.choice(['Europe', 'International', 'Service', 'Holding', 'Group'])}",
            ]
        )
    part = rng.choice(PARTS)
    return [
        firm.brand,
        full,
        f"{full} {firm.legal}",
        firm.short,
        rng.choice([f"{firm.brand}, {part}", f"{full} - {part}", f"{part}, {firm.brand}"]),
    ][form]


def _surname(rng: random.Random, person: Person, early: bool, slop: float) -> str:
    last = person.last
    if person.former and (early or rng.random() < 0.25):
        last = person.former
    elif person.joined and rng.random() < 0.45:
        last = person.joined
    if " " in last and rng.random() < 0.3 + 0.3 * slop:
        words = last.split()
        turned = f"{words[-1]} {' '.join(words[:-1])}"
        short = last.replace("van ", "v. ").replace("der ", "d. ")
        last = rng.choice([last.title(), words[-1], "".join(words), turned, short])
    if last[:3] in {"Al-", "El-"} and rng.random() < 0.4:
        last = last.replace("-", rng.choice(["", " "]), 1)
    return last


def _forename(rng: random.Random, person: Person, form: int) -> str:
    first, middle = person.first, person.middle
    if form == 1:
        first = person.nick or first
    elif form == 2:
        first = first[0] + rng.choice([".", ".", ""])
    elif form == 3 and middle:
        first = rng.choice(
            [f"{first} {middle}", f"{first} {middle[0]}.", f"{first} {middle[0]}", f"{first[0]}. {middle}"]
        )
    elif form == 4:
        first = f"{first[0]}.{middle[0]}." if middle else f"{first[0]}."
    if "-" in first and rng.random() < 0.35:
        first = first.replace("-", rng.choice([" ", ""])) if rng.random() < 0.6 else first.split("-")[0]
    return first


def show_name(rng: random.Random, person: Person, system: System, early: bool, slop: float) -> tuple[str, str]:
    """First and last name as one system got to know them."""
    first = _forename(rng, person, rng.choices(range(5), system.kind.firsts)[0])
    last, honors = _surname(rng, person, early, slop), system.kind.honors
    if person.before and rng.random() < honors:
        first = f"{person.before} {first}"
    elif rng.random() < honors * 0.15:
        first = f"{rng.choice(CIVIL['M' if person.male else 'F'])} {first}"
    # Jr and Sr are kept more often than degrees: they are all that tells father and son apart.
    generation = person.after in {"Jr.", "Sr.", "jun.", "sen."}
    if person.after and rng.random() < (0.75 if generation else honors):
        last = f"{last}{rng.choice([', ', ' '])}{person.after}"
    return first, last


def show_mail(rng: random.Random, person: Person, job: Job, system: System) -> tuple[str, bool]:
    """An e-mail address one system holds, and whether it is a private one."""
    form = rng.choices(range(6), system.kind.mails)[0]
    if form == 2:
        return (person.couple if person.couple and rng.random() < 0.6 else person.private), True
    domain = job.email.split("@")[1]
    if form == 3:
        return f"{rng.choice(COUNTRIES[job.company.place.country].roles.split())}@{domain}", False
    if form == 5:
        german = person.culture == "de"
        return f"{slug(person.first.split()[0], german)}.{slug(person.last, german)}@{domain}", False
    second = job.second if form == 1 or (job.second and rng.random() < 0.25) else None
    return (job.shared if form == 4 and job.shared else second or job.email), False


def view(rng: random.Random, person: Person, job: Job, system: System, slop: float) -> Row:
    """What one system would hold of a person if nobody had damaged it."""
    kind = system.kind
    early = job is person.jobs[0] and rng.random() < 0.7
    first, last = show_name(rng, person, system, early, slop)
    email, private = show_mail(rng, person, job, system)
    form = rng.choices(range(4), kind.phones)[0]
    desk = job.phone
    own = desk._replace(ext=rng.choice(["", "0"]) if desk.dial in {"49", "43", "41"} else "")
    phone = [desk, own, person.mobile, person.landline][2 if private and form < 2 and rng.random() < 0.4 else form]
    style = system.phone if rng.random() > 0.15 + 0.4 * slop else rng.randrange(8)
    place: Place = person.home if private and rng.random() < 0.6 else job.company.place
    names = COUNTRIES[place.country].names.split("|")
    name = [f"{first} {last}", f"{last}, {first}", f"{last} {first}", f"{last.upper()} {first}"][
        system.order if rng.random() > 0.1 * slop else 0
    ]
    return {
        "first_name": first,
        "last_name": last,
        "name": name,
        "email": email,
        "phone": show_phone(phone, style),
        "company": show_firm(rng, job.company, rng.choices(range(6), kind.firms)[0]),
        "title": show_title(rng, job.title, rng.random() < kind.reworded),
        "city": place.cities[0] if rng.random() < 0.75 else rng.choice(place.cities),
        "state": rng.choice(place.states) if system.country % 2 else place.states[0],
        "country": names[min(system.country, len(names) - 1)],
        "postcode": place.postcode,
        "street": place.street,
    }


def house_style(rng: random.Random, row: Row, system: System, severity: float) -> None:
    """The marks one kind of system leaves on all it holds."""
    kind = system.kind.style
    for key, text in row.items():
        if kind == "export":
            cut = text[: system.width + (10 if key in {"email", "street"} else 0)]
            row[key] = bad_page(cut, system.page) if rng.random() < 0.3 + 0.7 * severity and key != "email" else cut
        elif kind == "caps" and key != "email":
            row[key] = (fold(text, german=system.page < 3) if system.page < 5 else text).upper()
        elif (
            kind == "form"
            and key in {"first_name", "last_name", "name", "company", "city"}
            and rng.random() < 0.15 + 0.2 * severity
        ):
            row[key] = rng.choice([text.lower(), text.lower(), text.upper(), text + " ", fold(text)])
        elif kind == "scan" and rng.random() < 0.12 + 0.4 * severity and key not in {"phone", "country", "state"}:
            row[key] = swap_some(rng, text, SCANS)
        elif (
            kind == "notes"
            and key in {"first_name", "last_name", "name", "company"}
            and rng.random() < 0.2 + 0.35 * severity
        ):
            row[key] = misheard(rng, text)
    if kind == "notes" and rng.random() < 0.06 + 0.15 * severity:
        row["name"] = rng.choice(
            [
                f"{rng.choice(CIVIL['M'])} {row['last_name']}",
                f"{row['name']} ({row['company'].split()[0]})",
                f"{row['name']} - call back",
                f"{row['first_name']} / {row['company'].split()[0]}",
            ]
        )


def damage(rng: random.Random, row: Row, table: Plan, slop: float, before: list[Row]) -> None:
    """Hurt a record: the sloppier it is, the more of its fields, in all manners."""
    columns = [c for c in table.columns if row[c]]
    for _ in range(int(slop * 4.2 + rng.random())):
        key, roll = rng.choice(columns), rng.random()
        if not row[key]:
            continue
        if roll < 0.05 * slop and before and key not in {"name", "last_name"}:
            row[key] = rng.choice(before[-40:])[key]
        elif roll < 0.12 * slop + 0.02 and (key not in {"name", "last_name"} or rng.random() < 0.3):
            row[key] = rng.choice(PLACEHOLDERS.get(key, OTHER_PLACEHOLDERS))
        elif key == "email":
            row[key] = hurt_mail(rng, row[key])
        elif key in {"phone", "postcode"}:
            row[key] = hurt_phone(rng, row[key]) if key == "phone" else typo(rng, row[key])
        else:
            row[key] = hurt_text(rng, key, row[key])
    if rng.random() < 0.22 * slop:
        misplace(rng, row, table.columns)


def lose(rng: random.Random, row: Row, table: Plan, system: System, slop: float) -> None:
    """Empty the fields the system does not keep, and some others."""
    kind, level = system.kind, table.severity
    for key in table.columns:
        chance = kind.lacks.get(key, 0.1) * (0.3 + 0.6 * level) + (0.08 + 0.44 * slop) * slop * table.missing
        if rng.random() < chance * (0.3 if key in {"name", "last_name"} and not kind.lacks.get(key) else 1):
            row[key] = ""


def copy_of(
    rng: random.Random,
    person: Person,
    table: Plan,
    weights: list[float],
    kept: list[Trace],
    before: list[Row],
    common: int,
) -> tuple[Row, System]:
    """One more record of a person that a careful human can still, as a rule, tie to the others."""
    system = rng.choices(table.systems, cum_weights=weights)[0]
    floor = rng.random() < 0.02 + 0.06 * table.severity
    # One draw of sloppiness a record: bad records are bad in all their fields.
    slop = min(1.0, max(0.0, table.severity * rng.triangular(0.35, 1.5, 0.9)))
    best: tuple[float, Row] = (-9.0, {})
    for attempt in range(7):
        recent = [1 + 3 * i * (1 - system.kind.old) for i in range(len(person.jobs))]
        job = rng.choices(person.jobs, recent)[0]
        row = view(rng, person, job, system, slop)
        house_style(rng, row, system, table.severity)
        damage(rng, row, table, slop, before)
        lose(rng, row, table, system, slop * (1 - 0.12 * attempt))
        mark = trace(row, table.columns)
        empty = not (mark.email or mark.last) or (len(mark.last) < 2 and not mark.email and not mark.phone)
        scores = sorted(evidence(mark, t, common) for t in kept) or [9.0]
        lack = (
            min(0.0, scores[-1] - (1.7 if floor else 2.6)) + min(0.0, scores[0] - (1.0 if floor else 1.7)) - 5 * empty
        )
        if lack > best[0]:
            best = (lack, row)
        if lack == 0:
            break
        slop *= 0.93
    return best[1], system


def make(persons: int, seed: int) -> list[dict[str, str | None]]:
    """Make a table of contacts of so many true persons.

    Args:
        persons: How many true persons the table holds.
        seed: Draws layout, severity, systems and all contents.

    Returns:
        The records in random order, with the true person in `cluster`.
    """
    table, rng = plan(seed), random.Random(f"migration {seed}")
    world = World(
        rng,
        list(table.mix),
        persons * rng.randint(15, 45) // 100,
        rng.uniform(0.15, 0.4),
        rng.uniform(0.6, 1.0),
        table.hard,
    )
    for _ in range(persons):
        world.add()
    weights = list(accumulate(s.weight for s in table.systems))
    before: list[Row] = []
    made: list[dict[str, str | None]] = []
    for person in world.persons:
        kept: list[Trace] = []
        common = world.names[fold(person.first), fold(person.last)]
        count = 1
        while count < 7 and rng.random() < table.more:
            count += 1
        for _ in range(count):
            row, system = copy_of(rng, person, table, weights, kept, before, common)
            kept.append(trace(row, table.columns))
            before.append(row)
            made.append({"record_id": "", "cluster": f"p{person.key}", "source": system.name})
            made[-1].update({c: row[c] or None for c in table.columns})
    rng.shuffle(made)
    for i, record in enumerate(made):
        record["record_id"] = f"r{i:06d}"
    return made
