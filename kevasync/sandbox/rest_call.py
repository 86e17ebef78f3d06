"""One REST call and its reply, free of HTTP, so that composite requests go the same way as single ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kevasync.sandbox.answers import ApiError

__all__ = ["Call", "Reply", "body_object"]


@dataclass(frozen=True, slots=True)
class Call:
    """A request below /services/data/vNN.0/; header names are lower case, `base_url` ends without a slash."""

    method: str
    version: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes | dict[str, Any] | list[Any] | None
    base_url: str = ""

    @property
    def root(self) -> str:
        """The path of this version, as addresses in answers begin."""
        return f"/services/data/v{self.version}"

    @property
    def allow_save(self) -> bool:
        """Whether the caller asked to get past duplicate rules that only alert."""
        return "allowsave=true" in self.headers.get("sforce-duplicate-rule-header", "").replace(" ", "").lower()

    def json(self) -> Any:
        """The body, read as JSON.

        Raises:
            ApiError: JSON_PARSER_ERROR.
        """
        if not isinstance(self.body, bytes):
            return self.body
        try:
            return json.loads(self.body.decode("utf-8-sig"), parse_constant=_no_constant)
        except UnicodeDecodeError:
            raise ApiError("JSON_PARSER_ERROR", "Invalid UTF-8 in the request body") from None
        except json.JSONDecodeError as error:
            raise ApiError("JSON_PARSER_ERROR", _parser_text(error)) from None
        except (RecursionError, ValueError):
            raise ApiError("JSON_PARSER_ERROR", "The request body cannot be read") from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _parser_text(error: json.JSONDecodeError) -> str:
    place = f"at [line:{error.lineno}, column:{error.colno}]"
    if error.pos >= len(error.doc):
        return f"Unexpected end-of-input {place}"
    letter = error.doc[error.pos]
    return f"Unexpected character ('{letter}' (code {ord(letter)})): expected a valid value {place}"


def body_object(call: Call) -> dict[str, Any]:
    """The body, which must be a JSON object.

    Raises:
        ApiError: JSON_PARSER_ERROR.
    """
    body = call.json()
    if not isinstance(body, dict):
        raise ApiError("JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.")
    return body


@dataclass(slots=True)
class Reply:
    """Status, JSON body (None: empty) and headers of an answer."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
