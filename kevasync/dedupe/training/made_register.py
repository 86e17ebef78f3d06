"""Makes tables of people found in several registers, with their true duplicates, to test matching."""

import random
from dataclasses import dataclass
from typing import Final

from kevasync.dedupe.training.people_register import Home, Person, World, draw_setting, job, marks, pick, spelt
from kevasync.dedupe.training.words_register import DIAL, lettered, misread, mistaken, respell, slip

Record = dict[str, str | None]
# what each column is worth for telling people apart, so that damage leaves a fair chance
LAYOUTS: Final = tuple(
    {column: float(worth) for column, _, worth in (part.partition("=") for part in row.split())}
    for row in (
        "name=3.5 dob=3 city=1.2 postcode=1.6 title=0.8 other=0.1",
        "first_name=1.5 last_name=2 dob=3 city=1.2 postcode=1.6",
        "first_name=1.5 last_name=2 dob=3 street=1.5 city=0.8 postcode=0.8 state=0.1 phone=1.5 identifier=2",
        "name=3.5 dob=3 street=1.5 city=1 other=0.2",
        "first_name=1.5 last_name=2 email=2 phone=1.5 dob=3 street=1.5 city=0.8 postcode=0.8 state=0.1",
        "first_name=1.5 last_name=2 dob=3 city=1.2 email=2",
    )
)
MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
KEPT, DAMAGED, LOST, FOREIGN = range(4)
WORTH: Final = (1.0, 0.7, 0.0, -0.2)


@dataclass(slots=True)
class Register:
    """How one register is kept: its habits and its clerks."""

    name: str
    date_form: str
    name_form: str
    middle: str
    letters: str
    sexes: tuple[str, str]
    latin: bool
    short: bool
    leans: str
    stage: tuple[float, float]
    gaps: dict[str, float]
    clerks: list[float]


@dataclass(slots=True)
class Profile:
    """What is drawn once for a table."""

    columns: dict[str, float]
    severity: float
    many: bool
    spread: float
    clean_first: bool
    born_there: bool
    other: str
    stable_ident: bool
    modern: bool
    plain: bool
    registers: list[Register]


@dataclass(slots=True)
class Scene:
    """One clerk writing one record of a person at a stage of life."""

    rng: random.Random
    person: Person
    register: Register
    profile: Profile
    stage: float
    # how freely names and words are varied, and how much is spoilt
    vary: float
    harm: float


def _register(rng: random.Random, number: int, columns: dict[str, float], severity: float, plain: bool) -> Register:
    early = rng.random()
    forms = ("iso",) if plain else ("iso", "iso", "dmy", "mdy", "dots", "long", "year")
    gaps = {col: rng.random() ** 3 * (0.05 + 0.35 * severity) for col in columns}
    if rng.random() < 0.3:
        # a register may hardly ever ask for something the others do
        gaps[pick(rng, [col for col in columns if col not in {"name", "first_name", "last_name", "dob"}])] = 0.8
    return Register(
        name=f"{pick(rng, ('parish', 'census', 'roll', 'archive', 'insurance', 'hospital', 'lexicon'))}_{number}",
        date_form=pick(rng, forms),
        name_form=pick(rng, ("first", "first", "first", "comma", "last")),
        middle=pick(rng, ("all", "all", "initial", "none")),
        letters=pick(rng, ("as is", "as is", "as is", "upper", "fold", "bare")),
        sexes=pick(rng, (("male", "female"), ("male", "female"), ("M", "F"), ("m", "w"))),
        latin="phone" not in columns and "email" not in columns and rng.random() < 0.12 * (1 + severity),
        short=rng.random() < 0.35,
        leans="".join(pick(rng, "ohk") * 2 for _ in range(2)) + "ohkc",
        stage=(0.6 * early, 0.6 * early + 0.4),
        gaps=gaps,
        clerks=[rng.choice((0.4, 0.7, 1.0, 1.0, 1.3, 1.8)) for _ in range(4)],
    )


