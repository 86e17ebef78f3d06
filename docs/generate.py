"""Writes the pages that are made from the code: docs/cli-reference.md and docs/errors/. `--check` only compares."""  # noqa: INP001 a script, not a package

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kevasync.cli.commands import COMMANDS
from kevasync.cli.context import Context
from kevasync.cli.main import build

__all__ = ["main", "pages"]

DOCS = Path(__file__).resolve().parent
CATALOGUE = DOCS.parent / "kevasync" / "catalogue"
WIDTH = 96
MADE = "<!-- Made by docs/generate.py; do not edit. `make docs` writes it anew. -->\n"


def pages() -> dict[Path, str]:
    """Every generated page: path below docs/ and text."""
    made = {Path("cli-reference.md"): cli_reference()}
    entries = list(errors())
    for entry in entries:
        made[Path("errors") / f"{entry['code']}.md"] = error_page(entry)
    made[Path("errors/index.md")] = error_index(entries)
    return made


def cli_reference() -> str:
    """One section a command, with its real --help."""
    group = build()
    root = group.make_context("kevasync", [], obj=Context(), resilient_parsing=True, terminal_width=WIDTH)
    parts = [
        f"# Command line reference\n\n{MADE}\n",
        "Every command takes `--json` (one JSON document on stdout, text for people on stderr), `--workspace DIR`, ",
        "`--quiet`, `--verbose` and `--no-color`.\n\n",
        f"```text\n{group.get_help(root)}\n```\n",
    ]
    for name in COMMANDS:
        for path, text in _help(group.load(name), f"kevasync {name}"):
            parts.append(f"\n## {path}\n\n```text\n{text}\n```\n")
    return "".join(parts)


def _help(command: Any, path: str) -> Iterator[tuple[str, str]]:
    context = command.make_context(path, [], obj=Context(), resilient_parsing=True, terminal_width=WIDTH)
    yield path, command.get_help(context)
    for name, inner in getattr(command, "commands", {}).items():
        yield from _help(inner, f"{path} {name}")


def errors() -> Iterator[dict[str, Any]]:
    """Every entry of the catalogue with its code and area, by area and code."""
    for file in sorted(CATALOGUE.glob("*.toml")):
        for code, entry in sorted(tomllib.loads(file.read_text(encoding="utf-8")).items()):
            yield {"code": code, "area": file.stem, **entry}


def error_page(entry: dict[str, Any]) -> str:
    """One error: what it looks like, why it happens, what to do next."""
    # an example may begin with its code, as the log shows it
    example = entry["example"].removeprefix(f"{entry['code']}: ")
    steps = "".join(f"- {_step(step)}\n" for step in entry["next"])
    return (
        f"# {entry['title']}\n\n{MADE}\nCode: `{entry['code']}`\n\n"
        f"```text\nerror[{entry['code']}]: {example}\n```\n\n"
        f"## Why it happens\n\n{entry['why']}\n\n## What to do next\n\n{steps}"
    )


def _step(step: str) -> str:
    """A bare command is set as code; a sentence that ends in one keeps its words."""
    lead, colon, command = step.rpartition(": ")
    if command.startswith(("kevasync ", "sf ", "ls ")):
        return f"{lead}{colon}`{command}`"
    return step


def error_index(entries: list[dict[str, Any]]) -> str:
    """All codes in one table an area."""
    parts = [f"# Errors\n\n{MADE}\n", "Every error names its code; the page says why it happens and what to do next.\n"]
    for area in dict.fromkeys(entry["area"] for entry in entries):
        parts.append(f"\n## {area}\n\n| code | what it says |\n|---|---|\n")
        parts.extend(
            f"| [{entry['code']}]({entry['code']}.md) | {entry['title']} |\n"
            for entry in entries
            if entry["area"] == area
        )
    return "".join(parts)


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check name those that differ. Exit code 0, or 1 when a page differs."""
    wanted = pages()
    stale = [DOCS / path for path in wanted if _read(DOCS / path) != wanted[path]]
    surplus = [path for path in (DOCS / "errors").glob("*.md") if path.relative_to(DOCS) not in wanted]
    if "--check" in arguments:
        for path in (*stale, *surplus):
            sys.stderr.write(f"{path.relative_to(DOCS.parent)} is not what the code says; run: make docs\n")
        return 1 if stale or surplus else 0
    for path in surplus:
        path.unlink()
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path.relative_to(DOCS)], encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(DOCS.parent)}\n")
    return 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
