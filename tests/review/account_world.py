"""A made-up accounts session: companies and Accounts that the real search was asked about."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from kevasync.dedupe.accounts import AccountSearch, account_names, find_accounts, questions
from kevasync.review.account_session import AccountSession
from kevasync.review.session import save
from kevasync.workspace import Workspace

WORDS = ("Alder", "Basalt", "Cobalt", "Dahlia", "Ember", "Fjord", "Garnet", "Heron", "Indigo", "Juniper")
TRADES = ("Outfitters", "Freight", "Dental", "Bakery", "Software", "Timber")


def accounts():
    """Each name once, but every third twice, in two countries, one below the other."""
    rows = []
    for place in range(30):
        name = f"{WORDS[place % 10]} {TRADES[place % 6]}"
        rows.append((f"001A{place:02d}", f"{name} Ltd", f"https://www.{name.replace(' ', '-').lower()}.example", None))
        if place % 3 == 0:
            rows.append((f"001B{place:02d}", f"{name} GmbH", None, f"001A{place:02d}"))
    return rows


def customers():
    """One to four of each company; their addresses say nothing."""
    rows = []
    for place in range(30):
        name = f"{WORDS[place % 10]} {TRADES[place % 6]}"
        rows += [
            (f"cust_{place:02d}{turn}", name if turn % 2 else name.upper(), f"p{place}{turn}@gmail.com")
            for turn in range(1 + place % 4)
        ]
    return rows


def table(rows, names):
    """As endpoint.py gives it."""
    columns = list(zip(*rows, strict=True))
    data = {"_id": columns[0], **dict(zip(names, columns[1:], strict=True))}
    made = pa.table({name: pa.array(values, pa.string()) for name, values in data.items()})
    return made.append_column("_deleted", pa.array([False] * len(rows)))


def search(con, **more):
    """The search on the connection."""
    con.register("customers", table(customers(), ("company", "email")))
    con.register("accounts", table(accounts(), ("Name", "Website", "ParentId")))
    return find_accounts(con, AccountSearch("customers", "accounts", **more))


def account_session(root: Path, who="ana"):
    """A session on a workspace in `root`; returns it with the path of its file."""
    workspace = Workspace.create(root) if not (root / "kevasync.toml").exists() else Workspace.open(root)
    with duckdb.connect() as con:
        search(con)
        asked = [item for item in questions(con) if item.waits]
        names, _ = account_names(con, 5_000)
    made = AccountSession(str(workspace.root), "contact", who, tuple(asked), len(asked), names)
    path = workspace.state_dir / "review" / f"{made.name}.json"
    save(made, path)
    return made, path