def _profile(rng: random.Random, seed: int) -> Profile:
    columns = LAYOUTS[(seed + seed // 6) % len(LAYOUTS)]
    # the golden ratio spreads the severities of neighbouring seeds evenly
    severity = (seed * 0.6180339887 + 0.11) % 1.0
    modern = not columns.keys().isdisjoint({"phone", "email"})
    plain = rng.random() < 0.4
    many = rng.random() < (0.25 if modern else 0.55)
    return Profile(
        columns=columns,
        severity=severity,
        many=many,
        spread=rng.uniform(0.6, 3.0) if many else rng.uniform(0.25, 0.95),
        clean_first=rng.random() < 0.5,
        born_there="street" not in columns and rng.random() < 0.7,
        other="sex" if "title" in columns else rng.choice(("sex", "occupation", "father")),
        stable_ident=rng.random() < 0.55,
        modern=modern,
        plain=plain,
        registers=[_register(rng, n + 1, columns, severity, plain) for n in range(rng.randint(2, 6))],
    )


def _given(scene: Scene) -> str:
    """The given names as this clerk writes them."""
    rng, person, register, vary = scene.rng, scene.person, scene.register, scene.vary
    rows, chance = person.given, rng.random()
    first, middles = rows[0].name, [row.name for row in rows[1:]]
    if register.latin and rows[0].forms:
        first, middles = rows[0].forms[0], [row.forms[0] if row.forms else row.name for row in rows[1:]]
    elif chance < 0.28 * vary and rows[0].nicks:
        first = pick(rng, rows[0].nicks)
    elif chance < 0.4 * vary and rows[0].forms:
        first = pick(rng, rows[0].forms)
    elif chance < 0.5 * vary:
        first = respell(rng, first)
    elif chance < 0.56 * vary:
        first = first[0] + pick(rng, (".", ""))
    chance = rng.random()
    if middles and chance < 0.12 * vary:
        # the call name is not always the first one
        return middles[0]
    if middles and chance < 0.17 * vary:
        first, middles = middles[0], [first, *middles[1:]]
    style = register.middle if rng.random() > 0.4 * vary else pick(rng, ("all", "initial", "none"))
    shown = {"none": [], "initial": [name[0] + "." for name in middles]}.get(style, middles)
    return " ".join((first, *shown))


def _family(scene: Scene) -> tuple[str, str, bool]:
    """The family name, the maiden name where noted, and whether the birth name is hidden."""
    rng, person = scene.rng, scene.person
    last, chance = spelt(rng, person.last, scene.vary), rng.random()
    if person.married and scene.stage > person.wed:
        married = spelt(rng, person.married, scene.vary)
        if chance < 0.35:
            return married, last, False
        if chance < 0.45:
            return f"{last}-{married}" if rng.random() < 0.5 else f"{married}-{last}", "", False
        # many women go on under the birth name, above all in biographies
        return (married, "", True) if chance < 0.75 else (last, "", False)
    if person.rank in {"Baron", "Earl", "Viscount"} and scene.stage > 0.5 and chance < 0.5:
        return f"Lord {person.seat}", "", person.seat != person.last.name
    if person.seat and not person.rank and chance < 0.5:
        # a farm or by-name beside the patronymic, or in its place
        return (f"{last} {person.seat}", "", False) if chance < 0.4 else (person.seat, "", True)
    return last, "", False


def _names(scene: Scene, values: Record) -> set[str]:
    """Fills in the name columns; returns those in which the person is no longer to be found."""
    rng, vary = scene.rng, scene.vary
    given, (last, maiden, hidden) = _given(scene), _family(scene)
    before, after = marks(rng, scene.person, scene.stage, vary)
    if "name" not in scene.profile.columns:
        if maiden:
            last += pick(rng, (" ({})", " née {}", " geb. {}", "-{}")).format(maiden)
        chance = rng.random()
        values["first_name"] = f"{before} {given}" if before and chance < 0.4 else given
        values["last_name"] = f"{last} {after}" if after and chance < 0.6 else last
        if rng.random() < 0.05 * vary:
            values["first_name"], values["last_name"] = values["last_name"], values["first_name"]
        return {"last_name"} if hidden else set()
    if maiden:
        last = f"{last} {pick(rng, ('née', 'born', 'geb.', 'nee'))} {maiden}"
    chance, form = rng.random(), scene.register.name_form
    if chance < 0.03 * vary:
        values["name"] = f"{before or ('Mr' if scene.person.sex == 'm' else 'Mrs')} {last}"
        return {"name"}
    if chance < 0.12 * vary:
        form = pick(rng, ("first", "comma", "last"))
    comma = "," if form == "comma" else ""
    text = f"{before} {given} {last}" if form == "first" else f"{last}{comma} {before} {given}"
    values["name"] = " ".join((text + (f", {after}" if after and "1" <= after[0] <= "4" else f" {after}")).split())
    return {"name"} if hidden and rng.random() < 0.5 else set()


def _dob(scene: Scene, damaged: bool) -> str:
    rng, form = scene.rng, scene.register.date_form
    year, month, day = scene.person.birth
    if damaged:
        wrong, year, month, day = mistaken(rng, scene.person.birth, not scene.profile.modern)
        form = wrong or form
    elif rng.random() < 0.05 * scene.vary:
        form = "year"
    iso = f"{year}-{month:02d}-{day:02d}"
    if form in {"year", "about"} and scene.profile.plain:
        # a column of ISO dates has no room for a mere year
        return f"{year}-01-01"
    forms = {
        "dmy": f"{day:02d}/{month:02d}/{year}",
        "mdy": f"{month:02d}/{day:02d}/{year}",
        "dots": f"{day}.{month}.{year}",
        "long": f"{day} {MONTHS[month - 1]} {year}",
        "year": f"{year}",
        "about": f"{('', 'c. ', 'abt ', '~')[day % 4]}{year}",
    }
    return misread(rng, iso) if form == "misread" else forms.get(form, iso)


def _city(scene: Scene, home: Home) -> str:
    rng, born_there = scene.rng, scene.profile.born_there
    place = scene.person.place if born_there else home.place
    town, name, chance = place.town, place.town.name, rng.random() / (scene.vary + 0.001)
    if scene.register.short and rng.random() < 0.3:
        return f"{name}, {town.short}"
    if chance < 0.3 and town.others:
        return pick(rng, town.others)
    if chance < 0.45:
        parish = scene.person.parish if born_there else place.parishes[0]
        return pick(rng, (parish, f"{parish}, {name}", f"{name} ({parish})"))
    if chance < 0.6:
        return pick(rng, (f"{name}, {town.county}", f"{name} {town.short}", f"{name} near {place.near}", place.near))
    if chance < 0.65:
        return town.county
    return f"{name[: max(3, len(name) // 2)]}." if chance < 0.72 else name


def _street(scene: Scene, home: Home) -> str:
    rng = scene.rng
    text = home.text(scene.register.short if rng.random() > 0.4 * scene.vary else rng.random() < 0.5)
    chance = rng.random()
    if chance < 0.08 * scene.vary:
        return text.replace(str(home.number), "").strip(" ,")
    return f"Flat {rng.randint(1, 9)}, {text}" if chance < 0.16 * scene.vary else text


def _job(scene: Scene) -> str:
    person, chance = scene.person, scene.rng.random() / (scene.vary + 0.001)
    trade = person.jobs[0] if scene.stage < 0.6 else person.jobs[-1]
    trade = job(scene.rng, person.sex) if chance < 0.12 else trade
    return trade[0] if chance > 0.7 else pick(scene.rng, trade)


def _phone(scene: Scene, number: str) -> str:
    cut = 3 + scene.person.pid % 3
    style = scene.register.name_form if scene.rng.random() > 0.3 * scene.vary else "comma"
    abroad = f"{DIAL[scene.person.culture]} {number[1:cut]} {number[cut:]}"
    return {"first": number, "last": abroad}.get(style, f"{number[:cut]}-{number[cut:]}")


def _values(scene: Scene) -> tuple[Record, set[str]]:
    """What the clerk would write with no slip, and the columns that no longer tell who it is."""
    person, profile = scene.person, scene.profile
    values: Record = dict.fromkeys(profile.columns)
    hidden = _names(scene, values)
    moved = scene.stage > 0.65
    home, town = person.homes[moved], person.homes[moved].place.town
    values["city"] = _city(scene, home)
    if "street" in values:
        values["street"] = _street(scene, home)
        hidden |= {"street"} if moved else set()
    if "postcode" in values:
        values["postcode"] = person.post if profile.born_there else home.post
    if "state" in values:
        values["state"] = town.short if scene.register.short else town.county
    if "title" in values:
        values["title"] = _job(scene)
    if "phone" in values:
        values["phone"] = _phone(scene, person.phones[moved])
        hidden |= {"phone"} if moved else set()
    if "email" in values:
        values["email"] = person.emails[scene.stage > 0.55]
    if "identifier" in values:
        # registers that number people anew are told apart by the number in their name
        factor = 1 if profile.stable_ident else 7919 * int(scene.register.name[-1]) + 104729
        values["identifier"] = f"{int(person.ident) * factor % 900_000_001 + 99_999_999}"
        hidden |= set() if profile.stable_ident else {"identifier"}
    if "other" in values:
        sex = scene.register.sexes[person.sex == "f"]
        values["other"] = {"sex": sex, "occupation": _job(scene), "father": person.father.name}[profile.other]
    return values, hidden


def _plan(scene: Scene, hidden: set[str]) -> dict[str, int]:
    """Decides what befalls each column, leaving enough for a careful reader nearly always."""
    rng, columns, harm, severity = scene.rng, scene.profile.columns, scene.harm, scene.profile.severity
    foreign = 0.002 + 0.045 * harm * severity
    plan: dict[str, int] = {}
    for column in columns:
        chance, gap = rng.random(), scene.register.gaps[column] * (0.5 + harm)
        if chance < gap:
            plan[column] = LOST
        elif chance < gap + foreign:
            plan[column] = FOREIGN
        else:
            plan[column] = DAMAGED if rng.random() < harm * (0.75 if column == "dob" else 1.0) else KEPT
    if rng.random() < 0.01 + 0.05 * severity:
        return plan
    need = (0.78 - 0.15 * severity) * sum(worth for column, worth in columns.items() if column not in hidden)
    need = max(need, 0.56 * sum(columns.values()))
    have = sum(columns[column] * WORTH[fate] for column, fate in plan.items() if column not in hidden)
    have -= 1.0 if scene.register.date_form == "year" else 0.0
    order = [column for column in columns if column not in hidden and columns[column] >= 0.5]
    rng.shuffle(order)
    for column in sorted(order, key=lambda column: plan[column] == DAMAGED):
        if have >= need:
            break
        fate = DAMAGED if plan[column] > DAMAGED and rng.random() < harm else KEPT
        have += columns[column] * (WORTH[fate] - WORTH[plan[column]])
        plan[column] = fate
    return plan


def _spoil(scene: Scene, column: str, text: str) -> str:
    """Damages a value in the way of its column."""
    rng, hits = scene.rng, 1
    while hits < 3 and rng.random() < 0.55 * scene.harm * scene.profile.severity:
        hits += 1
    if column == "other" and scene.profile.other == "sex":
        return scene.register.sexes[scene.person.sex == "m"] if rng.random() < 0.25 else text
    if column in {"phone", "identifier", "postcode"}:
        for _ in range(min(hits, 2)):
            text = misread(rng, text)
        if column == "postcode" and rng.random() < 0.25:
            text = text.replace(" ", "") if " " in text else text[:-2]
        return text
    for number in range(hits if len(text) > 5 else 1):
        # a value is cut off at most once
        text = slip(rng, text, pick(rng, scene.register.leans if number == 0 else scene.register.leans[:-1]))
    return text


def _write(scene: Scene) -> tuple[Record, list[str]]:
    """Writes one record; returns it with the columns to be taken from another person later."""
    values, hidden = _values(scene)
    plan = _plan(scene, hidden)
    values["dob"] = _dob(scene, plan["dob"] == DAMAGED)
    for column, fate in plan.items():
        text = values[column] or ""
        if fate == DAMAGED and column != "dob":
            text = _spoil(scene, column, text)
        if column in {"name", "first_name", "last_name", "city", "street"}:
            text = lettered(text, scene.register.letters)
        values[column] = text.strip() or None if fate != LOST else None
    return values, [column for column, fate in plan.items() if fate == FOREIGN]


def _count(rng: random.Random, profile: Profile, person: Person) -> int:
    if not profile.many or person.short:
        return 2 if rng.random() < min(profile.spread, 0.9) else 1
    return min(20, 3 + int(rng.expovariate(1 / profile.spread)))


def _scene(rng: random.Random, person: Person, profile: Profile, number: int, left: list[Register]) -> Scene:
    """Chooses the register, the clerk and the stage of life of a person's next record."""
    register = left.pop(int(rng.random() * len(left))) if left else pick(rng, profile.registers)
    clerk, severity = pick(rng, register.clerks), profile.severity
    low, high = register.stage
    calm = 0.3 if number == 0 and profile.clean_first else 1.0
    harm = min(0.95, (0.06 + 0.84 * severity) * clerk**0.6 * calm)
    vary = min(1.0, (0.08 + 0.6 * severity) * clerk * calm)
    stage = 0.1 if person.short else low + (high - low) * rng.random()
    return Scene(rng, person, register, profile, stage, vary, harm)


def _swap(rng: random.Random, foreign: list[tuple[int, str]], records: list[Record]) -> None:
    """Fills in other people's values: from a line nearby, or from anywhere."""
    for at, column in foreign:
        near = at + pick(rng, (-3, -2, -1, 1, 2, 3))
        other = near if rng.random() < 0.4 else int(rng.random() * len(records))
        records[at][column] = records[other % len(records)][column]


def make(persons: int, seed: int) -> list[Record]:
    """Returns the records of a table of that many true persons (`cluster`); the seed draws all the rest."""
    rng = random.Random(seed)
    profile = _profile(rng, seed)
    records: list[Record] = []
    foreign: list[tuple[int, str]] = []
    for person in World(rng, draw_setting(rng, profile.modern)).people(persons):
        left = list(profile.registers)
        for number in range(_count(rng, profile, person)):
            scene = _scene(rng, person, profile, number, left)
            values, others = _write(scene)
            foreign += [(len(records), column) for column in others]
            records.append({"record_id": "", "cluster": str(person.pid), "source": scene.register.name, **values})
    _swap(rng, foreign, records)
    rng.shuffle(records)
    for number, record in enumerate(records):
        record["record_id"] = f"r{number + 1:07d}"
    return records
