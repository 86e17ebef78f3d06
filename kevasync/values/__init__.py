"""The one meaning of "equal": canonical e-mail, phone, name, date, null, in Python and in DuckDB SQL.

Python is the truth; the SQL is the same function made fast, and a property test holds the two together.

    canonical(FieldKind.PHONE, "(415) 555-0100", "US") == "+14155550100"
    con.sql(f"select {canonical_sql(FieldKind.PHONE, 'phone', 'US')} from t")  # after register(con, "US")
"""

from kevasync.values.kind import FieldKind
from kevasync.values.kinds import canonical, is_valid, list_items, list_text
from kevasync.values.sql import Function, canonical_sql, put_function, register, remembering
from kevasync.values.text import (
    SPACES,
    clean,
    clean_sql,
    collapse,
    collapse_sql,
    quote_identifier,
    quote_literal,
)

__all__ = [
    "SPACES",
    "FieldKind",
    "Function",
    "canonical",
    "canonical_sql",
    "clean",
    "clean_sql",
    "collapse",
    "collapse_sql",
    "is_valid",
    "list_items",
    "list_text",
    "put_function",
    "quote_identifier",
    "quote_literal",
    "register",
    "remembering",
]
