"""Ways to damage one value, from a slipped key to total loss, for the heavily damaged test tables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import TypeVar

from kevasync.dedupe.training import words_wreck as words

Damage = Callable[[str, Random], str]
T = TypeVar("T")
_ISO = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])-([0-9]{2})\Z")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def pick(options: Sequence[T], rng: Random, skew: float = 1.0) -> T:
    """Draw one option; a skew above 1 favours the front of the sequence."""
    return options[int(len(options) * rng.random() ** skew)]


def _spot(text: str, rng: Random) -> int:
    return int(len(text) * rng.random())


def _keyboard(text: str, rng: Random) -> str:
    spot = _spot(text, rng)
    near = words.KEYS.get(text[spot].lower())
    if near is None:
        return _doubled(text, rng)
    key = pick(near, rng)
    return text[:spot] + (key.upper() if text[spot].isupper() else key) + text[spot + 1 :]


def _confused(text: str, rng: Random, table: Sequence[tuple[str, str]]) -> str:
    """Apply one random confusion of the table that fits, else drop a letter."""
    start = int(len(table) * rng.random())
    for step in range(len(table)):
        old, new = table[(start + step) % len(table)]
        # Look from a random place on, so that not always the first letter is hit.
        spot = text.find(old, _spot(text, rng))
        if spot >= 0:
            return text[:spot] + new + text[spot + len(old) :]
    return _dropped(text, rng)


_heard: Damage = partial(_confused, table=words.HEARD)
_scanned: Damage = partial(_confused, table=words.SCANNED)


def _doubled(text: str, rng: Random) -> str:
    spot = _spot(text, rng)
    return text[:spot] + text[spot] * (2 if rng.random() < 0.8 else 4) + text[spot + 1 :]


def _dropped(text: str, rng: Random) -> str:
    spot = _spot(text, rng)
    return text[:spot] + text[spot + 1 :] if len(text) > 2 else text


def _twisted(text: str, rng: Random) -> str:
    if len(text) < 3:
        return text
    spot = int((len(text) - 1) * rng.random())
    return text[:spot] + text[spot + 1] + text[spot] + text[spot + 2 :]


def _fronted(text: str, rng: Random) -> str:
    spot = _spot(text, rng)
    return text[spot] + text[:spot] + text[spot + 1 :]


_TYPOS: tuple[Damage, ...] = (_keyboard, _heard, _scanned, _doubled, _dropped, _twisted, _fronted, _keyboard)


def typo(text: str, rng: Random) -> str:
    """Make one slip of the hand, the ear or the scanner."""
    return pick(_TYPOS, rng)(text, rng) if text else text


def _several(text: str, rng: Random) -> str:
    for _ in range(2 if len(text) < 8 else 3):
        text = typo(text, rng)
    return text


def _riot(text: str, rng: Random) -> str:
    for _ in range(3 + int(3 * rng.random())):
        text = typo(text, rng)
    return text


def _shuffled(text: str, rng: Random) -> str:
    middle = list(text[1:])
    rng.shuffle(middle)
    return text[:1] + "".join(middle)


def _random_case(text: str, rng: Random) -> str:
    return "".join(c.upper() if rng.random() < 0.5 else c.lower() for c in text)


def _recased(text: str, rng: Random) -> str:
    return pick((text.upper(), text.lower(), text.swapcase()), rng)


def _invisible(text: str, rng: Random) -> str:
    rate = pick((0.15, 0.4, 1.0), rng)
    inside = "".join(c + pick(words.INVISIBLE, rng) if rng.random() < rate else c for c in text)
    return inside if inside != text else text[:1] + "\u200b" + text[1:]


def _mapped(text: str, rng: Random, table: dict[str, str]) -> str:
    rate = pick((0.4, 0.7, 1.0), rng)
    return "".join(table.get(c, c) if rng.random() < rate else c for c in text)


_lookalike: Damage = partial(_mapped, table=words.LOOKALIKE)
_leet: Damage = partial(_mapped, table=words.LEET)


def _accented(text: str, rng: Random) -> str:
    marked = "".join(c + pick(words.ACCENTS, rng) if c.isalpha() and rng.random() < 0.3 else c for c in text)
    return unicodedata.normalize("NFC", marked) if rng.random() < 0.7 else marked


def _mojibake(text: str, rng: Random) -> str:
    if text.isascii():
        text = _accented(text, rng)
    if rng.random() < 0.3:
        return text.encode("ascii", "replace").decode()
    return text.encode().decode("cp1252", "replace")


def _stickers(text: str, rng: Random) -> str:
    for _ in range(pick((1, 1, 2, 3), rng)):
        spot = pick((0, len(text), _spot(text + " ", rng)), rng)
        text = text[:spot] + pick(words.STICKERS, rng) + text[spot:]
    return text


def _entities(text: str, rng: Random) -> str:
    how = rng.random()
    if how < 0.2:
        return f"<b>{text}</b>" if how < 0.1 else f"&quot;{text}&quot;"
    rate = 0.25 if how < 0.8 else 0.8
    return "".join(
        f"&#{ord(c)};" if not c.isascii() or rng.random() < rate else "&nbsp;" if c == " " else c for c in text
    )


def _ascii(text: str, rng: Random) -> str:
    if text.isascii():
        return _recased(text, rng)
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode() or text


def _glued(text: str, rng: Random) -> str:
    if " " in text and rng.random() < 0.6:
        return text.replace(" ", pick(("", "", "_", "-", "  "), rng))
    spot = 1 + _spot(text[1:] or "x", rng)
    return text[:spot] + pick((" ", " ", "-", "  "), rng) + text[spot:]


def _turned(text: str, rng: Random) -> str:
    parts = text.split()
    if len(parts) < 2:
        return _glued(text, rng)
    return pick((" ", ", ", " "), rng).join(reversed(parts))


def _backwards(text: str, rng: Random) -> str:
    return text[::-1].capitalize() if rng.random() < 0.5 else text[::-1]


def _cut(text: str, rng: Random) -> str:
    return text[: 1 + int(3 * rng.random())]


def _initials(text: str, rng: Random) -> str:
    return pick((" ", "", "."), rng).join(part[0] + "." for part in text.split())


def _vowels(text: str, _: Random) -> str:
    return text[:1] + re.sub(r"[aeiouyäöüéèêáíóúåıãAEIOU]", "", text[1:])


def _masked(text: str, rng: Random) -> str:
    keep = pick((1, 1, 2, 3), rng)
    return text[:keep] + "*" * pick((3, 5, max(1, len(text) - keep)), rng)


def _nickname(text: str, rng: Random) -> str:
    return words.NICKNAMES.get(text) or typo(text, rng)


def _mail_number(text: str, _: Random) -> str:
    """A number formatter keeps the digits only and dresses them as a telephone."""
    digits = re.sub(r"\D", "", text)
    return f"+1 ({digits[:2]}) {digits[2:5]}-{digits[5:]}"


def _mail_masked(text: str, rng: Random) -> str:
    local, _, domain = text.partition("@")
    hidden = domain[:1] + "***." + domain.rpartition(".")[2] if rng.random() < 0.3 else domain
    return f"{local[: pick((1, 2, 3), rng)]}***@{hidden}"


def _mail_dressed(text: str, rng: Random) -> str:
    forms = ("mailto:{}", "<{}>", "{};", " {} ", "{}.", '"{}"', "E-Mail: {}")
    how = rng.random()
    if how < 0.4:
        return text.replace("@", pick((" at ", "(at)", "[at]", "@@", " @ ", "#"), rng))
    return pick(forms, rng).format(text) if how < 0.8 else text.replace(".", pick((",", " dot ", ""), rng))


def _mail_local(text: str, rng: Random) -> str:
    local = text.partition("@")[0]
    return local if rng.random() < 0.5 else f"{local}@"


def _mail_moved(text: str, rng: Random) -> str:
    return f"{text.partition('@')[0]}@{pick(words.MAILERS, rng)}"


def _mail_domain(text: str, _: Random) -> str:
    return "@" + text.partition("@")[2]


def _site(text: str, rng: Random) -> str:
    bare = text.removeprefix("www.")
    forms = ("https://{0}", "http://{1}/index.html", "{1}", "{1}/", "{1}/contact?ref=a", "HTTP://{0}", "http//{0}")
    return pick(forms, rng).format(text, bare)


def _digits(text: str) -> str:
    """The telephone's digits without the extension."""
    return re.sub(r"\D", "", text.partition("ext")[0])


