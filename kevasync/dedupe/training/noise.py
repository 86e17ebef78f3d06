"""What happens to values on their way into two systems: slips of the finger, of the ear, of the scanner and of the form."""

from __future__ import annotations

import random
import re

from kevasync.dedupe.training.words import nicknames

__all__ = ["case", "cut", "mangle", "nickname", "phone_form", "phonetic", "scan", "typo"]

_NEAR = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl", "p": "ol", "a": "qsz", "s": "awdx",
    "d": "sefc", "f": "drgv", "g": "fthb", "h": "gyjn", "j": "hukm", "k": "jil", "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb",
    "b": "vghn", "n": "bhjm", "m": "njk", "1": "2", "2": "13", "3": "24", "4": "35", "5": "46", "6": "57", "7": "68", "8": "79", "9": "80", "0": "9",
}  # fmt: skip
_SCANNED = [("m", "rn"), ("rn", "m"), ("l", "1"), ("1", "l"), ("o", "0"), ("0", "o"), ("s", "5"), ("5", "s"), ("cl", "d"), ("d", "cl"), ("b", "6"), ("g", "9"), ("i", "l"),
            ("e", "c"), ("u", "v"), ("vv", "w"), ("w", "vv"), ("8", "b"), ("z", "2"), ("h", "li"), ("q", "g")]  # fmt: skip
_HEARD = [("ph", "f"), ("f", "ph"), ("ck", "k"), ("c", "k"), ("k", "c"), ("s", "z"), ("z", "s"), ("y", "i"), ("i", "y"), ("ee", "ea"), ("ea", "ee"), ("ie", "y"), ("sch", "sh"),
          ("sh", "sch"), ("th", "t"), ("t", "th"), ("ai", "ay"), ("ou", "u"), ("w", "v"), ("e", "a"), ("a", "e"), ("o", "u"), ("mc", "mac"), ("mac", "mc"), ("ll", "l"),
          ("l", "ll"), ("nn", "n"), ("n", "nn"), ("tt", "t"), ("ss", "s"), ("er", "or"), ("er", "ar"), ("x", "ks"), ("gh", ""), ("h", "")]  # fmt: skip
_HIDDEN = "\u200b\u200c\u200d\ufeff"
_DRAWN_ALIKE = {
    "a": "а",
    "e": "е",
    "o": "о",
    "p": "р",
    "c": "с",
    "x": "х",
    "y": "у",
    "i": "і",
    "A": "А",
    "B": "В",
    "C": "С",
    "E": "Е",
    "H": "Н",
    "K": "К",
    "M": "М",
    "O": "О",
}
_ACCENTS = {"a": "áàäâ", "e": "éèëê", "i": "íìï", "o": "óòöô", "u": "úùüû", "n": "ñ", "c": "ç", "s": "š", "z": "ž"}


def typo(text: str, rng: random.Random) -> str:
    """One slip: a letter left out, doubled, swapped with the next, hit beside, or a space lost or gained."""
    if not text:
        return text
    spot = rng.randrange(len(text)) if rng.random() < 0.25 else rng.randrange(min(1, len(text) - 1), len(text))
    letter = text[spot]
    draw = rng.random()
    if draw < 0.24:
        return text[:spot] + text[spot + 1 :]
    if draw < 0.42:
        return text[:spot] + letter + text[spot:]
    if draw < 0.66 and spot + 1 < len(text):
        return text[:spot] + text[spot + 1] + letter + text[spot + 2 :]
    if draw < 0.74:
        return text[:spot] + " " + text[spot:] if rng.random() < 0.5 else text.replace(" ", "", 1)
    near = _NEAR.get(letter.lower()) or "aeiorst"
    new = rng.choice(near) if rng.random() < 0.6 else rng.choice("abcdefghijklmnopqrstuvwxyz")
    if letter.isdigit():
        new = rng.choice("0123456789")
    return text[:spot] + new + text[spot + (draw < 0.93) :]


def _replaced(text: str, table: list[tuple[str, str]], rng: random.Random) -> str:
    fitting = [(old, new) for old, new in table if old in text]
    if not fitting:
        return text
    old, new = rng.choice(fitting)
    spots = [match.start() for match in re.finditer(re.escape(old), text)]
    spot = rng.choice(spots)
    return text[:spot] + new + text[spot + len(old) :]


def scan(text: str, rng: random.Random) -> str:
    """Read wrongly by a scanner."""
    return _replaced(text, _SCANNED, rng)


def phonetic(text: str, rng: random.Random) -> str:
    """Written as it was heard."""
    return _replaced(text, _HEARD, rng)


def nickname(text: str, rng: random.Random) -> str:
    """A short form of the first name, or the long one of a short form."""
    short = nicknames().get(text)
    return rng.choice(short) if short else text


def cut(text: str, rng: random.Random) -> str:
    """Only the beginning: an initial, or what fitted into the field."""
    return text[: rng.choice([1, 1, 2, 3, max(1, len(text) // 2)])]


def mangle(text: str, rng: random.Random) -> str:
    """Damage that leaves little: letters shuffled, doubled and lost, hidden and look-alike characters, initials."""
    draw = rng.random()
    if draw < 0.2:
        return "".join(rng.choice(_HIDDEN) + letter if rng.random() < 0.3 else letter for letter in text)
    if draw < 0.35:
        return "".join(_DRAWN_ALIKE.get(letter, letter) if rng.random() < 0.5 else letter for letter in text)
    if draw < 0.45:
        return "".join(
            rng.choice(_ACCENTS[letter]) if letter in _ACCENTS and rng.random() < 0.4 else letter for letter in text
        )
    if draw < 0.6:
        return ". ".join(word[0] for word in text.split() if word) + "."
    if draw < 0.75:
        return "".join(letter * rng.choice([1, 1, 2, 2, 3]) for letter in text)
    for _ in range(rng.randint(2, 1 + max(1, len(text) // 3))):
        text = typo(text, rng)
    return text


def case(text: str, rng: random.Random, shout: float) -> str:
    """Names in capitals, in small letters, or as they should be."""
    draw = rng.random()
    if draw < shout:
        return text.upper()
    return text.lower() if draw < 2 * shout else text.title()


def phone_form(digits: str, rng: random.Random, extension: str = "") -> str:
    """Ten digits in one of the forms that people write."""
    area, middle, end = digits[:3], digits[3:6], digits[6:]
    forms = [
        f"({area}) {middle}-{end}",
        f"{area}-{middle}-{end}",
        f"{area}.{middle}.{end}",
        digits,
        f"+1{digits}",
        f"+1 {area} {middle} {end}",
        f"1-{area}-{middle}-{end}",
        f"{area} {middle} {end}",
    ]
    tail = (
        rng.choice([f" x{extension}", f"x{extension}", f" ext. {extension}", f" ext {extension}"]) if extension else ""
    )
    return rng.choice(forms) + tail
