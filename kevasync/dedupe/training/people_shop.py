"""The households behind the worlds of a shop: moves, weddings, new telephones and mailboxes in 2008 to 2025."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import partial
from random import Random
from typing import NamedTuple, TypeVar

from kevasync.dedupe.training.words_shop import (
    CITIES,
    CULTURES,
    DOMAINS,
    FIRST,
    HANDLES,
    LAST,
    LETTERS,
    MAILS,
    RARE,
    SPECIAL,
    STEMS,
    STREETS,
    TOWNS,
    UMLAUTS,
)

__all__ = ["END", "START", "Address", "History", "Person", "Society", "at", "plain"]

T = TypeVar("T")
History = list[tuple[float, T]]
"""Values with the time from which they hold, in order of time."""
START, END = 2008.0, 2025.0


class Place(NamedTuple):
    """A postcode area."""

    country: str
    city: str
    state: str
    code: str
    area: str


class Address(NamedTuple):
    """Where somebody lives."""

    place: Place
    street: str
    number: str
    unit: str


def at(history: History[T], time: float) -> T:
    """The value that held at the time."""
    return next((value for start, value in reversed(history) if start <= time), history[0][1])


def _skewed(rng: Random, items: list[str], shift: int) -> str:
    """One of them by Zipf's law: the first ones most."""
    return items[int((shift + 1) * (len(items) / (shift + 1) + 1) ** rng.random()) - shift - 1]


def plain(text: str, *, german: bool = False) -> str:
    """Without diacritics: Müller becomes Mueller in German habit, else Muller."""
    text = (text.translate(UMLAUTS) if german else text).translate(SPECIAL)
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _surname(rng: Random, culture: str) -> str:
    share, head, starts, links, ends = LAST[culture]
    stem = _skewed(rng, starts, 9) + rng.choice(["", *links]) if rng.random() < 0.5 else rng.choice(STEMS)
    name = _skewed(rng, head, 6) if rng.random() < float(share[0]) else stem + _skewed(rng, ends, 9)
    return f"{name} {_skewed(rng, head, 4)}" if culture == "es" and rng.random() < 0.35 else name


def _first_name(rng: Random, culture: str, sex: str, year: int) -> str:
    origin = {"es": "en", "pl": "de"}.get(culture, culture) if rng.random() < 0.4 else culture
    pool = FIRST[f"{origin}-{sex}"][(year > 1975) != (rng.random() < 0.2)]
    name = _skewed(rng, pool, 6) if rng.random() < 0.8 else rng.choice(STEMS)[:4] + _skewed(rng, RARE[sex], 5)
    return name + ("-" if culture == "de" else " ") + _skewed(rng, pool, 3) if rng.random() < 0.05 else name


class Person:
    """A customer."""

    def __init__(self, rng: Random, culture: str, sex: str, year: int, last: str, homes: History[Address]) -> None:
        self.culture, self.sex, self.born = culture, sex, (year, rng.randrange(1, 13), rng.randrange(1, 29))
        self.first, self.middle = _first_name(rng, culture, sex, year), _first_name(rng, culture, sex, year)
        last = last[:-1] + ("a" if sex == "f" else "i") if last.endswith(("ski", "cki", "ska", "cka")) else last
        self.lasts, self.homes, self.suffix = [(0.0, last)], homes, ""
        self.goes_by = rng.choices(["full", "nick", "middle"], [76, 14, 8])[0]
        self.case, self.sloppy = rng.choices(["proper", "lower", "upper"], [88, 8, 4])[0], rng.random() < 0.1
        self.contacts, self.house = dict[str, History[str]](), [self]


