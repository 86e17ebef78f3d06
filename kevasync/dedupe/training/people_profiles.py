"""The people behind the worlds of customer profiles: firms with offices and mergers, jobs, mailboxes and weddings.

Dates run from 0 to 1.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import accumulate
from random import Random
from typing import NamedTuple, TypeVar

from kevasync.dedupe.training.words_profiles import (
    BRANDS,
    COUNTRY,
    CULTURES,
    FOLD,
    GERMAN,
    LAYOUTS,
    MIGRANTS,
    ROLES,
    TRAPS,
)

__all__ = ["Job", "Person", "Society", "plain", "slug"]

T = TypeVar("T")


class Name(NamedTuple):
    """A name in its spellings, its short forms, and its native script where that is another."""

    forms: list[str]
    nicks: list[str]
    native: str


class Office(NamedTuple):
    """A place of a firm, with its switchboard."""

    country: str
    city: str
    street: list[str]
    post: str
    board: str


class Firm(NamedTuple):
    """A firm: up to the date `merged`, the old brand and domain hold; `style` makes mailboxes."""

    brand: str
    domain: str
    old: tuple[str, str]
    merged: float
    legal: str
    style: str
    family: Name | None
    offices: list[Office]


class Job(NamedTuple):
    """A job since a date: `boxes` are the mailboxes before and after the wedding, and an alias."""

    since: float
    firm: Firm
    office: Office
    role: str
    level: int
    ext: str
    promoted: float
    boxes: tuple[str, str, str]
    client: Firm | None


class Person(NamedTuple):
    """Somebody: `habit` is the usual telephone; `fixed` names what is no person, but a shared mailbox."""

    culture: str
    given: Name
    middle: str
    born: list[Name]
    family: list[Name]
    wed: float
    prefix: str
    suffix: str
    mobile: str
    habit: float
    private: float
    jobs: list[Job]
    mails: list[str]
    assistants: list[Job]
    fixed: str


@cache
def _names(key: str) -> list[Name]:
    """The names of a culture and kind."""
    text = " ".join(line[5:] for line in CULTURES.splitlines() if line.startswith(key))
    return [
        Name(forms.replace("_", " ").split("/"), nicks.split("~")[1:], native)
        for forms, nicks, native in re.findall(r"([^ ~=]+)((?:~[^ ~=]+)*)=?(\S*)", text)
    ]


def plain(text: str) -> str:
    """Without diacritics, for mailboxes and systems that know none."""
    return unicodedata.normalize("NFKD", text.translate(FOLD)).encode("ascii", "ignore").decode()


@lru_cache(200_000)
def slug(text: str) -> str:
    """Letters and digits only, as in mailboxes and domains."""
    return re.sub("[^a-z0-9]", "", plain(text).lower())


class Society:
    """Firms and people, and how difficult it is to tell them apart."""

    def __init__(self, persons: int, seed: int) -> None:
        rng = Random(f"knobs {seed}")  # all but the number of copies loosely follow one severity
        a, b, c, d, e, f, g = (min(1.0, max(0.0, severe + rng.gauss(0, 0.15))) for severe in [rng.random()] * 7)
        self.gaps, self.noise, self.sloppy, self.traps = 0.5 + a, 0.3 + 1.3 * b, 0.04 + 0.2 * c, 0.03 + 0.13 * d
        self.moves, self.alias, self.private = 0.1 + 0.25 * e, 0.02 + 0.1 * f, 0.08 + 0.34 * g
        self.copied, self.more = rng.uniform(0.3, 0.6), rng.uniform(0.2, 0.5)
        self.layout = Random(f"layout {seed // 7}").sample(LAYOUTS, 7)[seed % 7].split()
        self.rng, self.taken, self.people = Random(f"world {seed}"), set[str](), list[Person]()
        codes = self.rng.choices(list(COUNTRY), [int(row["weight"]) for row in COUNTRY.values()], k=persons // 5 + 9)
        self.firms = [self.found(rank, code, codes) for rank, code in enumerate(codes)]
        self.sizes = list(accumulate((rank + 8) ** -0.75 for rank in range(len(codes))))
        for _ in range(persons):
            base = self.rng.choice(self.people) if self.people and self.chance(self.traps) else None
            self.people.append(self.person(base if base and not base.fixed else None))

    def chance(self, probability: float) -> bool:
        """Whether something that happens so often happens now."""
        return self.rng.random() < probability

    def common(self, pool: Sequence[T], power: float = 1.8) -> T:
        """An item of the pool, preferably an early one."""
        return pool[int(len(pool) * self.rng.random() ** power)]

    def weighted(self, text: str) -> str:
        """One of the words, each of which is followed by its weight."""
        return self.rng.choices(text.split()[::2], [int(weight) for weight in text.split()[1::2]])[0]

    def surname(self, culture: str, given: str = "") -> Name:
        """A surname in its bearer's spelling: a common one, or one of the long tail."""
        name, tail = self.common(_names(f"{culture} s"), 1.2), _names(f"{culture} t")
        if tail and self.chance(0.4 if culture in "es pt in ar ja" else 0.75):
            stem, more, end = self.rng.choice(tail[:9]), self.rng.choice(tail[:9]), self.rng.choice(tail[9:])
            link = self.rng.choice(("", "", "er", "en", "el", "in", "ar", more.forms[0].lower())) * (culture != "ja")
            name = Name([stem.forms[0] + link + end.forms[0]], [], stem.native + end.native)
        if culture in "pl ru" and given.endswith("a") and re.search("(ov|ev|in|[sc]ki)$", name.forms[0]):
            return Name([name.forms[0].removesuffix("i") + "a", name.forms[0]], [], "")
        return name._replace(forms=self.rng.sample(name.forms, len(name.forms))) if self.chance(0.3) else name

    def given(self, culture: str) -> Name:
        """A given name, mostly of the culture; Chinese ones have two syllables in several spellings."""
        pool = self.weighted(f"{culture} 80 xx 17 en 3" if culture in "en de fr nd pl es pt" else f"{culture} 97 en 3")
        name, second, known = (self.common(_names(f"{key} g"), 1.1) for key in (pool, "zh", "en"))
        if pool != "zh":
            return name
        one, two = name.forms[0], second.forms[0]
        nicks = known.forms[: self.chance(0.4)]  # perhaps an English name, too
        return Name([one + two.lower(), f"{one} {two}", f"{one}-{two}"], nicks, name.native + second.native)

    def brand(self, code: str, family: Name | None) -> tuple[str, str]:
        """A brand and a free domain for it."""
        coin, end, one, two, three = (self.rng.choice(words.split()) for words in BRANDS)
        made = [coin + end, f"{coin}{end} {two}", f"{coin}{end} {three}", f"{one} {two}", f"{one} {two} {three}"]
        made = [family.forms[0] + end for end in (" & Sons", "", f" {two}", " Group")] if family else made
        brand, tld = self.rng.choice(made), self.rng.choice(COUNTRY[code]["tlds"].split())
        words = [slug(word) for word in brand.split() if word != "&"]
        stem = self.rng.choice(("".join(words), "-".join(words), "".join(word[0] for word in words)))
        while len(stem) < 3 or f"{stem}.{tld}" in self.taken:
            stem += self.rng.choice(("group", "hq", "global", "corp", f"-{code.lower()}", "online"))
        self.taken.add(f"{stem}.{tld}")
        return brand, f"{stem}.{tld}"

    def found(self, rank: int, code: str, codes: list[str]) -> Firm:
        """A firm with its offices; the first ones are the largest."""
        rng, family = self.rng, self.surname(COUNTRY[code]["culture"]) if rank > 30 and self.chance(0.25) else None
        now, legal, offices = self.brand(code, family), self.common(COUNTRY[code]["legal"].split(";"), 1.5), []
        old, merged = (self.brand(code, None), rng.uniform(0.3, 0.9)) if self.chance(0.12) else (now, 0.0)
        style = self.weighted("{g}.{s} 48 {i}{s} 20 {i}.{s} 9 {g} 10 {s} 4 {g}_{s} 4 {g}{s} 5")
        for place in [code, code, *rng.sample(codes, rng.randint(2, 5))] if rank < 20 or self.chance(0.03) else [code]:
            country, city = COUNTRY[place], self.common(COUNTRY[place]["cities"].split(";"), 1.4)
            board = f"{zlib.crc32(city.encode()) % 800 + 201}{rng.randrange(10**8, 10**9)}"
            post = re.sub("[#@]", lambda m: rng.choice("0123456789" if m[0] == "#" else "ABCEHLMNRST"), country["post"])
            street = [self.surname(country["culture"]).forms[0], str(int(1 + 150 * rng.random() ** 2))]
            offices.append(Office(place, city, street, post, board[: int(country["digits"]) - 2] + "00"))
        return Firm(*now, old, merged, legal, style, family, offices)

    def employer(self, code: str) -> tuple[Firm, Office]:
        """A firm, the larger the likelier, and an office, if possible in the country."""
        places = [(f, self.rng.choice(f.offices)) for f in self.rng.choices(self.firms, cum_weights=self.sizes, k=8)]
        return next((place for place in places if place[1].country == code), places[0])

    def mailbox(self, style: str, p: Person, family: list[Name], domain: str) -> str:
        """A mailbox in the given style that is still free at the domain."""
        forms = p.given.nicks[: p.culture == "zh"] or p.given.forms, family[-1 if p.culture == "pt" else 0].forms
        first, last = (slug(form[0].translate(GERMAN) if p.culture in "de nd" else form[0]) for form in forms)
        box = stem = style.format(g=first, i=first[:1], s=last)
        count = 2
        while f"{box}@{domain}" in self.taken:
            box = f"{stem}{count}"
            count += 1
        self.taken.add(f"{box}@{domain}")
        return box

    def person(self, base: Person | None) -> Person:
        """Someone new; with a base, someone easily mistaken for the base."""
        rng, same, old = self.rng, self.weighted(TRAPS).split("+") if base else [], base.jobs[-1] if base else None
        found = self.employer(old.office.country if old else "")
        firm, office = (old.firm, old.office) if old and "firm" in same else found
        home, box = COUNTRY[office.country], rng.choice(("Support", "Info", "IT", "Billing", "Office", "Test", "Demo"))
        culture = home["culture"] if self.chance(float(home["share"])) else rng.choice(MIGRANTS)
        culture = base.culture if base and "family" in same else culture
        given, pool = base.given if base and "given" in same else self.given(culture), _names(f"{culture} g")
        if base and "initial" in same:
            given = rng.choice([name for name in pool if name.forms[0][0] == base.given.forms[0][0]] or pool)
        born = [firm.family if firm.family and self.chance(0.4) else self.surname(culture, given.forms[0])]
        born = base.born if base and "family" in same else born
        if culture in "es pt" and "junior" not in same:  # a father's and a mother's name
            born = [born[0], self.surname(culture)] if culture == "es" else [self.surname(culture), born[-1]]
        wed = rng.uniform(0.3, 0.9) if not same and culture not in "es pt in zh ja ar" and self.chance(0.05) else 0.0
        spouse = self.surname(culture, given.forms[0])
        spouse = Name([f"{born[0].forms[0]}-{spouse.forms[0]}"], [], "") if self.chance(0.3) else spouse
        p = Person(
            culture=culture,
            given=given,
            middle=rng.choice(pool[::2]).forms[0] if culture in "en in ar" and self.chance(0.4) else "",
            born=born,
            family=[spouse] if wed else born,
            wed=wed,
            prefix=rng.choice(("Dr.", "Dr", "Prof.")) if self.chance(0.06) else "",
            suffix="Jr." if "junior" in same else rng.choice(("PhD", "III", "Jr.")) if self.chance(0.02) else "",
            mobile=base.mobile if base and "mobile" in same else f"{home['mobile']}{10**9 + rng.randrange(9 * 10**9)}",
            habit=rng.random(),
            private=9.0 if "mailbox" in same else self.private * 2 * rng.random() ** 2,
            jobs=[],
            mails=[],
            assistants=[],
            fixed=f"{firm.brand} {box}" if "mailbox" in same else "",
        )
        posts = [(0.0, *self.employer(office.country)), (rng.uniform(0.25, 0.8), firm, office)]
        for since, at, place in posts if self.chance(self.moves) else [(0.0, firm, office)]:
            p.jobs.append(self.job(p, since, at, place, old, same))
        p.mails.extend(self.private_mails(p, home))
        if base and ("mails" in same or p.fixed):
            p.mails[:] = [f"{box.lower()}@{firm.domain}"] if p.fixed else base.mails[:1]
        (base or p).assistants.extend(p.jobs[-1:] if "assists" in same else [])
        return p

    def job(self, p: Person, since: float, firm: Firm, office: Office, old: Job | None, same: Sequence[str]) -> Job:
        """What the person is at a firm; of an old job of somebody else's it has what is the same."""
        rng = self.rng
        boxes = [self.mailbox(firm.style, p, kin, firm.domain) for kin in ([p.born, p.family] if p.wed else [p.born])]
        alias = self.mailbox(self.weighted("{i}{s} 4 {g}.{s} 4 {g} 2 {s}.{g} 1"), p, p.family, firm.domain)
        client = old.firm if old and "client" in same else self.employer("")[0] if self.chance(0.015) else None
        post = self.common(ROLES, 1.2), self.common((1, 3, 2, 0, 4, 5, 6), 1.3), str(rng.randrange(100, 1000))
        post = (old.role, old.level, old.ext) if old and "post" in same else post
        return Job(since, firm, office, *post, rng.random(), (boxes[0], boxes[-1], alias), client)

    def private_mails(self, p: Person, home: dict[str, str]) -> list[str]:
        """Mailboxes of the person's own, mostly one."""
        rng, mails = self.rng, list[str]()
        for _ in range(rng.choice((0, 1, 1, 1, 2))):
            provider, number = self.common(home["mails"].split(), 1.4), rng.choice((0, 1900)) + rng.randrange(55, 100)
            style = self.weighted("{g}.{s} 22 {g}{s} 14 {i}{s} 9 {g}.{s}# 16 {g}{s}# 14 {i}{s}# 10 {g}# 4 {s}.{g} 6")
            style = str(rng.randrange(10**8, 10**9)) if provider == "qq.com" else style.replace("#", str(number))
            mails.append(f"{self.mailbox(style, p, p.born, provider)}@{provider}")
        return mails
