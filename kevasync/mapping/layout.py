"""Where things stand in a mapping file: the lines of its tables, for messages and for edits that keep comments."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Block", "blocks"]

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_-]+(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*\]\]?\s*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class Block:
    """One table of the file. Lines count from 1; `start` is its first comment line above, `end` the line after it."""

    name: str
    is_array: bool
    line: int
    start: int
    end: int
    lines: tuple[str, ...]

    def line_of(self, key: str) -> int:
        """The line on which the key stands, else that of the header."""
        pattern = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        for offset, text in enumerate(self.lines):
            if pattern.match(text):
                return self.line + offset
        return self.line


def blocks(text: str) -> list[Block]:
    """All tables of the file in order. Headers inside multi-line strings are not mistaken for tables."""
    lines = text.splitlines()
    headers: list[tuple[int, re.Match[str]]] = []
    open_quote = ""
    for number, line in enumerate(lines):
        if not open_quote and (match := _HEADER.fullmatch(line)):
            headers.append((number, match))
        for quote in re.findall(r'"""|\'\'\'', line):
            open_quote = "" if quote == open_quote else open_quote or quote
    starts = [_with_comments(lines, number) for number, _ in headers]
    found = []
    for position, (number, match) in enumerate(headers):
        end = starts[position + 1] if position + 1 < len(headers) else len(lines)
        name = re.sub(r"\s", "", match.group(2))
        body = tuple(lines[number:end])
        found.append(Block(name, match.group(1) == "[[", number + 1, starts[position] + 1, end + 1, body))
    return found


def _with_comments(lines: list[str], number: int) -> int:
    """The first line of the comment that stands directly above a line."""
    while number > 0 and lines[number - 1].lstrip().startswith("#"):
        number -= 1
    return number
