# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""How good the auto-mapper is, and why: what was measured, and a training to look into. `marimo run` this file."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Auto-mapper training")


@app.cell
def _():
    import altair as alt
    import marimo as mo

    from kevasync.automap import train

    return alt, mo, train


@app.cell
def _():
    # "small", "medium" or "full" trains at once; None: when the button is pressed
    size = None
    return (size,)


@app.cell
def _(mo, train):
    shipped = train.shipped()
    mo.md(f"""
    # The auto-mapper's training

    The model in use was trained on **{shipped["rows"]:,} labelled columns** ({shipped["decisions"]:,} of them decided
    in a workspace) with seed {shipped["seed"]}, scikit-learn {shipped["made_with"]["scikit-learn"]}. All figures are
    of columns of systems that the model answering had not seen.
    """)
    return (shipped,)


@app.cell
def _(mo, shipped):
    heads = {
        "columns": "columns",
        "top1": "right first",
        "recall3": "right in three",
        "decision_accuracy": "decided right",
        "none_recall": "'none' found",
        "precision_at_90": "right when sure (≥ .9)",
        "share_at_90": "share sure",
        "ece": "confidence off by",
        "acceptable_at_99": "acceptable at 99 %",
    }
    measured = [
        {"held out": part} | {head: figures[key] for key, head in heads.items()}
        for part, figures in shipped["held_out"].items()
    ]
    mo.ui.table(measured, selection=None, show_download=False)
    return heads, measured


