"""One full name as FirstName and LastName, and back: joined, the two parts are always the name that was split.

nameparser says where the last name begins; nothing it says may reorder, drop or re-case a word. Salesforce requires
LastName, so a single word goes there, and a name written "Last, First" stays whole in LastName.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kevasync.values import collapse

__all__ = ["FIRST_NAME_LENGTH", "LAST_NAME_LENGTH", "join_name", "split_name"]

FIRST_NAME_LENGTH = 40
LAST_NAME_LENGTH = 80
_LONGEST = 500  # no name, and too long for Salesforce however it is split

# Han, kana, Hangul: such names are written family name first
_FAMILY_FIRST = re.compile("[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff・]+")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv|v|esq|phd|ph\.d|md|m\.d|mba|cpa|dds|jd|ret|2nd|3rd)\.?,?", re.IGNORECASE)


def join_name(first: str | None, last: str | None) -> str | None:
    """The two parts as one name: "First Last", or "Last First" where both are written in Han, kana or Hangul."""
    first, last = collapse(first), collapse(last)
    if first is None or last is None:
        return first or last
    if _FAMILY_FIRST.fullmatch(first) and _FAMILY_FIRST.fullmatch(last):
        return f"{last} {first}"
    return f"{first} {last}"


@lru_cache(maxsize=50_000)
def split_name(text: str | None) -> tuple[str | None, str | None]:
    """(FirstName, LastName) whose `join_name` is the name, white space collapsed; LastName is null for null only."""
    name = collapse(text)
    if name is None:
        return None, None
    words = name.split(" ")
    if len(words) == 1 or len(name) > _LONGEST:
        return None, name
    if len(words) == 2 and all(_FAMILY_FIRST.fullmatch(word) for word in words):  # noqa: PLR2004 family and given
        return words[1], words[0]
    start = _fit(words, _last_name_start(name, words))
    first, last = " ".join(words[:start]) or None, " ".join(words[start:])
    # a pair that reads back in the other order (mixed scripts never do) would not settle
    return (first, last) if join_name(first, last) == name else (None, name)


def _last_name_start(name: str, words: list[str]) -> int:
    """Index of the word that LastName begins with."""
    if _has_inner_comma(words):
        return 0
    from nameparser import HumanName  # noqa: PLC0415 dear to load, and most runs split no name

    parsed = HumanName(name)
    family = parsed.last.split()
    start = _find_last(words, family)
    if start is None:
        # no family name found ("Smith Jr.", "Prince Harry"): the last word that is no suffix
        start = len(words) - 1
        while start > 0 and _SUFFIX.fullmatch(words[start]):
            start -= 1
    return start


def _has_inner_comma(words: list[str]) -> bool:
    """True for "Last, First"; a comma before suffixes only ("John Smith, PhD") is none."""
    for index, word in enumerate(words[:-1]):
        if word.endswith(","):
            return not all(_SUFFIX.fullmatch(rest) for rest in words[index + 1 :])
    return any("," in word.rstrip(",") for word in words)


def _find_last(words: list[str], part: list[str]) -> int | None:
    bare = [word.strip(",") for word in words]
    for start in range(len(words) - len(part), -1, -1) if part else ():
        if bare[start : start + len(part)] == part:
            return start
    return None


def _fit(words: list[str], start: int) -> int:
    """Move the border so that both parts fit Salesforce's lengths, where any border does."""
    while start > 0 and len(" ".join(words[:start])) > FIRST_NAME_LENGTH:
        start -= 1
    while (
        start < len(words) - 1
        and len(" ".join(words[start:])) > LAST_NAME_LENGTH
        and len(" ".join(words[: start + 1])) <= FIRST_NAME_LENGTH
    ):
        start += 1
    return start
