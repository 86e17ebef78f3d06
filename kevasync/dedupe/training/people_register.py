"""Made-up people for test registers: families, namesakes and their true particulars."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, TypeVar

from kevasync.dedupe.training.words_register import (
    CULTURES,
    DOMAINS,
    FOLD,
    GIVEN,
    JOBS,
    PARISHES,
    RANKS,
    STREET_KINDS,
    STREETS,
    SURNAMES,
    TAIL,
    TOWNS,
    WOMEN,
    Given,
    Surname,
    Town,
    respell,
)

T = TypeVar("T")
MONTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
KINDS: Final = (
    ("sibling", 3.0),
    ("twin", 1.0),
    ("son", 1.5),
    ("cousin", 1.5),
    ("namesake", 2.0),
    ("couple", 1.5),
    ("neighbour", 1.0),
    ("replaced", 1.0),
)


@dataclass(slots=True)
class Place:
    """A birth or living place with its postcodes and parishes."""

    town: Town
    culture: str
    posts: list[str]
    parishes: list[str]
    near: str


@dataclass(slots=True)
class Home:
    """An address as it truly was."""

    number: int
    street: str
    kind: tuple[str, str]
    place: Place
    post: str

    def text(self, short: bool) -> str:
        """Returns the street and number in the order of the country."""
        culture, kind = self.place.culture, self.kind[short]
        if culture in {"de", "no"}:
            return f"{self.street}{kind} {self.number}"
        if culture == "it":
            return f"{kind} {self.street} {self.number}"
        return f"{self.number} {self.street} {kind}" if culture == "en" else f"{self.number}, {kind} {self.street}"


@dataclass(slots=True)
class Person:
    """A true person with what changes over the lifetime as lists, earliest first."""

    pid: int
    culture: str
    sex: str
    given: list[Given]
    last: Surname
    birth: tuple[int, int, int]
    place: Place
    post: str
    parish: str
    homes: list[Home]
    jobs: list[tuple[str, ...]]
    phones: list[str]
    emails: list[str]
    ident: str
    father: Given
    married: Surname | None = None
    wed: float = 0.5
    rank: str = ""
    seat: str = ""
    age_mark: str = ""
    short: bool = False


@dataclass(slots=True)
class Setting:
    """What a table's population is like."""

    modern: bool
    years: tuple[int, int]
    cultures: list[float]
    zipf: float
    tail: float
    given_count: int
    surname_count: int
    place_count: int
    villages: float
    alike: float
    noble: float
    marry: float
    kinds: list[float] = field(default_factory=list)


def pick(rng: random.Random, items: Sequence[T]) -> T:
    """Returns one of the items, each as likely as the others."""
    return items[int(rng.random() * len(items))]


def job(rng: random.Random, sex: str) -> tuple[str, ...]:
    """Returns a trade, the first ones of the list more often."""
    trades = JOBS if sex == "m" or rng.random() < 0.15 else WOMEN
    return trades[int(len(trades) * rng.random() ** 1.5)]


def spelt(rng: random.Random, surname: Surname, vary: float) -> str:
    """Returns a family name in its own or, as far as spelling varies, another spelling."""
    if rng.random() > 0.75 * vary:
        return surname.name
    return pick(rng, surname.variants) if surname.variants and rng.random() < 0.7 else respell(rng, surname.name)


def marks(rng: random.Random, person: Person, stage: float, vary: float) -> tuple[str, str]:
    """Returns what stands before and after a name: honorifics, ranks, elder and younger."""
    before, after = "", ""
    if person.rank and stage > 0.35 and rng.random() < 0.6:
        if person.rank in {"Baron", "Earl", "Viscount"}:
            ordinal = ("1st", "2nd", "3rd", "4th")[person.pid % 4]
            after = f"{ordinal} {person.rank} {pick(rng, ('', 'of '))}{person.seat}"
        elif person.rank == "Bt":
            before, after = "Sir", pick(rng, ("Bt", "2nd Baronet", "Bart."))
        else:
            before = person.rank
    elif person.age_mark and rng.random() < 0.5:
        after = person.age_mark
    elif rng.random() < 0.06 * vary:
        before = pick(rng, ("Mr", "Rev", "Master") if person.sex == "m" else ("Mrs", "Miss", "Widow"))
    return before, after


