"""A whole small world for apply and undo: both sides in memory, a real state, real plans."""

from __future__ import annotations

import copy
import itertools
import shutil
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pyarrow.parquet as pq

from kevasync.endpoint import Selection, Silent
from kevasync.mapping.definition import FieldMapping, ObjectMapping, Transform
from kevasync.memory import Killed, MemoryEndpoint
from kevasync.records import Direction, Field, Schema, Side
from kevasync.store.base import Base
from kevasync.store.ledger import Ledger
from kevasync.store.links import Links
from kevasync.store.snapshots import Snapshots
from kevasync.store.state import State
from kevasync.sync.apply import Stores, apply
from kevasync.sync.diff import DiffRequest
from kevasync.sync.plan import Plan
from kevasync.sync.planner import PlanContext, make_plan
from kevasync.sync.undo import plan_undo
from kevasync.values import FieldKind

CONTACT = Schema(
    Side.SALESFORCE,
    "Contact",
    (
        Field("FirstName", "First Name", "string", length=40),
        Field("LastName", "Last Name", "string", length=80, required=True),
        Field("Email", "Email", "email", length=80, id_lookup=True),
        Field("Phone", "Phone", "phone", length=40),
        Field("Title", "Title", "string", length=128),
        Field("MailingCity", "Mailing City", "string", length=40),
        Field("AccountId", "Account ID", "reference", reference_to=("Account",), relationship="Account"),
        Field("Keva_Id__c", "Keva Id", "string", length=64, unique=True, external_id=True),
    ),
)
BARE_CONTACT = Schema(
    Side.SALESFORCE, "Contact", tuple(field for field in CONTACT.fields if field.name != "Keva_Id__c")
)
CUSTOMER = Schema(
    Side.KEVA,
    "contact",
    tuple(Field(name, name, "text") for name in ("email", "name", "phone", "jobTitle", "location", "industry")),
)
MAPPING = ObjectMapping(
    "contact",
    "Contact",
    (
        FieldMapping("email", ("Email",), kind=FieldKind.EMAIL),
        FieldMapping("name", ("FirstName", "LastName"), kind=FieldKind.NAME, transforms=(Transform("split_name"),)),
        FieldMapping("phone", ("Phone",), kind=FieldKind.PHONE),
        FieldMapping("jobTitle", ("Title",)),
        FieldMapping("location", ("MailingCity",), Direction.TO_CRM),
        FieldMapping("industry", ("Account.Industry",), Direction.FROM_CRM),
    ),
)


