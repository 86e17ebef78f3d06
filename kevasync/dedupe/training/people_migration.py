"""The true world behind the made-up contact tables: firms, persons, their jobs, and their look-alikes."""

import random
from dataclasses import dataclass, field
from itertools import accumulate

from kevasync.dedupe.training.words_migration import (
    ACTIVITY,
    AFTER,
    BEFORE,
    BRAND_A,
    BRAND_B,
    BRAND_C,
    BRAND_D,
    COUNTRIES,
    FANCY,
    FIRST_F,
    FIRST_M,
    FUNCTIONS,
    LAST,
    LEVELS,
    NICKS,
    TAIL,
    WHOLE_TITLES,
    Phone,
    Place,
    Title,
    fold,
    new_phone,
    new_place,
    ranked,
    slug,
)

_CULTURES = {code: _c for code, row in COUNTRIES.items() if (_c := row.cultures.split())}


@dataclass(slots=True)
class Company:
    """A firm, and what it has given to its people so far."""

    brand: str
    activity: str
    legal: str
    short: str
    place: Place
    domain: str
    other_domain: str | None
    pattern: int
    desk: Phone
    family: tuple[str, str] | None
    used: dict[str, int] = field(default_factory=dict)
    staff: list["Person"] = field(default_factory=list)


@dataclass(slots=True)
class Job:
    """One person's post at one firm."""

    company: Company
    title: Title
    email: str
    second: str | None
    phone: Phone
    shared: str | None = None


@dataclass(slots=True)
class Person:
    """A true person; jobs are in order of time."""

    key: int
    culture: str
    male: bool
    first: str
    middle: str
    last: str
    former: str
    joined: str
    nick: str
    before: str
    after: str
    jobs: list[Job]
    private: str
    couple: str | None
    mobile: Phone
    landline: Phone
    home: Place


