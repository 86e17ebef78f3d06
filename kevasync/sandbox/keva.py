"""Keva on your machine: its customers, kept in SQLite, as its Customers API reads and changes them."""

from __future__ import annotations

import csv
import gzip
import json
import re
import secrets
import sqlite3
import string
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

TEXT_FIELDS = (
    "email",
    "name",
    "company",
    "phone",
    "jobTitle",
    "location",
    "timezone",
    "notes",
    "industry",
    "website",
    "priorityOverride",
    "salesforceContactId",
    "hubspotContactId",
)
COMPUTED_FIELDS = (
    "totalTickets",
    "openTickets",
    "avgResolutionTime",
    "overallSentiment",
    "sentimentTrend",
    "firstTicketAt",
    "lastTicketAt",
)
EMPTY: dict[str, Any] = {
    "id": None,
    "email": None,
    "name": None,
    "company": None,
    "phone": None,
    "jobTitle": None,
    "location": None,
    "timezone": None,
    "notes": None,
    "industry": None,
    "website": None,
    "isVip": False,
    "priorityOverride": None,
    "tags": [],
    "totalTickets": 0,
    "openTickets": 0,
    "avgResolutionTime": None,
    "overallSentiment": None,
    "sentimentTrend": None,
    "firstTicketAt": None,
    "lastTicketAt": None,
    "salesforceContactId": None,
    "hubspotContactId": None,
    "createdAt": None,
    "updatedAt": None,
    "customFields": {},
}
READ_ONLY = frozenset({"id", "createdAt", "updatedAt", *COMPUTED_FIELDS})
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
ALPHABET = string.ascii_lowercase + string.digits
SEED_BATCH = 5000

SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS api_key (key TEXT PRIMARY KEY, scopes TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS customer (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, email_key TEXT, found TEXT NOT NULL, vip INTEGER NOT NULL,
  document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS customer_email ON customer (email_key);
"""
INSERT = "INSERT INTO customer (id, email_key, found, vip, document) VALUES (?, ?, ?, ?, ?)"


class InvalidBodyError(Exception):
    """A body that Keva refuses with 422; `details` lists each field and what is wrong with it."""

    def __init__(self, details: list[dict[str, str]]) -> None:
        super().__init__("Validation failed")
        self.details = details


class Keva:
    """The customers of one Keva workspace (`database` None: in memory), its API keys and how its API behaves.

    `paging` is the shape of a list answer: "named" (customers, total, limit, offset), "pages" (data, pagination;
    by page and per_page) or "bare" (a list). `newest_first` makes new customers shift the pages while a client reads.
    `rate` is the number of requests a key may make in `rate_seconds` (0: no limit).
    """

    def __init__(self, database: Path | None = None, *, rate: int = 100) -> None:
        self.paging = "named"
        self.newest_first = True
        self.rate = rate
        self.rate_seconds = 60.0
        self._lock = threading.RLock()
        self._db = sqlite3.connect(database or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)
        self.workspace_id = self._setting("workspace_id", f"ws_{_random(12)}")
        self.api_key = self._setting("api_key", f"keva_live_{secrets.token_hex(32)}")
        self.custom_fields = set(json.loads(self._setting("custom_fields", "[]")))
        self._add_key(self.api_key, ("customers:read", "customers:write"))

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    # -- for tests, the demo and the command line

    def add_key(self, *scopes: str) -> str:
        """A new API key that may do only this, such as `customers:read`."""
        key = f"keva_live_{secrets.token_hex(32)}"
        self._add_key(key, scopes)
        return key

    def scopes_of(self, key: str) -> frozenset[str] | None:
        """What a key may do; None for an unknown key."""
        with self._lock:
            row = self._db.execute("SELECT scopes FROM api_key WHERE key = ?", [key]).fetchone()
        return None if row is None else frozenset(row[0].split())

    def seed(self, rows: Iterable[Mapping[str, Any]]) -> int:
        """Put customers in as they are, bad values too; unknown keys become custom fields. The number of rows."""
        count = 0
        now = _now()
        batch: list[tuple[Any, ...]] = []
        with self._writing():
            for row in rows:
                batch.append(_stored(self._seeded(row, now)))
                count += 1
                if len(batch) == SEED_BATCH:
                    self._db.executemany(INSERT, batch)
                    batch.clear()
            self._db.executemany(INSERT, batch)
            self._save_setting("custom_fields", json.dumps(sorted(self.custom_fields)))
        return count

    def customers(self) -> Iterator[dict[str, Any]]:
        """All customers, oldest first."""
        return map(json.loads, self._documents())

    def _documents(self) -> Iterator[str]:
        last = 0
        while True:
            sql = "SELECT seq, document FROM customer WHERE seq > ? ORDER BY seq LIMIT 1000"
            with self._lock:
                rows = self._db.execute(sql, [last]).fetchall()
            if not rows:
                return
            for last, document in rows:  # noqa: B007 the next page starts after the last one seen
                yield document

    def count(self) -> int:
        """How many customers there are."""
        with self._lock:
            return int(self._db.execute("SELECT count(*) FROM customer").fetchone()[0])

    def get(self, customer_id: str) -> dict[str, Any] | None:
        """One customer by id."""
        return self._one("id = ?", customer_id)

    def by_email(self, email: str) -> dict[str, Any] | None:
        """The oldest customer with this e-mail address, whatever its case."""
        return self._one("email_key = ?", _email_key(email))

    def touch(self, customer_id: str, **values: Any) -> dict[str, Any]:
        """Change fields from inside Keva, computed ones too (a new ticket, say); KeyError for an unknown customer."""
        with self._writing():
            customer = self.get(customer_id)
            if customer is None:
                raise KeyError(customer_id)
            return self._replace({**customer, **values, "updatedAt": _now()})

    def remove(self, customer_id: str) -> bool:
        """Take a customer away, as Keva's staff can; its API cannot."""
        with self._writing():
            return self._db.execute("DELETE FROM customer WHERE id = ?", [customer_id]).rowcount > 0

    def export(self, path: Path, form: str | None = None) -> int:
        """Write an export: `csv`, `ndjson` or `json`, by suffix where not said, gzipped for .gz. The number of rows."""
        packed = path.suffix == ".gz"
        form = form or (Path(path.stem) if packed else path).suffix.lstrip(".").lower()
        writers = {"csv": self._export_csv, "ndjson": _export_lines, "jsonl": _export_lines, "json": _export_list}
        with (
            gzip.open(path, "wt", encoding="utf-8", newline="")
            if packed
            else path.open("w", encoding="utf-8", newline="") as file
        ):
            return writers[form](cast("IO[str]", file), self._documents())

    def _export_csv(self, file: IO[str], documents: Iterable[str]) -> int:
        columns = [name for name in EMPTY if name != "customFields"]
        custom = sorted(self.custom_fields)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*columns, *custom])
        count = 0
        for customer in map(json.loads, documents):
            extra = customer["customFields"]
            values = [*(customer[name] for name in columns), *(extra.get(name) for name in custom)]
            writer.writerow([_cell(value) for value in values])
            count += 1
        return count

    # -- for the API

    def page(self, limit: int, offset: int, search: str = "", *, vip_only: bool = False) -> tuple[list[Any], int]:
        """One page of customers that match, and how many match in all."""
        where, values = "1 = 1", []
        if search:
            where += " AND instr(found, ?) > 0"
            values.append(search.lower())
        if vip_only:
            where += " AND vip = 1"
        order = "DESC" if self.newest_first else "ASC"
        sql = f"SELECT document FROM customer WHERE {where} ORDER BY seq {order} LIMIT ? OFFSET ?"  # noqa: S608 fixed
        with self._lock:
            total = self._db.execute(f"SELECT count(*) FROM customer WHERE {where}", values).fetchone()[0]  # noqa: S608
            rows = self._db.execute(sql, [*values, limit, offset]).fetchall()
        return [json.loads(row[0]) for row in rows], int(total)

    def upsert(self, body: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Create a customer, or update the one with this e-mail; says whether it is new.

        Raises InvalidBodyError where the body is bad.
        """
        problems = self._problems(body)
        if not body.get("email") and not any(problem["field"] == "email" for problem in problems):
            problems.insert(0, {"field": "email", "message": "Email is required"})
        if problems:
            raise InvalidBodyError(problems)
        with self._writing():
            known = self.by_email(str(body["email"]))
            now = _now()
            if known is not None:
                return self._replace(self._changed(known, body, now)), False
            new = self._changed({**EMPTY, "id": _new_id(), "createdAt": now}, body, now)
            self._db.execute(INSERT, _stored(new))
            return new, True

    def patch(self, customer_id: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Change the fields that the body names (null clears); None for an unknown customer."""
        problems = self._problems(body)
        with self._writing():
            customer = self.get(customer_id)
            if customer is None:
                return None
            if "email" in body and not problems:
                owner = self.by_email(str(body["email"]))
                if owner is not None and owner["id"] != customer_id and _differs(customer["email"], body["email"]):
                    problems.append({"field": "email", "message": "Email is already used by another customer"})
            if problems:
                raise InvalidBodyError(problems)
            return self._replace(self._changed(customer, body, _now()))

    def _problems(self, body: Mapping[str, Any]) -> list[dict[str, str]]:
        messages = {name: self._problem(name, value) for name, value in body.items()}
        return [{"field": name, "message": message} for name, message in messages.items() if message]

    def _problem(self, name: str, value: Any) -> str:
        if name in READ_ONLY:
            good, message = False, "This field is read-only"
        elif name == "email":
            good, message = isinstance(value, str) and bool(EMAIL.fullmatch(value)), "Must be a valid email address"
        elif name in TEXT_FIELDS:
            good, message = value is None or isinstance(value, str), "Must be a string"
        elif name == "isVip":
            good, message = isinstance(value, bool), "Must be a boolean"
        elif name == "tags":
            good = isinstance(value, list) and all(isinstance(tag, str) for tag in value)
            message = "Must be an array of strings"
        elif name == "customFields":
            good, message = isinstance(value, dict), "Must be an object"
        else:
            good, message = name in self.custom_fields, "Unknown field"
        return "" if good else message

    def _changed(self, customer: Mapping[str, Any], body: Mapping[str, Any], now: str) -> dict[str, Any]:
        known = {name: value for name, value in body.items() if name in EMPTY and name != "customFields"}
        custom = {name: value for name, value in body.items() if name not in EMPTY}
        custom.update(body.get("customFields", {}))
        if custom.keys() - self.custom_fields:
            self.custom_fields |= custom.keys()
            self._save_setting("custom_fields", json.dumps(sorted(self.custom_fields)))
        return {**customer, **known, "customFields": {**customer["customFields"], **custom}, "updatedAt": now}

    def _seeded(self, row: Mapping[str, Any], now: str) -> dict[str, Any]:
        custom = {name: value for name, value in row.items() if name not in EMPTY}
        customer = {**EMPTY, "createdAt": now, "updatedAt": now, **row}
        for name in custom:
            del customer[name]
        customer["customFields"] = {**customer["customFields"], **custom}
        customer["id"] = customer["id"] or _new_id()
        self.custom_fields |= customer["customFields"].keys()
        return customer

    def _replace(self, customer: dict[str, Any]) -> dict[str, Any]:
        sql = "UPDATE customer SET email_key = ?, found = ?, vip = ?, document = ? WHERE id = ?"
        identifier, *values = _stored(customer)
        self._db.execute(sql, [*values, identifier])
        return customer

    def _one(self, where: str, value: str | None) -> dict[str, Any] | None:
        sql = f"SELECT document FROM customer WHERE {where} ORDER BY seq LIMIT 1"  # noqa: S608 fixed parts
        with self._lock:
            row = self._db.execute(sql, [value]).fetchone()
        return None if row is None else json.loads(row[0])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _add_key(self, key: str, scopes: Iterable[str]) -> None:
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO api_key VALUES (?, ?)", [key, " ".join(scopes)])

    def _setting(self, name: str, default: str) -> str:
        self._db.execute("INSERT OR IGNORE INTO setting VALUES (?, ?)", [name, default])
        return str(self._db.execute("SELECT value FROM setting WHERE name = ?", [name]).fetchone()[0])

    def _save_setting(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", [name, value])


def _stored(customer: Mapping[str, Any]) -> tuple[Any, ...]:
    email = customer["email"]
    found = "\n".join(str(customer[name] or "") for name in ("email", "name", "company")).lower()
    document = json.dumps(customer, ensure_ascii=False, separators=(",", ":"))
    return customer["id"], _email_key(email), found, int(customer["isVip"] is True), document


def _email_key(email: Any) -> str | None:
    return str(email).strip().lower() if email else None


def _differs(one: Any, other: Any) -> bool:
    return _email_key(one) != _email_key(other)


def _export_lines(file: IO[str], documents: Iterable[str]) -> int:
    count = 0
    for document in documents:
        file.write(document + "\n")
        count += 1
    return count


def _export_list(file: IO[str], documents: Iterable[str]) -> int:
    rows = list(documents)
    file.write("[" + ",\n".join(rows) + "]")
    return len(rows)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _new_id() -> str:
    return f"cust_{secrets.token_hex(8)}"


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
