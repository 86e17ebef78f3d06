"""How the made-up systems damage what they hold, and how much of it still speaks for the same person."""

import random
from collections.abc import Callable
from typing import NamedTuple

from kevasync.dedupe.training.words_migration import (
    CANON,
    COUNTRIES,
    FUNCTIONS,
    HEARD,
    LEVELS,
    LONG_SHORT,
    SLIPS,
    SOUNDS,
    WHOLE_TITLES,
    Phone,
    Title,
    fold,
)

_ROLES = frozenset(word for row in COUNTRIES.values() for word in row.roles.split())
Row = dict[str, str]


class Trace(NamedTuple):
    """What a human compares of a record."""

    email: str
    local: str
    phone: str
    first: str
    last: tuple[str, ...]
    firm: tuple[str, ...]
    rest: tuple[str, ...]


def swap_some(rng: random.Random, text: str, pairs: list[tuple[str, ...]]) -> str:
    """Put one of the pairs that fit to work at one place of a text."""
    found = [p for p in pairs if p[0] in text]
    if not found:
        return text
    old, new = rng.choice(found)
    at = rng.choice([i for i in range(len(text)) if text.startswith(old, i)])
    return text[:at] + new + text[at + len(old) :]


def typo(rng: random.Random, text: str) -> str:
    """Swap, lose, double or miss one key."""
    if len(text) < 3:
        return text
    i, roll = rng.randrange(1, len(text) - 1), rng.random()
    if roll < 0.3:
        return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    if roll < 0.6:
        return text[:i] + text[i + 1 :]
    if roll < 0.75:
        return text[:i] + text[i] + text[i:]
    rows = "qwertyuiop asdfghjkl zxcvbnm 1234567890"
    at = rows.find(text[i].lower())
    return text[:i] + (rows[max(0, min(len(rows) - 1, at + rng.choice([-1, 1])))] if at >= 0 else "e") + text[i + 1 :]


def bad_page(text: str, page: int) -> str:
    """What is left of accents after one of six bad code-page conversions."""
    if text.isascii():
        return text
    if page == 0:
        return text.encode().decode("cp1252", "replace")
    if page == 1:
        return text.encode("latin-1", "replace").decode("cp850")
    if page == 4:
        return text.encode("ascii", "xmlcharrefreplace").decode()
    return text.encode("ascii", "replace" if page in {2, 5} else "ignore").decode()


def misheard(rng: random.Random, text: str) -> str:
    """A name as somebody on the telephone understood it."""
    words = text.split(" ")
    for i, word in enumerate(words):
        if word in HEARD:
            words[i] = rng.choice(HEARD[word])
            return " ".join(words)
    return swap_some(rng, text, SOUNDS)


def hurt_mail(rng: random.Random, text: str) -> str:
    """An address masked or mistyped."""
    local, at, domain = text.partition("@")
    roll = rng.random()
    if roll < 0.25:
        return f"{local[:3]}***@{domain}" if roll < 0.2 else f"{local[:1]}*****@{domain[:1]}***.{domain.split('.')[-1]}"
    if roll < 0.5:
        return typo(rng, local) + at + domain
    return (
        swap_some(rng, text, SLIPS)
        if roll < 0.8
        else local + at + typo(rng, domain)
        if roll < 0.93
        else text.replace(".", " ", 1)
    )


