"""`kevasync dedupe`: finds duplicates in any table, or in a workspace's snapshots; needs no labels, merges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.cli.interrupt import stopped_at_once
from kevasync.cli.progress import Steps
from kevasync.cli.shared import is_given
from kevasync.errors import UsageError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from kevasync.cli.render import Screen
    from kevasync.dedupe.pipeline import Pairs
    from kevasync.dedupe.refit import Asked, Label

__all__ = ["ASKED", "dedupe"]

ASKED = 100
"""Pairs that --ask writes down."""
NOT_WRITTEN = "dedupe-not-written"


def dedupe(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE...]", help="CSV, TSV, NDJSON, JSON or Parquet; several are one table."),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=COLUMN,...",
            help="Which column plays which role, once or once a file, in order; else guessed from the headers.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the pairs: id_a, id_b, probability, weight in bits. .csv or .parquet."),
    ] = None,
    clusters: Annotated[
        Path | None, typer.Option(help="Write every record's cluster: id, cluster. .csv or .parquet.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="CSV of id_a, id_b, label (yes or no): a person said so of 20 pairs or more."),
    ] = None,
    ask: Annotated[
        Path | None,
        typer.Option(help="Write a CSV of the 100 pairs most worth a label: fill in its last column."),
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=0.01, max=0.999, help="Pairs from this probability on count as one person.")
    ] = 0.5,
    floor: Annotated[
        float, typer.Option(min=0.0005, max=0.5, help="Pairs below this probability are not written.")
    ] = 0.01,
    object_name: Annotated[str, typer.Option("--object", help="In a workspace: the mapping's object.")] = "contact",
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="In a workspace: end with 4 where groups wait for a person.")
    ] = False,
) -> int:
    """Find records that are the same person or organisation, by a model that needs no labels.

    Roles: id, source, name, first_name, last_name, email, phone, company, street, city, postcode, state, country, dob,
    title, website, identifier, other. Several columns may play one role. Without an id, records are called by their row
    number, from 1. Nothing is merged.

    Without FILE, in a workspace: looks among the latest snapshots of both sides, within each and across, and keeps what
    it finds for `kevasync review duplicates`. What people decided holds.
    """
    at = Context.of(ctx)
    with stopped_at_once():
        if not files:
            for_files = {"columns": columns, "out": out, "clusters": clusters, "labels": labels, "ask": ask}
            return _in_workspace(at, for_files, object_name, threshold, detailed=detailed_exitcode)
        _refuse_workspace_options(ctx)
        asked = _Asked(files, columns or [], out, clusters, labels, ask, threshold, floor)
        from kevasync.cli.outputs import check_outputs

        outputs = {"--out": out, "--clusters": clusters, "--ask": ask}
        check_outputs(outputs, [*files, labels], NOT_WRITTEN, csv_only=("--ask",))
        _search_files(at, asked)
    return ExitCode.DONE


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line says of a search in files."""

    files: list[Path]
    columns: list[str]
    out: Path | None
    clusters: Path | None
    labels: Path | None
    ask: Path | None
    threshold: float
    floor: float


def _refuse_workspace_options(ctx: typer.Context) -> None:
    """Raises UsageError for options that would be passed over beside a FILE."""
    options = {"object_name": "--object", "detailed_exitcode": "--detailed-exitcode"}
    given = [option for name, option in options.items() if is_given(ctx, name)]
    if given:
        raise UsageError("usage", f"{' and '.join(given)} goes with a workspace's snapshots, not with a FILE")


def _search_files(at: Context, asked: _Asked) -> None:
    """Search, write what is to be written, and tell of it."""
    from kevasync.dedupe.clustering import clusters as make_clusters
    from kevasync.dedupe.columns import parse
    from kevasync.dedupe.pipeline import find_pairs
    from kevasync.dedupe.refit import choose, learn

    roles = [parse(text) for text in asked.columns] or None
    given = _labels(asked.labels)
    with _connection() as con:
        try:
            steps = Steps(at.progress)
            pairs = find_pairs(con, asked.files, roles, floor=asked.floor, tell=steps)
            steps.done()
            document = pairs.report.as_dict()
            if asked.labels is not None:
                learned = learn(pairs, given)
                pairs = learned.pairs
                document |= {"labels": len(given), "labels_used": learned.used}
                document |= {"labels_contradicted": learned.contradicted, "labels_unknown": learned.unknown}
            if asked.ask is not None:
                _write_questions(choose(pairs, ASKED, given), asked.ask)
                document["ask"] = str(asked.ask)
            document |= {
                "threshold": asked.threshold,
                "floor": asked.floor,
                "pairs": len(pairs.probability),
                "matches": int((pairs.probability >= asked.threshold).sum()),
            }
            if asked.out is not None:
                _write(con, pairs.table, asked.out)
                document["out"] = str(asked.out)
            grouped = make_clusters(pairs, threshold=asked.threshold)
            document["clusters"] = _cluster_counts(con, grouped)
            if asked.clusters is not None:
                _write(con, grouped, asked.clusters)
                document["clusters"]["out"] = str(asked.clusters)
        finally:
            at.progress.done()
    at.out(document, lambda screen: _show(screen, document, pairs))