def draw_setting(rng: random.Random, modern: bool) -> Setting:
    """Draws what the population of a table is like."""
    start = rng.choice((1925, 1940, 1955)) if modern else rng.randint(1560, 1870)
    main = rng.randrange(len(CULTURES))
    weights = [0.0 if rng.random() < 0.5 else 0.2 * rng.random() for _ in CULTURES]
    # English registers are the usual case, but not the only one
    weights[0 if rng.random() < 0.45 else main] += 1.0
    village = rng.random() < 0.35
    return Setting(
        modern=modern,
        years=(start, start + rng.choice((25, 50, 60 if modern else 150))),
        cultures=list(accumulate(weights)),
        zipf=rng.uniform(0.5, 1.25),
        tail=rng.choice((0.05, 0.3, 0.6, 0.85)),
        given_count=rng.choice((12, 25, 60)),
        surname_count=rng.choice((20, 40, 80)),
        place_count=rng.randint(8, 20) if village else rng.randint(30, 400),
        villages=rng.uniform(0.2, 0.9),
        alike=rng.choice((0.01, 0.08, 0.2, 0.35, 0.55)),
        noble=0.0 if modern else rng.choice((0.0, 0.03, 0.2)),
        marry=rng.uniform(0.1, 0.75),
        kinds=[weight * rng.uniform(0.2, 2.0) for _, weight in KINDS],
    )


def _weights(count: int, zipf: float) -> list[float]:
    return list(accumulate((rank + 2.0) ** -zipf for rank in range(count)))


