"""Small plans from rows written in the test."""

from dataclasses import dataclass

import pyarrow as pa
import pytest

from kevasync.mapping.definition import ConflictPolicy, DriftPolicy, FieldMapping, ObjectMapping, Transform
from kevasync.records import Direction
from kevasync.sync.diff import DiffRequest, connect
from kevasync.sync.plan import Plan
from kevasync.sync.planner import PlanContext, make_plan
from kevasync.values import FieldKind

FIELDS = (
    FieldMapping("email", ("Email",), kind=FieldKind.EMAIL),
    FieldMapping("name", ("FirstName", "LastName"), kind=FieldKind.NAME, transforms=(Transform("split_name"),)),
    FieldMapping("phone", ("Phone",), kind=FieldKind.PHONE),
    FieldMapping("jobTitle", ("Title",)),
    FieldMapping("location", ("MailingCity",), Direction.TO_CRM),
    FieldMapping("industry", ("Account.Industry",), Direction.FROM_CRM),
)
MAPPING = ObjectMapping("contact", "Contact", FIELDS)


def sf(number):
    """A Salesforce id, 18 characters; the checksum follows Salesforce's rule."""
    short = f"003Wd{number:010d}"
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    chunks = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(letters[sum(1 << at for at, one in enumerate(c) if one.isupper())] for c in chunks)


@dataclass
class Made:
    """A plan read back as plain rows."""

    plan: Plan
    records: dict
    changes: list
    review: list
    base: list

    def operation(self, keva_id):
        return self.records[keva_id][0]

    def reason(self, keva_id):
        return self.records[keva_id][1]

    def writes(self, keva_id=None):
        """{(direction, field): new} of one customer, or of all."""
        return {(c["direction"], c["field"]): c["new"] for c in self.changes if keva_id in (None, c["keva_id"])}

    def waiting(self, keva_id):
        return {(r["field"], r["kind"]) for r in self.review if r["keva_id"] == keva_id}


def side(rows, fields):
    """Rows as an Arrow table in snapshot form; `id` becomes `_id`; a field a row lacks is null."""
    names = list(dict.fromkeys([*fields, *(name for row in rows for name in row if name != "id" and name[0] != "_")]))
    meta = {
        "_id": pa.string(),
        "_modified": pa.string(),
        "_deleted": pa.bool_(),
        "_master": pa.string(),
        "_absent": pa.list_(pa.string()),
    }
    full = [
        {"_id": row["id"], "_deleted": row.get("_deleted", False)}
        | {name: row.get(name) for name in (*names, "_modified", "_master", "_absent")}
        for row in rows
    ]
    schema = pa.schema([*meta.items(), *((name, pa.string()) for name in names)])
    return pa.Table.from_pylist(full, schema=schema)


@pytest.fixture
def plan_of(tmp_path):
    """Make a plan: `plan_of(keva=[…], crm=[…], base=[…], links=[…])` gives a Made."""

    def make(
        keva=(),
        crm=(),
        base=None,
        links=None,
        *,
        mapping=MAPPING,
        schema=None,
        customers=None,
        context=None,
        candidates=None,
    ):
        con = connect(tmp_path / "spill")
        con.register("keva_rows", side(keva, [field.keva for field in mapping.fields]))
        con.register("sf_rows", side(crm, [name for field in mapping.fields for name in field.salesforce]))
        targets = [name for field in mapping.fields for name in field.salesforce]
        if base is not None:
            known = [
                {"keva_id": row["keva_id"], "sf_id": row["sf_id"], "agreed": row.get("agreed")}
                | {name: row.get(name) for name in targets}
                for row in base
            ]
            types = {"agreed": pa.list_(pa.string())}
            names = ["keva_id", "sf_id", *targets, "agreed"]
            con.register(
                "base_rows",
                pa.Table.from_pylist(known, schema=pa.schema([(n, types.get(n, pa.string())) for n in names])),
            )
        if links is not None:
            rows = [{"keva_id": link[0], "sf_id": link[1], "active": len(link) < 3 or link[2]} for link in links]
            con.register(
                "link_rows",
                pa.Table.from_pylist(
                    rows, schema=pa.schema([("keva_id", pa.string()), ("sf_id", pa.string()), ("active", pa.bool_())])
                ),
            )
        request = DiffRequest(
            mapping,
            "keva_rows",
            "sf_rows",
            "base_rows" if base is not None else None,
            "link_rows" if links is not None else None,
            "US",
            schema,
            customers,
            candidates=candidates,
        )
        plan = make_plan(con, request, context or PlanContext(), tmp_path / "plan")
        read = lambda name: con.sql(f"from read_parquet('{plan.file(name)}')").to_arrow_table().to_pylist()  # noqa: E731
        records = {
            row["keva_id"] or row["sf_id"]: (row["operation"], row["reason"], row["sf_id"]) for row in read("records")
        }
        made = Made(Plan.load(plan.folder), records, read("changes"), read("review"), read("base"))
        con.close()
        return made

    return make


def settled(number, **values):
    """A customer, a Contact and a base row that agree, for a test to change one of them."""
    keva = {"id": f"k{number}", "email": f"p{number}@a.example", "name": f"Pat Number{number}", "jobTitle": "Buyer"}
    crm = {
        "id": sf(number),
        "Email": f"p{number}@a.example",
        "FirstName": "Pat",
        "LastName": f"Number{number}",
        "Title": "Buyer",
    }
    base = {"keva_id": f"k{number}", "sf_id": sf(number)} | {k: v for k, v in crm.items() if k != "id"}
    return keva | values.get("keva", {}), crm | values.get("crm", {}), base | values.get("base", {})


__all__ = ["MAPPING", "ConflictPolicy", "DriftPolicy", "settled", "sf"]
