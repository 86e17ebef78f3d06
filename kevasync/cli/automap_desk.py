"""What `kevasync automap` works with: the fields, the columns, the decisions, and the files they go to."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kevasync.automap import describes
from kevasync.automap.adjust import adjust
from kevasync.automap.complete import complete, complete_choice
from kevasync.automap.decisions import Held, MappingDecision, MappingDecisions, Recorded, Verdict, holding
from kevasync.automap.fields import SourceField, Suggestion, TargetField
from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.errors import UsageError

if TYPE_CHECKING:
    from kevasync.cli.sides import Kept

__all__ = ["Desk", "columns_of", "open_desk", "parse_region"]


def parse_region(text: str | None) -> str | None:
    """The region in capitals; None stays None. Raises UsageError region-unknown."""
    if text is None:
        return None
    from kevasync.workspace.settings import parse_region as parse

    return parse(text)


@contextmanager
def open_desk(at: Context, object_name: str, describe: Path | None, *, org: bool, needed: bool) -> Iterator[Desk]:
    """The desk of one object. Without a workspace there are no decisions; `needed` says that there must be one."""
    name = describes.proper_object(object_name)
    with ExitStack() as stack:
        kept = None
        if needed or org or _has_workspace(at):
            from kevasync.cli import sides

            kept = stack.enter_context(sides.open_kept(at.workspace))
        targets = _targets(at, name, describe, kept if org else None)
        yield Desk(at, name, targets, kept, described=describe is not None or org)


def _has_workspace(at: Context) -> bool:
    try:
        return at.workspace is not None
    except UsageError as error:
        if error.code == "workspace-not-found" and at.folder is None:
            return False
        raise


def _targets(at: Context, name: str, describe: Path | None, kept: Kept | None) -> tuple[TargetField, ...]:
    if describe is not None:
        return describes.read(describe, name)
    if kept is None:
        return describes.standard(name)
    from kevasync.cli import sides

    schema = sides.describe(sides.salesforce_credentials(at.workspace, kept.secrets), (name,))[name]
    return describes.from_schema(schema)


def columns_of(at: Context, path: Path, targets: Sequence[TargetField]) -> list[SourceField]:
    """The columns of a file: of a JSON list of fields as it says, of an export with the profile of their values.

    Raises UsageError automap-source, or export-* as for any export.
    """
    from kevasync.automap import sources

    listed = sources.read_list(path)
    if listed is not None:
        return listed
    from kevasync.keva.landing import land_rows

    with tempfile.TemporaryDirectory(prefix="kevasync-") as folder:
        at.detail(f"reading {path.name}")
        return sources.from_parquet(land_rows(path, Path(folder), hints=()), targets)


class Desk:
    """One object's fields and decisions; `notes` is what the user should be told beside the result.

    `measured` has, after `suggest`, what the model was measured to be worth, as its provenance says.
    """

    def __init__(
        self, at: Context, object_name: str, targets: tuple[TargetField, ...], kept: Kept | None, *, described: bool
    ) -> None:
        self.at = at
        self.object = object_name
        self.targets = targets
        self.described = described
        self.kept = kept
        self.decisions = None if kept is None else MappingDecisions(kept.decisions)
        self.notes: list[str] = []
        self.measured: dict[str, Any] = {}
        self._overtaken = 0
        self._held_back = 0
        self._seen: str | None = None

    def all_decisions(self) -> list[MappingDecision]:
        """Every decision of the workspace, of other objects too: a column of the same name teaches."""
        return [] if self.decisions is None else self.decisions.list()

    def held(self) -> dict[str, Held]:
        """What holds on each column of this object."""
        found = holding(self.all_decisions())
        return {source: held for (name, source), held in found.items() if name == self.object}

    def suggest(self, path: Path, region: str | None) -> list[Suggestion]:
        """The suggestions for a file's columns, decisions counted in."""
        from kevasync.automap.suggest import Suggester

        targets = self.targets = self._with_own_values()
        columns = columns_of(self.at, path, targets)
        if columns and all(column.profile is None for column in columns):
            self.notes.append("There are no values to look at: these suggestions are by names, labels and types alone.")
        if not self.described:
            self.notes.append(f"Without --describe or --org these are the standard fields of {self.object}.")
        model = Suggester.load(self._own_model())
        self.measured = model.provenance.get("held_out", {})
        found = model.suggest(self.object, columns, targets, region)
        return complete(adjust(found, self.all_decisions(), self.object), targets, self.object, region=region)

    def _own_model(self) -> Path | None:
        """The folder of the model that was trained on this workspace's decisions, where there is one."""
        from kevasync.automap.model_file import NAME

        folder = None if self.kept is None else self.at.workspace.state_dir / "models"
        return folder if folder is not None and (folder / NAME).is_file() else None

    def _with_own_values(self) -> tuple[TargetField, ...]:
        """The fields with the profile of the org's values, where a snapshot of the object was taken."""
        if self.kept is None or self.kept.stores.snapshots is None:
            return self.targets
        from kevasync.records import Side

        snapshots = self.kept.stores.snapshots
        if not snapshots.latest(Side.SALESFORCE, self.object):
            return self.targets
        import duckdb

        from kevasync.automap.profiles import profiled

        with duckdb.connect() as con:
            latest = snapshots.view(con, Side.SALESFORCE, self.object, "org")
            return profiled(con, "org", self.targets, [name for one in latest for name in one.columns])

    def record(self, path: Path) -> dict[str, Any]:
        """Record the decisions in a review or a map. Decisions that hold already are not recorded again."""
        if self.decisions is None:
            raise UsageError("workspace-not-found", "decisions are kept in a workspace, and there is none here")
        from kevasync.store.decisions import current_user

        held = holding(self.all_decisions())
        wanted = [
            self._with_steps(item)
            for item in self._read(path)
            if not _stands(item, held.get((item.object, item.source), Held()))
        ]
        result = self.decisions.record(current_user(), wanted)
        self._overtaken = len(result.overtaken)
        return _recorded(result)

    def _with_steps(self, item: MappingDecision) -> MappingDecision:
        """A choice that says no direction gets what its field needs, as far as names and types tell."""
        if item.verdict not in {Verdict.ACCEPT, Verdict.CHANGE} or not item.targets or item.direction is not None:
            return item
        made = complete_choice(SourceField(item.source), item.targets, self._fields_of(item.object), item.object)
        return replace(item, direction=made.direction, transforms=made.transforms)

    def _read(self, path: Path) -> Sequence[MappingDecision]:
        from kevasync.automap import maps, workbook

        ending = path.suffix.casefold()
        if ending == ".toml":
            return maps.from_mapping(path, self.object)
        if ending == ".sdl" or (ending == ".csv" and not _is_review(path)):
            return maps.from_map(path, self.object, self.targets)
        review = workbook.read(path, self._fields_of)
        self._seen = review.mapping
        return review.decisions

    def _fields_of(self, object_name: str) -> Sequence[TargetField]:
        name = describes.proper_object(object_name)
        return self.targets if name == self.object else describes.standard(name)

    def write(self, path: Path, suggestions: Sequence[Suggestion]) -> None:
        """Write the suggestions for review."""
        from kevasync.automap import mapping_file, maps, workbook

        ending = path.suffix.casefold()
        if ending not in {".xlsx", ".csv", ".sdl"}:
            raise UsageError("usage", f"--to {path.name}: give a name that ends in .xlsx, .csv or .sdl")
        held = self.held()
        if ending == ".sdl":
            accepted = {name: one.accepted.targets for name, one in held.items() if one.accepted is not None}
            path.write_text(maps.sdl_of(suggestions, accepted), encoding="ascii", newline="\n")
            return
        mapping = None if self.kept is None else mapping_file.fingerprint(self.at.workspace.mapping_path)
        workbook.write(path, suggestions, self.object, targets=self.targets, held=held, mapping=mapping)

    def write_mapping(self) -> dict[str, Any]:
        """Put what is accepted into mapping.toml; a file changed since the review was written is left alone."""
        from kevasync.automap import mapping_file
        from kevasync.automap.writings import Writings
        from kevasync.keva.schema import spelled
        from kevasync.store.decisions import current_user

        path = self.at.workspace.mapping_path
        writings = None if self.kept is None else Writings(self.kept.decisions)
        # what the screen or this command wrote since the review was written is no edit by hand
        seen = writings.followed(self._seen) if writings is not None and self._seen else None
        applied = frozenset() if writings is None else writings.applied()
        made = mapping_file.write(path, self.all_decisions(), self.object, seen=seen, spelling=spelled, applied=applied)
        if writings is not None:
            writings.remember(current_user(), made)
        self._held_back = len(made.held)
        for decision, reason in made.held:
            self.notes.append(f"{decision.source} was not written: {reason}.")
        for decision in made.to_create:
            if decision.custom_field is not None:
                own = decision.custom_field
                size = f", length {own.length}" if own.length else ""
                self.notes.append(f"Create {own.name} ({own.type}{size}) on {self.object}, then map {decision.source}.")
        return {
            "path": str(path),
            "written": [_pair(decision) for decision in made.written],
            "unchanged": [_pair(decision) for decision in made.unchanged],
            "removed": [{"source": keva, "targets": list(names)} for keva, names in made.removed],
            "held": [_pair(decision) | {"reason": reason} for decision, reason in made.held],
        }

    def ending(self) -> ExitCode:
        """How the command ends: with 1 where a decision or a field mapping could not be taken."""
        return ExitCode.FAILED if self._overtaken or self._held_back else ExitCode.DONE


def _is_review(path: Path) -> bool:
    """Whether a CSV file has the column `decision`; else it is a plain map."""
    try:
        with path.open("rb") as file:
            return b"decision" in file.readline(65_536).lower().replace(b"\0", b"")
    except FileNotFoundError:
        raise UsageError("file-not-found", f"{path} does not exist") from None
    except OSError as error:
        raise UsageError("automap-map-file", f"{path} cannot be read: {error.strerror}") from None


def _stands(item: MappingDecision, held: Held) -> bool:
    if item.verdict in {Verdict.ACCEPT, Verdict.CHANGE}:
        return held.accepted is not None and held.accepted.targets == item.targets
    return item.verdict is Verdict.REJECT and item.targets in held.rejected


def _recorded(result: Recorded) -> dict[str, Any]:
    return {
        "decisions": [_pair(item) | {"verdict": item.verdict.value} for item in result.made],
        "overtaken": [
            _pair(item.wanted)
            | {"by": item.by.who, "their_verdict": item.by.verdict.value, "theirs": list(item.by.targets)}
            for item in result.overtaken
        ],
    }


def _pair(decision: MappingDecision) -> dict[str, Any]:
    return {"source": decision.source, "targets": list(decision.targets)}
