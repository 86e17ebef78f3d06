"""Docs as tests: generated pages are current, every error code is catalogued, every catalogue entry is whole."""

import ast
import importlib.util
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from kevasync.cli.commands import COMMANDS
from kevasync.cli.main import build

ROOT = Path(__file__).resolve().parents[2]
RAISED = {"UsageError", "RunError", "Refused", "Problem", "Failure"}
PLANNED = {"dedupe", "review", "reconcile", "serve", "rehearse"}
"""Commands that the design names and that a later release brings; no error page may send anyone to another one."""


EXPLAINED = {"salesforce-stuck-pending", "salesforce-webhook-silent"}
"""Troubles that no line of code can raise, and that people look up: two of Keva's documented troubleshooting list."""


@cache
def subcommands(name):
    """The commands of a group, none for a command that takes arguments."""
    return frozenset(getattr(build().load(name), "commands", ())) if name in COMMANDS else frozenset()


def load_generate():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def catalogue():
    return {
        code: (file.name, entry)
        for file in sorted((ROOT / "kevasync" / "catalogue").glob("*.toml"))
        for code, entry in tomllib.loads(file.read_text(encoding="utf-8")).items()
    }


@cache
def sources():
    return {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "kevasync").rglob("*.py"))}


def codes_in(text):
    """The literal codes given to our errors, problems and failures in one module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in RAISED:
            first = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "code"), None)
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value, node.lineno


def test_generated_pages_are_current():
    """The command line reference and the error pages say what the code says."""
    assert load_generate().main(["--check"]) == 0, "run: make docs"


def test_every_code_raised_is_in_the_catalogue():
    """No error can be raised whose code has no title, cause and remedy."""
    known = catalogue()
    missing = [
        f"{path.relative_to(ROOT)}:{line}: {code}"
        for path, text in sources().items()
        for code, line in codes_in(text)
        if code not in known
    ]
    assert missing == []


def test_no_code_stands_in_two_catalogue_files():
    """One code, one entry: a second file cannot quietly replace it."""
    seen = [
        code for file in (ROOT / "kevasync" / "catalogue").glob("*.toml") for code in tomllib.loads(file.read_text())
    ]
    assert sorted(set(seen)) == sorted(seen)


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_catalogue_entry_is_whole_and_used(code):
    """Each entry has title, why, next and example; its code is in the source; its commands exist."""
    _, entry = catalogue()[code]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)
    assert set(entry) == {"title", "why", "next", "example"}
    assert all(entry.values())
    assert isinstance(entry["next"], list)
    assert code in EXPLAINED or any(code in text for text in sources().values()), f"nothing raises {code}"
    for step in entry["next"]:
        for name in re.findall(r"(?:^|: )kevasync ([a-z]+)", step):
            assert name in COMMANDS or name in PLANNED, f"{code}: there is no command kevasync {name}"
        for name, second in re.findall(r"(?:^|: )kevasync ([a-z]+) ([a-z]+)(?= |$)", step):
            subs = subcommands(name)
            assert not subs or second in subs, f"{code}: there is no command kevasync {name} {second}"


def test_every_dependency_is_justified():
    """The dependency page and pyproject.toml name the same packages, each with reason, licence and upkeep."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(item for extra in project["optional-dependencies"].values() for item in extra),
    ]
    names = {re.split(r"[<>=!~\[; ]", item)[0] for item in wanted}
    page = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")
    ]
    described = {row[0]: row for row in rows if row[0] != "package"}
    assert set(described) == names
    assert all(len(row) == 4 and all(row) for row in described.values())


def test_links_between_pages_lead_somewhere():
    """No relative link in a page is broken."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
