"""Made-up contacts of firms: customers of a help desk and contacts of a CRM, with known duplicates.

Records are snapshots of a person's life (jobs, surnames, telephones, addresses), taken by two systems and damaged by
sloppy typists and bulk imports. Look-alikes are added on purpose. The seed also draws the difficulty of the table.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from kevasync.dedupe.training.words_desk import COUNTRIES, CULTURES, RANKS, WORDS

__all__ = ["make"]

Row = dict[str, str | None]
COLUMNS = ("first_name", "last_name", "email", "phone", "company", "city", "title")
GAPS = {
    "support": (0.13, 0.17, 0.05, 0.50, 0.35, 0.60, 0.80),
    "crm": (0.04, 0.02, 0.18, 0.30, 0.05, 0.25, 0.25),
}
"""How often a field is empty in a typical system."""
COMMON = {"none", "com", *(word[:4] for country in COUNTRIES.values() for word in country[1] + country[7])}
"""Beginnings of words that no careful human would take for a clue."""


def plain(text: str) -> str:
    """Without diacritics."""
    text = text.replace("ß", "ss").replace("ü", "ue").replace("ö", "oe").replace("ä", "ae")
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


DAMAGE: dict[str, Callable[[str], str]] = {
    "caps": str.upper,
    "lower": str.lower,
    "plain": plain,
    "cut": lambda text: text[:16].strip(),
    "mojibake": lambda text: text.encode().decode("cp1252", "replace"),
    "question": lambda text: text.encode("ascii", "replace").decode(),
}
"""What bulk imports do to texts."""


def layout(first: str, last: str, way: str) -> tuple[str | None, str | None]:
    """How a name is put into the two name columns."""
    return {
        "swap": (last, first),
        "last, first": (None, f"{last}, {first}"),
        "whole": (f"{first} {last}", None),
        "in last": (None, f"{first} {last}"),
        "initial": (first[:1] + ".", last),
    }.get(way, (first, last))


def clues(row: Row) -> set[str]:
    """What a careful human would compare: beginnings of words, whole mail addresses, ends of telephone numbers."""
    company, digits = (row["company"] or "").split(" ")[0], re.sub(r"\D", "", row["phone"] or "")
    words = f"{row['first_name']} {row['last_name']} {row['email']} {company} {row['city']}".lower()
    found = {word[:4] for word in re.findall("[a-z]{2,}", plain(words))} - COMMON
    return found | {clue for clue in ((row["email"] or "").lower(), digits[-6:], digits[-7:]) if len(clue) > 5}


@dataclass
class Company:
    """An employer, with its spellings and the telephone numbers of its cities."""

    country: str
    names: list[str]  # spellings; the first is the CRM's account name
    domains: list[str]
    pattern: str  # of mail addresses
    cities: dict[str, str]  # "name|other name" to "dialling code, area, stem" of its telephone numbers
    small: bool
    family: str
    assistant: str = ""  # her mail address


@dataclass
class Job:
    """What a person was at a firm for some time."""

    firm: Company
    city: str
    rank: str
    task: str
    mails: list[str]
    phone: str
    mobile: str


@dataclass
class Person:
    """Someone with a life: surnames and jobs in the order in which they came."""

    culture: str
    female: bool
    names: list[str]  # first name and its other forms
    called: str  # the first name really used
    surnames: list[str]  # in the order of life, like the jobs
    jobs: list[Job] = field(default_factory=list)
    private: str = ""
    suffix: str = ""
    uses_private: float = 0.0
    uses_role: float = 0.0


class Society:
    """Firms, persons and the two systems of one seed, which draws the difficulty first."""

    def __init__(self, persons: int, seed: int) -> None:
        self.rng = rng = random.Random(f"b2b {seed}")
        base = rng.random()
        levels = [min(1.0, max(0.0, base + rng.gauss(0, 0.15))) for _ in range(5)]
        self.missing, self.noise, self.copies, self.traps, self.churn = levels
        self.gaps = {
            source: [min(0.95, gap * (0.5 + self.missing) * rng.uniform(0.6, 1.4)) for gap in gaps]
            for source, gaps in GAPS.items()
        }
        self.fillers = {key: rng.sample(WORDS[key][0], 2) for key in COLUMNS}
        habits = [*DAMAGE, "title", "city", "phone", "swap", "last, first", "whole"]
        self.inputs: list[tuple[str, list[str]]] = [("crm", []), ("support", [])] * 8  # by hand, and by bulk imports
        for _ in range(3 + int(7 * self.noise)):
            self.inputs.append((rng.choice(("crm", "crm", "support")), rng.sample(habits, rng.choice((1, 1, 2)))))
        self.taken: set[str] = set()  # domains and addresses in use
        self.firms: list[Company] = []
        for _ in range(max(8, persons // 5)):
            self.firms.append(self.company())

    def chance(self, share: float) -> bool:
        """Whether something that happens so often happens now."""
        return self.rng.random() < share

    def skewed(self, things: list[Any], power: float = 1.5) -> Any:
        """One of them, with the skewed frequency of names and firms: the first ones are common."""
        return things[int(len(things) * self.rng.random() ** power)]

    def swap_in(self, text: str, pairs: list[str]) -> str:
        """Apply one of the 'old=new' pairs that fit the text."""
        fits = [pair.partition("=") for pair in pairs if pair.partition("=")[0] in text]
        old, _, new = self.rng.choice(fits or [("", "", "")])
        return text.replace(old, new, 1)

    def typo(self, text: str) -> str:
        """A slip of the ear or of a finger; the first letter mostly stays, for people look at it."""
        if len(text) < 4 or self.chance(0.25):
            return text[0] + self.swap_in(text[1:], WORDS["sounds"][0])
        at, keys = self.rng.randrange(1, len(text) - 1), "qwertyuiop asdfghjkl zxcvbnm 1234567890 "
        before, sign, after = text[:at], text[at], text[at + 1 :]
        slip = keys[keys.find(sign) + self.rng.choice((-1, 1))].strip() if sign in keys else ""
        return before + self.rng.choice((slip + after, after, sign * 2 + after, after[0] + sign + after[1:]))

    def show_phone(self, phone: str) -> str:
        """A telephone number in one of the forms of its country."""
        dial, area, local, *ext = phone.split()
        forms = "+{0}_{1}_{2} 0{1}_{2} 0{1}/{2} 0{1}-{2} +{0}_(0){1}_{2} +{0}{1}{2} 00{0}_{1}_{2}"
        if dial == "1":
            forms, local = "({1})_{2} {1}-{2} {1}.{2} +1_{1}_{2} 1-{1}-{2} +1{1}{2}", f"{local[:3]}-{local[3:]}"
        forms = forms.replace("0{1}", "{1}").replace("(0)", "") if dial == "34" else forms  # no trunk zero in Spain
        text = self.rng.choice(forms.split()).replace("_", " ").format(dial, area, local)
        text = re.sub(r"\D", "", text) if self.chance(0.15) else text
        return text + (self.rng.choice((" x", " ext. ", " ext ", "-", ", ")) + ext[0] if ext else "")

    def first_names(self, culture: str, *, female: bool) -> list[str]:
        """A first name and its other forms; now and then one that no list holds."""
        if culture in ("en", "es") and self.chance(0.1):
            return [self.rng.choice(WORDS["firsts"][0]) + self.rng.choice(WORDS["firsts"][1 + female])]
        return str(self.skewed(CULTURES[culture][female])).split("=")

    def surname(self, culture: str, *, female: bool) -> str:
        """A surname: a common one, or one of the long tail that makes agreement tell something."""
        name = str(self.skewed(CULTURES[culture][2]))
        if self.chance(0.6):
            heads, middles, tails = CULTURES[culture][3:]
            name = self.skewed(heads) + self.rng.choice(["", *middles]) + self.skewed(tails)
        return name + "a" if female and culture == "ru" and name.endswith(("ov", "ev", "in")) else name

    def company(self) -> Company:
        """A new firm; the later ones are more often small, with the owner's name and one telephone."""
        rng = self.rng
        country = self.skewed(list(COUNTRIES), 1.7)
        dial, ends, legals, cultures, places, trades, *_ = COUNTRIES[country]
        small = self.chance(min(0.9, 0.05 + len(self.firms) / 500))
        trade, *short = rng.choice(trades if self.chance(0.8) else COUNTRIES["US"][5]).split("|")
        family = self.surname(rng.choice(cultures), female=False) if self.chance(0.5 if small else 0.2) else ""
        core = family or "".join(rng.choice(part) for part in WORDS["places" if self.chance(0.12) else "brands"])
        full, (form, *forms) = f"{core} {trade}", rng.choice(legals).split("|")
        names = [f"{full} {form}", full][:: rng.choice((1, 1, -1))]
        names += [core, plain(full).upper(), f"{full}, {form}"]
        names += [f"{core} {word}" for word in short] + [f"{full} {other}" for other in forms]
        names += [f"{core[0]}{core[-2]}{trade[0]} {trade}".upper(), f"{core} Holding"] if self.chance(0.25) else []
        names += [f"{core} (part of {rng.choice(self.firms).names[1]})"] if self.firms and self.chance(0.06) else []
        site = re.sub("[^a-z]", "", plain(core.lower()))
        while any(f"{site}.{end}" in self.taken for end in ends):
            site += rng.choice((plain(trade).lower(), f"-{country.lower()}", str(rng.randint(2, 99))))
        domains = [f"{site}.{end}" for end in ends[: 2 if self.chance(0.2) else 1]]
        self.taken.update(domains)
        sites = [city.split("=") for city in rng.sample(places, 1 if small else rng.randint(1, 2))]
        cities = {city: f"{dial[0]} {area} {rng.randint(2000, 9899)}" for city, area in sites}
        return Company(country, names, domains, rng.choice(WORDS["work"][0]), cities, small, family)

    def address(self, person: Person, pattern: str, domain: str) -> str:
        """A mail address that nobody else has."""
        last = person.surnames[-1].split()[0] if person.culture == "es" else person.surnames[-1]
        first, last = (re.sub("[^a-z]", "", plain(name.lower())) for name in (person.called, last))
        local = pattern.format(f=first, g=first[0], l=last, m=last[0], n=f"{self.rng.randint(1, 99):02}")
        while f"{local}@{domain}" in self.taken:
            local += str(self.rng.randint(1, 9))
        self.taken.add(f"{local}@{domain}")
        return f"{local}@{domain}"

    def add_job(self, person: Person, firm: Company) -> None:
        """Changing firms mostly keeps the mobile telephone."""
        rng = self.rng
        rank = self.skewed(["CEO", "OWNER"] if firm.small and self.chance(0.2) else list(RANKS))
        city, stem = rng.choice(list(firm.cities.items()))
        mails = [self.address(person, firm.pattern, domain) for domain in firm.domains]
        mails += [self.address(person, rng.choice(WORDS["work"][0]), firm.domains[0])] if self.chance(0.2) else []
        mobile = f"{stem.split()[0]} {rng.randint(701, 989)} {rng.randint(2000000, 9999999)}"
        mobile = person.jobs[-1].mobile if person.jobs and self.chance(0.75) else mobile
        task, phone = rng.choice(WORDS["tasks"][0]), f"{stem}{rng.randint(101, 999)}"
        person.jobs.append(Job(firm, city, rank, task, mails, phone, mobile))

    def person(self, firm: Company | None = None, culture: str = "", **like: Any) -> Person:
        """Someone new, perhaps like somebody else in what is given."""
        rng = self.rng
        firm = firm or self.skewed(self.firms, 1.8)
        culture = culture or rng.choice(COUNTRIES[firm.country][3])
        female: bool = like.get("female", self.chance(0.45))
        names: list[str] = like.get("names") or self.first_names(culture, female=female)
        last: str = (
            like.get("last") or (firm.family if self.chance(0.3) else "") or self.surname(culture, female=female)
        )
        last += " " + self.surname(culture, female=False) if culture == "es" and " " not in last else ""
        person = Person(culture, female, names, names[0] if self.chance(0.65) else rng.choice(names), [last])
        person.uses_private, person.uses_role = rng.betavariate(0.3, 1.2), rng.betavariate(0.15, 4 - 3 * firm.small)
        self.add_job(person, firm)
        host = self.skewed(COUNTRIES[firm.country][7])
        person.private = self.address(person, rng.choice(WORDS["private"][0]), host) if self.chance(0.6) else ""
        if self.chance(0.12 * self.churn + 0.02 if female else 0.02) and culture != "es":
            new = self.surname(culture, female=female)
            person.surnames.append(rng.choice((new, new, f"{last}-{new}", f"{new}-{last}")))
        if self.chance(0.08 + 0.35 * self.churn):
            self.add_job(person, firm if self.chance(0.2) else self.skewed(self.firms, 1.8))
        elif self.chance(0.15):  # a new post only
            person.jobs.append(replace(person.jobs[0], rank=self.skewed(list(RANKS)), mails=person.jobs[0].mails[::-1]))
        return person

    def look_alike(self, base: Person) -> Person:
        """Another person whom one could take for the first."""
        job, rng = base.jobs[0], self.rng
        shared = rng.choice(WORDS["small" if job.firm.small else "other"][0][base.female :]).split()  # no Jr. for women
        draws = [self.first_names(base.culture, female=base.female) for _ in range(30 if "initial" in shared else 0)]
        draws = [draw for draw in draws if draw[0][0] == base.called[0] and draw[0] != base.names[0]]
        like = {"names": [*draws, base.names][0], "last": base.surnames[0], "female": base.female}
        like = {key: value for key, value in like.items() if key in shared}
        other = self.person(job.firm if "firm" in shared else None, base.culture, **like)
        own = other.jobs[0]
        for part in ("phone", "mobile", "rank", "task", "city"):
            setattr(own, part, getattr(job if part in shared else own, part))
        other.private = base.private if "private" in shared else other.private
        base.suffix, other.suffix = ("Sr.", "Jr.") if "suffix" in shared else ("", "")
        if "assistant" in shared:
            own.rank, job.rank, job.firm.assistant = "EA", rng.choice(("CEO", "CFO", "VP")), own.mails[0]
        return other

    def mail(self, person: Person, job: Job, source: str) -> str:
        """The address a system knows: the assistant's, the firm's, a private one or one of the job."""
        if job.firm.assistant and job.rank in ("CEO", "CFO", "VP", "OWNER") and self.chance(0.3):
            return job.firm.assistant
        if self.chance(person.uses_role):
            return f"{self.skewed(COUNTRIES[job.firm.country][6], 2)}@{job.firm.domains[0]}"
        private = person.private and self.chance(person.uses_private * (1.2 if source == "support" else 0.6))
        return person.private if private else job.mails[0] if self.chance(0.88) else self.rng.choice(job.mails)

    def name(self, person: Person, last: str, sloppy: float) -> tuple[str | None, str | None]:
        """First and last name as they came into the two columns."""
        rng = self.rng
        first = rng.choice((person.called, person.called, person.names[0]))
        first = rng.choice(person.names) if self.chance(0.05 + 0.15 * sloppy) else first
        last = self.swap_in(last, WORDS[person.culture][0]) if self.chance(0.12 + 0.3 * sloppy) else last
        last = last.split()[0] if person.culture == "es" and self.chance(0.45) else last
        last = rng.choice(last.split("-")) if "-" in last[3:] and self.chance(0.3) else last
        last += f" {person.suffix}" if person.suffix and self.chance(0.6) else ""
        first += f" {rng.choice('ABCDEJLM')}." if self.chance(0.03) else ""
        odd = self.chance(0.03 + 0.2 * sloppy + (0.12 if person.culture == "cn" else 0))
        return layout(first, last, rng.choice(("swap", "last, first", "whole", "in last", "initial")) if odd else "")

    def record(self, person: Person, source: str, sloppy: float) -> Row:
        """A snapshot of a person at some time of life."""
        rng, time = self.rng, self.rng.random()
        job = person.jobs[int(time * len(person.jobs))]
        first, last = self.name(person, person.surnames[int(time * len(person.surnames))], sloppy)
        names, stem = job.firm.names, job.firm.cities[job.city]
        board = stem + ("000" if stem.startswith("1 ") else "0")  # the switchboard
        phone = rng.choices((job.phone, job.mobile, board, f"{board} {job.phone[-3:]}"), (5, 4, 2, 1))[0]
        company = rng.choice(names) if self.chance(0.3) else names[0 if source == "crm" and self.chance(0.7) else 1]
        company += rng.choice((" - Purchasing", " (IT)", " / Accounts", " HQ")) if self.chance(0.03) else ""
        titles = RANKS[job.rank][-1 if job.firm.country == "DE" and self.chance(0.4) else 0]
        city, task, title = (
            kinds[0] if self.chance(0.65) else rng.choice(kinds)
            for kinds in (job.city.split("|"), job.task.split("|"), titles)
        )
        mail, number = self.mail(person, job, source), self.show_phone(phone)
        return dict(zip(COLUMNS, (first, last, mail, number, company, city, title.format(task)), strict=True))

    def damage(self, row: Row, source: str, habits: list[str], sloppy: float) -> None:
        """Lose, mistype and reshape values in place, by the habits of the import."""
        rng = self.rng
        if self.chance(0.04 + 0.05 * self.missing):  # sparse on principle
            kept = rng.choice((("email",), ("first_name", "last_name", "phone"), ("last_name", "email", "company")))
            row.update({key: None for key in COLUMNS if key not in kept})
        for key, gap in zip(COLUMNS, self.gaps[source], strict=True):
            text = row[key]
            if text and (key in habits or self.chance(gap * (0.8 + sloppy))):
                text = rng.choice(self.fillers[key]) if self.chance(0.02 + 0.08 * self.noise) else None
            elif text and self.chance(sloppy * (0.15 if key in ("email", "phone") else 0.35)):
                text = self.typo(text)
            for habit in habits if text and key != "email" else ():
                text = DAMAGE.get(habit, str)(text or "")
            row[key] = text.lower() if text and key != "email" and self.chance(0.15 * sloppy) else text
        email, first, last = row["email"], row["first_name"], row["last_name"]
        if email and self.chance(0.05):
            row["email"] = rng.choice((email.upper(), email.title(), email.replace(".com", ".con"), f"{email} "))
        if first and last and habits:
            row["first_name"], row["last_name"] = layout(first, last, min(habits, key=DAMAGE.__contains__))

    def snapshot(self, person: Person, earlier: list[Row]) -> Row:
        """A record that (mostly) has enough in common with the earlier ones for a human to see it."""
        rng, best = self.rng, (-1, Row())
        for attempt in range(6):
            sloppy = rng.uniform(0.3, 1) if self.chance(0.1 + 0.35 * self.noise) else rng.uniform(0, 0.1)
            source, habits = rng.choice(self.inputs)
            row = self.record(person, source, sloppy) if not earlier or self.chance(0.8) else rng.choice(earlier).copy()
            row["source"] = source
            self.damage(row, source, habits, sloppy * (1 - attempt / 6))
            common = min(len(clues(row) & clues(other)) for other in earlier or [row])
            best = max(best, (common, row), key=lambda pair: pair[0])
            if best[0] >= 3 or (best[0] and self.chance(0.01 + 0.03 * self.noise)):
                break
        return best[1]


def make(persons: int, seed: int) -> list[Row]:
    """The table of so many persons in no telling order, with record_id, cluster and source: the same for the same seed."""
    society = Society(persons, seed)
    people: list[Person] = []
    while len(people) < persons:
        people.append(society.person())
        people += [society.look_alike(people[-1])] if society.chance(0.04 + 0.2 * society.traps) else []
    rows: list[Row] = []
    for number, person in enumerate(people[:persons]):
        made: list[Row] = []
        while not made or (len(made) < 6 and society.chance(0.27 + 0.26 * society.copies)):
            made.append(society.snapshot(person, made))
        rows += [{"cluster": f"P{number:06}", **row} for row in made]
    society.rng.shuffle(rows)
    return [{"record_id": f"R{number:06}", **row} for number, row in enumerate(rows, 1)]