def hurt_phone(rng: random.Random, text: str) -> str:
    """A number with wrong, missing or swapped digits, or as a spreadsheet left it."""
    at = [i for i, c in enumerate(text) if c.isdigit()]
    digits, roll = "".join(c for c in text if c.isdigit()), rng.random()
    if len(at) < 7:
        return text
    i = at[rng.randrange(len(at) // 2, len(at) - 1)]
    if roll < 0.4:
        return text[:i] + str(rng.randrange(10)) + text[i + 1 :]
    if roll < 0.6:
        return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    if roll < 0.8:
        return text[: at[-1]] if roll < 0.72 else digits[-7:]
    return f"{digits[0]}.{digits[1:6]}E+{len(digits) - 1}" if roll < 0.85 else digits.lstrip("0")


def hurt_text(rng: random.Random, key: str, text: str) -> str:
    """A name, firm, title or place mistyped, shortened, cut or misheard."""
    roll = rng.random()
    if key in {"company", "title", "street", "city"}:
        if roll < 0.35:
            short = swap_some(rng, text, LONG_SHORT)
            return short if short != text else typo(rng, text)
        if roll < 0.5 and " " in text:
            return " ".join(text.split()[:-1])
        return text[: max(4, len(text) * 2 // 3)] if roll < 0.6 else typo(rng, text)
    if roll < 0.3:
        return misheard(rng, text)
    if roll < 0.42 and key == "first_name":
        return text[0] + "."
    return text[: max(3, len(text) - 3)] if roll < 0.5 else fold(text) if roll < 0.58 else typo(rng, text)


def misplace(rng: random.Random, row: Row, columns: tuple[str, ...]) -> None:
    """Values in a wrong column: swapped names, firm and name, title and firm, all in one."""
    ways: list[Callable[[], None]] = []
    if "first_name" in columns:
        f, last = row["first_name"], row["last_name"]
        ways += [lambda: row.update(first_name=last, last_name=f)] * 4
        ways += [
            lambda: row.update(first_name="", last_name=f"{f} {last}"),
            lambda: row.update(first_name=f"{f} {last}", last_name=""),
        ]
    ways += [lambda: row.update(company=row["name"] if "name" in columns else row["last_name"])]
    if "title" in columns:
        ways += [
            lambda: row.update(company=row["title"], title=row["company"]),
            lambda: row.update(company=f"{row['title']}, {row['company']}", title=""),
        ]
    if "phone" in columns:
        ways += [lambda: row.update(phone=row["email"], email="")]
    if "city" in columns:
        ways += [
            lambda: row.update(city=row["country"]),
            lambda: row.update(company=f"{row['company']}, {row['city']}", city=""),
        ]
    rng.choice(ways)()


def show_phone(phone: Phone, style: int) -> str:
    """A number in one of eight manners of writing."""
    dial, zero, area, number, ext = phone
    if dial == "1":
        a, b = number[:3], number[3:]
        text = [
            f"({area}) {a}-{b}",
            f"{area}-{a}-{b}",
            f"+1 {area} {a} {b}",
            f"{area}.{a}.{b}",
            f"{area}{a}{b}",
            f"1-{area}-{a}-{b}",
            f"+1{area}{a}{b}",
            f"({area}){a}-{b}",
        ][style]
        return text + (
            ["", " x", " ext. ", " ext ", "x", " x", "", " ext. "][style] + ext if ext and style not in {0, 6} else ""
        )
    if dial in {"49", "43", "41"} or style in {4, 6}:
        # In the German-speaking lands an extension is simply the last digits.
        tail = ("-" if style in {0, 2, 3, 5} else "") + ext if ext else ""
    else:
        tail = f" ext. {ext}" if ext and style in {0, 1, 3} else ""
    half = f"{number[:3]} {number[3:]}"
    return [
        f"+{dial} {area} {number}",
        f"{zero}{area} {half}",
        f"+{dial} ({zero}){area} {number}",
        f"({zero}{area}) {number}",
        f"00{dial}{area}{number}",
        f"{zero}{area}/{number}",
        f"+{dial}{area}{number}",
        f"{zero}{area}{number}",
    ][style] + tail


def show_title(rng: random.Random, title: Title, reworded: bool) -> str:
    """A position in its holder's words, or in others'."""
    rows = WHOLE_TITLES if title.level < 0 else FUNCTIONS
    words = rows[title.function]
    word = rng.choice(words) if reworded else words[title.wording % len(words)]
    if title.level < 0:
        return word
    forms = LEVELS[title.level]
    return (rng.choice(forms) if reworded else forms[title.wording % len(forms)]).format(word)


def trace(row: Row, columns: tuple[str, ...]) -> Trace:
    """What of a record bears on who it is."""
    got = {c: fold(row[c]).strip() for c in columns}
    local, _, domain = got.get("email", "").partition("@")
    spaced = "".join(
        c if c.isalnum() else " "
        for c in f"{got.get('first_name', '')} {got.get('last_name', '')} {got.get('name', '')}"
    )
    words = [CANON.get(w, w) for w in spaced.split()]
    if not any(len(w) > 2 for w in words):
        words += "".join(c if c.isalpha() else " " for c in local).split()
    digits = "".join(c for c in got.get("phone", "") if c.isdigit())
    firm = tuple(w[:4] for w in got.get("company", "").replace("-", " ").split() if len(w) > 2) + (
        (domain[:4],) if domain else ()
    )
    return Trace(
        local + "@" + domain if domain else "",
        local,
        digits[-8:] if len(digits) > 6 else "",
        words[0][:1] if words else "",
        tuple(w for w in words if len(w) > 2),
        firm,
        tuple(got[c] for c in ("city", "title", "street", "postcode") if got.get(c)),
    )


def _close(a: str, b: str) -> bool:
    return a[:4] == b[:4] or a[-5:] == b[-5:] or (a[0] == b[0] and len(set(a) & set(b)) * 1.35 > len(set(a) | set(b)))


def evidence(a: Trace, b: Trace, common: int) -> float:
    """How much two records of one person still speak for one another."""
    mail = 3.5 if a.email and a.email == b.email else 2.0 if len(a.local) > 4 and a.local[:5] == b.local[:5] else 0.0
    if a.local in _ROLES:
        mail = min(mail, 1.0)
    phone = 2.0 if a.phone and a.phone[-7:] == b.phone[-7:] else 1.0 if a.phone and a.phone[:5] == b.phone[:5] else 0.0
    hits = sum(
        1.0 if any(w == v for v in b.last) else 0.8 if any(_close(w, v) for v in b.last) else 0.0 for w in a.last
    )
    name = min(2.4, hits * 1.3) + (0.4 if hits < 2 and a.first and a.first == b.first else 0.0)
    name -= min(1.0, 0.4 * (common - 1)) if name > 1 else 0.0
    firm = 1.0 if any(w in b.firm for w in a.firm) else 0.0
    return mail + phone + name + firm + min(0.8, 0.4 * sum(w in b.rest for w in a.rest))
