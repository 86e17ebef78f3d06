"""Made-up consumers with known duplicates: what the systems of a shop hold on the people of a small society.

First the society is built, then its people leave traces in the systems, each written by some hand (the customer, a
clerk, a telephone agent, a scanner). The seed draws layout, market, systems and difficulty.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from kevasync.dedupe.training.people_shop import END, START, Address, Person, Society, at, plain
from kevasync.dedupe.training.words_shop import (
    ALIAS,
    COUNTRY,
    EAR,
    HANDLES,
    KEYS,
    KINDS,
    LAYOUTS,
    MISSPELT,
    NICK,
    OCR,
    PHONES,
    SHORT,
    UNITS,
    WEIGHT,
)

__all__ = ["make"]

Row = dict[str, str | None]
Facts = dict[str, str]


class Source(NamedTuple):
    """A system and its ways: capitals only, no diacritics, the longest name, forms of numbers and dates, short streets."""

    kind: str
    upper: bool
    ascii: bool
    limit: int
    style: int
    dates: str
    last_first: bool
    short: float


class Pen(NamedTuple):
    """How one record gets written: by which hand, and how carelessly."""

    rng: Random
    hand: str
    rate: float

    def hit(self, factor: float = 1) -> bool:
        """Whether the hand slips."""
        return self.rng.random() < self.rate * factor

    def slip(self, text: str, factor: float = 1) -> str:
        """The text, perhaps with slips of the ear (phone), the scanner or the keyboard."""
        while text and self.hit(factor):
            i = self.rng.randrange(len(text))
            c, near, rest = text[i], KEYS.get(text[i], text[i]), text[i + 1 :]
            typed = [rest, c * 2 + rest, rest[:1] + c + rest[1:], near + rest, near + rest]
            fits = [(old, new) for old, new in {"phone": EAR, "scan": OCR}.get(self.hand, []) if old in text]
            text = text.replace(*self.rng.choice(fits), 1) if fits else text[:i] + self.rng.choice(typed)
        return text


class Shop:
    """The systems of a shop, and the society they write about."""

    def __init__(self, persons: int, seed: int) -> None:
        self.rng = rng = Random(f"shop {seed}")
        layouts = Random(f"layouts {seed // len(LAYOUTS)}").sample(LAYOUTS, len(LAYOUTS))
        self.layout, self.severity = layouts[seed % len(LAYOUTS)], seed * 0.618034 % 1  # even over the seeds; 1: severe
        self.noise, self.missing, self.copies, self.traps = (
            low + span * min(1.0, max(0.0, self.severity + rng.gauss(0, 0.15)))
            for low, span in ((0.4, 2.0), (0.4, 1.2), (0.2, 0.8), (0.4, 1.6))
        )
        self.shown = ["first", "last", *self.layout] + ["home"] * bool({"address", "street"} & {*self.layout})
        markets = ["DE", "US"] if "country" in self.layout else [rng.choice(["DE", "US"])]
        self.society = Society(rng, markets, self.traps)
        kinds = list(KINDS) if "email" in self.layout else ["loyalty", "store", "helpdesk"]
        dates = ["{y}-{m:02}-{d:02}"] * 5 + ["{m:02}/{d:02}/{y}" if "US" in markets else "{d:02}.{m:02}.{y}"]
        self.sources = [
            Source(
                kind=kind,
                upper=rng.random() < 0.15,
                ascii=rng.random() < 0.25,
                limit=rng.choice([14, 20, 99, 99, 99]),
                style=rng.randrange(6),
                dates=rng.choice(dates),
                last_first=rng.random() < 0.15,
                short=rng.random() ** 2,
            )
            for kind in kinds[:1] + rng.sample(kinds[1:], rng.choice([1, 2, 2]))
        ]
        self.society.settle(persons)

    def name(self, p: Person, source: Source, pen: Pen, time: float, gone: set[str], facts: Facts) -> Row:
        """The name in all forms in which a layout may want it."""
        rng, first, last = self.rng, p.first, at(p.lasts, time)
        facts |= {x: y for x, y in (("first", first), ("last", last.split()[0])) if x not in gone}
        by = (
            p.goes_by
            if rng.random() < (0.8 if pen.hand == "self" else 0.4)
            else rng.choices(["full", "nick", "initial", "middle"], [84, 6, 5, 5])[0]
        )
        first = {
            "full": first.replace("-", " ").split()[0] if rng.random() < 0.4 else first,
            "initial": first[0],
            "nick": NICK.get(first, [first])[-(len(last) % 2)],
            "middle": f"{first} {rng.choice([p.middle, p.middle[:1]])}".strip(),
        }[by]
        last = (last.split()[0] if rng.random() < 0.5 else last) + (p.suffix if rng.random() < 0.5 else "")
        if pen.hand == "self" and rng.random() < 0.005 * self.noise:
            first, last = rng.choice([("Max", "Mustermann"), ("Mickey", "Mouse"), ("asdf", "asdf"), ("John", "Doe")])
        first, last = "" if "first" in gone else pen.slip(first), "" if "last" in gone else pen.slip(last)
        full = f"{last}, {first}".strip(", ") if source.last_first != pen.hit(0.7) else f"{first} {last}".strip()
        first, last = (last, first) if pen.hit(0.7) else (full, "") if pen.hit(0.3) else (first, last)
        title = rng.choice(["", "Dr. ", "Mr " if p.sex == "m" else "Ms "]) if rng.random() < 0.05 else ""
        return {"name": title + full, "first_name": first, "last_name": last}

    def email(self, mail: str, source: Source, pen: Pen, facts: Facts) -> str:
        """The address as written, or a dummy, which is no fact about the person."""
        rng = self.rng
        if rng.random() < 0.02 * self.noise:  # throw-away by the customer, dummy by the staff
            return f"{rng.choice(HANDLES)}{rng.randrange(999)}@trashmail.com" if pen.hand == "self" else "none@none.com"
        facts["email"], (local, domain) = mail, mail.split("@")
        if domain == "gmail.com" and rng.random() < 0.12:
            local = local.replace(".", "") if "." in local else f"{local}+{rng.choice([source.kind, 'shop', 'spam'])}"
        typos = MISSPELT.get(domain, f"{domain[:-1]} {domain[0]}{domain} {domain[0]}{domain[2:]}").split()
        mail = f"{pen.slip(local, 0.6)}@{rng.choice(typos) if pen.hit() else domain}"
        return mail.upper() if source.upper else mail

    def phone(self, number: str, source: Source, pen: Pen) -> str:
        """The telephone number in a form of its country, mostly the system's own."""
        if pen.hand == "staff" and self.rng.random() < 0.012 * self.noise:
            return self.rng.choice(["0000000000", "123456789", "999-999-9999"])
        country, area, rest = number.split()
        form = PHONES[country][source.style if self.rng.random() < 0.7 else self.rng.randrange(6)]
        return pen.slip(form.format(a=area, b=rest[:3], c=rest[3:]), 1.5)

    def place(self, source: Source, pen: Pen, home: Address) -> Row:
        """The address in all forms in which a layout may want it."""
        rng, (spot, street, number, unit) = self.rng, home
        for long, shorts in SHORT.items():
            if street.endswith(long) and rng.random() < source.short:
                street = street.removesuffix(long) + rng.choice(shorts)
        street, number, code = pen.slip(street), pen.slip(number, 1.5), pen.slip(spot.code, 1.5)
        line = f"{street} {number}" if spot.country == "DE" else f"{number} {street}"
        line = rng.choice(UNITS[spot.country]).format(s=line, u=unit) if unit else line
        city = pen.slip(ALIAS.get(spot.city, spot.city) if rng.random() < 0.12 else spot.city)
        split = "house_no" in self.layout and not pen.hit(0.7)
        return {
            "address": line if "city" in self.layout else f"{line}, {code} {city}",
            "city": city,
            "street": street if split else line,
            "house_no": number if split else None,
            "state": spot.state,
            "postcode": code if rng.random() > 0.05 else None,
            "country": COUNTRY[spot.country][source.style % 3],
        }

    def birthday(self, p: Person, source: Source, pen: Pen, facts: Facts) -> str:
        """The date of birth in the system's form, or the one that people give who want to give none."""
        rng, (y, m, d) = self.rng, p.born
        if rng.random() < (0.05 if pen.hand == "self" else 0.025) * self.noise:
            return source.dates.format(y=rng.choice([1900, 1970, 2000, y, y]), m=1, d=1)
        facts["dob"] = f"{y}-{m}-{d}"
        m, d = (m, d) if not pen.hit(2) else (d, m) if d < 13 else (m, (d + 9) % 28 + 1)
        y, m = (y + rng.choice([-10, -1, 1, 10]), m) if pen.hit() else (y, m % 12 + 1) if pen.hit(0.7) else (y, m)
        return source.dates.format(y=y, m=m, d=d)

    def record(self, p: Person, source: Source, time: float) -> tuple[Row, Facts]:
        """What a system writes down about a person at a time, and the true facts that show in it."""
        rng, (hands, missing), facts = self.rng, KINDS[source.kind], Facts()
        careless = rng.random() < (0.5 if p.sloppy else 0.05 * self.noise)
        pen = Pen(rng, rng.choice(hands.split()), self.noise * (0.1 if careless else 0.015))
        gone = {x for x, share in missing.items() if rng.random() < min(0.97, share * self.missing + 0.06 * careless)}
        time -= rng.uniform(0, 6) if rng.random() < 0.06 else 0  # an old address or number, from memory or the browser
        out = self.name(p, source, pen, time, gone, facts)
        friend = rng.choice(p.house) if rng.random() < 0.03 else p  # phone or parcel address of somebody at home
        cell, line = (at(x or [(0.0, "")], time) for x in (friend.contacts.get("cell"), p.contacts["line"]))
        phone, home = line if line and rng.random() < 0.35 else cell or line, at(friend.homes, time)
        mails = (rng.random() < 0.3 and p.contacts["extra"]) or p.contacts.get("mail")
        if mails and "email" not in gone:
            out["email"] = self.email(at(mails, time), source, pen, facts)
        if "phone" not in gone and phone:
            out["phone"], facts["phone"] = self.phone(phone, source, pen), phone
        if "home" not in gone:
            out |= self.place(source, pen, home)
            facts |= {"home": str(home), "postcode": home.place.code, "city": home.place.city}
        if "dob" not in gone:
            out["dob"] = self.birthday(p, source, pen, facts)
        code = "ascii" if source.ascii else rng.choices(["keep", "ascii", "broken"], [88, 8, 4])[0]
        case = "upper" if source.upper else p.case if pen.hand == "self" else "proper"
        for column in ("name", "first_name", "last_name", "address", "street", "city"):
            text = (out.get(column) or "")[: source.limit * (1 if "_" in column else 2)]
            text = plain(text, german=p.culture == "de") if code == "ascii" else text
            text = text.encode().decode("cp1252", "replace") if code == "broken" else text
            out[column] = text.lower() if case == "lower" else text.upper() if case == "upper" else text
        return {x: out.get(x) or None for x in self.layout}, {x: y for x, y in facts.items() if x in self.shown}

    def traces(self, p: Person) -> list[tuple[Source, Row, Facts]]:
        """All records of a person; nearly every pair has enough true facts in common to be told as one person."""
        rng, kept = self.rng, list[tuple[Source, Row, Facts]]()
        count = rng.choices(range(1, 9), [1, *(1.1 * self.copies * 0.5**i for i in range(7))])[0]
        for time in sorted(rng.uniform(max(START, min(p.born[0] + 15, END - 1)), END) for _ in range(count)):
            for attempt, source in enumerate(rng.choices(self.sources, [5, 3, 3][: len(self.sources)], k=8)):
                row, facts = self.record(p, source, time)
                links = [sum(WEIGHT[k] for k in facts if facts[k] == old.get(k)) for *_, old in [*kept, (0, 0, facts)]]
                vague = min(links[-1], max(links[:-1], default=0)) >= 3.4 and rng.random() < 0.06 * self.noise
                if min(links) >= 3.4 or vague or (attempt == 7 and not kept):
                    if kept and kept[-1][0] is source and KINDS[source.kind][0] == "self" and rng.random() < 0.4:
                        row = {**kept[-1][1], (column := rng.choice(self.layout)): row[column]}  # the browser fills in
                    kept.append((source, row, facts))
                    break
        return kept


def make(persons: int, seed: int) -> list[Row]:
    """The table in no telling order: record_id, cluster, source and the columns of the seed's layout."""
    shop = Shop(persons, seed)
    found = [(f"P{i}", *trace) for i, p in enumerate(shop.society.people[:persons], 1) for trace in shop.traces(p)]
    shop.rng.shuffle(found)
    return [
        {"record_id": f"R{n}", "cluster": person, "source": source.kind, **row}
        for n, (person, source, row, _) in enumerate(found, 1)
    ]