class World:
    """All firms and persons of one table."""

    def __init__(self, rng: random.Random, mix: list[str], size: int, tail: float, skew: float, hard: float) -> None:
        """Found the firms; persons come later, one by one."""
        self.rng, self.tail, self.hard = rng, tail, hard
        self.persons: list[Person] = []
        self.names: dict[tuple[str, str], int] = {}
        self._mails: set[str] = set()
        self._domains: set[str] = set()
        weights = list(accumulate(1 / (i + 1) ** 1.1 for i in range(len(mix))))
        self.companies = [self._company(rng.choices(mix, cum_weights=weights)[0]) for _ in range(max(8, size))]
        self._cum = list(accumulate(1 / (i + 4) ** skew for i in range(len(self.companies))))
        self._near: dict[str, list[Company]] = {}
        for company in self.companies:
            self._near.setdefault(company.place.country, []).append(company)

    def surname(self, culture: str) -> str:
        """A surname: mostly a frequent one, else one made of syllables."""
        rng = self.rng
        if rng.random() >= self.tail:
            return ranked(rng, LAST[culture]).replace("_", " ")
        a, b, c = TAIL[culture]
        return (rng.choice(a) + rng.choice(b) + rng.choice(c)).replace("_", " ")

    def _brand(self, code: str, culture: str) -> tuple[str, tuple[str, str] | None]:
        rng, roll = self.rng, self.rng.random()
        if roll < 0.3:
            last = self.surname(culture)
            others = (
                ["{} & Partner", "Gebr. {}", "{} Söhne"]
                if culture == "de"
                else ["{} Brothers", "{} & Sons", "{} & " + self.surname(culture)]
            )
            return rng.choice([*others, "{}", "{}", "{}"]).format(last), (last, culture)
        if roll < 0.62:
            return rng.choice(BRAND_A) + rng.choice(BRAND_B), None
        if roll < 0.8:
            return f"{rng.choice(BRAND_C)} {rng.choice(BRAND_D)}", None
        if roll < 0.9:
            return "".join(rng.choice("ABCDEFGHIKLMNPRSTVW") for _ in range(rng.choice([2, 3, 3, 4]))), None
        return rng.choice(COUNTRIES[code].cities.split(";")).split("|")[0].split("/")[0], None

    def _company(self, code: str) -> Company:
        rng, row = self.rng, COUNTRIES[code]
        culture = row.cultures.split()[0].split("*")[0]
        brand, family = self._brand(code, culture)
        activity = rng.choice(ACTIVITY.get(culture if rng.random() < 0.8 else "en", ACTIVITY["en"]))
        place, german = new_place(rng, code), culture == "de"
        words = f"{brand} {activity}".replace("&", " ").split()
        stem = slug(brand, german) if rng.random() < 0.6 else rng.choice(["-", ""]).join(slug(w, german) for w in words)
        domain = f"{stem}.{rng.choice(row.tlds.split())}"
        while domain in self._domains:
            domain = f"{stem}{rng.choice(['-group', slug(activity, german), '-' + row.dial, 'hq', '-' + slug(place.cities[0])])}.{rng.choice(row.tlds.split())}"
            stem = stem + rng.choice("aeinorst") if domain in self._domains else stem
        self._domains.add(domain)
        other = (
            f"{slug(rng.choice(BRAND_A) + rng.choice(BRAND_B))}.{rng.choice(row.tlds.split())}"
            if rng.random() < 0.22
            else None
        )
        short = (
            "".join(w[0] for w in words).upper()
            if len(words) > 2
            else (slug(brand)[:3].upper() if rng.random() < 0.5 else f"{brand[:4]}.")
        )
        # Family firms give initial + surname more often: nothing tells their people apart but one letter.
        pattern = rng.choice([1, 1, 2, 0, 3]) if family else rng.choice([0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8])
        return Company(
            brand,
            activity,
            rng.choice(row.legal.split("|")),
            short,
            place,
            domain,
            other,
            pattern,
            new_phone(rng, place),
            family,
        )

    def address(self, company: Company, person: Person, last: str, domain: str) -> str:
        """A new e-mail address at a firm, numbered if its plain form is taken."""
        german = person.culture == "de"
        first, surname = slug(person.first.split()[0], german), slug(last, german)
        if company.pattern == 0 and "-" in person.first:
            first = fold(person.first, german).replace(" ", "")
        forms = [
            f"{first}.{surname}",
            first[0] + surname,
            f"{first[0]}.{surname}",
            first,
            surname,
            first + surname,
            f"{surname}.{first}",
            f"{first}_{surname}",
            surname + first[0],
        ]
        local = forms[company.pattern]
        key = f"{local}@{domain}"
        company.used[key] = company.used.get(key, 0) + 1
        if company.used[key] > 1 and company.used[key] == 2 and person.middle and self.rng.random() < 0.4:
            return f"{first}.{slug(person.middle)[0]}.{surname}@{domain}"
        return f"{local}{company.used[key] if company.used[key] > 1 else ''}@{domain}"

    def hire(self, person: Person, company: Company, title: Title | None = None, phone: Phone | None = None) -> Job:
        """Give a person a post, an address and a telephone at a firm."""
        rng = self.rng
        last = person.former if person.former and not person.jobs else person.last
        email = self.address(company, person, last, company.domain)
        second = self.address(company, person, last, company.other_domain) if company.other_domain else None
        title = title or self.title()
        ext = str(rng.randrange(10, 99 if len(company.staff) < 30 else 999))
        job = Job(company, title, email, second, phone or company.desk._replace(ext=ext))
        if company.staff and rng.random() < 0.03 + 0.1 * self.hard:
            job.shared = rng.choice(company.staff).jobs[-1].email
        company.staff.append(person)
        person.jobs.append(job)
        return job

    def title(self) -> Title:
        """A position, a quarter of them whole words, the rest a function at a level."""
        rng = self.rng
        level = rng.randrange(len(LEVELS)) if rng.random() < 0.7 else -1
        rows = WHOLE_TITLES if level < 0 else FUNCTIONS
        return Title(level, min(int(rng.expovariate(0.16)), len(rows) - 1), int(rng.expovariate(1.2)))

    def private(self, person: Person, last: str) -> str:
        """A private address nobody else has."""
        rng = self.rng
        first, surname = (
            slug(person.nick if person.nick and rng.random() < 0.4 else person.first),
            slug(last, person.culture == "de"),
        )
        year, domain = str(rng.randrange(45, 100)), ranked(rng, COUNTRIES[person.home.country].mails.split())
        forms = [
            f"{first}.{surname}",
            first + surname,
            first[:1] + surname + year,
            f"{first}{year}",
            f"{surname}.{first}",
            f"{first}_{surname}{year}",
            rng.choice(FANCY) + year,
            f"{first[:1]}.{surname}",
        ]
        local = rng.choices(forms, [5, 4, 3, 1.5, 1.5, 2, 0.8, 2])[0]
        while f"{local}@{domain}" in self._mails:
            local += str(rng.randrange(10))
        self._mails.add(f"{local}@{domain}")
        return f"{local}@{domain}"

    def _married(self, person: Person) -> None:
        """A former or a double surname, as the culture has it."""
        rng = self.rng
        if person.culture in {"es", "br"} and rng.random() < 0.5:
            person.joined = (
                f"{person.last} {self.surname(person.culture)}"
                if person.culture == "es"
                else f"{self.surname('br')} {person.last}"
            )
        elif rng.random() < (0.02 if person.male else 0.14):
            person.former = self.surname(person.culture)
            person.joined = person.last + rng.choice(["-", "-", " "]) + person.former if rng.random() < 0.5 else ""

    def _draw(
        self, country: str, culture: str = "", last: str = "", male: bool | None = None, first: str = ""
    ) -> Person:
        rng = self.rng
        if not culture:
            culture, _, _ = rng.choice(
                [c for c in _CULTURES[country] for _ in range(int([*c.split("*"), "1"][1]))]
            ).partition("*")
        is_male = rng.random() < 0.6 if male is None else male
        pool = (FIRST_M if is_male else FIRST_F)[culture]
        first = first or ranked(rng, pool)
        middle = ranked(rng, pool) if rng.random() < (0.45 if culture in {"en", "in"} else 0.15) else ""
        last = last or self.surname(culture)
        if is_male is False and culture in {"pl", "ru"} and last.endswith(("ski", "cki", "ov", "ev", "in")):
            last = last[:-1] + "a" if last.endswith("i") else last + "a"
        nick = rng.choice(NICKS[first]) if first in NICKS and rng.random() < 0.75 else ""
        if culture == "cn" and rng.random() < 0.4:
            nick = ranked(rng, (FIRST_M if is_male else FIRST_F)["en"])
        home = new_place(rng, country)
        before = rng.choice(BEFORE) if rng.random() < 0.1 else ""
        after = rng.choice(AFTER) if rng.random() < 0.06 else ""
        person = Person(
            len(self.persons),
            culture,
            is_male,
            first,
            "" if middle == first else middle,
            last,
            "",
            "",
            nick,
            before,
            after,
            [],
            "",
            None,
            new_phone(rng, home, mobile=True),
            new_phone(rng, home),
            home,
        )
        self._married(person)
        return person

    def _finish(self, person: Person, company: Company | None) -> Person:
        """Give what is missing: posts (old ones first), a private address; note the name."""
        rng = self.rng
        if company is not None:
            for _ in range(rng.choices([0, 1, 2], [7, 2.4, 0.6])[0]):
                self.hire(person, rng.choice(self._near[company.place.country]))
            home = company.place
            self.hire(person, company)
            if rng.random() < 0.7:
                city = next(
                    c for c in COUNTRIES[home.country].cities.split(";") if c.startswith("/".join(home.cities) + "|")
                )
                person.home = new_place(rng, home.country, city)
        person.private = self.private(person, person.former if person.former and rng.random() < 0.5 else person.last)
        self.persons.append(person)
        name = (fold(person.first), fold(person.last))
        self.names[name] = self.names.get(name, 0) + 1
        return person

    def add(self) -> Person:
        """One more person: a look-alike of an earlier one, or a new one."""
        rng = self.rng
        company = rng.choices(self.companies, cum_weights=self._cum)[0]
        if self.persons and rng.random() < self.hard:
            return self._alike(rng.choice(self.persons), company)
        last, culture = company.family if company.family and rng.random() < min(0.6, 2 * self.hard) else ("", "")
        return self._finish(self._draw(company.place.country, culture, last), company)

    def _alike(self, other: Person, company: Company) -> Person:
        """Someone who shares just what a careless matcher looks at."""
        rng, job = self.rng, other.jobs[-1]
        firm, country = job.company, job.company.place.country
        kind = rng.choices(
            ["name", "desk", "kin", "junior", "couple", "first", "heir", "guest"], [18, 12, 18, 8, 12, 14, 14, 6]
        )[0]
        if kind in {"name", "desk"}:
            twin = self._draw(country, other.culture, other.last, other.male, other.first)
            return self._finish(twin, firm if kind == "desk" else company)
        if kind == "junior":
            return self._junior(other)
        if kind == "couple":
            return self._couple(other, company)
        if kind == "first":
            return self._finish(self._draw(country, other.culture, "", other.male, other.first), firm)
        if kind == "kin":
            pool = [
                n
                for n in (FIRST_M if other.male else FIRST_F)[other.culture]
                if n[0] == other.first[0] and n != other.first
            ]
            kin = self._draw(
                country, other.culture, other.last, other.male, rng.choice(pool) if pool and rng.random() < 0.6 else ""
            )
            kin.home, kin.landline = (other.home, other.landline) if rng.random() < 0.4 else (kin.home, kin.landline)
            return self._finish(kin, firm)
        if kind == "heir":
            heir = self._draw(country)
            self.hire(heir, firm, job.title, job.phone)
            return self._finish(heir, None)
        guest = self._draw(country, other.culture, "", other.male, other.first if rng.random() < 0.5 else "")
        post = self.hire(guest, company)
        post.second, post.email = (
            post.email,
            self.address(firm, guest, guest.last, firm.domain).replace("@", rng.choice(["@", "@", ".ext@"])),
        )
        return self._finish(guest, None)

    def _junior(self, other: Person) -> Person:
        """A son or daughter (no Jr then) of the same name, often in the same house or firm."""
        rng = self.rng
        child = self._draw(other.home.country, other.culture, other.last, other.male, other.first)
        if rng.random() < 0.7 and child.male:
            child.after, other.after = ("Jr.", "Sr.") if rng.random() < 0.7 else ("jun.", "sen.")
        if rng.random() < 0.5:
            child.home, child.landline = other.home, other.landline
        return self._finish(child, other.jobs[-1].company)

    def _couple(self, other: Person, company: Company) -> Person:
        """A wife or husband: one home, one landline, sometimes one mailbox."""
        rng = self.rng
        mate = self._draw(other.home.country, other.culture, other.last, not other.male)
        mate.home, mate.landline = other.home, other.landline
        if rng.random() < 0.5:
            a, b, surname = slug(other.first), slug(mate.first), slug(other.last, other.culture == "de")
            domain = ranked(rng, COUNTRIES[other.home.country].mails.split())
            mate.couple = other.couple = (
                rng.choice([f"{a}.{b}.{surname}", f"{a}und{b}", f"{surname}.family", f"{a[0]}{b[0]}{surname}"])
                + "@"
                + domain
            )
        done = self._finish(mate, other.jobs[-1].company if rng.random() < 0.25 else company)
        done.home = other.home  # hiring may have moved one of them
        return done
