"""Keva keeps the promises of a side: through its API, against the sandbox, and as export and import file."""

from __future__ import annotations

import json
from itertools import count

import pyarrow.parquet as pq
import pytest
from endpoint_suite import EndpointTests, Subject

from kevasync.endpoint import Selection, Silent
from kevasync.keva.api import KevaClient
from kevasync.keva.endpoint import KevaApiEndpoint, KevaFileEndpoint
from kevasync.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox.start(http=True, keva_rate=0) as running:
        yield running


class TestKevaApi(EndpointTests):
    @pytest.fixture(params=["named", "pages", "bare"])
    def subject(self, sandbox, request):
        keva = sandbox.keva
        keva.paging = request.param
        for customer in list(keva.customers()):
            keva.remove(customer["id"])
        sandbox.faults.clear()

        def open_endpoint():
            client = KevaClient(sandbox.info["keva_url"], sandbox.info["keva_api_key"], sleep=lambda _: None)
            request.addfinalizer(client.close)
            return KevaApiEndpoint(client)

        def seed(rows):
            ids = [f"cust_{next(numbers):05d}" for _ in rows]
            keva.seed({"id": identity, **row} for identity, row in zip(ids, rows, strict=True))
            return ids

        numbers = count(1)
        yield Subject(
            open_endpoint(),
            "contact",
            "name",
            "jobTitle",
            "email",
            seed=seed,
            peek=keva.get,
            touch=lambda identity, values: keva.touch(identity, **values),
            lose_answers=lambda times: sandbox.faults.add(f"lost:times={times},method=PATCH"),
            restart=open_endpoint,
            deletes=False,
        )
        sandbox.faults.clear()


class TestKevaFile(EndpointTests):
    @pytest.fixture(params=["ndjson", "csv"])
    def subject(self, tmp_path, request):
        folder = tmp_path / "workspace"
        folder.mkdir()
        export = folder / "customers.ndjson"
        customers = {}

        def save():
            export.write_text("".join(json.dumps(one) + "\n" for one in customers.values()), encoding="utf-8")

        def seed(rows):
            ids = [f"cust_{next(numbers):05d}" for _ in rows]
            for identity, row in zip(ids, rows, strict=True):
                customers[identity] = {"id": identity, "updatedAt": "2024-01-14T15:30:00Z", **row}
            save()
            return ids

        def touch(identity, values):
            customers[identity].update(values)
            save()

        def peek(identity):
            into = folder / f"peek-{next(numbers)}"
            into.mkdir()
            endpoint = KevaFileEndpoint(export, folder, form=request.param)
            return read_one(endpoint, into, identity)

        numbers = count(1)
        seed([{"name": "Zero", "jobTitle": "x", "email": "zero@example.com"}])
        return Subject(
            KevaFileEndpoint(export, folder, form=request.param),
            "contact",
            "name",
            "jobTitle",
            "email",
            seed=seed,
            peek=peek,
            touch=touch,
            seed_absent=lambda values, absent: seed([{k: v for k, v in values.items() if k not in absent}])[0],
            restart=lambda: KevaFileEndpoint(export, folder, form=request.param),
            deletes=False,
            creates=False,
        )


def read_one(endpoint, into, identity):
    fields = ["name", "jobTitle", "email"]
    extracted = endpoint.extract("contact", fields, into, Selection(ids=(identity,)), Silent())
    rows = pq.read_table(extracted.parts[0]).to_pylist()
    return rows[0] if rows else None
