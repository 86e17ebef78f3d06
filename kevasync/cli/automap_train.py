"""`kevasync automap train`: the model made anew from the corpus, and from a workspace's own decisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kevasync.cli.context import Context

if TYPE_CHECKING:
    from kevasync.automap.corpus import Row
    from kevasync.automap.train import Report
    from kevasync.cli.render import Screen

__all__ = ["train"]


def train(
    ctx: typer.Context,
    with_decisions: Annotated[
        bool, typer.Option("--with-decisions", help="Train on this workspace's decisions too; the model is its own.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where to write the model; else where kevasync looks for it."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed and versions write the same bytes.")] = 7,
) -> None:
    """Train the auto-mapper anew and say how good it is on systems it did not see.

    Without --with-decisions this makes the model that comes with kevasync. With it, the model goes into the workspace
    and is used there from then on.
    """
    at = Context.of(ctx)
    from kevasync.automap import model_file
    from kevasync.automap.train import train as fit

    rows = _decided(at) if with_decisions else []
    folder = out or (at.workspace.state_dir / "models" if with_decisions else model_file.default_dir())
    at.note("Training takes a few minutes.")
    report = fit(folder, seed, rows)
    document = {
        "model": str(report.path),
        "rows": report.rows,
        "decisions": len(rows),
        "systems": report.families,
        "figures": {name: figures.as_dict() for name, figures in report.figures.items()},
    }
    at.out(document, lambda screen: _show(screen, report, len(rows)))


def _decided(at: Context) -> list[Row]:
    from kevasync.automap import lessons
    from kevasync.automap.decisions import MappingDecisions
    from kevasync.cli import sides

    with sides.open_kept(at.workspace) as kept:
        return lessons.rows(MappingDecisions(kept.decisions).list())


def _show(screen: Screen, report: Report, decided: int) -> None:
    own = f", {decided:,} of them decided here" if decided else ""
    screen.line(f"{report.path}: {report.rows:,} labelled columns of {report.families} systems{own}", style="bold")
    rows = [
        (
            name,
            f"{one.columns:,}",
            f"{one.top1:.3f}",
            f"{one.recall3:.3f}",
            f"{one.decision_accuracy:.3f}",
            f"{one.precision_at_90:.3f}",
            f"{one.ece:.3f}",
            f"{one.acceptable_at_99:.2f}",
        )
        for name, one in report.figures.items()
    ]
    heads = ("held out", "columns", "first", "in three", "decided right", "right when sure", "off by", "safe share")
    screen.table(heads, rows, right=heads[1:])
