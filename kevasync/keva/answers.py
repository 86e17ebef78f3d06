"""What Keva's answers say: a customer, or what is wrong, in our codes."""

from __future__ import annotations

from typing import Any

import requests

from kevasync.errors import KevasyncError, RunError, UsageError

__all__ = ["AnswerLostError", "Customer", "RowRefusedError", "error_text", "one_customer", "refusal"]

Customer = dict[str, Any]
"""A customer as the API's JSON has it."""


class RowRefusedError(Exception):
    """Keva refused one record: HTTP status, our code, Keva's text, and the fields it names."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields


class AnswerLostError(Exception):
    """A create was sent, and no answer or only an error of Keva's own came back: it may have been carried out."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def refusal(name: str, status: int, text: str, answer: Any) -> KevasyncError | RowRefusedError:
    """The error for a 3xx or 4xx: of the whole call, or of this record alone."""
    said = f"{name}: Keva answered {status} ({text or 'no reason given'})."
    codes = requests.codes
    if status == codes.unauthorized:
        return UsageError("keva-key", said)
    if status == codes.forbidden:
        return UsageError("keva-scope", said)
    if status == codes.not_found and not isinstance(answer, dict):
        # Keva itself says what it does not find; a page of something else means that this is not Keva's API.
        return UsageError("keva-not-found", said)
    if codes.multiple_choices <= status < codes.bad_request:
        return RunError("keva-answer", f"{name}: Keva sends elsewhere ({status}), which would lose the key on the way.")
    details = answer.get("details") if isinstance(answer, dict) else None
    named = [item for item in details if isinstance(item, dict)] if isinstance(details, list) else []
    fields = tuple(str(item["field"]) for item in named if item.get("field"))
    message = "; ".join([text, *(f"{item.get('field')}: {item.get('message')}" for item in named)])
    code = "keva-not-found" if status == codes.not_found else "keva-rejected"
    return RowRefusedError(status, code, message.strip("; ") or f"status {status}", fields)


def error_text(answer: Any) -> str:
    """What an error answer says, or nothing."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        error = error.get("message")
    return str(error) if error else ""


def one_customer(answer: Any, method: str) -> Customer:
    """The customer of an answer, bare or wrapped."""
    if isinstance(answer, dict) and "id" not in answer:
        answer = next((answer[name] for name in ("customer", "data") if isinstance(answer.get(name), dict)), answer)
    if not isinstance(answer, dict) or "id" not in answer:
        raise RunError("keva-answer", f"{method}: the answer holds no customer.")
    return answer