def _dialled(text: str, rng: Random) -> str:
    """Write the same number in another, often clumsy way."""
    digits, code = _digits(text), re.match(r"\+(\d+) ", text)
    bare = digits[len(code[1]) :] if code else digits
    lead = code[1] if code else ""
    how = int(8 * rng.random())
    if how == 0:
        return " ".join(bare[i : i + 2] for i in range(0, len(bare), 2))
    if how == 1:
        return f"+{lead}+{lead} {bare}" if rng.random() < 0.5 else f"{lead}{lead}{bare}"
    if how == 2:
        return f"{int(digits):.{len(digits) - 1}e}"
    if how == 3:
        return bare.replace("0", "O").replace("1", "l").replace("5", "S")
    if how == 4:
        return f"00{lead} (0) {bare}"
    if how == 5:
        return f"{digits} ext. {int(900 * rng.random()) + 10}"
    return bare if how == 6 else f"Tel.: {bare[:3]}/{bare[3:]}"


def _digit_wrong(text: str, rng: Random) -> str:
    spots = [i for i, c in enumerate(text) if c.isdecimal()]
    if not spots:
        return typo(text, rng)
    spot = pick(spots, rng)
    wrong = (int(text[spot]) + 1 + int(9 * rng.random())) % 10
    return f"{text[:spot]}{wrong}{text[spot + 1 :]}"


