"""The mapping review: suggestions, decisions, lint and mapping.toml behind one screen."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kevasync.automap.decisions import MappingDecisions
from kevasync.automap.fields import Suggestion
from kevasync.errors import KevasyncError, Problem
from kevasync.review import mapping_view
from kevasync.review.desk import Desk
from kevasync.review.mapping_queue import NO_FIELD, MappingQueue, targets_text
from kevasync.review.mapping_save import MappingSave, lint, lint_field, schema_of
from kevasync.review.screen import ReviewScreen
from kevasync.review.session import MappingSession, load, measured_page
from kevasync.store.decisions import Decisions
from kevasync.store.state import State
from kevasync.workspace import Workspace

__all__ = ["MappingReview", "open_mappings"]


def open_mappings(session: Path | str | None = None) -> MappingReview:
    """The review of a session file (else of the one that the environment names), on its workspace's store."""
    return MappingReview(load(MappingSession, session))


class MappingReview:
    """One page of the mapping review. Opens the workspace's state; closes it when it is closed or forgotten."""

    def __init__(self, session: MappingSession) -> None:
        self.session = session
        workspace = Workspace.open(Path(session.workspace))
        state = State.open(workspace.state_url)
        self.close = weakref.finalize(self, state.close)
        decisions = Decisions(state)
        self._targets = {item.name: item for item in session.targets}
        self._schema = schema_of(session.object, session.targets)
        self._save = MappingSave(workspace.mapping_path, decisions, lambda name: session.spelling.get(name, name))
        # paths to the other object and what was accepted elsewhere are answers too
        known = {name for item in session.suggestions for name in item.targets}
        self.queue = MappingQueue(
            MappingDecisions(decisions),
            session.object,
            session.suggestions,
            {*self._targets, *known},
            lambda item: mapping_view.detail(item, self._targets, self._lint),
            lambda source, targets: self._lint(self._suggestion(source), targets),
        )
        self._by_name = {item.source.name: item for item in session.suggestions}

    def _suggestion(self, source: str) -> Suggestion:
        return self._by_name[source]

    def _lint(self, suggestion: Suggestion, targets: Sequence[str]) -> list[Problem]:
        suggested = tuple(targets) == suggestion.targets
        steps = suggestion.transforms if suggested else ()
        direction = suggestion.direction if suggested else None
        return lint_field(self._schema, suggestion.source.name, targets, direction, steps)

    def screen(self) -> ReviewScreen:
        """The keyboard screen for this page."""
        session = self.session
        rows = [mapping_view.row(item, self._targets, self._lint(item, item.targets)) for item in session.suggestions]
        page: dict[str, Any] = {
            "session": session.name,
            "who": session.who,
            "title": "Field mapping",
            "subtitle": f"{session.source} → {session.object}",
            "words": mapping_view.MAPPING_WORDS,
            "none": NO_FIELD,
            "sides": ["File", "Salesforce"],
            "options": mapping_view.options(session.targets),
            "measured": measured_page(session.measured),
            "orders": [["file", "file order"], ["unsure", "least sure first"], ["sure", "most sure first"]],
            "save": {"label": "Write mapping.toml", "help": "write the accepted fields to mapping.toml"},
        }
        return ReviewScreen(Desk(self.queue, {"save": self.save}), page, rows)

    def save(self, who: str) -> dict[str, Any]:
        """Write the accepted answers to mapping.toml; what became of it, in a sentence for the reviewer."""
        try:
            made = self._save.write(who, self.session.object)
        except KevasyncError as error:
            return {"ok": False, "text": f"{error.what}. Your decisions are kept. Next: {error.next_steps[0]}"}
        parts = [f"mapping.toml: {len(made.written)} written, {len(made.unchanged)} unchanged"]
        if made.removed:
            parts.append(f"{len(made.removed)} removed")
        if made.held:
            first, reason = made.held[0]
            parts.append(f"{len(made.held)} held back ({first.source}: {reason})")
        if made.to_create:
            names = [item.custom_field.name for item in made.to_create if item.custom_field]
            parts.append(f"to create in Salesforce first: {', '.join(names)}")
        return {"ok": not made.held, "text": "; ".join(parts) + "."}

    def summary(self) -> list[dict[str, Any]]:
        """The decided columns as rows of a table, in the order of the file."""
        standing, _ = self.queue.standing()
        return [
            {
                "column": item.source.name,
                "decision": standing[item.source.name].verdict,
                "field": standing[item.source.name].text,
                "suggested": targets_text(item.targets),
                "confidence": round(item.candidates[0].confidence, 3) if item.candidates else None,
                "by": standing[item.source.name].who,
                "at": standing[item.source.name].at,
            }
            for item in self.session.suggestions
            if item.source.name in standing and standing[item.source.name].verdict is not None
        ]

    def problems(self) -> list[dict[str, Any]]:
        """What the lint says of the accepted answers together."""
        return [problem.as_dict() for problem in lint(self._schema, self.queue.accepted())]
