"""Texts of any script as plain lower-case letters, so that two spellings of one name can meet."""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii

__all__ = ["to_ascii"]

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\ufff8]"
)
_LOOKALIKES = str.maketrans(
    "абвгдеёзикмнорстухѕіјԁԛԝАВЕКМНОРСТУХІЅЈαβγδεζηικμνορτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "abbrdeezukmhopctyxsijdqwABEKMHOPCTYXISJabydezniKmvoptuxwABEZHIKMNOPTYX",
)
"""Cyrillic and Greek letters that are drawn like Latin ones: used only inside a word that also has Latin letters."""
_SCRAMBLED = re.compile("[\u00c2\u00c3\u00e2\u00ef\u00d0\u00d1][\u0080-\u00bf\u0152-\u02dc\u2013-\u2122]")
"""UTF-8 that was read as a Western code page."""
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_SPECIAL = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "å": "a", "ł": "l", "Ł": "L", "đ": "d", "æ": "ae", "œ": "oe"})


def to_ascii(text: str) -> str:
    """The text in ASCII: broken encodings mended, invisible characters dropped, accents off, scripts transliterated."""
    if _SCRAMBLED.search(text):
        text = _unscrambled(text)
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    if plain.isascii():
        return plain
    return " ".join(_word(word) for word in plain.split())


def _unscrambled(text: str) -> str:
    for page in ("cp1252", "latin-1"):
        try:
            return text.encode(page).decode("utf-8")
        except UnicodeError:
            continue
    return text


def _word(word: str) -> str:
    if word.isascii():
        return word
    if _LATIN.search(word):
        word = word.translate(_LOOKALIKES)
    bare = "".join(c for c in unicodedata.normalize("NFD", word.translate(_SPECIAL)) if not unicodedata.combining(c))
    return bare if bare.isascii() else anyascii(bare)
