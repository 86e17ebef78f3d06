"""Column names as words: `custFName2`, `CUST_F_NAME_2` and `cust f name 2` are the same words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["CHANGES_SENSE", "plain_name", "polarity", "tokens"]

_PART = re.compile(r"[^\W\d_]+|\d+")
_HUMP = re.compile(r"(?<=[a-z0-9ß-ÿ])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PAIRS = {
    ("opt", "out"): "optout",
    ("opt", "in"): "optin",
    ("opted", "out"): "optout",
    ("opted", "in"): "optin",
    ("do", "not"): "not",
    ("double", "optin"): "optin",
}
CHANGES_SENSE = frozenset(
    {
        "no",
        "not",
        "dont",
        "never",
        "without",
        "optout",
        "unsubscribe",
        "unsubscribed",
        "blocked",
        "suppressed",
        "excluded",
        "exclude",
        "disabled",
        "inactive",
        "abgemeldet",
        "abbestellt",
        "kein",
        "keine",
        "nicht",
        "sperre",
        "werbesperre",
        "gesperrt",
        "désabonné",
        "desinscrit",
        "baja",
        "nao",
        "não",
        "sem",
        "uitgeschreven",
        "afgemeld",
        "disiscritto",
        "bloqueado",
        "ne",
        "pas",
        "bounced",
        "rejected",
    }
)
"""Words that turn a yes into a no."""


@lru_cache(maxsize=20_000)
def tokens(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case, humps and digits apart, a custom field's `__c` left out."""
    bare = re.sub(r"__[cr]$", "", unicodedata.normalize("NFC", name).strip(), flags=re.IGNORECASE)
    words = [word.casefold() for word in _PART.findall(_HUMP.sub(" ", bare))]
    joined: list[str] = []
    for word in words:
        pair = _PAIRS.get((joined[-1], word)) if joined else None
        if pair:
            joined[-1] = pair
        else:
            joined.append(word)
    return tuple(joined)


def plain_name(name: str) -> str:
    """The name without spelling: equal for all ways of writing the same words."""
    return "".join(tokens(name))


def polarity(*names: str | None) -> int:
    """+1 where yes means yes, -1 where it means no (`do_not_call`, `optOut`), by the words of names and labels."""
    for name in names:
        if name and sum(word in CHANGES_SENSE for word in tokens(name)) % 2:
            return -1
    return 1
