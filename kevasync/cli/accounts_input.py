"""What `kevasync accounts` works on: views over files, or over a workspace's snapshot and its org; people's answers."""

from __future__ import annotations

from collections.abc import Sequence
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
from kevasync.sync.diff import connect
from kevasync.values import quote_identifier, quote_literal

if TYPE_CHECKING:
    from kevasync.cli.context import Context
    from kevasync.salesforce.endpoint import SalesforceEndpoint

__all__ = ["from_files", "from_workspace", "read_decided"]

Opened = tuple[duckdb.DuckDBPyConnection, AccountSearch]
DECIDED = ("keva_id", "account_id", "decision")
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


def read_decided(path: Path, work: Path) -> list[tuple[str, str, bool]]:
    """(keva_id, account_id, yes) of a file's answers. Raises UsageError `accounts-decided` with all that is wrong."""
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
        rows = con.execute(f"select {picked} from {read}").fetchall()  # noqa: S608 quoted
    answers: list[tuple[str, str, bool]] = []
    problems: list[Problem] = []
    taken: dict[str, str] = {}
    for number, (keva_id, account_id, word) in enumerate(rows, start=1):
        said = word.casefold()
        if said in OURS:
            continue
        if said not in {"yes", "no"}:
            problems.append(_wrong(f"row {number}: {word!r} is neither yes nor no"))
        elif not keva_id or not account_id:
            problems.append(_wrong(f"row {number}: keva_id or account_id is empty"))
        elif said == "yes" and taken.setdefault(keva_id, account_id) != account_id:
            problems.append(_wrong(f"row {number}: {keva_id} has two Accounts, {taken[keva_id]} and {account_id}"))
        else:
            answers.append((keva_id, account_id, said == "yes"))
    if problems:
        more = f", and {len(problems) - 1} more problems" if len(problems) > 1 else ""
        raise UsageError("accounts-decided", f"{path}: {problems[0].message}{more}", problems=problems)
    return answers


def _wrong(message: str) -> Problem:
    return Problem("accounts-decided", "error", message)
