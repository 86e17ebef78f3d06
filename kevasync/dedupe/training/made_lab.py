"""Made-up tables with known duplicates, in the manner of the generators that research on record linkage uses.

The seed draws the columns, a difficulty (clean to hell), sources with formats of their own, a distribution of
duplicates and a flavour of damage. A record renders the truth on an entity as its source would, misses some values
and, as a duplicate, is damaged. Decoys (relatives, namesakes, branches ...) are entities of their own.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from itertools import product
from random import Random

from kevasync.dedupe.training.damage_lab import Damage, Plan
from kevasync.dedupe.training.words_lab import (
    CASES,
    COUNTRIES,
    CULTURES,
    HEADS,
    JOBS,
    KIN,
    MIDS,
    TRADES,
    TYPES,
    WORK,
)

__all__ = ["make"]

Record = dict[str, str | None]
Truth = dict[str, str]
Pool = tuple[list[str], list[str]]
"""Frequent values, most frequent first, and rare ones."""


def _plain(text: str) -> str:
    """Without diacritics."""
    return unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()


class Entities:
    """True entities, and how a source writes them down."""

    def __init__(self, plan: Plan, persons: int, rng: Random) -> None:
        self.plan, self.rng, self.taken, self.zips = plan, rng, {""}, dict[str, list[str]]()
        self.work, self.firms = "company" in plan.columns.values(), list[Truth]()
        parts = {culture: [part.split() for part in text.split("|")] for culture, text in CULTURES.items()}
        self.names: dict[str, list[Pool]] = {
            culture: [(part[i], self.rare(part[i + 3])) for i in range(3)] for culture, part in parts.items()
        }
        self.lands, self.towns = dict[str, list[list[str]]](), dict[str, Pool]()
        for code, land in COUNTRIES.items():
            _, cities, ends, _ = self.lands[code] = [
                part.split(sep) for part, sep in zip(land.split("|"), "/,,,", strict=True)
            ]
            self.towns[code] = cities, [f"{town}/{rng.choice(cities).partition('/')[2]}" for town in self.rare(ends)]
        if plan.layout != "organisations":
            self.firms.extend(self.firm("") for _ in range(persons // 5 + 9))

    def rare(self, ends: list[str]) -> list[str]:
        """The long tail of names, in an order of this world's own."""
        made = ["".join(parts) for parts in product(HEADS, MIDS, ends)]
        return self.rng.sample(made, len(made))

    def draw(self, pool: Pool, rare: float) -> str:
        """A value: a rare one so often, else a frequent one, mostly of the first."""
        values = pool[self.rng.random() < rare]
        return values[int(len(values) * self.rng.random() ** 1.2)]

    def fill(self, pattern: str) -> str:
        """The pattern with digits for # and letters for @."""
        return re.sub("[#@]", lambda sign: self.rng.choice("0123456789" if sign[0] == "#" else "ABDEFGHJLNP"), pattern)

    def culture(self, code: str) -> str:
        """A culture, as often as it is met in the country."""
        return self.rng.choices(list(CULTURES), [int(share) for share in self.lands[code][0][5].split()])[0]

    def settle(self, truth: Truth, place: str) -> Truth:
        """A new address and phone number, in a given place if there is one."""
        rng, facts = self.rng, self.lands[truth["code"]][0]
        place = place or self.draw(self.towns[truth["code"]], 0.5)
        city, state, start, area = place.split("/")
        zips = self.zips.setdefault(place, [start + self.fill(facts[3]) for _ in range(3)])
        house, german = str(1 + int(rng.expovariate(1 / 60))), truth["code"] == "DE"
        street = self.draw(self.names["germanic" if german else "anglo"][2], 0.5)
        street = f"{street}{rng.choice(['straße', 'weg', 'allee'])}" if german else f"{street} {rng.choice(TYPES)}"
        area = self.fill(facts[4]) if "given" in truth and rng.random() < 0.6 else area
        return {
            **truth,
            "place": place,
            "city": city,
            "state": state,
            "postcode": rng.choice(zips),
            "number": house,
            "street": street,
            "address": f"{street} {house}" if german else f"{house} {street}",
            "country": facts[0],
            "phone": f"{area} {self.fill('#' * int(facts[2]))}",
        }

    def firm(self, code: str) -> Truth:
        """A firm whose name nobody else has."""
        rng, name, head = self.rng, "", ""
        code = code or (rng.choice(list(COUNTRIES)) if self.plan.country == "all" else self.plan.country)
        while name in self.taken:
            first, second = (self.draw(self.names[self.culture(code)][2], 0.5) for _ in range(2))
            brand = "".join(rng.choice(part) for part in (HEADS, MIDS, ["ex", "ora", "tec", "net", "is", "um"]))
            head = rng.choice([first, f"{first} & {second}", brand, f"{brand} {rng.choice(TRADES)}"])
            name = f"{head} {rng.choice(TRADES)} {rng.choice(self.lands[code][3])}".strip()
        self.taken.add(name)
        domain = re.sub("[^a-z]", "", _plain(head).lower()) + ".example"
        return self.settle({"code": code, "company": name, "domain": domain}, "")

    def person(self, base: Truth | None) -> Truth:
        """Someone new; with a base, of the same culture, so that a decoy is not seen at once."""
        rng, firm, sex = self.rng, self.firms[int(len(self.firms) * self.rng.random() ** 1.3)], self.rng.randrange(2)
        culture = base["culture"] if base else self.culture(firm["code"])
        given, middle, surname = (self.draw(self.names[culture][i], i * 0.15 + 0.2) for i in (sex, sex, 2))
        born = date(1930, 1, 1) + timedelta(int(rng.triangular(0, 29000, 17000)))
        truth = self.settle(
            {
                "code": firm["code"],
                "culture": culture,
                "sex": str(sex),
                "given": given,
                "surname": surname,
                "middle": middle if middle != given and rng.random() < 0.7 else "",
                "company": firm["company"],
                "domain": firm["domain"],
                "dob": str(born),
                "ssn": self.fill("#######"),
                "job": rng.choice(JOBS),
                "occupation": self.draw((WORK, WORK), 0),
            },
            firm["place"] if self.work else "",
        )
        truth["phone"] = firm["phone"] if self.work and rng.random() < 0.15 else truth["phone"]
        birth = truth["place"] if rng.random() < 0.4 else self.draw(self.towns[firm["code"]], 0.5)
        return {**truth, "birth_place": birth.split("/")[0]}

    def entity(self, base: Truth | None) -> Truth:
        """A new entity, or a decoy that shares something with another one."""
        kinds = ["family", "family", "namesake", "twin"] + (["colleague"] * 3 if self.work else ["junior"])
        kind = self.rng.choice(kinds if self.firms else ["branch", "branch", "chain", "neighbour"])
        truth = self.person(base) if self.firms else self.firm(base["code"] if base else "")
        truth.update((key, base[key]) for key in KIN[kind].split() if base)
        return self.mail(truth) if self.firms else truth

    def mail(self, truth: Truth) -> Truth:
        """The truth with a mail address of its own."""
        first, last = (re.sub("[^a-z]", "", _plain(truth[key]).lower()) for key in ("given", "surname"))
        domain = self.rng.choice([truth["domain"], truth["domain"], "mail.example", "post.example", "web.example"])
        local = self.rng.choice([f"{first}.{last}", f"{first[0]}{last}", f"{last}.{first}", first + truth["dob"][2:4]])
        local += str(len(self.taken) % 9973) if f"{local}@{domain}" in self.taken else ""
        self.taken.add(f"{local}@{domain}")
        return {**truth, "email": f"{local}@{domain}"}

    def event(self, truth: Truth) -> Truth:
        """The truth after a marriage, a new job, or a move."""
        if truth.get("sex") == "0" and self.rng.random() < 0.6:
            return {**truth, "surname": self.draw(self.names[truth["culture"]][2], 0.45)}
        if self.work and self.firms:
            firm = self.rng.choice(self.firms)
            return self.mail({**truth, "company": firm["company"], "domain": firm["domain"]})
        place = truth["place"] if not self.firms or self.rng.random() < 0.5 else ""
        return {**self.settle(truth, place), "phone": truth["phone"]}

    def write(self, truth: Truth) -> Record:
        """The record of a source, without what is missing."""
        case, dates, phones, order, sexes, ascii_only = self.rng.choice(self.plan.sources)
        (area, rest), values = truth["phone"].split(" "), dict(truth)
        half, abroad = f"{rest[:-4]} {rest[-4:]}", f"{self.lands[truth['code']][0][1]} {area.lstrip('0')} {rest}"
        values["phone"] = [
            area + rest,
            f"{area} {half}",
            f"{area}-{half}".replace(" ", "-"),
            f"({area}) {half}",
            f"+{abroad}",
            f"00{abroad}".replace(" ", ""),
        ][phones]
        if self.firms:
            first, last, middle, born = (truth[key] for key in ("given", "surname", "middle", "dob"))
            full = [f"{first} {last}", f"{last}, {first}", f"{first} {middle} {last}", f"{first} {middle[:1]} {last}"]
            values.update(
                full=full[order].replace("  ", " "),
                dob=date.fromisoformat(born).strftime(dates),
                year=born[:4],
                sex=sexes.split()[int(truth["sex"])],
            )
        return {
            column: CASES[case](_plain(values[key]) if ascii_only else values[key])
            if values[key] and self.rng.random() >= self.plan.missing[column]
            else None
            for column, key in self.plan.columns.items()
        }


