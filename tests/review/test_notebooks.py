"""Every notebook that is shipped: what it may import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.py"))
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