@app.cell
def _(alt, measured):
    _order = [row["held out"] for row in measured]
    figures_chart = (
        alt.Chart(alt.Data(values=measured), title="Right first, and acceptable unread at 99 % precision")
        .transform_fold(["right first", "acceptable at 99 %"], as_=["figure", "share"])
        .mark_bar()
        .encode(
            x=alt.X("share:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"), title=None),
            y=alt.Y("held out:N", sort=_order, title=None),
            yOffset=alt.YOffset("figure:N", sort=["right first", "acceptable at 99 %"]),
            color=alt.Color("figure:N", sort=["right first", "acceptable at 99 %"], title=None),
            tooltip=["held out:N", "figure:N", alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(width="container")
    )
    figures_chart
    return (figures_chart,)


@app.cell
def _(mo, train):
    picker = mo.ui.dropdown(options=list(train.SIZES), value="small", label="Part of the corpus")
    button = mo.ui.run_button(label="Train")
    mo.vstack(
        [
            mo.md("""
            ## Look into a training

            *small* takes seconds, *medium* a minute, *full* several: it trains on the whole corpus, once for each
            point of the learning curve. Nothing is written; `kevasync automap train` writes the model.
            """),
            mo.hstack([picker, button], justify="start"),
        ]
    )
    return button, picker


@app.cell
def _(button, mo, picker, size, train):
    chosen = size or (picker.value if button.value else None)
    mo.stop(chosen is None, mo.md("Nothing was trained yet."))
    with mo.status.spinner(title="Training", remove_on_exit=True) as _spinner:
        study = train.study(chosen, tell=lambda text: _spinner.update(subtitle=text))
    _all = study.figures["all"]
    mo.hstack(
        [
            mo.stat(f"{study.systems}", label="systems", caption=f"{study.rows:,} labelled columns"),
            mo.stat(f"{_all.top1:.1%}", label="right first", caption=f"of {_all.mapped:,} held out"),
            mo.stat(f"{_all.decision_accuracy:.1%}", label="decided right", caption=f"of {_all.columns:,} held out"),
            mo.stat(f"{_all.ece:.3f}", label="confidence off by", caption="on average"),
        ],
        widths="equal",
    )
    return (study,)


@app.cell
def _(alt, study):
    curve = [
        {"systems": point.systems, "columns": point.rows, "figure": name, "share": share}
        for point in study.curve
        for name, share in (
            ("right first", point.figures.top1),
            ("right in three", point.figures.recall3),
            ("decided right", point.figures.decision_accuracy),
        )
    ]
    curve_chart = (
        alt.Chart(
            alt.Data(values=curve),
            title=alt.Title(
                "Learning curve",
                subtitle=f"on the same {study.curve[0].figures.columns:,} held-out columns at every point",
            ),
        )
        .mark_line(point=True)
        .encode(
            x=alt.X("systems:Q", title="systems in the corpus", scale=alt.Scale(zero=False, nice=True)),
            y=alt.Y("share:Q", title=None, axis=alt.Axis(format="%"), scale=alt.Scale(zero=False)),
            color=alt.Color("figure:N", title=None),
            tooltip=["systems:Q", "columns:Q", "figure:N", alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(width="container")
    )
    curve_chart
    return curve, curve_chart


@app.cell
def _(alt, study):
    reliability = [
        {
            "answer": one.answer,
            "columns": one.count,
            "confidence": one.confidence,
            "right": one.right,
            "low": one.low,
            "high": one.high,
        }
        for one in study.reliability
    ]
    _share = alt.Scale(domain=[0, 1])
    _base = alt.Chart(alt.Data(values=reliability)).encode(
        x=alt.X("confidence:Q", scale=_share, axis=alt.Axis(format="%"), title="confidence"),
        color=alt.Color("answer:N", title="answer"),
    )
    _ideal = (
        alt.Chart(alt.Data(values=[{"confidence": 0, "right": 0}, {"confidence": 1, "right": 1}]))
        .mark_line(strokeDash=[4, 4], color="grey")
        .encode(x=alt.X("confidence:Q", title="confidence"), y=alt.Y("right:Q", title="right"))
    )
    calibration_chart = (
        _ideal
        + _base.mark_rule().encode(y=alt.Y("low:Q", title="right"), y2="high:Q")
        + _base.mark_line(opacity=0.4).encode(y="right:Q")
        + _base.mark_circle(opacity=1).encode(
            y=alt.Y("right:Q", scale=_share, axis=alt.Axis(format="%"), title="right"),
            size=alt.Size("columns:Q", title="columns"),
            tooltip=[
                "answer:N",
                "columns:Q",
                alt.Tooltip("confidence:Q", format=".1%"),
                alt.Tooltip("right:Q", format=".1%"),
            ],
        )
    ).properties(
        width=420,
        height=420,
        title=alt.Title(
            "Calibration", subtitle="on the line, what is said with 80 % is right 8 times in 10; 95 % intervals"
        ),
    )
    calibration_chart
    return calibration_chart, reliability


@app.cell
def _(alt, study):
    confusion = [
        {"role": one.role, "taken for": one.taken_for, "columns": one.count, "share": one.count / one.of}
        for one in study.confusions[:30]
    ]
    confusion_chart = (
        alt.Chart(alt.Data(values=confusion), title="Which role is taken for which: the 30 most frequent")
        .mark_rect()
        .encode(
            x=alt.X("taken for:N", sort="-color", axis=alt.Axis(labelAngle=-45)),
            y=alt.Y("role:N", sort="-color"),
            color=alt.Color("columns:Q", scale=alt.Scale(scheme="blues"), title="columns"),
            tooltip=["role:N", "taken for:N", "columns:Q", alt.Tooltip("share:Q", format=".1%", title="of that role")],
        )
    )
    confusion_chart
    return confusion, confusion_chart


@app.cell
def _(mo, study):
    hardest = [
        {
            "column": one.column,
            "object": one.object,
            "right": one.right,
            "said": one.said,
            "sure": round(one.sure, 3),
            "ahead by": round(one.gap, 3),
            "times": one.times,
            "system": one.system,
        }
        for one in study.hardest[:200]
    ]
    mo.vstack(
        [
            mo.md(f"""
            ### Hardest pairs

            Of {len(study.hardest):,} columns answered wrongly, those whose wrong answer was furthest ahead of the
            right one.
            """),
            mo.ui.table(hardest, selection=None, page_size=20),
        ]
    )
    return (hardest,)


if __name__ == "__main__":
    app.run()
