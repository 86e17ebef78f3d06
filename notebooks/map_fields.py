# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""Field mapping: decide on the suggestions for the columns of a file. Started by `kevasync review mappings`."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="Field mapping")


@app.cell
def _():
    import marimo as mo

    from kevasync import review

    return mo, review


@app.cell
def _():
    # a session file; None: the one that the command named
    session = None
    return (session,)


@app.cell
def _(review, session):
    opened = review.open_mappings(session)
    screen = opened.screen()
    return opened, screen


@app.cell
def _(screen):
    screen
    return


@app.cell
def _(mo, screen):
    decided, set_decided = mo.state(0)
    screen.when_changed(lambda: set_decided(lambda count: count + 1))
    return (decided,)


@app.cell
def _(decided, opened):
    decided()
    summary, problems = opened.summary(), opened.problems()
    return problems, summary


@app.cell
def _(mo, problems, summary):
    mo.accordion(
        {
            f"Decisions ({len(summary)})": mo.ui.table(summary, selection=None, page_size=20)
            if summary
            else mo.md("Nothing decided yet."),
            f"Lint of what is accepted ({len(problems)})": mo.ui.table(problems, selection=None, page_size=20)
            if problems
            else mo.md("Nothing to complain of."),
        },
        multiple=True,
    )
    return


if __name__ == "__main__":
    app.run()