class World:
    """The stock of names and places of one table, from which people are made."""

    def __init__(self, rng: random.Random, setting: Setting) -> None:
        """Lays in names and places for the setting."""
        self.rng = rng
        self.setting = setting
        self.count = 0
        self.givens = {key: rows[: setting.given_count] for key, rows in GIVEN.items()}
        self.given_weights = {k: _weights(len(v), setting.zipf) for k, v in self.givens.items()}
        self.surnames: dict[str, list[Surname]] = {}
        for culture, rows in SURNAMES.items():
            shuffled = rows[: setting.surname_count]
            rng.shuffle(shuffled)
            self.surnames[culture] = shuffled
        self.surname_weights = {k: _weights(len(v), setting.zipf) for k, v in self.surnames.items()}
        self.places = {culture: self._places(culture) for culture in CULTURES}
        self.place_weights = {k: _weights(len(v), 0.8) for k, v in self.places.items()}

    def _places(self, culture: str) -> list[Place]:
        rng, towns = self.rng, list(TOWNS[culture])
        rng.shuffle(towns)
        made: list[Place] = []
        for _ in range(self.setting.place_count):
            near = pick(rng, towns)
            village = rng.random() < self.setting.villages or len(made) >= len(towns)
            town = towns[len(made) % len(towns)]
            if village:
                start, end = TAIL[culture]
                name = pick(rng, start) + pick(rng, end)
                town = Town(name, (), near.county, near.short, near.post)
            posts = [self._post(culture, town.post) for _ in range(3 if village else 25)]
            parishes = rng.sample(PARISHES[culture], 1 if village else 5)
            made.append(Place(town, culture, posts, parishes, near.name))
        return made

    def _post(self, culture: str, start: str) -> str:
        rng = self.rng
        if culture == "en":
            tail = pick(rng, "ABDEFGHJLN") + pick(rng, "ABDEFGHJLNPQRSTUWXYZ")
            return f"{start}{rng.randint(1, 29)} {rng.randint(1, 9)}{tail}"
        width = 4 if culture == "no" else 5
        return start + "".join(pick(rng, "0123456789") for _ in range(width - len(start)))

    def given(self, culture: str, sex: str) -> Given:
        """Returns a given name, common ones more often."""
        key = culture + sex
        return self.rng.choices(self.givens[key], cum_weights=self.given_weights[key])[0]

    def surname(self, culture: str, sex: str, father: Given) -> Surname:
        """Returns a family name: a common one, one from the tail or a patronymic."""
        rng = self.rng
        if culture == "no" and rng.random() < (0.3 if self.setting.modern else 0.7):
            stem = father.name.removesuffix("s").removesuffix("e")
            if sex == "f" and not self.setting.modern:
                return Surname(stem + "sdatter", (stem + "sdotter", stem + "sd.", stem + "sen"))
            return Surname(stem + "sen", (stem + "son", stem + "ssen", stem + "søn"))
        if rng.random() < self.setting.tail:
            start, end = TAIL[culture]
            first, middle = pick(rng, start), pick(rng, ("", "", "", "er", "ing"))
            # no two syllables of the same kind in a row
            return Surname(first + ("" if first[-1] in "lnr" else middle) + pick(rng, end), ())
        return rng.choices(self.surnames[culture], cum_weights=self.surname_weights[culture])[0]

    def home(self, place: Place) -> Home:
        """Returns an address in a place."""
        rng, culture = self.rng, place.culture
        number = 1 + int(rng.expovariate(1 / 25))
        kind = pick(rng, STREET_KINDS[culture])
        return Home(number, pick(rng, STREETS[culture]), kind, place, pick(rng, place.posts))

    def place(self, culture: str) -> Place:
        """Returns a place, large ones more often."""
        return self.rng.choices(self.places[culture], cum_weights=self.place_weights[culture])[0]

    def phone(self) -> str:
        """Returns a phone number without country code."""
        return f"0{self.rng.randint(150, 989)}{self.rng.randint(100000, 9999999)}"

    def birth(self, year: int) -> tuple[int, int, int]:
        """Returns a day of the year."""
        month = 1 + int(self.rng.random() * 12)
        return year, month, 1 + int(self.rng.random() * MONTHS[month - 1])

    def email(self, given: Given, last: Surname, year: int) -> str:
        """Returns an address in one of the common patterns."""
        rng = self.rng
        first = given.name.lower().translate(FOLD)
        name = last.name.lower().translate(FOLD).replace(" ", "").replace("'", "")
        nick = (given.nicks[0] if given.nicks else given.name).lower().translate(FOLD).strip(".")
        user = pick(
            rng,
            (f"{first}.{name}", f"{first[0]}{name}", f"{nick}{name}", f"{name}.{first}", f"{first}_{name}", f"{nick}"),
        )
        digits = pick(rng, ("", "", str(year % 100), str(rng.randint(1, 99))))
        return f"{user}{digits if user != nick else rng.randint(100, 9999)}@{pick(rng, DOMAINS)}"

    def person(self, kin: Person | None = None, sex: str = "", given: Given | None = None, year: int = 0) -> Person:
        """Makes a person, of the family and place of kin where given."""
        rng, setting = self.rng, self.setting
        culture = kin.culture if kin else rng.choices(CULTURES, cum_weights=setting.cultures)[0]
        sex = sex or pick(rng, "mf")
        names = [given or self.given(culture, sex)]
        while len(names) < 3 and rng.random() < 0.42:
            name = self.given(culture, sex)
            if name not in names:
                names.append(name)
        father = kin.father if kin else self.given(culture, "m")
        last = kin.last if kin else self.surname(culture, sex, father)
        if kin and kin.sex != sex and last.name.endswith(("sdatter", "sen")):
            last = self.surname("no", sex, father) if culture == "no" else last
        place = kin.place if kin else self.place(culture)
        birth = self.birth(year or rng.randint(*setting.years))
        post = kin.post if kin and rng.random() < 0.7 else pick(rng, place.posts)
        parish = kin.parish if kin else pick(rng, place.parishes)
        homes = [self.home(place if rng.random() < stay else self.place(culture)) for stay in (0.7, 0.85)]
        jobs = [job(rng, sex) for _ in range(1 if rng.random() < 0.6 else 2)]
        self.count += 1
        person = Person(
            self.count, culture, sex, names, last, birth, place, post, parish, homes, jobs, [], [], "", father
        )
        person.ident = f"{rng.randrange(10**8, 10**9)}"
        self._later(person)
        return person

    def _later(self, person: Person) -> None:
        """Gives a person marriage, rank and ways to be reached."""
        rng, setting = self.rng, self.setting
        if person.sex == "f" and rng.random() < setting.marry:
            person.married = self.surname(person.culture, "m", self.given(person.culture, "m"))
            person.wed = rng.uniform(0.2, 0.8)
        if rng.random() < setting.noble:
            person.rank = pick(rng, RANKS if person.sex == "m" else ("Hon", "Lady"))
            person.seat = person.last.name if rng.random() < 0.4 else person.place.town.name
        elif person.culture == "no":
            start, end = TAIL["no"]
            person.seat = pick(rng, start) + pick(rng, end)
        if setting.modern:
            person.phones = [self.phone(), self.phone()]
            name = person.married if person.married and rng.random() < 0.5 else person.last
            person.emails = [self.email(person.given[0], last, person.birth[0]) for last in (person.last, name)]

    def relative(self, base: Person, kind: str) -> Person:
        """Makes someone easily taken for the base person."""
        rng, year = self.rng, base.birth[0]
        if kind == "sibling":
            other = self._unlike(base, year + pick(rng, (-1, 1)) * rng.randint(1, 9))
        elif kind == "twin":
            other = self._unlike(base, year)
            other.birth = base.birth
        elif kind == "son":
            other = self.person(base, base.sex, base.given[0], year + rng.randint(19, 40))
            base.age_mark, other.age_mark = pick(rng, (("the Elder", "the Younger"), ("Sr", "Jr"), ("sen.", "jun.")))
            other.jobs[0] = base.jobs[0]
            other.rank, other.seat = base.rank, base.seat
            other.father = base.given[0]
        elif kind == "cousin":
            other = self.person(base, base.sex, base.given[0], year + rng.randint(-7, 7))
            other.father = self.given(base.culture, "m")
        elif kind == "namesake":
            other = self.person(base, base.sex, base.given[0], year)
            if rng.random() < 0.75:
                other.place = self.place(base.culture)
                other.post, other.parish = pick(rng, other.place.posts), pick(rng, other.place.parishes)
                other.homes = [self.home(other.place) for _ in base.homes]
        elif kind == "couple":
            other = self._spouse(base)
        elif kind == "neighbour":
            other = self.person(year=year + rng.randint(-8, 8))
            other.homes[0] = self._next_door(base.homes[0])
            other.place, other.post, other.parish = base.place, base.post, base.parish
        else:
            other = self.person(base, base.sex, base.given[0], year + rng.randint(1, 4))
            base.short, base.married, base.rank = True, None, ""
        if kind in {"sibling", "twin", "replaced", "son"} and rng.random() < 0.7:
            other.homes[0] = base.homes[0]
            other.phones[:1] = base.phones[:1]
        return other

    def _unlike(self, base: Person, year: int) -> Person:
        """A child of the same house, whose call name differs."""
        sex = pick(self.rng, "mf")
        for _ in range(9):
            name = self.given(base.culture, sex)
            if name not in base.given:
                break
        return self.person(base, sex, name, year)

    def _spouse(self, base: Person) -> Person:
        other = self.person(sex="f" if base.sex == "m" else "m", year=base.birth[0] + self.rng.randint(-6, 6))
        wife, husband = (base, other) if base.sex == "f" else (other, base)
        wife.married, wife.wed = husband.last, self.rng.uniform(0.1, 0.4)
        other.homes, other.phones = base.homes, base.phones
        if self.rng.random() < 0.2:
            other.emails = base.emails
        return other

    @staticmethod
    def _next_door(home: Home) -> Home:
        return Home(home.number + 2, home.street, home.kind, home.place, home.post)

    def people(self, count: int) -> list[Person]:
        """Makes the people of a table, kin next to each other."""
        rng, made = self.rng, list[Person]()
        kinds = [kind for kind, _ in KINDS]
        while len(made) < count:
            base = self.person()
            made.append(base)
            if rng.random() >= self.setting.alike:
                continue
            for _ in range(1 + int(rng.expovariate(1.0))):
                kind = rng.choices(kinds, weights=self.setting.kinds)[0]
                made.append(self.relative(base, kind))
        return made[:count]
