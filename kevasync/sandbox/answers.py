"""What the org answers for one request or one row: Salesforce's error, and the result of one row written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["ApiError", "RowResult", "not_found"]


@dataclass(eq=False)
class ApiError(Exception):
    """An error in Salesforce's own words: code, text, the fields it is about, and the HTTP status of a single call.

    `extra` holds members that only some codes have (`duplicateResult`).
    """

    code: str
    message: str
    fields: tuple[str, ...] = ()
    status: int = 400
    extra: dict[str, Any] = field(default_factory=dict)
    # errors about a record carry `fields` even when it is empty; errors about the request do not
    about_record: bool = False

    def __post_init__(self) -> None:
        """Give the exception its text."""
        super().__init__(f"{self.code}: {self.message}")

    def as_rest(self) -> dict[str, Any]:
        """One element of the JSON array that a failed REST call answers."""
        body: dict[str, Any] = {**self.extra, "message": self.message, "errorCode": self.code}
        if self.fields or self.about_record:
            body["fields"] = list(self.fields)
        return body

    def as_row(self) -> dict[str, Any]:
        """One element of `errors` in the results of a collection."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}


@dataclass(frozen=True, slots=True)
class RowResult:
    """The outcome of one row, in the order of the rows given; `id` has 18 characters, or is None."""

    id: str | None
    success: bool
    created: bool = False
    errors: tuple[ApiError, ...] = ()


def not_found() -> ApiError:
    """The answer to a path or record that is not there."""
    return ApiError("NOT_FOUND", "The requested resource does not exist", status=404)
