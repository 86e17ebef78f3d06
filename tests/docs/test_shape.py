"""The shape of the code: every module says what it is for and can be held in the head."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.relative_to(ROOT) for path in (ROOT / "kevasync").rglob("*.py"))
MOST_LINES = 400
MOST_FUNCTION_LINES = 35
FORBIDDEN = {"utils", "helpers", "helper", "manager", "misc", "common"}


@cache
def parsed(path):
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def lengths(path):
    """Lines of each function without its docstring, with its name."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            first = node.lineno
            said = node.body[0].end_lineno - node.body[0].lineno + 1 if len(body) < len(node.body) else 0
            yield node.end_lineno - first + 1 - said, f"{path}:{node.name}"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_module_is_short_and_says_what_it_is_for(path):
    """At most 400 lines, and a first line that says what the module is for, ended like a sentence."""
    text = (ROOT / path).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    opening = (ast.get_docstring(parsed(path)) or "").splitlines()
    assert opening, f"{path} does not say what it is for"
    assert opening[0].endswith((".", ":", "?")), opening[0]
    assert path.stem not in FORBIDDEN


def test_functions_are_mostly_short():
    """Nineteen functions of twenty are within 35 lines."""
    found = sorted(length for path in MODULES for length, _ in lengths(path))
    assert found[int(len(found) * 0.95)] <= MOST_FUNCTION_LINES