class World:
    """Both sides and one workspace. `reopen` opens the state anew, as a process after a kill would."""

    def __init__(
        self,
        folder: Path,
        *,
        bulk: bool = False,
        external_id: bool = True,
        chunk: int = 2,
        mapping: ObjectMapping = MAPPING,
        customer: Schema = CUSTOMER,
        contact: Schema | None = None,
    ) -> None:
        self.folder, self.mapping = folder, mapping
        folder.mkdir(exist_ok=True)
        schema = contact or (CONTACT if external_id else BARE_CONTACT)
        self.sf = MemoryEndpoint(Side.SALESFORCE, schema, chunk=chunk, bulk=bulk)
        self.keva = MemoryEndpoint(Side.KEVA, customer, chunk=1)
        self.endpoints = {Side.SALESFORCE: self.sf, Side.KEVA: self.keva}
        self.numbers = itertools.count()
        self.state: State | None = None
        self.reopen()

    def reopen(self) -> None:
        self.close()
        self.state = State.open(self.folder / "state.db")
        self.stores = Stores(
            Links(self.state),
            Base(self.state, self.folder / "base"),
            Ledger(self.state),
            Snapshots(self.state, self.folder / "snapshots"),
        )

    def clone(self, folder: Path) -> World:
        """The same world at this moment, in another folder."""
        self.close()
        shutil.copytree(self.folder, folder)
        other = copy.copy(self)
        other.folder, other.state = folder, None
        other.sf, other.keva = copy.deepcopy(self.sf), copy.deepcopy(self.keva)
        other.endpoints = {Side.SALESFORCE: other.sf, Side.KEVA: other.keva}
        other.reopen()
        return other

    def close(self) -> None:
        if self.state is not None:
            self.state.close()

    def customer(self, number: int, **values: str | None) -> str:
        standard = {
            "email": f"person{number}@example.com",
            "name": f"Ann{number} Lee",
            "phone": f"+1415555{number:04d}",
            "jobTitle": f"Title {number}",
            "location": f"City {number}",
            "industry": None,
        }
        return self.keva.put("contact", standard | values, f"cust_{number:04d}")

    def contact(self, number: int, **values: str | None) -> str:
        standard = {
            "Email": f"person{number}@example.com",
            "FirstName": f"Ann{number}",
            "LastName": "Lee",
            "Phone": f"+1415555{number:04d}",
            "Title": f"Title {number}",
            "MailingCity": f"City {number}",
            "Account.Industry": None,
        }
        return self.sf.put("Contact", standard | values)

    @property
    def targets(self) -> list[str]:
        """The Salesforce fields of the mapping."""
        return [name for field in self.mapping.fields for name in field.salesforce]

    def plan(self, con: duckdb.DuckDBPyConnection | None = None, *, customers: Sequence[str] | None = None) -> Plan:
        """Extract both sides and plan: what `kevasync plan` does."""
        fields = {
            Side.KEVA: [*(field.keva for field in self.mapping.fields), "salesforceContactId"],
            Side.SALESFORCE: [*self.targets, "Keva_Id__c"],
        }
        used = {}
        for side, name in ((Side.KEVA, "contact"), (Side.SALESFORCE, "Contact")):
            with self.stores.snapshots.begin(side, "contact") as staging:
                got = self.endpoints[side].extract(name, fields[side], staging.path, Selection(), Silent())
                snapshot = self.stores.snapshots.commit(staging, got, full=True)
            used[str(side)] = {"ids": [snapshot.id], "watermark": snapshot.watermark}
        with nullcontext(con) if con else duckdb.connect() as con:  # noqa: PLR1704 the caller's, or one of our own
            for side in Side:
                self.stores.snapshots.view(con, side, "contact", f"{side}_view")
            con.register("link_view", self.stores.links.arrow("contact"))
            self.stores.base.view(con, "contact", self.targets, name="base_view")
            request = DiffRequest(
                self.mapping,
                "keva_view",
                "salesforce_view",
                "base_view",
                "link_view",
                "US",
                self.sf.describe("Contact"),
                customers,
            )
            return make_plan(
                con, request, PlanContext("ws_1", used), self.folder / "plans" / f"plan-{next(self.numbers)}"
            )

    def apply(self, plan: Plan, *, stop=lambda: False, **options):
        return apply(
            Plan.load(plan.folder),
            self.endpoints,
            self.stores,
            self.mapping,
            workspace_id="ws_1",
            runs=self.folder / "runs",
            progress=Silent(),
            stop=stop,
            **options,
        )

    def undo(self, run_id: str, **options) -> Plan:
        return plan_undo(
            run_id,
            self.endpoints,
            self.stores,
            self.mapping,
            workspace_id="ws_1",
            runs=self.folder / "runs",
            plans=self.folder / "plans",
            progress=Silent(),
            **options,
        )

    def links(self) -> set[tuple[str, str]]:
        return {
            (row["keva_id"], row["sf_id"]) for row in self.stores.links.arrow("contact").to_pylist() if row["active"]
        }

    def base(self) -> dict[tuple[str, str], dict[str, str | None]]:
        with duckdb.connect() as con:
            self.stores.base.view(con, "contact", self.targets, name="base_view")
            rows = con.sql("select * from base_view").to_arrow_table().to_pylist()
        return {(row["keva_id"], row["sf_id"]): {name: row[name] for name in row["agreed"]} for row in rows}

    def picture(self):
        """All that both sides and the workspace hold, to compare a moment with another."""
        return SimpleNamespace(
            sf=self.sf.values("Contact"), keva=self.keva.values("contact"), links=self.links(), base=self.base()
        )

    def entries(self, **conditions) -> list[dict]:
        return self.stores.ledger.arrow(**conditions).to_pylist()


class Fragile:
    """A part of the state whose nth change, counted over all parts that share `counter`, is the process's last.

    Odd steps die before the change, even ones after it.
    """

    def __init__(self, part, counter: list[int], kill_at: int) -> None:
        self._part, self._counter, self._kill_at = part, counter, kill_at

    def __getattr__(self, name: str):
        found = getattr(self._part, name)
        if name not in CHANGES:
            return found

        def change(*arguments, **options):
            self._step()
            answer = found(*arguments, **options)
            self._step()
            return answer

        return change

    def _step(self) -> None:
        self._counter[0] += 1
        if self._counter[0] == self._kill_at:
            raise Killed(f"step {self._kill_at}")


CHANGES = {
    *("start_run", "finish_run", "reopen_run", "plan_entries", "record", "settle_rows"),
    *("save", "unlink", "forget", "save_part", "save_rows"),
}


def fragile(stores: Stores, kill_at: int) -> Stores:
    """Stores that die at the given change."""
    counter = [0]
    parts = (Fragile(part, counter, kill_at) for part in (stores.links, stores.base, stores.ledger))
    return Stores(*parts, stores.snapshots)


def rows(plan: Plan, name: str) -> list[dict]:
    return pq.read_table(plan.file(name)).to_pylist()


def writes(plan: Plan) -> Iterator[str]:
    """What a plan would still do, for a test to say that it is nothing."""
    yield from (f"{row['keva_id']} {row['field']}" for row in rows(plan, "changes"))
    yield from (
        f"{row['operation']} {row['keva_id']}"
        for row in rows(plan, "records")
        if row["operation"] not in {"no-op", "not-in-keva"}
    )
