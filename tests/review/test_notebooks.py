"""Every notebook that is shipped: what it may import."""

from __future__ import annotations

import ast
import subprocess
import sys

import notebook_app
import pytest

NOTEBOOKS = sorted(notebook_app.NOTEBOOKS.glob("*.py"))
ALLOWED = {"marimo", "altair", "kevasync.review", "kevasync.automap.train"}


def test_there_are_notebooks():
    """The next test is not green for want of files."""
    assert len(NOTEBOOKS) >= 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_imports_the_review_training_marimo_and_plots_only(path):
    """A notebook shows; what it shows is made behind these doors, where it is tested."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {item.name for item in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{item.name}" for item in node.names}
    assert names <= ALLOWED


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_marimo_finds_nothing_to_complain_of(path):
    """`marimo check` is clean."""
    done = subprocess.run(
        [sys.executable, "-m", "marimo", "check", "--strict", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
