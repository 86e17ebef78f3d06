"""Reads a list in pages, whichever of three shapes Keva answers in, while customers come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kevasync.errors import RunError, UsageError

__all__ = ["Listing"]

_LISTS = ("customers", "data", "items", "results")
_TOTALS = ("total", "totalCount", "total_count", "count")
_PASSES = 4

Params = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class _Page:
    """One answer. `numbered` says that Keva counts pages (`page`, `per_page`), not rows (`limit`, `offset`)."""

    rows: list[dict[str, Any]]
    total: int | None
    numbered: bool


@dataclass(slots=True)
class Listing:
    """A reading of the whole list; `call(params)` answers JSON.

    New rows may push others to a later page (they come twice: dropped by id) or stand on a page already read. So after
    the last page the first one is read once more, and as long as Keva counts more customers than were seen, or pages
    bring new ones, the pass goes on. Rows that are removed pull others forward, over the edge of a page: each page
    therefore begins with the last row of the one before, and where a row nobody has seen stands there, the reading goes
    back. Counted pages cannot overlap: there a count that falls asks for a whole new pass.
    """

    call: Callable[[Mapping[str, str | int]], Any]
    size: int
    seen: set[str] = field(default_factory=set)
    total: int | None = None
    numbered: bool = False
    fell: bool = False
    first_page: int = 0

    def pages(self) -> Iterator[tuple[list[dict[str, Any]], int | None]]:
        """(rows not seen before, total if known). Raises RunError keva-moving, keva-answer."""
        for number in range(_PASSES):
            looking = number > 0 and not self.fell
            self.fell = False
            yield from self._walk(looking=looking)
            is_whole = self.total is None or len(self.seen) >= self.total
            if is_whole and not self.fell and (number > 0 or len(self.seen) <= self.first_page):
                return
        if self.fell:
            raise RunError("keva-moving", f"Customers were removed during each of {_PASSES} readings of the list.")
        if self.total is not None:
            what = f"Keva counts {self.total:,} customers, but only {len(self.seen):,} could be read."
            raise RunError("keva-moving", what)

    def first(self, extra: Params) -> list[dict[str, Any]]:
        """The first page of a narrower list."""
        page = self._ask(0, 1, extra)
        self.total = page.total
        return page.rows

    def _walk(self, *, looking: bool) -> Iterator[tuple[list[dict[str, Any]], int | None]]:
        """One pass over the pages. When only `looking` for new rows, it ends where there are none to be found."""
        offset, number, before = 0, 1, ""
        while True:
            page, start = self._next(offset, number)
            if page.numbered and not self.numbered:
                # The first request asked for rows; from here pages of our size are counted.
                self.numbered = True
                continue
            self._count(page)
            first = str(page.rows[0]["id"]) if page.rows else ""
            if start > 0 and first == before and page.total is None:
                if self.numbered:
                    return
                self.numbered = True  # it takes no offset: perhaps it counts pages
                offset, number = 0, 1
                continue
            before = first
            fresh = self._fresh(page.rows)
            if number == 1:
                self.first_page = len(page.rows)
            if fresh:
                yield fresh, self.total
            end, number = start + len(page.rows), number + 1
            if (end <= offset and not fresh) or (self.total is not None and end >= self.total):
                return
            offset = end
            if looking and not fresh and (self.total is None or len(self.seen) >= self.total):
                return

    def _next(self, offset: int, number: int) -> tuple[_Page, int]:
        """(the page, where it begins): with the last row seen on top, going back where that is no longer there."""
        start = offset if self.numbered or offset <= 1 else offset - 1
        page = self._ask(start, number)
        while start > 0 and not self.numbered and not (page.rows and str(page.rows[0]["id"]) in self.seen):
            start = max(0, start - self.size + 1)
            page = self._ask(start, number)
        return page, start

    def _count(self, page: _Page) -> None:
        if page.total is not None:
            self.fell = self.fell or (self.numbered and self.total is not None and page.total < self.total)
            self.total = page.total

    def _fresh(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        fresh = []
        for row in rows:
            identity = str(row["id"])
            if identity not in self.seen:
                self.seen.add(identity)
                fresh.append(row)
        return fresh

    def _ask(self, offset: int, number: int, extra: Params | None = None) -> _Page:
        rows: Params = (
            {"page": number, "per_page": self.size} if self.numbered else {"limit": self.size, "offset": offset}
        )
        return _page(self.call(rows | (extra or {})))


def _page(answer: Any) -> _Page:
    found: Any = answer
    total: Any = None
    numbered = False
    if isinstance(answer, dict):
        found = next((answer[name] for name in _LISTS if isinstance(answer.get(name), list)), None)
        about = answer.get("pagination")
        numbered = isinstance(about, dict) or "page" in answer
        about = {**answer, **(about if isinstance(about, dict) else {})}
        total = next((about[name] for name in _TOTALS if isinstance(about.get(name), int)), None)
    if not isinstance(found, list) or not all(isinstance(row, dict) and row.get("id") for row in found):
        raise UsageError("keva-answer", "The answer to GET customers is no list of customers with ids.")
    return _Page(found, total, numbered)
