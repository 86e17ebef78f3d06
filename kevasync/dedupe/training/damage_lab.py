"""How difficult a table of a lab is, and what damages its values: slips, sounds, scanners, codings, other meanings."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from html import escape
from itertools import accumulate
from random import Random

from kevasync.dedupe.training.words_lab import (
    CASES,
    COUNTRIES,
    FEW,
    KNOBS,
    LAYOUTS,
    LEVELS,
    LOOKALIKES,
    NEAR,
    NICK,
    NULLS,
    OCR,
    PHONETICS,
    SAME,
)

__all__ = ["Damage", "Plan"]

Record = dict[str, str | None]
Op = Callable[[str], str]
_DRESSES = '{} 🙂|{} ⭐|✅ {}|{}.|"{}"|{},|*{}*'.split("|")
_TITLES = "Mr |Mrs |Ms |Dr |Dr. |Prof. ".split("|")


def _like(model: str, text: str) -> str:
    """The text in the letter case of the model."""
    return text.lower() if model.islower() else text.upper() if model.isupper() and len(model) > 2 else text


class Plan:
    """Everything about the table of a seed but its contents."""

    def __init__(self, seed: int) -> None:
        rng, picked = Random(f"plan{seed}"), list[str]()
        for names in (list(LAYOUTS), list(LEVELS), [*COUNTRIES, "all"]):  # each once in a run of so many seeds
            Random(f"{names[0]}{seed // len(names)}").shuffle(names)
            picked.append(names[seed % len(names)])
        self.layout, self.difficulty, self.country = picked
        self.knobs = dict(zip(KNOBS, LEVELS[self.difficulty], strict=True))
        self.columns = {part.split(":")[0]: part.split(":")[-1] for part in LAYOUTS[self.layout].split()}
        self.sources = [  # case, format of dates, phones, order of names, sexes, without accents
            (
                rng.choice(["title", *CASES]),
                rng.choice("%Y%m%d %Y-%m-%d %d/%m/%Y %m/%d/%Y %d.%m.%Y".split()),
                rng.randrange(6),
                rng.randrange(4),
                rng.choice(["F M", "female male"]),
                rng.random() < 0.3,
            )
            for _ in range(rng.randint(1, 3))
        ]
        self.null_words, most, mean = rng.choice([0.0, 0.1, 0.3]), rng.randint(2, 5), rng.uniform(0.5, 2.0)
        poisson = list(accumulate(range(2, 9), lambda weight, k: weight * mean / k, initial=1.0))
        self.counts = rng.choice([[1.0], [1.0] * most, [k**-1.8 for k in range(1, 11)], poisson])
        self.duplicated, self.decoys, dirt = rng.uniform(0.15, 0.6), rng.uniform(0.1, 0.35), self.knobs["dirt"]
        causes = {"typing": 4, "sound": 1.5, "scan": 1, "words": 1.2, "meaning": 4, "coding": dirt, "dress": 1.2 * dirt}
        self.flavour = {cause: weight * rng.lognormvariate(0, 0.6) for cause, weight in causes.items()}
        self.missing = {
            name: min(0.5, self.knobs["missing"] * rng.expovariate(1) * (1 if attribute in FEW else 0.6))
            for name, attribute in self.columns.items()
        }


class Damage:
    """Operations that damage one value, grouped by cause."""

    def __init__(self, plan: Plan, rng: Random) -> None:
        self.rng, self.plan = rng, plan
        sound, scan, alike = (
            partial(self.rule, pairs=[rule.split(">") for rule in text.split()])
            for text in (PHONETICS, OCR, LOOKALIKES)
        )
        self.ops: dict[str, list[Op]] = {
            "typing": [self.slip, self.slip, self.more, self.drop, self.turn],
            "sound": [sound],
            "scan": [scan],
            "words": [self.wording],
            "coding": [alike, alike, self.hidden, self.wide, self.mojibake, escape],
            "dress": [self.spaces, self.casing, lambda v: rng.choice(_DRESSES).replace("{}", v)],
        }
        self.meaning = self.meanings()
        self.sums = {
            key: list(
                accumulate(
                    weight * (key not in FEW or cause not in ("sound", "words"))
                    for cause, weight in plan.flavour.items()
                )
            )
            for key in plan.columns.values()
        }

    def meanings(self) -> dict[str, list[Op]]:
        """What another person might write for the same fact, by attribute."""
        rng, pick, digit, turn = self.rng, self.rng.choice, self.digit, self.turn
        same, nick = partial(self.word, table=SAME), partial(self.word, table=NICK)
        return {
            **{attribute: [same] for attribute in self.plan.columns.values()},
            **{attribute: [digit, digit, turn] for attribute in FEW},
            "sex": [same],
            "given": [nick, nick, self.title, self.initial],
            "middle": [self.initial],
            "surname": [self.family],
            "email": [self.mail],
            "full": [
                nick,
                nick,
                self.title,
                self.initial,
                self.invert,
                lambda v: f"{v.split(' ')[0]} {v.split(' ')[-1]}",
            ],
            "dob": [self.date, self.date, digit],
            "phone": [digit, digit, turn, lambda v: pick([v[:-2], v[-8:], f"{v} x{rng.randint(10, 99)}"])],
            "company": [same, same, lambda v: v.rpartition(" ")[0] or v],
            "address": [same, digit, lambda v: f"{pick(['Unit', 'Flat'])} {rng.randint(1, 40)} {v}"],
        }

    def turn(self, value: str) -> str:
        """Two neighbouring characters change places."""
        return self.at(value, lambda two: two[::-1])

    def slip(self, value: str) -> str:
        """A neighbouring key in place of the right one."""
        pick = self.rng.choice
        return self.at(value, lambda two: _like(two[0] * 3, pick(NEAR.get(two[0].lower(), two[0]))) + two[1:])

    def drop(self, value: str) -> str:
        """A character left out, where enough are left."""
        return self.at(value, lambda two: two[1:]) if len(value) > 2 else value

    def more(self, value: str) -> str:
        """A key pressed twice, or together with its neighbour."""
        pick = self.rng.choice
        return self.at(value, lambda two: two[0] + pick([two[0], *NEAR.get(two[0].lower(), "")]) + two[1:])

    def digit(self, value: str) -> str:
        """Another digit, where one is hit."""
        pick = self.rng.choice
        return self.at(value, lambda two: pick("0123456789") + two[1:] if two[0].isdigit() else two)

    def wide(self, value: str) -> str:
        """Digits of full width, as East Asian keyboards give."""
        return "".join(chr(ord(c) + 0xFEE0) if "0" <= c <= "9" else c for c in value)

    def hidden(self, value: str) -> str:
        """A character that nobody sees."""
        pick = self.rng.choice
        return self.at(value, lambda two: two[0] + pick("\u200b\u200d\ufeff\u00ad") + two[1:])

    def spaces(self, value: str) -> str:
        """Blanks too many."""
        return self.rng.choice([f" {value}", f"{value}  ", value.replace(" ", "  "), f"\u00a0{value}"])

    def casing(self, value: str) -> str:
        """Another letter case."""
        return self.rng.choice([value.upper(), value.lower(), value.swapcase(), value.title()])

    def title(self, value: str) -> str:
        """A title before the name."""
        return _like(value, self.rng.choice(_TITLES)) + value

    def initial(self, value: str) -> str:
        """The first word cut to its initial."""
        return " ".join([value[0] + self.rng.choice(["", "."]), *value.split(" ")[1:]])

    def invert(self, value: str) -> str:
        """The last word first."""
        last = value.rsplit(" ", maxsplit=1)[-1] + self.rng.choice([",", ""])
        return " ".join([last, *value.replace(",", "").split(" ")[:-1]])

    def family(self, value: str) -> str:
        """A surname joined with another, or cut to its first part."""
        joined = f"{value}-{_like(value, self.rng.choice(['Smith', 'Kaur', 'Weber', 'Costa']))}"
        return self.rng.choice([joined, value.split("-", maxsplit=1)[0]])

    def mail(self, value: str) -> str:
        """An address with a dot less, a tag, a digit more, another domain or none."""
        return self.rng.choice(
            [
                value.replace(".", "", 1),
                value.replace("@", "+news@"),
                value.replace("@", self.rng.choice("2_.") + "@"),
                value.replace("example", "exmaple"),
                value.split("@", maxsplit=1)[0],
            ]
        )

    def apply(self, value: str, attribute: str, times: int) -> str:
        """The value with so many modifications, though not so many that nobody could read it."""
        bearable = 1 + len(value) // (8 - int(self.plan.knobs["per_field"]))
        for _ in range(3 * times):
            cause = self.rng.choices(list(self.plan.flavour), cum_weights=self.sums[attribute])[0]
            harsh = cause in ("typing", "sound", "scan", "words") or (cause == "meaning" and attribute in FEW)
            bearable -= harsh
            if value and times > 0 and not (harsh and bearable < 0):
                changed = self.rng.choice(self.meaning[attribute] if cause == "meaning" else self.ops[cause])(value)
                times -= changed != value
                value = changed
        return value

    def at(self, value: str, change: Op) -> str:
        """The value with a random pair of neighbouring characters changed (or, rarely, the last one)."""
        i = int(self.rng.random() * max(1, len(value) - (self.rng.random() < 0.9)))
        return value[:i] + change(value[i : i + 2]) + value[i + 2 :]

    def rule(self, value: str, pairs: list[list[str]]) -> str:
        """The first rule that fits, from a random one on."""
        start = self.rng.randrange(len(pairs))
        for old, new in pairs[start:] + pairs[:start]:
            i = value.lower().find(old, self.rng.randrange(1 + len(value) // 2))
            if i >= 0:
                return value[:i] + _like(value[i : i + 1] * 3, new) + value[i + len(old) :]
        return value

    def word(self, value: str, table: dict[str, list[str]]) -> str:
        """The value, or one of its words, replaced by another member of its group."""
        parts = [value] if value.lower() in table else value.split(" ")
        known = [i for i, part in enumerate(parts) if part.lower() in table]
        for i in known[:1] if self.rng.random() < 0.5 else known[-1:]:
            parts[i] = _like(parts[i], self.rng.choice(table[parts[i].lower()]))
        return " ".join(parts)

    def wording(self, value: str) -> str:
        """Two words merged, hyphenated or turned, a word split, or the end cut off."""
        parts, cut = value.split(" "), self.rng.randint((len(value) + 1) // 2, len(value))
        i = self.rng.randrange(len(parts))
        glued = " ".join([*parts[:i], self.rng.choice(["", "-", "_"]).join(parts[i : i + 2]), *parts[i + 2 :]])
        split = f"{value[:cut]} {value[cut:]}".strip()
        return self.rng.choice([glued, split, " ".join(parts[i:] + parts[:i]), value[:cut] if cut > 5 else split])

    def mojibake(self, value: str) -> str:
        """UTF-8 read as Windows-1252, after a curly apostrophe or an accent has come in if there is none."""
        for old, new in (("'", "’"), ("e", "é"), ("a", "à"), ("o", "ö")):
            value = value.replace(old, new, 1) if value.isascii() else value
        return value.encode().decode("cp1252", "replace")

    def date(self, value: str) -> str:
        """Day and month swapped, a neighbouring or shortened year, or the year alone."""
        swapped = re.sub(r"(\d\d)(\D?)(\d\d)(?=\D\d{4}$|$)", r"\3\2\1", value, count=1)
        year: str = (re.findall(r"^(?:19|20)\d\d|(?:19|20)\d\d$", value) or [value])[0]
        near = value.replace(year, year[:2] + year[:1:-1])
        return self.rng.choice([swapped, swapped, near, value.replace(year, year[2:]), year])

    def spoil(self, record: Record, others: list[Record]) -> None:
        """Damage a duplicate in place; some are much worse than others, and wide tables bear more."""
        rng, knobs, names, most = self.rng, self.plan.knobs, list(record), int(self.plan.knobs["per_field"])
        force, gone = rng.lognormvariate(-0.2, 0.7), sum(value is None for value in record.values())
        picked = rng.choices(names, k=max(1, round(force * knobs["mods"])))
        lost, replaced = (knobs[knob] * force * (len(names) / 7) ** 1.5 for knob in ("lost", "replaced"))
        for name in rng.sample(names, len(names)):
            value, luck = record[name], rng.random()
            times = max(min(most, picked.count(name)), rng.randint(1, most) if rng.random() < knobs["every"] else 0)
            if value and times:
                record[name] = self.apply(value, self.plan.columns[name], times)
            if value and luck < lost + replaced and gone < max(2, len(names) - 4):
                word = rng.choice(NULLS) if rng.random() < self.plan.null_words else None
                record[name], gone = word if luck < lost else rng.choice(others)[name], gone + 1
        if rng.random() < knobs["swapped"]:
            i = rng.randrange(len(names) - 1)
            record[names[i]], record[names[i + 1]] = record[names[i + 1]], record[names[i]]
