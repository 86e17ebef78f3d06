# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""Accounts: decide which Account a company is. Started by `kevasync review accounts`."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="Accounts")


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
    opened = review.open_accounts(session)
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
    summary = opened.summary()
    return (summary,)


@app.cell
def _(mo, summary):
    mo.accordion(
        {
            "Decisions so far": mo.ui.table(summary, selection=None, page_size=20)
            if summary
            else mo.md("Nothing decided yet."),
        },
    )
    return


if __name__ == "__main__":
    app.run()