def make(persons: int, seed: int) -> list[Record]:
    """The records of so many entities in no telling order, with record_id and cluster: the same for the same seed."""
    plan, rng = Plan(seed), Random(f"make{seed}")
    entities, damage, truths = Entities(plan, persons, rng), Damage(plan, rng), list[Truth]()
    while len(truths) < persons:
        truths.append(entities.entity(rng.choice(truths) if truths and rng.random() < plan.decoys else None))
    originals = [entities.write(truth) for truth in truths]
    table = list(enumerate(originals))
    for cluster, truth in enumerate(truths):
        number = rng.choices(range(1, len(plan.counts) + 1), plan.counts)[0]
        for _ in range(number if rng.random() < plan.duplicated else 0):
            record = entities.write(entities.event(truth) if rng.random() < plan.knobs["event"] else truth)
            if rng.random() >= plan.knobs["exact"]:
                damage.spoil(record, originals)
            table.append((cluster, record))
    for record in originals:
        name = rng.choice(list(record))
        times = int(rng.random() < plan.knobs["originals"])
        record[name] = damage.apply(record[name] or "", plan.columns[name], times) or None
    rng.shuffle(table)
    return [{"record_id": f"r{i:06d}", "cluster": f"e{cluster}", **record} for i, (cluster, record) in enumerate(table)]
