"""Reads a column's name: its path, its words, and whether it says the opposite of an opt-out."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

__all__ = ["Reading", "fold", "grams", "inverted", "read", "segments", "words_of"]

_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "o", "æ": "ae"}
)
_CUSTOM = re.compile(r"__(c|pc|s|r|x)$", re.IGNORECASE)
_PATH = re.compile(r"[.\\/>\[\]{}|]+|::|->|(?<=[a-z]):(?=[a-z])")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_EMPTY_SEGMENTS = frozenset({"value", "values", "label", "0", "1", "2", "3", "data", "text", "string", "content", ""})
_LONGEST = 120  # characters of a name that are looked at

_OPT_OUT = frozenset({"HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall"})


@dataclass(frozen=True, slots=True)
class Reading:
    """A name taken apart; everything folded to lower case without accents."""

    parents: tuple[str, ...]
    """Words of the path before the last segment."""
    own: tuple[str, ...]
    """Words of the last segment that says something."""
    indices: tuple[str, ...]
    """Numbers that stand alone in the path: `addresses.1.city` has 1."""

    @property
    def key(self) -> str:
        """The last segment in one spelling: words joined by spaces."""
        return " ".join(self.own)

    @property
    def path(self) -> str:
        """Parents and own words in one spelling."""
        return " ".join((*self.parents, *self.own))


def fold(text: str) -> str:
    """Without accents and with umlauts written out; case is kept."""
    if text.isascii():
        return text
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text).translate(_UMLAUTS))
    return "".join(c for c in spread if not unicodedata.combining(c))


def words_of(text: str) -> list[str]:
    """The words of one segment, lower case: camel humps, digits, signs part them."""
    text = re.sub("(?<=\\w)['\u2019](?=\\w)", "", fold(text))
    return [word.lower() for word in _WORD.findall(text)]


def segments(name: str) -> list[str]:
    """The path of a name: `billing_address.city` is two segments."""
    return [part.strip() for part in _PATH.split(name) if part.strip()]


@lru_cache(maxsize=20_000)
def read(name: str) -> Reading:
    """Take a name apart. A last segment that says nothing (`email.value`, `phones.0`) takes the one before it in."""
    name = _CUSTOM.sub("", name[:_LONGEST])
    spaced = " " in name.strip() and "\\" not in name and "." not in name
    parts = [name.strip()] if spaced else segments(name)
    if not parts:
        return Reading((), (), ())
    indices = tuple(part for part in parts if part.isdigit())
    named = [words for part in parts if not part.isdigit() and (words := words_of(part))]
    if not named:
        return Reading((), tuple(indices), indices)
    own = named.pop()
    while named and len(own) == 1 and own[0] in _EMPTY_SEGMENTS:
        own = named.pop()
    return Reading(tuple(word for words in named for word in words), tuple(own), indices)


def grams(text: str, least: int = 3, most: int = 4) -> list[str]:
    """Character n-grams of a text with its ends marked."""
    marked = f"^{text}$"
    return [marked[i : i + n] for n in range(least, most + 1) for i in range(len(marked) - n + 1)]


@cache
def _polarity() -> tuple[frozenset[str], frozenset[str]]:
    table = tomllib.loads((resources.files("kevasync.automap") / "polarity.toml").read_text(encoding="utf-8"))
    return frozenset(table["affirms"]), frozenset(table["denies"])


def inverted(name: str, label: str | None, target: str | None) -> bool:
    """Whether a column says the opposite of the opt-out field it goes to (`newsletter` to HasOptedOutOfEmail)."""
    if target not in _OPT_OUT:
        return False
    affirms, denies = _polarity()
    reading = read(name)
    said = {*reading.parents, *reading.own, *(words_of(label) if label else ())}
    joined = "".join(reading.own)
    if said & denies or "optout" in joined or "unsub" in joined or "donot" in joined:
        return False
    return bool(said & affirms) or "optin" in joined or "newsletter" in joined