def _digits_wrong(text: str, rng: Random) -> str:
    return _digit_wrong(_digit_wrong(_twisted(text, rng), rng), rng)


def _scientific(text: str, rng: Random) -> str:
    digits = _digits(text)
    return f"{int(digits):.{pick((3, 5, 5), rng)}e}" if digits.isascii() and digits else _cut(text, rng)


def _last_four(text: str, rng: Random) -> str:
    return pick(("***-***-", "***-**-", "", "...", "xxxxxx"), rng) + text[-4:]


def _half(text: str, rng: Random) -> str:
    half = len(text) // 2
    return text[:half] if rng.random() < 0.5 else text[half:]


def _date_form(text: str, rng: Random) -> str:
    """The same day in another order, with day and month swapped or the century lost."""
    match = _ISO.match(text)
    if match is None:
        return typo(text, rng)
    year, month, day = match.groups()
    forms = (
        f"{day}/{month}/{year}", f"{month}/{day}/{year}", f"{day}.{month}.{year[2:]}", f"{month}-{day}-{year[2:]}",
        f"{year}{month}{day}", f"{day}{month}{year[2:]}", f"{int(day)} {_MONTHS[int(month) - 1]} {year}", f"{year}-{day}-{month}",
        f"{_MONTHS[int(month) - 1]} {int(day)}, '{year[2:]}", f"{int(day)}.{int(month)}.{year}", f"{year}-{month}-{day} 00:00:00", f"{year}/{int(month)}/{int(day)}",
    )  # fmt: skip
    return pick(forms, rng)


def _date_off(text: str, rng: Random) -> str:
    match = _ISO.match(text)
    if match is None:
        return _digit_wrong(text, rng)
    year, month, day = match.groups()
    wrong = int(year) + pick((-1, 1, -10, 10, -100), rng)
    return f"{wrong}-{month}-{day}" if rng.random() < 0.7 else f"{year}-{month}-{1 + int(28 * rng.random()):02}"