class Society:
    """The people of some markets; `traps` says how often they are easily taken for each other."""

    def __init__(self, rng: Random, markets: list[str], traps: float) -> None:
        self.rng, self.traps = rng, traps
        self.places = [place for market in markets for place in self.make_places(market)]
        self.mailboxes = set[str]()
        self.retired, self.known, self.people = list[str](), list[Address](), list[Person]()

    def settle(self, persons: int) -> None:
        """Add households until there are at least so many persons."""
        while len(self.people) < persons:
            self.people += self.household()

    def make_places(self, country: str) -> list[Place]:
        """Postcode areas, peopled alike: many in a few cities, then one for each small town."""
        rng, cities = self.rng, [city.replace("_", " ").split(",") for city in CITIES[country]]
        rng.shuffle(cities)
        cities += [[a + b, *rng.choice(cities)[1:]] for a in STREETS[country].split()[:9] for b in TOWNS[country]]
        dials = [str(rng.randrange(201, 989)) for _ in cities]
        return [
            Place(country, city, state, f"{prefix}{rng.randrange(1000):03d}"[:5], dials[i])
            for i, (city, state, prefix) in enumerate(cities)
            for _ in range(max(1, 30 // (i + 1) - 4))
        ]

    def address(self, near: Place | None = None) -> Address:
        """An address, if asked in the same city; at times next door to, in the house of, or just that of others."""
        rng, luck, base = self.rng, self.rng.random() / self.traps, self.rng.choice(self.known or [None])
        unit = str(rng.randrange(1, 30)) + rng.choice(["", "", "A", "B"])
        if base and luck < 0.08 and (not near or base.place.city == near.city):
            door = str(int(base.number.rstrip("abc")) + 2)
            home = base if luck < 0.015 else base._replace(unit=unit) if base.unit else base._replace(number=door)
        else:
            place = rng.choice([x for x in self.places if x.city == near.city] if near else self.places)
            names, kinds = map(str.split, STREETS[place.country].split("|"))
            x = int(place.code) + 7 * rng.randrange(18)  # 18 streets in an area
            number = str(int(rng.expovariate(1 / (40 if place.country == "DE" else 900))) + 1) + rng.choice(LETTERS)
            street = names[x * 31 % 10] + " " * (place.country == "US") + kinds[x // 3 % len(kinds)]
            home = Address(place, street, number, unit if rng.random() < 0.35 else "")
        self.known.append(home)
        return home

    def history(self, make: Callable[[float], T], start: float = 0.0) -> History[T]:
        """A value to start with and, every twelve years or so, a new one."""
        values, time = [(start, make(start))], max(start, START - 3) + self.rng.expovariate(1 / 12)
        while time < END:
            values.append((time, make(time)))
            time += 1 + self.rng.expovariate(1 / 12)
        return values

    def homes(self, near: Place, start: float = 0.0) -> History[Address]:
        """Where somebody lives over time; most moves are within the city."""
        return self.history(lambda _: self.address(near if self.rng.random() < 0.8 else None), start)

    def mailbox(self, p: Person, time: float, *, family: bool = False) -> str:
        """A new mailbox; a name that is taken gets a number, so namesakes have look-alike addresses."""
        rng, year, tail = self.rng, str(p.born[0])[2:], ""
        domain = _skewed(rng, DOMAINS[p.homes[0][1].place.country], 2)
        a, b = (plain(x, german=p.culture == "de").lower() for x in (p.first, at(p.lasts, time)))
        local = (
            ("family.{b}" if family else rng.choice(MAILS))
            .format(a=a, b=b, i=a[0], y=year, w=rng.choice(HANDLES), n=rng.randrange(1000))
            .replace(" ", "")
            .replace("'", "")
        )
        while (mail := f"{local}{tail}@{domain}").replace(".", "") in self.mailboxes:
            tail = str(rng.choice([year, rng.randrange(100), rng.randrange(100, 9999)]))
        self.mailboxes.add(mail.replace(".", ""))
        return mail

    def number(self, place: Place, mobile: str) -> str:
        """A telephone number as country, area and rest; of a mobile one in Germany the area is one of those given."""
        if mobile and self.retired and self.rng.random() < 0.02 * self.traps:
            return self.rng.choice(self.retired)  # a number that somebody else gave up
        area = self.rng.choice(mobile.split()) if mobile and place.country == "DE" else place.area
        return f"{place.country} {area} {self.rng.randrange(2 * 10**6, 10**7)}"

    def mobile(self, p: Person, time: float) -> str:
        """A mobile number of the country where the person lives then."""
        return self.number(at(p.homes, time).place, "151 160 170 175 176")

    def household(self) -> list[Person]:
        """The customers of one household: single, couple, family or flat-share."""
        rng, town = self.rng, self.address().place
        kind = rng.choices(["single", "couple", "family", "flat"], [45, 22, 24, 6 * self.traps])[0]
        culture, sex, twin = rng.choice(CULTURES[town.country]), rng.choice("mf"), rng.choice(self.people or [None])
        year = int(rng.triangular(1934, 1984 if kind == "family" else 2005, 1974))
        head = Person(rng, culture, sex, year, _surname(rng, culture), self.homes(town))
        if twin and kind == "single" and rng.random() < 0.06 * self.traps:  # a namesake in the same city
            town, year = twin.homes[0][1].place, rng.choice([year, twin.born[0]])
            head = Person(rng, twin.culture, twin.sex, year, twin.lasts[0][1], self.homes(town))
            head.first = twin.first
        house, homes, last = [head], head.homes, head.lasts[0][1]
        if kind in ("couple", "family"):
            house.append(wife := Person(rng, culture, "fm"[sex == "f"], year + rng.randrange(-6, 7), last, homes))
            if rng.random() < 0.4:  # another name, until they marry
                own, wed = _surname(rng, culture), rng.uniform(START, END * 1.003)
                wife.lasts = [(0.0, own), (wed, f"{own}-{last}" if rng.random() < 0.2 else wife.lasts[0][1])]
                wife.homes = [(0.0, self.address(town)), *((max(t, wed), h) for t, h in homes)]
        for born in [year + rng.randrange(20, 36) for _ in range(rng.randrange(1, 4) if kind == "family" else 0)]:
            kid = Person(rng, culture, rng.choice("mf"), min(born, rng.randrange(1995, 2008)), last, homes)
            kid.first = kid.middle if kid.first in [other.first for other in house] else kid.first
            if kid.sex == sex == "m" and len(house) == 2 and rng.random() < 0.12 * self.traps:
                kid.first, kid.suffix, head.suffix = head.first, " Jr", rng.choice(["", " Sr"])
            kid.born = house[-1].born if len(house) > 2 and rng.random() < 0.08 * self.traps else kid.born  # twins
            leaves = min(kid.born[0] + rng.uniform(19, 40), END)
            kid.homes = [(t, h) for t, h in homes if t < leaves] + self.homes(town, leaves)
            house.append(kid)
        for _ in range(rng.randrange(1, 4) if kind == "flat" else 0):
            culture, start = rng.choice(CULTURES[town.country]), rng.uniform(START - 4, END - 4)
            stay = [(0.0, self.address(town)), (start, homes[0][1]), (start + rng.uniform(1, 9), self.address(town))]
            house.append(Person(rng, culture, rng.choice("mf"), year - rng.randrange(5), _surname(rng, culture), stay))
        self.equip(
            house, self.mailbox(head, 0, family=True) if kind != "flat" and rng.random() < 0.1 * self.traps else ""
        )
        return [p for p in house if p is head or rng.random() < 0.8]

    def equip(self, house: list[Person], shared: str) -> None:
        """Phones and mailboxes, with changes over time; some are shared in the household."""
        rng, wired = self.rng, self.rng.random() < (0.65 if house[0].born[0] < 1972 else 0.25)
        lines = {home: self.number(home.place, "") for _, home in house[0].homes}
        for p in house:
            p.house = house
            p.contacts["line"] = [(t, lines.get(h, "")) for t, h in p.homes if wired]
            if rng.random() > (0.35 if p.born[0] < 1950 else 0.03):
                p.contacts |= {
                    "cell": self.history(partial(self.mobile, p)),
                    "mail": self.history(partial(self.mailbox, p)),
                }
                self.retired += [number for _, number in p.contacts["cell"][:-1]]
            p.contacts["extra"] = [(0.0, shared or self.mailbox(p, END))] if shared or rng.random() < 0.15 else []
