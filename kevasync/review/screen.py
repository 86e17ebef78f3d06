"""The keyboard screen: one widget for every queue, with its script and style from the package itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from typing import Any

import anywidget
import traitlets

from kevasync.review.desk import Desk

__all__ = ["ReviewScreen"]

SCRIPTS = ("dom.js", "outbox.js", "state.js", "list.js", "evidence.js", "dialogs.js", "keys.js", "screen.js")


def _read(*names: str) -> str:
    folder = resources.files("kevasync.review") / "static"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


class ReviewScreen(anywidget.AnyWidget):
    """One page of a queue.

    `page` has what does not change: title, words and keys, rows, options, who reviews, measured precision. Decisions
    travel as custom messages: synced values of one name are merged on the way, and merging is how decisions get lost.
    """

    _esm = _read(*SCRIPTS)
    _css = _read("screen.css")

    page = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        desk: Desk,
        page: Mapping[str, Any],
        rows: Sequence[Mapping[str, Any]],
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self._desk = desk
        self._on_change = on_change
        shown = {**page, "rows": list(rows), "states": desk.states, "steps": desk.steps(str(page.get("who", "")))}
        super().__init__(page=shown)
        self.on_msg(self._hear)

    def when_changed(self, call: Callable[[], None]) -> None:
        """Have `call` called after decisions were recorded or saved."""
        self._on_change = call

    def _hear(self, _widget: Any, message: Any, _buffers: Any) -> None:
        if not isinstance(message, Mapping) or message.get("kind") != "ask":
            return
        reply = self._desk.answer(message)
        self.send({"kind": "answer", "page": message.get("page"), **reply})
        if self._on_change is not None and (reply["results"] or reply.get("done")):
            self._on_change()
