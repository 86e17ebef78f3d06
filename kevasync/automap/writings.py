"""Every writing of mapping.toml from decisions, kept in the store: the screen and the command know each other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kevasync.automap.mapping_file import Written, followed

if TYPE_CHECKING:
    from kevasync.store.decisions import Decisions

__all__ = ["Writings"]

_WHAT = "mapping-file"


class Writings:
    """What the file was before and after each writing of ours; a change that is not among them was made by hand."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    def followed(self, seen: str | None) -> str | None:
        """The fingerprint to expect by one who knew `seen`, after our own writings since."""
        kept = self._decisions.list(what=_WHAT)
        return followed(seen, [(item.detail["was"], item.detail["now"]) for item in kept])

    def applied(self) -> frozenset[str]:
        """The ids of the decisions that were written before."""
        return frozenset(name for item in self._decisions.list(what=_WHAT) for name in item.detail.get("decisions", ()))

    def remember(self, who: str, made: Written) -> None:
        """Keep what a writing did; one that changed nothing is none."""
        if made.was != made.fingerprint:
            detail = {"was": made.was, "now": made.fingerprint, "decisions": [one.id for one in made.written]}
            self._decisions.add(who, _WHAT, detail)