def _date_year(text: str, rng: Random) -> str:
    return pick((text[:4], f"{text[:4]}-01-01", f"{text[:4]}-00-00", text[2:4], f"{text[5:]}", f"c. {text[:4]}"), rng)


# --- codes, roads, companies ----------------------------------------------------------------------

_LETTERED = str.maketrans({"0": "O", "1": "I", "5": "S", "8": "B", "2": "Z", "6": "G"})


def _lettered(text: str, rng: Random) -> str:
    changed = text.translate(_LETTERED)
    return changed if changed != text else _glued(text, rng)


def _code_form(text: str, rng: Random) -> str:
    return pick(
        (
            text.replace(" ", "").replace("-", ""),
            text.lstrip("0") + ".0",
            " ".join(text),
            "'" + text,
            text.lower(),
            "ID " + text,
        ),
        rng,
    )


def _road(text: str, rng: Random) -> str:
    for old, new in words.SHORT_ROADS:
        if old in text and rng.random() < 0.8:
            return text.replace(old, new, 1)
    return _turned(text, rng)


def _road_number(text: str, rng: Random) -> str:
    return re.sub(r"\d+\S*", "", text).strip() or text if rng.random() < 0.5 else _digit_wrong(text, rng)


def _firm(text: str, rng: Random) -> str:
    head = text.split()[:-1] or [text]
    if rng.random() < 0.5:
        return " ".join(head)
    return (
        f"{' '.join(head)} {pick(words.LEGAL_WORDS, rng)}"
        if rng.random() < 0.6
        else text.replace("&", "and").replace(" ", ", ", 1)
    )


WRITING: tuple[Damage, ...] = (
    _random_case, _recased, _invisible, _lookalike, _accented, _mojibake, _stickers, _entities, _ascii, _glued,
)  # fmt: skip
_MILD: tuple[Damage, ...] = (*_TYPOS, _several, _leet, *WRITING)
_HARSH: tuple[Damage, ...] = (_cut, _initials, _vowels, _shuffled, _riot, _backwards, _masked, _cut)
_SLIPS: tuple[Damage, ...] = (_keyboard, _doubled, _dropped, _twisted, _invisible)
# Recoverable by a careful reader: what tells an entity apart suffers only these.
SOFT: dict[str, tuple[Damage, ...]] = {
    "text": (*_MILD, _turned),
    "given": (*_MILD, _nickname, _nickname),
    "email": (*_SLIPS, _several, _recased, _lookalike, _mail_dressed, _mail_dressed, _mail_local, _mail_moved),
    "site": (*_SLIPS, _site, _site, _site),
    "phone": (_dialled, _dialled, _dialled, _digit_wrong, _twisted, _invisible, _stickers),
    "date": (_date_form, _date_form, _date_form, _date_form, _twisted, _invisible, _lettered),
    "code": (_lettered, _code_form, _code_form, _digit_wrong, _twisted, _dropped, _invisible),
    "street": (*_MILD, _road, _road, _road, _turned),
    "firm": (*_MILD, _firm, _firm, _firm, _turned),
}
HARD: dict[str, tuple[Damage, ...]] = {
    "text": _HARSH,
    "given": _HARSH,
    "email": (_mail_number, _mail_number, _mail_masked, _mail_masked, _mail_domain, _riot, _cut, _leet),
    "site": (_cut, _riot, _masked, _vowels, _half),
    "phone": (_scientific, _scientific, _last_four, _digits_wrong, _half, _riot),
    "date": (_date_off, _date_off, _date_year, _date_year, _digits_wrong, _last_four),
    "code": (_cut, _last_four, _digits_wrong, _shuffled, _scientific, _masked),
    "street": (_road_number, _road_number, *_HARSH),
    "firm": (*_HARSH, _initials),
}