def _labels(path: Path | None) -> list[Label]:
    """The answers, before the search begins. Raises UsageError `dedupe-labels`, also where they are too few."""
    from kevasync.dedupe.refit import FEWEST, read_labels

    found = [] if path is None else read_labels(path)
    if path is not None and len(found) < FEWEST:
        raise UsageError("dedupe-labels", f"{path}: {len(found)} labels; {FEWEST} are needed")
    return found


def _in_workspace(at: Context, for_files: dict[str, Any], object_name: str, threshold: float, *, detailed: bool) -> int:
    wrong = [f"--{name}" for name, value in for_files.items() if value]
    if wrong:
        raise UsageError(
            "usage", f"{', '.join(wrong)} needs a FILE; without one the workspace's snapshots are searched"
        )
    from kevasync.cli.dedupe_workspace import dedupe_workspace

    return dedupe_workspace(at, object_name, threshold, detailed=detailed)


@contextmanager
def _connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that spills into a folder of its own: the names of spilled files are the same in every process."""
    import tempfile

    import duckdb

    from kevasync.cli.plan_files import memory_limit

    with tempfile.TemporaryDirectory(prefix="kevasync-dedupe-") as spill:
        settings: dict[str, Any] = {
            "memory_limit": memory_limit(),
            "temp_directory": spill,
            "preserve_insertion_order": "false",
        }
        with duckdb.connect(config=settings) as con:
            con.execute("set enable_progress_bar = false")
            yield con


def _write(con: duckdb.DuckDBPyConnection, table: pa.Table, path: Path) -> None:
    from kevasync.cli.outputs import copy_query

    con.register("dd_result", table)
    try:
        copy_query(con, "from dd_result", path, NOT_WRITTEN)
    finally:
        con.unregister("dd_result")


def _write_questions(asked: Sequence[Asked], path: Path) -> None:
    import csv

    from kevasync.cli.outputs import written

    with written(path, NOT_WRITTEN) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id_a", "id_b", "probability", "label"])
        writer.writerows([item.id_a, item.id_b, f"{item.probability:.3f}", ""] for item in asked)


def _cluster_counts(con: duckdb.DuckDBPyConnection, grouped: pa.Table) -> dict[str, Any]:
    con.register("dd_grouped", grouped)
    rows = con.execute(
        "select size, count(*) from (select count(*) as size from dd_grouped group by cluster) group by size "
        "order by size"
    ).fetchall()
    con.unregister("dd_grouped")
    return {
        "count": sum(count for _, count in rows),
        "with_duplicates": sum(count for size, count in rows if size > 1),
        "largest": rows[-1][0] if rows else 0,
        "surplus_records": sum((size - 1) * count for size, count in rows),
        "by_size": {str(size): count for size, count in rows[:20]},
    }


def _show(screen: Screen, document: dict[str, Any], pairs: Pairs) -> None:
    counts = document["clusters"]
    screen.heading(f"{document['records']:,} records, {counts['with_duplicates']:,} clusters with duplicates")
    for item in pairs.report.columns:
        said = ", ".join(f"{role}={column}" for role, columns in item.roles for column in columns)
        screen.line(f"  {'guessed' if item.guessed else 'columns'}: {said}")
    for note in document["notes"]:
        screen.line(f"Note: {note}", style="yellow")
    if "labels_used" in document:
        screen.line(
            f"Labels: {document['labels_used']:,} pairs followed, {document['labels_contradicted']:,} with yes and no "
            f"left out, {document['labels_unknown']:,} labels of pairs that were not scored"
        )
    if document["passed_over"]:
        screen.line(f"Too many pairs: the {document['passed_over']:,} least likely were passed over", style="yellow")
    if document["not_compared"]:
        screen.line(f"Not compared, too many of role other: {', '.join(document['not_compared'])}", style="yellow")
    rows = [
        (
            rule.rule,
            f"{rule.cost:,}",
            f"{rule.pairs:,}",
            f"{rule.new_pairs:,}",
            f"{rule.capped_blocks:,} blocks, {rule.capped_records:,} records" if rule.capped_blocks else "",
        )
        for rule in pairs.report.rules
    ]
    screen.table(
        ("blocking rule", "cost in full", "pairs", "new", "capped"), rows, right=("cost in full", "pairs", "new")
    )
    screen.line(
        f"Compared {document['candidates'] + document['closing']:,} pairs; "
        f"{document['matches']:,} at {document['threshold']:g} or above."
    )
    screen.line(
        f"Largest cluster {counts['largest']:,}; one record a cluster would leave out {counts['surplus_records']:,}."
    )
