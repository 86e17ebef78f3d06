"""Clean text: what is left of a value when dirt that nobody can see is taken off; and quoting for SQL.

The SQL looks at the first and the last character before it trims: `trim(x, characters)` costs ten times a scan.
"""

from __future__ import annotations

import unicodedata

__all__ = ["SPACES", "clean", "clean_sql", "collapse", "collapse_sql", "quote_identifier", "quote_literal"]

SPACES = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""Every character that Python and Unicode call white space, NBSP among them; a test holds it complete."""


def quote_identifier(name: str) -> str:
    """The name as a DuckDB identifier, whatever it contains."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """The text as a DuckDB string literal. NUL cannot stand in SQL text, so it is left out, as `clean` does."""
    return "'" + text.replace("\x00", "").replace("'", "''") + "'"


def clean(text: str | None) -> str | None:
    """The text without NUL, with LF line ends, trimmed of Unicode spaces and in NFC; None where nothing is left."""
    if text is None:
        return None
    if text.isascii() and text.isprintable():
        return text.strip() or None
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").strip()
    return unicodedata.normalize("NFC", text) or None


def collapse(text: str | None) -> str | None:
    """Clean text with every run of white space as one space: how names are compared."""
    cleaned = clean(text)
    return None if cleaned is None else " ".join(cleaned.split()) or None


_WIDE_SPACES = quote_literal("".join(char for char in SPACES if char > "\x7f"))
_ALL_SPACES = quote_literal(SPACES)
_SPACE_CODES = "".join(f"\\x{{{ord(char):x}}}" for char in SPACES)
_WORD = f"[^\\x00{_SPACE_CODES}]+"


def clean_sql(expr: str) -> str:
    """`clean` in DuckDB. `expr` is repeated, so it should be a column or something as cheap."""
    x = f"({expr})"
    # contains, not IN: a list of constants becomes a join for each expression that has one
    # chr(133) is the first space beyond ASCII; comparing with it reads a few bytes, looking one up in a set does not
    edges = (
        f"{x} >= '!' AND {x}[-1] >= '!'"
        f" AND ({x} < chr(133) OR NOT contains({_WIDE_SPACES}, {x}[1]))"
        f" AND ({x}[-1] < chr(133) OR NOT contains({_WIDE_SPACES}, {x}[-1]))"
    )
    lines = f"replace(replace(replace({x}, chr(0), ''), chr(13) || chr(10), chr(10)), chr(13), chr(10))"
    return (
        f"CASE WHEN {edges} AND NOT contains({x}, chr(13)) AND NOT contains({x}, chr(0)) THEN nfc_normalize({x})"
        f" ELSE nullif(nfc_normalize(trim({lines}, {_ALL_SPACES})), '') END"
    )


def collapse_sql(expr: str) -> str:
    """`collapse` in DuckDB. `expr` is repeated, so it should be a column or something as cheap."""
    x = f"({expr})"
    single = f"regexp_replace(replace({x}, chr(0), ''), '[{_SPACE_CODES}]+', ' ', 'g')"
    return (
        f"CASE WHEN regexp_full_match({x}, '{_WORD}( {_WORD})*') THEN nfc_normalize({x})"
        f" ELSE nullif(nfc_normalize(trim({single}, ' ')), '') END"
    )
