"""`kevasync dedupe`: finds duplicates in any table, or in a workspace's snapshots; needs no labels, merges nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
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
        typer.Option(help="Write the pairs: id_a, id_b, probability, weight in bits. Parquet, or CSV by its ending."),
    ] = None,
    clusters: Annotated[
        Path | None, typer.Option(help="Write every record's cluster: id, cluster. Parquet, or CSV by its ending.")
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
    if not files:
        for_files = {"columns": columns, "out": out, "clusters": clusters, "labels": labels, "ask": ask}
        return _in_workspace(at, for_files, object_name, threshold, detailed=detailed_exitcode)
    from kevasync.cli.plan_files import memory_limit
    from kevasync.dedupe.clustering import clusters as make_clusters
    from kevasync.dedupe.columns import parse
    from kevasync.dedupe.pipeline import find_pairs
    from kevasync.dedupe.refit import choose, read_labels, refit

    given: list[Label] = []
    roles = [parse(text) for text in columns or []] or None
    con = _connect(memory_limit())
    try:
        pairs = find_pairs(con, files, roles, floor=floor, tell=at.progress.start)
        document = pairs.report.as_dict()
        if labels is not None:
            given = read_labels(labels)
            pairs = refit(pairs, given)
            document["labels"] = len(given)
        if ask is not None:
            _write_questions(choose(pairs, ASKED, given), ask)
            document["ask"] = str(ask)
        probability = pairs.probability
        document |= {
            "threshold": threshold,
            "floor": floor,
            "pairs": len(probability),
            "matches": int((probability >= threshold).sum()),
        }
        if out is not None:
            _write(con, pairs.table, out)
            document["out"] = str(out)
        grouped = make_clusters(pairs, threshold=threshold)
        document["clusters"] = _cluster_counts(con, grouped)
        if clusters is not None:
            _write(con, grouped, clusters)
            document["clusters"]["out"] = str(clusters)
        at.progress.done()
        at.out(document, lambda screen: _show(screen, document, pairs))
    finally:
        at.progress.done()
        con.close()
    return ExitCode.DONE


def _in_workspace(at: Context, for_files: dict[str, Any], object_name: str, threshold: float, *, detailed: bool) -> int:
    wrong = [f"--{name}" for name, value in for_files.items() if value]
    if wrong:
        raise UsageError(
            "usage", f"{', '.join(wrong)} needs a FILE; without one the workspace's snapshots are searched"
        )
    from kevasync.cli.dedupe_workspace import dedupe_workspace

    return dedupe_workspace(at, object_name, threshold, detailed=detailed)


def _connect(memory: str) -> duckdb.DuckDBPyConnection:
    import tempfile

    import duckdb

    spill = tempfile.gettempdir()
    con = duckdb.connect(config={"memory_limit": memory, "temp_directory": spill, "preserve_insertion_order": "false"})
    con.execute("set enable_progress_bar = false")
    return con


def _write(con: duckdb.DuckDBPyConnection, table: pa.Table, path: Path) -> None:
    import duckdb

    from kevasync.values import quote_literal

    form = "csv, header" if path.suffix.lower() == ".csv" else "parquet"
    part = path.with_name(f".{path.name}.part")
    con.register("dd_result", table)
    try:
        con.execute(f"copy dd_result to {quote_literal(str(part))} (format {form})").fetchall()
        part.replace(path)
    except (duckdb.IOException, OSError) as error:
        part.unlink(missing_ok=True)
        raise UsageError("dedupe-not-written", f"{path}: {str(error).splitlines()[0]}") from error
    finally:
        con.unregister("dd_result")


def _write_questions(asked: Sequence[Asked], path: Path) -> None:
    import csv

    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id_a", "id_b", "probability", "label"])
            writer.writerows([item.id_a, item.id_b, f"{item.probability:.3f}", ""] for item in asked)
    except OSError as error:
        raise UsageError("dedupe-not-written", f"{path}: {error}") from error


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
