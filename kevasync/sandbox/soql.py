"""SOQL from text to a tree, and the errors with the little picture that shows the place."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError, UnexpectedCharacters, UnexpectedToken, VisitError

from kevasync.sandbox.answers import ApiError

__all__ = [
    "AllOf", "AnyOf", "Call", "Comparison", "Condition", "FieldRef", "Item", "Not", "Operand", "Order", "Query",
    "Subquery", "Value", "decode_string", "parse", "parse_condition", "picture",
]  # fmt: skip

_MAX_LENGTH = 100_000
_WINDOW = 50


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field, or a path through parents: `("Account", "Name")`."""

    path: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function over nothing, a field, or another function."""

    name: str
    argument: FieldRef | Call | None
    at: int


Operand = FieldRef | Call


@dataclass(frozen=True, slots=True)
class Value:
    """A literal as written; `text` of a string still has its quotes and escapes."""

    kind: Literal["string", "number", "date", "datetime", "word"]
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Subquery:
    """The inner query of a semi-join."""

    query: Query


@dataclass(frozen=True, slots=True)
class Comparison:
    """One operand against a value, a list, or a subquery; `operator` is upper case (`NOT IN`)."""

    operand: Operand
    operator: str
    value: Value | tuple[Value, ...] | Subquery


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of the conditions hold."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the conditions holds."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    item: Condition


Condition = Comparison | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Item:
    """One thing selected, with its alias."""

    operand: Operand
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One ORDER BY term."""

    operand: Operand
    descending: bool = False
    nulls: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query; `text` is what was sent, for the pictures in errors."""

    items: tuple[Item, ...]
    source: str
    source_at: int
    alias: str | None
    where: Condition | None = None
    group: tuple[Operand, ...] = ()
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None
    all_rows: bool = False
    text: str = field(default="", compare=False)


def picture(code: str, soql: str, at: int, message: str) -> ApiError:
    """An error with the line, a caret under the place, and row and column, as Salesforce draws it."""
    at = min(max(at, 0), len(soql))
    row = soql.count("\n", 0, at) + 1
    start = soql.rfind("\n", 0, at) + 1
    end = soql.find("\n", at)
    line, column = soql[start : len(soql) if end < 0 else end], at - start
    left = max(0, column - _WINDOW)
    shown = line[left : column + _WINDOW]
    caret = " " * (column - left) + "^"
    return ApiError(code, f"\n{shown}\n{caret}\nERROR at Row:{row}:Column:{column + 1}\n{message}")


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)


def decode_string(value: Value, soql: str, *, pattern: bool = False) -> str:
    r"""The text of a string literal; with `pattern`, as a LIKE pattern whose escape character is `\`."""

    def replaced(found: re.Match[str]) -> str:
        letter = found[1]
        if letter in "_%":
            return "\\" + letter if pattern else letter
        if len(letter) == 5:  # noqa: PLR2004 a fact of the format
            text = chr(int(letter[1:], 16))
        elif letter.lower() in _ESCAPES:
            text = _ESCAPES[letter.lower()]
        else:
            message = f"Invalid string literal {value.text}. Illegal character sequence '\\{letter}' in string literal."
            raise picture("MALFORMED_QUERY", soql, value.at, message)
        return text.replace("\\", "\\\\") if pattern else text

    decoded = _ESCAPE.sub(replaced, value.text[1:-1])
    # half a surrogate pair is no character: SQLite could not take it
    return decoded.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class _Build(Transformer[Token, Any]):
    """Turns the parser's reductions into the tree, as they happen."""

    def field(self, parts: list[Token]) -> FieldRef:
        return FieldRef(tuple(parts[0].split(".")), parts[0].start_pos or 0)

    def call(self, parts: list[Any]) -> Call:
        return Call(str(parts[0]).upper(), parts[1] if len(parts) > 1 else None, parts[0].start_pos or 0)

    def item(self, parts: list[Any]) -> Item:
        return Item(parts[0], str(parts[1]) if len(parts) > 1 else None)

    grouped_item = item

    def items(self, parts: list[Item]) -> tuple[Item, ...]:
        return tuple(parts)

    grouped_items = items

    def source(self, parts: list[Token]) -> tuple[str, Any]:
        return ("source", parts)

    def where(self, parts: list[Any]) -> tuple[str, Any]:
        return ("where", parts[1])

    def group(self, parts: list[Any]) -> tuple[str, Any]:
        operands = tuple(part for part in parts if isinstance(part, FieldRef | Call))
        return ("group", (operands, parts[-1]))

    def order(self, parts: list[Any]) -> tuple[str, Any]:
        return ("order", tuple(part for part in parts if isinstance(part, Order)))

    def ordering(self, parts: list[Any]) -> Order:
        words = {part.type for part in parts[1:] if part is not None}
        nulls = "FIRST" if "FIRST" in words else "LAST" if "LAST" in words else None
        return Order(parts[0], "DESC" in words, nulls)

    def limit(self, parts: list[Token]) -> tuple[str, Any]:
        return ("limit", parts[1])

    def offset(self, parts: list[Token]) -> tuple[str, Any]:
        return ("offset", parts[1])

    def tail(self, parts: list[Token]) -> tuple[str, Any]:
        return ("tail", parts[0].type == "ALL")

    def all_of(self, parts: list[Any]) -> AllOf:
        return AllOf(tuple(part for part in parts if not isinstance(part, Token)))

    def any_of(self, parts: list[Any]) -> AnyOf:
        return AnyOf(tuple(part for part in parts if not isinstance(part, Token)))

    def negated(self, parts: list[Any]) -> Condition:
        inner: Condition = parts[1]
        return inner.item if isinstance(inner, Not) else Not(inner)

    def comparison(self, parts: list[Any]) -> Comparison:
        operator = " ".join(str(part).upper() for part in parts[1:-1])
        return Comparison(parts[0], "!=" if operator == "<>" else operator, parts[-1])

    def subquery(self, parts: list[Query]) -> Subquery:
        return Subquery(parts[0])

    def members(self, parts: list[Value]) -> tuple[Value, ...]:
        return tuple(parts)

    def value(self, parts: list[Token]) -> Value:
        token = parts[0]
        kinds = {"STRING": "string", "NUMBER": "number", "DATE": "date", "DATETIME": "datetime"}
        return Value(kinds.get(token.type, "word"), str(token), token.start_pos or 0)  # type: ignore[arg-type]  # one of the four

    def query(self, parts: list[Any]) -> Query:
        named: dict[str, Any] = dict(
            part for part in parts if isinstance(part, tuple) and part and isinstance(part[0], str)
        )
        source = named["source"]
        group, having = named.get("group", ((), None))
        return Query(
            items=parts[1], source=str(source[0]), source_at=source[0].start_pos or 0,
            alias=str(source[1]) if len(source) > 1 else None, where=named.get("where"), group=group, having=having,
            order=named.get("order", ()), limit=_whole(named.get("limit")), offset=_whole(named.get("offset")),
            all_rows=any(part == ("tail", True) for part in parts),
        )  # fmt: skip

    grouped = query


class _NotWholeError(Exception):
    def __init__(self, token: Token) -> None:
        super().__init__()
        self.token = token


def _whole(token: Token | None) -> int | None:
    if token is None:
        return None
    if not token.isdigit() or len(token) > 10:  # noqa: PLR2004 a fact of the format
        raise _NotWholeError(token)
    return int(token)


@cache
def _parser() -> Lark:
    grammar = resources.files(__package__).joinpath("soql.lark").read_text(encoding="utf-8")
    return Lark(
        grammar, parser="lalr", start=["query", "grouped", "condition"], transformer=_Build(), maybe_placeholders=True
    )


_PARSER_LOCK = threading.Lock()
_GROUP_BY = re.compile(r"\bgroup\s+by\b", re.IGNORECASE)


def parse(soql: str) -> Query:
    """The tree of a query.

    Raises:
        ApiError: MALFORMED_QUERY, with the picture of the place.
    """
    if len(soql) > _MAX_LENGTH:
        raise ApiError("QUERY_TOO_LONG", f"SOQL statements cannot be longer than {_MAX_LENGTH:,} characters.")
    tree: Query = _run(soql, "grouped" if _GROUP_BY.search(soql) else "query")
    return Query(**{name: getattr(tree, name) for name in Query.__slots__ if name != "text"}, text=soql)


def parse_condition(text: str) -> Condition:
    """The tree of a bare condition, as validation rules have it."""
    tree: Condition = _run(text, "condition")
    return tree


def _run(soql: str, start: str) -> Any:
    try:
        with _PARSER_LOCK:
            return _parser().parse(soql, start=start)
    except UnexpectedToken as error:
        token = error.token
        at_end = token.type == "$END"
        shown, at = ("<EOF>", len(soql)) if at_end else (str(token), token.start_pos or 0)
        raise picture("MALFORMED_QUERY", soql, at, f"unexpected token: '{shown}'") from None
    except UnexpectedCharacters as error:
        at = int(getattr(error, "pos_in_stream", 0))
        if soql[at : at + 1] == "'":
            raise picture("MALFORMED_QUERY", soql, at, "Invalid string literal: it is not closed") from None
        message = f"line {error.line}:{error.column} no viable alternative at character '{soql[at : at + 1]}'"
        raise ApiError("MALFORMED_QUERY", message) from None
    except (VisitError, _NotWholeError) as error:
        cause = error.orig_exc if isinstance(error, VisitError) else error
        if not isinstance(cause, _NotWholeError):
            raise
        at = cause.token.start_pos or 0
        raise picture("MALFORMED_QUERY", soql, at, f"unexpected token: '{cause.token}'") from None
    except (LarkError, RecursionError):
        raise ApiError("MALFORMED_QUERY", "unexpected token: the query cannot be read") from None
