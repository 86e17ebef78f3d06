"""The mapping notebook: clean, runs without a browser, and its session file is for its owner alone."""

from __future__ import annotations

import ast
import stat

import notebook_app
import pytest
from review_world import mapping_session

from kevasync.errors import UsageError
from kevasync.review.session import MappingSession, load

NOTEBOOK = notebook_app.NOTEBOOKS / "map_fields.py"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_notebook_runs_end_to_end(tmp_path):
    """From a session file to the screen, the decisions and the lint; a decision recorded before is shown."""
    session, path = mapping_session(tmp_path / "ws")
    defs = notebook_app.run("map_fields.py", session=str(path))
    defs["screen"]._desk.answer(
        {"presses": [{"key": "c:1", "who": "ana", "subject": "cell", "verdict": "accept",
                      "answer": {"targets": ["MobilePhone"]}, "saw": None}]}
    )  # fmt: skip
    defs["opened"].close()
    defs = notebook_app.run("map_fields.py", session=str(path))
    assert [row["column"] for row in defs["summary"]] == ["cell"]
    assert defs["screen"].page["rows"][0]["title"] == "first_name"
    assert len(defs["screen"].page["rows"]) == len(session.suggestions)
    defs["opened"].close()


def test_the_notebook_imports_the_review_and_marimo_only():
    """All else is behind kevasync.review."""
    names = set()
    for node in ast.walk(ast.parse(NOTEBOOK.read_text())):
        if isinstance(node, ast.Import):
            names |= {item.name for item in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{item.name}" for item in node.names}
    assert names <= {"marimo", "altair", "kevasync.review"}


def test_a_session_comes_back_as_it_was_and_only_for_its_owner(tmp_path):
    """Suggestions, evidence and profiles survive the file; its mode is 0600."""
    session, path = mapping_session(tmp_path / "ws", 45)
    assert load(MappingSession, path) == session
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "{}", '{"version": 1}', None])
def test_a_session_that_cannot_be_read_is_a_clear_error(tmp_path, text):
    """Cut off, empty or gone."""
    path = tmp_path / "session.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError) as raised:
        load(MappingSession, path)
    assert raised.value.code == "review-session"
