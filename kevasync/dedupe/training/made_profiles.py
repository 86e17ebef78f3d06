"""Made-up customer profiles with known duplicates: views of people through the channels of a help desk and a sales CRM.

A record is a view of one person, at one date, through one channel of the help desk (`desk`) or the CRM (`sfdc`). The
seed also draws columns and difficulty.
"""

from __future__ import annotations

import math
import re

from kevasync.dedupe.training.people_profiles import Job, Person, Society, plain, slug
from kevasync.dedupe.training.words_profiles import BY_EAR, CHANNELS, COUNTRY, GAPS, GERMAN, LEVELS, STREETS

__all__ = ["make"]

Record = dict[str, str | None]


class Views(Society):
    """A society, and the records that two systems have of it."""

    def spoil(self, text: str, *, by_ear: bool = False) -> str:
        """A typing error, or a hearing error."""
        pairs = (rule.partition(">") for rule in BY_EAR.split())
        rules = [(old, new) for old, _, new in pairs if by_ear and old in text[1:]]
        if rules or len(text) < 3:
            return text[0] + text[1:].replace(*self.rng.choice(rules), 1) if rules else text
        at = self.rng.randrange(1, len(text) - 1)
        near = "wertyuiopasdfghjklzxcvbnmq"["qwertyuiopasdfghjklzxcvbnm".find(text[at].lower())]
        return text[:at] + self.rng.choice((text[at + 1] + text[at], text[at + 1], text[at] * 2, near)) + text[at + 2 :]

    def called(self, p: Person, style: str, when: float, mail: str, brand: str, dirt: float) -> tuple[str, str, str]:
        """First name, last name and display name, in one of the styles."""
        rng, family, formal = self.rng, p.born if when < p.wed else p.family, style in "formal badge"
        first, *parts = (self.common(n.forms, 1 if self.chance(0.04 + 0.1 * dirt) else 99) for n in (p.given, *family))
        last = " ".join(parts) if self.chance(0.8 if formal else 0.4) else parts[-1 if p.culture == "pt" else 0]
        if style == "nick" or (p.culture == "zh" and self.chance(0.5)):
            first = rng.choice(p.given.nicks or [first])
        elif p.middle and (formal or self.chance(0.12)):
            first += " " + (p.middle if p.culture == "ar" else f"{p.middle[0]}.")
        slips = 0.45 if style == "ear" else 0.07 * dirt
        first, last = (
            self.spoil(word, by_ear=style == "ear") if self.chance(slips) else word for word in (first, last)
        )
        if formal or (p.suffix == "Jr." and self.chance(0.5)):
            first, last = f"{p.prefix} {first}".strip(), f"{last} {p.suffix}".strip()
        last += rng.choice((", MBA", ", PMP", ", CPA", " PhD", " - We're hiring!")) if style == "badge" else ""
        if style == "ascii" or self.chance(0.12):
            german, case = p.culture in "de nd" and self.chance(0.6), str.upper if self.chance(0.2) else str
            first, last = (case(plain(word.translate(GERMAN) if german else word)) for word in (first, last))
        elif self.chance(0.06 * dirt):
            first, last = (word.encode().decode("latin-1") for word in (first, last))  # broken encoding
        style = "swap" if style == "full" and self.chance(0.35 if p.culture in "zh ja" else 0.02 * dirt) else style
        if style == "full" and f"{first} {last}".count(" ") > 1 and self.chance(0.15):  # split at the last space
            first, last = f"{first} {last}".rsplit(" ", 1)
        box, title = mail.partition("@")[0].partition("+")[0], p.prefix or rng.choice(("Mr", "Mr.", "Ms", ""))
        guess, handle = re.findall("[a-z]+", box) or [box], rng.choice((box, slug(first)[:1] + slug(last)))
        short, loud = first.upper() if self.chance(0.5) else first, last.upper() if p.culture == "fr" else last
        script, kin, normal = p.given.native or first, family[0].native or last, (first, last, f"{first} {last}")
        return {
            "none": ("",) * 3,
            "address": ("", mail, mail),
            "handle": ("", handle, handle),
            "first": (first, "", first),
            "guess": (" ".join(guess[:-1]).title(), guess[-1].title(), " ".join(guess).title()),
            "last": (title, last, f"{title} {last}".strip()),
            "init": (f"{first[:1]}.", last, f"{first[:1]}. {last}"),
            "dot": (short, f"{last[:1]}.", f"{short} {last[:1]}."),
            "comma": (first, loud, f"{loud}, {first}"),
            "at": (first, f"({brand})", rng.choice((f"{first} from {brand}", f"{first} ({brand})"))),
            "lower": (first.lower(), last.lower(), f"{first} {last}".lower()),
            "swap": (last, first, f"{last} {first}"),
            "native": normal if script.isascii() else (script, kin, kin + script),
        }.get(style, normal)

    def mail(self, p: Person, job: Job, when: float, channel: str, dirt: float) -> str:
        """A mailbox of the person at that date, as it is typed in that channel."""
        rng, firm, desk, code = self.rng, job.firm, CHANNELS[channel][0] == "desk", job.office.country.lower()
        domain, box = firm.old[1] if when < firm.merged else firm.domain, job.boxes[when >= p.wed]
        if p.mails and self.chance(p.private * (2.2 if channel == "social" else 1 if desk else 0.4)):
            return self.common(p.mails, 2.5)
        if desk and self.chance(0.1 if firm.family else 0.04):
            return f"{rng.choice(('info', 'office', 'support', 'it'))}@{self.common((domain, 'relay-inbox.io'))}"
        if p.assistants and not desk and self.chance(0.3):
            box = p.assistants[0].boxes[0]
        elif job.client and self.chance(0.5):
            box, domain = ("ext." if job.ext < "550" else "") + box, job.client.domain
        elif channel == "list" and self.chance(0.15):  # the seller's guess by the most usual pattern
            box = f"{slug(p.given.forms[0])}.{slug(p.family[0].forms[0])}"
        elif self.chance(self.alias):
            sister, plus = domain.split(".")[0] + rng.choice((".com", ".eu", f".{code}")), rng.choice(("work", "news"))
            box, domain = self.common(
                ((job.boxes[2], domain), (box, sister), (f"{box}+{plus}", domain), (box, f"{code}.{domain}")), 1.4
            )
        if self.chance(0.05 * dirt):
            box, domain = rng.choice(((self.spoil(box), domain), (box, domain[:-1]), (box, self.spoil(domain))))
        return f"{box}@{domain}".capitalize() if self.chance(0.02) else f"{box}@{domain}"

    def phone(self, p: Person, job: Job, dirt: float) -> str:
        """The mobile number, the extension or the switchboard, in a form of its country."""
        rng, home, board = self.rng, COUNTRY[job.office.country], job.office.board
        habit, area = p.habit if self.chance(0.75) else rng.random(), 3 if home["dial"] == "1" else 2
        number = p.mobile[: len(board)] if habit < 0.4 else board[:-3] + job.ext if habit < 0.7 else board
        ext = rng.choice((" x", " ext. ", "-", "")) + job.ext if 0.7 < habit < 0.85 else ""
        number = number[:-3] + rng.choice("0123456789") + number[-2:] if self.chance(0.05 * dirt) else number
        gap, trunk, dial = rng.choice(" --. "), home["trunk"], "1" if self.chance(0.02 * dirt) else home["dial"]
        spaced, zero = gap.join((number[:area], number[area : area + 3], number[area + 3 :])), "(0)" if trunk else ""
        forms = (
            f"+{dial} {spaced}",
            f"+{dial} {zero}{spaced}",
            f"+{dial}{number}",
            f"00{dial} {spaced}",
            trunk + spaced,
            trunk + number,
            f"({trunk}{number[:area]}) {number[area:]}",
        )
        return rng.choice(forms) + ext

    def view(self, p: Person) -> Record:
        """One record of the person, at a date, through a channel."""
        rng, channel = self.rng, self.rng.choices(list(CHANNELS), [row[1] for row in CHANNELS.values()])[0]
        system, _, styles, gaps, untidy = CHANNELS[channel]
        dirt, desk = self.noise * untidy * (3.0 if self.chance(self.sloppy) else 0.3), system == "desk"
        when = rng.random() ** (0.6 if desk else 1.1) * (0.7 if channel == "list" else 1)  # bought lists are old
        job = [job for job in p.jobs if job.since <= when][-1]
        firm, office, home = job.firm, job.office, COUNTRY[job.office.country]
        brand, domain = firm.old if when < firm.merged else (firm.brand, firm.domain)
        brand, mail = job.client.brand if job.client and desk else brand, self.mail(p, job, when, channel, dirt)
        first, last, name = self.called(p, self.weighted(styles), when, mail, brand, dirt)
        first, last, name = (*p.fixed.rsplit(" ", 1), p.fixed) if p.fixed else (first, last, name)
        full, short = f"{brand} {firm.legal}", re.sub("[^A-Z]", "", brand) if brand.count(" ") > 1 else brand
        forms = {
            "card": [full, brand],
            "list": [full, plain(full).upper()],
            "call": [brand, self.spoil(brand, by_ear=True)],
        }
        forms["hand"] = [brand, full, short, brand.lower(), brand.split()[0], domain]
        level = max(0, job.level - (when < job.promoted and job.level < 6))
        title = self.common(LEVELS[level].split(";")).replace("*", self.common(job.role.split(";")).replace("_", " "))
        street = self.common(STREETS.get(home["culture"], "# @ Street;# @ St").split(";"))
        street = street.replace("@", office.street[0]).replace("#", office.street[1])
        city = office.city.split("=")[-self.chance(0.65 if desk else 0.35)]
        company, country = self.common(forms.get(channel, forms["hand"]), 1.6), self.common(home["names"].split(";"))
        company, city = (self.spoil(text) if self.chance(0.05 * dirt) else text for text in (company, city))
        values = mail, self.phone(p, job, dirt), company, title, street, city, country, office.post
        row = {
            key: "" if self.chance(float(gap) ** (1 / self.gaps)) else value
            for key, gap, value in zip(GAPS, gaps.split(), values, strict=True)
        }
        if not (row["email"] or (row["phone"] and "phone" in self.layout) or (row["company"] and first and last)):
            row["email"] = mail
        row |= {"source": system, "first_name": first, "last_name": last, "name": name}
        return {column: row[column] or None for column in ("source", *self.layout)}

    def records(self, p: Person) -> list[Record]:
        """The person's records, which nearly always have something in common."""
        found, more = [self.view(p)], self.chance(self.copied) * (1 + int(math.log(1 - self.rng.random(), self.more)))
        for _ in range(6 * more):
            again = self.rng.choice(found) | {"source": self.rng.choice(("desk", "sfdc"))}
            new = again if self.chance(0.03) else self.view(p)  # imported again, or carried over
            if len(found) <= more and (self.chance(0.01) or all(len(_clues(one) & _clues(new)) > 1 for one in found)):
                found.append(new)
        return found


def _clues(record: Record) -> set[str]:
    """What may link records: e-mail, phone, and words of the name, mailbox, company and city."""
    mail, phone = (record["email"] or "").lower(), re.sub(r"\D", "", record.get("phone") or "")[-7:]
    text = [value for key, value in record.items() if value and key in "name first_name last_name company city"]
    words = re.split(r"[\s.,@_+-]", " ".join([*text, mail, mail[1:]]))
    return {mail, phone, phone[:6], *(slug(word)[:5] for word in words)} - {"", "com", "gmail", "hotma", "yahoo"}


def make(persons: int, seed: int) -> list[Record]:
    """The table in no telling order, with record_id, cluster and source: the same for the same seed."""
    views = Views(persons, seed)
    table = [
        {"record_id": None, "cluster": f"P{number:06d}"} | record
        for number, person in enumerate(views.people)
        for record in views.records(person)
    ]
    views.rng.shuffle(table)
    return [record | {"record_id": f"{record['source']}-{at:06d}"} for at, record in enumerate(table)]
