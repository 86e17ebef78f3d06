"""IANA time zones by one name each, whichever alias was written."""

from __future__ import annotations

from functools import cache
from importlib import resources

__all__ = ["aliases", "timezone"]

# tzdata points these old spellings at a big neighbour that shares their clocks; people mean the renamed town
_RENAMED = {
    "Africa/Asmera": "Africa/Asmara",
    "Africa/Timbuktu": "Africa/Bamako",
    "America/Coral_Harbour": "America/Atikokan",
    "Atlantic/Jan_Mayen": "Arctic/Longyearbyen",
    "Iceland": "Atlantic/Reykjavik",
    "Pacific/Ponape": "Pacific/Pohnpei",
    "Pacific/Truk": "Pacific/Chuuk",
    "Pacific/Yap": "Pacific/Chuuk",
}


@cache
def aliases() -> dict[str, str]:
    """Every zone name in lower case, to the one name it is compared by. Read once from tzdata.

    A name that stands in zone.tab (Europe/Oslo) is a place of its own, though tzdata links it to a neighbour with
    the same clocks; other links are spellings (Asia/Calcutta).
    """
    folder = resources.files("tzdata").joinpath("zoneinfo")
    places = {
        line.split("\t")[2].strip()
        for line in folder.joinpath("zone.tab").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    }
    names = {name: name for name in places}
    links: dict[str, str] = {}
    for line in folder.joinpath("tzdata.zi").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[:1] == ["Z"]:
            names[words[1]] = words[1]
        elif words[:1] == ["L"]:
            links[words[2]] = words[1]
    for name, target in links.items():
        if name not in places:
            names[name] = _follow(_RENAMED.get(name, target), links, places)
    return {name.lower(): target for name, target in names.items()}


def _follow(name: str, links: dict[str, str], places: set[str]) -> str:
    while name in links and name not in places:
        name = links[name]
    return name


def timezone(text: str) -> str | None:
    """The zone's one name, or None for what is no IANA zone."""
    return aliases().get(text.lower())
