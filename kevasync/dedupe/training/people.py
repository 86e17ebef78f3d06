"""Made-up persons, households and organisations as they truly are, before anybody writes them down wrongly."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from kevasync.dedupe.training.words import (
    FUNCTIONS,
    LEVELS,
    NOUNS,
    STATES,
    STREETS,
    SUFFIXES,
    TRADES,
    families,
    givens,
    nicknames,
    place,
    syllables,
)

__all__ = ["Organisation", "Person", "Population"]

_FREE = "gmail.com yahoo.com hotmail.com outlook.com icloud.com aol.com gmx.de proton.me live.com".split()
_TLDS = "com com com net org io co co.uk de fr com.au us biz".split()
_SUFFIXES = "Inc LLC Ltd Corp GmbH Co Group plc|Inc.|, Inc.|Limited|Corporation|S.A.|AG|B.V.|Pty Ltd|& Co".replace(
    "|", " | "
).split(" | ")


@dataclass
class Organisation:
    """A company or site: its name, the domain of its e-mail, where it is, its main number."""

    name: str
    domain: str
    city: str
    street: str
    postcode: str
    state: str
    phone: str
    suffix: str = ""


@dataclass
class Person:
    """One human being; lists hold what they have had over the years, the latest last."""

    number: int
    given: str
    family: str
    middle: str
    generation: str
    dob: str
    gender: str
    emails: list[str]
    phones: list[str]
    extension: str
    jobs: list[tuple[Organisation, str]]
    street: str
    city: str
    postcode: str
    state: str
    country: str
    identifier: str
    maiden: str = ""
    old: dict[str, str] = field(default_factory=dict)


class Population:
    """People of one world: how common names are, how large companies, how many share a town, differs from world to world."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        pool = list(givens())
        rng.shuffle(pool)
        self.givens = pool[: rng.choice([40, 80, 150, 300, 700])]
        names = list(families())[: rng.choice([60, 150, 400, 900])]
        self.families = names + [syllables(rng) for _ in range(rng.choice([0, 50, 500, 2000]))]
        self.skew = rng.choice([0.6, 1.0, 1.6, 2.5])
        self.cities = [place(rng) for _ in range(rng.choice([12, 40, 150, 600, 3000]))]
        self.streets = [self._street_name() for _ in range(rng.choice([60, 300, 2000]))]
        self.states = rng.sample(STATES, rng.randint(4, 30))
        self.countries = rng.sample(
            ["us", "gb", "de", "fr", "au", "ca", "nl", "in", "jp", "br", "es", "it"], rng.randint(1, 5)
        )
        self.trades = [
            (f"{level} {function}").strip()
            for level in rng.sample(LEVELS, rng.randint(3, 10))
            for function in rng.sample(FUNCTIONS, rng.randint(4, 16))
        ]
        self.local_style = [rng.random() + 0.05 for _ in range(8)]
        self.free = rng.sample(_FREE, rng.randint(1, len(_FREE)))
        self.personal = rng.choice([0.1, 0.3, 0.5, 0.9])
        self.random_locals = rng.choice([0, 0, 0, 0.1, 0.8])
        """Share of addresses that say nothing of the name."""
        self.switchboard = rng.choice([0.0, 0.0, 0.05, 0.15, 0.4])
        """Share of people who give the main number of their company."""
        self.fictional = rng.random() < 0.35
        """Numbers in 555 as in examples: more people share one."""
        self.organisations: list[Organisation] = []

    def pick(self, pool: list[str]) -> str:
        """One of the pool, the first ones more often."""
        return pool[int(len(pool) * self.rng.random() ** self.skew)]

    def _street_name(self) -> str:
        rng = self.rng
        stem = rng.choice([rng.choice(STREETS), rng.choice(families()), syllables(rng), f"{rng.randint(1, 99)}th"])
        return f"{stem} {rng.choice(SUFFIXES)}"

    def street(self) -> str:
        """House number and street."""
        rng = self.rng
        base = f"{rng.randint(1, rng.choice([30, 300, 9999]))} {self.rng.choice(self.streets)}"
        return (
            f"{base} {rng.choice(['apt', 'unit', 'suite', '#'])} {rng.randint(1, 40)}" if rng.random() < 0.1 else base
        )

    def phone(self) -> str:
        """Ten digits."""
        rng = self.rng
        if self.fictional:
            return f"{rng.randint(200, 989)}55501{rng.randint(0, 99):02d}"
        return f"{rng.randint(201, 989)}{rng.randint(200, 999)}{rng.randint(0, 9999):04d}"

    def postcode(self) -> str:
        """Digits, or letters and digits as in Britain."""
        rng = self.rng
        if self.countries[0] == "gb":
            return f"{rng.choice(['ab', 'b', 'bs', 'cf', 'dy', 'e', 'hx', 'ls', 'm', 'ne', 'pe', 'sk', 'sw'])}{rng.randint(1, 40)} {rng.randint(1, 9)}{''.join(rng.choices('abdefghjlnpqrstuwxyz', k=2))}"
        return str(rng.randint(1000, 9999) if self.countries[0] in {"au", "nl"} else rng.randint(10000, 99999))

    def organisation(self) -> Organisation:
        """A company with a name of its own."""
        rng = self.rng
        a, b = self.pick(self.families), self.pick(self.families)
        name = rng.choice(
            [
                f"{a} {b}",
                f"{a} {rng.choice(TRADES)}",
                f"{rng.choice(NOUNS)} {rng.choice(TRADES)}",
                a,
                f"{rng.choice(NOUNS)} {rng.choice(NOUNS)} {rng.choice(TRADES)}",
                f"{syllables(rng)} {rng.choice(TRADES)}",
                syllables(rng) + rng.choice(["", "ly", "tech", "soft"]),
            ]
        )
        label = name.replace(" ", rng.choice(["", "", "", "-"]))
        if rng.random() < 0.15:
            label = "".join(word[0] for word in name.split()) if " " in name else label[:6]
        made = Organisation(
            name,
            f"{label}.{rng.choice(_TLDS)}",
            self.pick(self.cities),
            self.street(),
            self.postcode(),
            self.pick(self.states),
            self.phone(),
            rng.choice(_SUFFIXES) if rng.random() < 0.5 else "",
        )
        if rng.random() < 0.3 and " " in name and len(name) > 8:
            made.name = name.replace(" ", rng.choice([" & ", " and ", " "]), 1)
        return made

    def employ(self, count: int) -> None:
        """Make the companies of this world."""
        self.organisations = [self.organisation() for _ in range(max(3, count))]

    def local(self, given: str, family: str) -> str:
        """The part before the @."""
        rng = self.rng
        if rng.random() < self.random_locals:
            word = rng.choice([rng.choice(self.givens), self.pick(self.families), syllables(rng)])
            return rng.choice(
                [
                    f"{word}{rng.randint(10, 999999)}",
                    f"{word}{rng.choice(['', '_', '.'])}{syllables(rng)}",
                    f"{rng.choice(self.givens)}.{rng.choice(self.families)}{rng.randint(100, 99999)}",
                ]
            )
        first, last = given.replace(" ", ""), family.replace(" ", "")
        forms = [
            f"{first}.{last}",
            f"{first[:1]}{last}",
            f"{first}{last[:1]}",
            f"{last}.{first}",
            first,
            f"{first}_{last}",
            f"{first}{last}",
            f"{last}{first[:1]}",
        ]
        return rng.choices(forms, self.local_style)[0]

    def email(self, given: str, family: str, organisation: Organisation | None) -> str:
        """An address at work, or a private one."""
        rng = self.rng
        local = self.local(given, family)
        if organisation is None:
            return f"{local}{rng.randint(1, rng.choice([9, 99, 9999])) if rng.random() < 0.6 else ''}@{rng.choice(self.free)}"
        return f"{local}@{organisation.domain}"

    def person(self, number: int) -> Person:
        """Somebody."""
        rng = self.rng
        given, family = self.pick(self.givens), self.pick(self.families)
        if rng.random() < 0.04:
            family = f"{family}{rng.choice([' ', '-'])}{self.pick(self.families)}"
        jobs = [(self.pick_organisation(), self.pick(self.trades)) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
        known = rng.choice([given, given, nicknames().get(given, (given,))[0]])
        emails = [
            self.email(known, family, None) if rng.random() < self.personal else self.email(given, family, jobs[-1][0])
            for _ in range(rng.choice([1, 1, 2, 3]))
        ]
        phones = [self.phone() for _ in range(rng.choice([1, 1, 2]))]
        if rng.random() < self.switchboard:
            phones[-1] = jobs[-1][0].phone
        year = rng.randint(1930, 2006) if rng.random() < 0.8 else rng.randint(1780, 1929)
        return Person(
            number, given, family, rng.choice(self.givens) if rng.random() < 0.4 else "", "",
            f"{year}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}", rng.choice(["male", "female"]), emails,
            phones, str(rng.randint(10, 9999)), jobs, self.street(), self.pick(self.cities),
            self.postcode(), self.pick(self.states), self.pick(self.countries), str(rng.randint(10**6, 10**7 - 1)), self.pick(self.families),
        )  # fmt: skip

    def pick_organisation(self) -> Organisation:
        """Where somebody works; some companies are large."""
        return self.organisations[int(len(self.organisations) * self.rng.random() ** self.skew)]

    def relative(self, other: Person, number: int) -> Person:
        """Somebody else who is easily taken for `other`: of the same household, company, or of the same name."""
        rng = self.rng
        base = self.person(number)
        kind = rng.choice(
            [
                "household",
                "household",
                "namesake",
                "generation",
                "twin",
                "colleague",
                "colleague",
                "shared_box",
                "sibling_at_work",
                "same_first",
                "same_first",
                "namesake_at_work",
                "alike",
            ]
        )
        if kind in {"household", "twin", "generation"}:
            return self._at_home(base, other, kind)
        if kind in {"colleague", "shared_box", "sibling_at_work", "same_first", "namesake_at_work"}:
            return self._at_work(base, other, kind)
        if kind == "namesake":
            base.given, base.family = other.given, other.family
            base.emails = [self.email(base.given, base.family, None if rng.random() < 0.5 else base.jobs[-1][0])]
            if rng.random() < 0.2:
                base.city = other.city
        if kind == "alike":
            base.given = other.given
            base.family = other.family[:3] + base.family[3:] if rng.random() < 0.5 else base.family
        return base

    def _at_home(self, base: Person, other: Person, kind: str) -> Person:
        """Of one household; a twin shares the birthday, a generation the name."""
        rng = self.rng
        base = replace(
            base, family=other.family, street=other.street, city=other.city, postcode=other.postcode,
            state=other.state, country=other.country,
        )  # fmt: skip
        if rng.random() < 0.75:
            base.phones = other.phones[:1]
        if rng.random() < 0.2:
            base.emails = other.emails[:1]
        if kind == "twin":
            base.dob = other.dob
            base.given = other.given[:1] + base.given[1:] if rng.random() < 0.2 else base.given
        if kind == "generation":
            base.given, base.gender = other.given, other.gender
            base.dob = f"{int(other.dob[:4]) + rng.choice([-1, 1]) * rng.randint(20, 40)}{base.dob[4:]}"
            other.generation, base.generation = rng.choice(
                [("Sr", "Jr"), ("Jr", "Sr"), ("", "Jr"), ("Sr.", "Jr."), ("II", "III")]
            )
            if rng.random() < 0.3:
                other.jobs, base.jobs = [other.jobs[-1]], [other.jobs[-1]]
        return base

    def _at_work(self, base: Person, other: Person, kind: str) -> Person:
        """Of one company; perhaps of one name, or of one mailbox."""
        rng = self.rng
        base.jobs = [*base.jobs[:-1], (other.jobs[-1][0], base.jobs[-1][1])]
        if kind in {"same_first", "namesake_at_work"}:
            base.given = other.given
        if kind == "namesake_at_work":
            base.family = other.family
        base.emails = [self.email(base.given, base.family, other.jobs[-1][0])]
        base.phones = [other.jobs[-1][0].phone] if rng.random() < 0.4 else base.phones
        base.city = other.city if rng.random() < 0.6 else base.city
        if kind == "sibling_at_work":
            base.family = other.family
            base.emails = [self.email(base.given, base.family, other.jobs[-1][0])]
        if kind == "namesake_at_work":
            local, _, domain = base.emails[0].partition("@")
            base.emails = [f"{local}{rng.choice(['2', '3', '.b', str(rng.randint(2, 99))])}@{domain}"]
        if kind == "shared_box":
            word = rng.choice(["info", "sales", "support", "office", "team", "admin", "contact"])
            box = f"{word}@{other.jobs[-1][0].domain}"
            base.emails, other.emails = [*base.emails, box], [*other.emails, box]
        return base
