"""What `kevasync accounts` works on: views over files, or over a workspace's snapshot and its org; people's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from kevasync.cli.known_files import known_view
from kevasync.cli.plan_files import customers_of, memory_limit, records_of
from kevasync.dedupe.account_decisions import AccountDecisions
from kevasync.dedupe.accounts import AccountSearch
from kevasync.endpoint import Selection
from kevasync.errors import Problem, UsageError
from kevasync.keva.columns import fold
from kevasync.keva.landing import is_parquet, land_rows
from kevasync.records import Side
from kevasync.salesforce.soql import SHORT_ID, long_id
from kevasync.sync.diff import connect
from kevasync.values import quote_identifier, quote_literal

if TYPE_CHECKING:
    from kevasync.cli.context import Context
    from kevasync.salesforce.endpoint import SalesforceEndpoint

__all__ = ["from_files", "from_workspace", "read_decided"]

Opened = tuple[duckdb.DuckDBPyConnection, AccountSearch]
DECIDED = ("keva_id", "account_id", "decision")
SHOWN = 5
"""So many wrong rows are told in one line; --json has all."""
OURS = ("link", "review", "candidate", "none", "")
"""What stands in the column where nobody answered: the file that was written may be given back."""


def from_files(
    at: Context, work: Path, keva: Path, accounts: Path, contacts: Path | None, links: Path | None
) -> Opened:
    """A connection with a view of each file. Raises UsageError for a file that cannot be read."""
    con = connect(work / "spill", memory_limit())
    try:
        for name, path in (("customers", keva), ("accounts", accounts), ("contacts", contacts)):
            if path is None:
                continue
            (work / name).mkdir()
            sql = customers_of(at, path, work / name) if name == "customers" else records_of(at, path, work / name)
            con.execute(f"create temp view {name}_file as {sql}")
        known = known_view(con, "links", links, work / "links", tells_links=True)
    except BaseException:
        con.close()
        raise
    return con, AccountSearch("customers_file", "accounts_file", "contacts_file" if contacts else None, known)


def from_workspace(at: Context, work: Path, object_name: str) -> Opened:
    """The customers of the last snapshot, the org's Accounts, the linked Contacts' AccountId, and what people answered.

    Raises RunError `snapshot-missing`, UsageError `mapping-no-object`, and whatever signing in raises.
    """
    from kevasync.cli.dedupe_workspace import mapped_object, snapshots_of
    from kevasync.cli.sides import open_kept, open_salesforce

    mapping = mapped_object(at.workspace, object_name)
    con = connect(work / "spill", memory_limit())
    try:
        with open_kept(at.workspace) as kept:
            snapshots_of(kept).view(con, Side.KEVA, mapping.name, "customers_file")
            known = kept.stores.links.arrow(mapping.name)
            answered = AccountDecisions(kept.decisions).answers()
            con.register("links_now", known)
            con.execute("create temp table links_file as from links_now")
            con.unregister("links_now")
            with open_salesforce(at.workspace, kept.secrets) as salesforce:
                _extracted(at, con, salesforce, work, "Account", ("Name", "Website", "ParentId"), "accounts_file")
                if known.num_rows:
                    _extracted(at, con, salesforce, work, mapping.salesforce, ("AccountId",), "contacts_file")
    except BaseException:
        con.close()
        raise
    contacts, links = ("contacts_file", "links_file") if known.num_rows else (None, None)
    return con, AccountSearch("customers_file", "accounts_file", contacts, links, answered=answered)


def _extracted(
    at: Context,
    con: duckdb.DuckDBPyConnection,
    salesforce: SalesforceEndpoint,
    work: Path,
    sobject: str,
    fields: Sequence[str],
    view: str,
) -> None:
    into = work / view
    into.mkdir()
    found = salesforce.extract(sobject, fields, into, Selection(deleted=False), at.progress)
    at.progress.done()
    if found.parts:
        parts = ", ".join(quote_literal(str(part)) for part in found.parts)
        con.execute(f"create temp view {view} as from read_parquet([{parts}], union_by_name = true)")
        return
    columns = ", ".join(f"null::varchar as {quote_identifier(name)}" for name in ("_id", *fields))
    con.execute(f"create temp view {view} as select {columns}, false as _deleted where false")


def read_decided(
    path: Path, work: Path, con: duckdb.DuckDBPyConnection, search: AccountSearch
) -> list[tuple[str, str, bool]]:
    """(keva_id, account_id, yes) of a file's answers. Raises UsageError `accounts-decided` with all that is wrong.

    An Account's id may have 15 or 18 characters. A no on what is gone needs nothing done; a yes cannot be followed.
    """
    rows = _decided_rows(path, work)
    customers = _there(con, search.customers, [row[0] for row in rows])
    accounts = _accounts_there(con, search.accounts, [row[1] for row in rows])
    answers: dict[int, tuple[str, str, bool]] = {}
    problems: list[tuple[int, str]] = []
    for number, (keva_id, named, word) in enumerate(rows, start=1):
        said, account_id = word.casefold(), accounts.get(named, named)
        if said in OURS:
            continue
        if said not in {"yes", "no"}:
            problems.append((number, f"{word!r} is neither yes nor no"))
        elif not keva_id or not account_id:
            problems.append((number, "keva_id or account_id is empty"))
        elif said == "yes" and (keva_id not in customers or named not in accounts):
            absent = [f"no customer {keva_id}"] * (keva_id not in customers)
            absent += [f"no Account {account_id}"] * (named not in accounts)
            problems.append((number, f"there is {' and '.join(absent)}"))
        else:
            answers[number] = (keva_id, account_id, said == "yes")
    problems = sorted(problems + _contradicted(answers))
    if problems:
        told = [f"row {number}: {what}" for number, what in problems]
        more = f", and {len(told) - SHOWN} more problems" if len(told) > SHOWN else ""
        every = [Problem("accounts-decided", "error", one) for one in told]
        raise UsageError("accounts-decided", f"{path}: {'; '.join(told[:SHOWN])}{more}", problems=every)
    return list(answers.values())


def _decided_rows(path: Path, work: Path) -> list[tuple[str, str, str]]:
    if not path.is_file():
        raise UsageError("accounts-decided", f"{path} {'is a folder' if path.is_dir() else 'does not exist'}")
    into = work / "decided"
    into.mkdir()
    file = path if is_parquet(path) else land_rows(path, into, hints=DECIDED)
    with duckdb.connect() as con:
        read = f"read_parquet({quote_literal(str(file))})"
        names = {fold(str(row[0])): str(row[0]) for row in con.execute(f"describe from {read}").fetchall()}
        absent = [name for name in DECIDED if fold(name) not in names]
        if absent:
            raise UsageError("accounts-decided", f"{path} has no column {' and no column '.join(absent)}")
        picked = ", ".join(f"trim(coalesce({quote_identifier(names[fold(name)])}::varchar, ''))" for name in DECIDED)
        return con.execute(f"select {picked} from {read}").fetchall()  # noqa: S608 quoted


def _contradicted(answers: Mapping[int, tuple[str, str, bool]]) -> list[tuple[int, str]]:
    """(row, what) where a customer has two Accounts, or a yes and a no on the same one."""
    problems: list[tuple[int, str]] = []
    taken: dict[str, str] = {}
    said: dict[tuple[str, str], tuple[int, bool]] = {}
    for number, (keva_id, account_id, yes) in answers.items():
        first, before = said.setdefault((keva_id, account_id), (number, yes))
        if before != yes:
            words = ("yes", "no") if before else ("no", "yes")
            problems.append((number, f"{words[1]} on {keva_id} and {account_id}, and row {first} says {words[0]}"))
        if yes and taken.setdefault(keva_id, account_id) != account_id:
            problems.append((number, f"{keva_id} has two Accounts, {taken[keva_id]} and {account_id}"))
    return problems


def _there(con: duckdb.DuckDBPyConnection, view: str, ids: Sequence[str]) -> set[str]:
    """Those of the ids that a live record has."""
    rows = con.execute(
        f"select _id from {quote_identifier(view)} where _deleted is not true"  # noqa: S608 quoted
        " and _id in (select unnest($1::varchar[]))",
        [list(ids)],
    ).fetchall()
    return {str(one) for (one,) in rows}


def _accounts_there(con: duckdb.DuckDBPyConnection, view: str, ids: Sequence[str]) -> dict[str, str]:
    """The ids that an Account has, as given, each with how the Account itself spells it."""
    spelled = {one: _spelled(one) for one in ids}
    there = _there(con, view, sorted({form for forms in spelled.values() for form in forms}))
    return {one: next(form for form in forms if form in there) for one, forms in spelled.items() if there & set(forms)}


def _spelled(one: str) -> tuple[str, ...]:
    whole = long_id(one)
    return (one,) if whole is None else (one, whole, whole[:SHORT_ID])
