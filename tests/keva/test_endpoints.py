"""Keva as a side: few requests, JSON types kept, nothing lost when a run is cut off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kevasync.endpoint import Selection, Silent, WriteBatch, WriteOutcome
from kevasync.errors import RunError, UsageError
from kevasync.keva.api import KevaClient
from kevasync.keva.endpoint import KevaApiEndpoint, KevaFileEndpoint
from kevasync.sandbox.server import Sandbox

FIELDS = ["email", "name", "jobTitle"]


class Journal:
    def __init__(self):
        self.sent = []

    def sending(self, keys):
        self.sent += keys

    def job(self, note):
        raise AssertionError(note)

    def open_jobs(self):
        return []


@pytest.fixture(scope="module")
def server():
    with Sandbox.start(http=True, keva_rate=0) as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.keva.paging = "named"
    for customer in list(server.keva.customers()):
        server.keva.remove(customer["id"])
    server.faults.clear()
    yield server
    server.faults.clear()


@pytest.fixture
def endpoint(sandbox):
    with KevaClient(sandbox.info["keva_url"], sandbox.info["keva_api_key"], sleep=lambda _: None) as client:
        yield KevaApiEndpoint(client)


def seed(sandbox, number, **values):
    rows = [{"id": f"c{n}", "email": f"p{n}@example.com", "name": f"N {n}", **values} for n in range(number)]
    sandbox.keva.seed(rows)


def batch_of(folder, rows, *, create=False, delete=False):
    names = list(dict.fromkeys(name for row in rows for name in row if name[0] != "_"))
    table = {
        name: pa.array([row.get(name) for row in rows], pa.string()) for name in ("_key", "_keva_id", "_id", *names)
    }
    table["_clear"] = pa.array([row.get("_clear") or [] for row in rows], pa.list_(pa.string()))
    path = folder / f"batch-{len(list(folder.iterdir()))}.parquet"
    pq.write_table(pa.table(table), path)
    return WriteBatch("contact", path, len(rows), tuple(names), create, delete=delete)


def write(endpoint, folder, rows, **how):
    chunks = endpoint.write(batch_of(folder, rows, **how), Journal(), Silent(), lambda: False)
    return {result.key: result for chunk in chunks for result in chunk}


def read(endpoint, folder, selection=None, fields=FIELDS):
    into = folder / f"read-{len(list(folder.iterdir()))}"
    into.mkdir()
    extracted = endpoint.extract("contact", fields, into, selection or Selection(), Silent())
    assert [path.name for path in into.iterdir()] == ["part-00000.parquet"]
    return {row["_id"]: row for row in pq.read_table(extracted.parts[0]).to_pylist()}, extracted


# -- through the API


@pytest.mark.parametrize(("ids", "calls"), [(1, 1), (2, 3), (3, 4), (20, 5), (250, 5)])
def test_ids_are_read_with_as_few_requests_as_possible(sandbox, endpoint, tmp_path, ids, calls):
    """A few ids are asked for one by one, many by listing."""
    seed(sandbox, 450)
    wanted = tuple(f"c{n * 450 // ids}" for n in range(ids))
    rows, extracted = read(endpoint, tmp_path, Selection(ids=wanted))
    assert set(rows) == set(wanted)
    assert extracted.api_calls == calls
    assert endpoint.client.calls == extracted.api_calls


def test_every_customer_with_an_address_is_found(sandbox, endpoint, tmp_path):
    """Two customers may have one e-mail: both come, in any case, and nobody whose address merely contains it."""
    sandbox.keva.seed(
        [{"id": str(n), "email": e} for n, e in enumerate(["a@x.example.com", "A@X.example.com", "aa@x.example.com"])]
    )
    rows, _ = read(endpoint, tmp_path, Selection(match=("email", ("a@X.example.com",))))
    assert set(rows) == {"0", "1"}


def test_a_field_nobody_has_is_missing_and_in_a_part_unknown(sandbox, endpoint, tmp_path):
    """Read whole, an unknown field is missing; read in part it is not said, for others may have it."""
    seed(sandbox, 3)
    _, whole = read(endpoint, tmp_path, fields=["email", "shoeSize"])
    rows, part = read(endpoint, tmp_path, Selection(ids=("c1",)), ["email", "shoeSize"])
    assert (whole.missing, part.missing) == (("shoeSize",), ())
    assert rows["c1"]["shoeSize"] is None
    assert rows["c1"]["_absent"] == ["shoeSize"]


def test_no_customers_is_an_empty_side(endpoint, tmp_path):
    """An empty Keva gives a part without rows that has the columns asked for."""
    rows, extracted = read(endpoint, tmp_path)
    assert (rows, extracted.rows, extracted.missing) == ({}, 0, ())
    assert set(FIELDS) <= set(extracted.columns)


def test_describe_knows_documented_and_seen_fields(sandbox, endpoint):
    """Documented fields have their types and what Keva computes is read-only; custom fields are listed too."""
    seed(sandbox, 1, customFields={"plan": "gold"})
    schema = endpoint.describe("contact")
    assert schema.find("TOTALTICKETS").updateable is False
    assert schema.find("updatedAt").createable is False
    assert (schema.find("email").required, schema.find("isVip").type) == (True, "boolean")
    assert schema.find("plan").updateable
    with pytest.raises(UsageError) as caught:
        endpoint.describe("ticket")
    assert caught.value.code == "keva-object"


def test_values_are_sent_in_their_json_types(sandbox, endpoint, tmp_path):
    """Booleans, lists and custom fields arrive as such, other custom fields stay, and the answer comes back as text."""
    seed(sandbox, 1, customFields={"plan": "gold", "region": "EU"})
    row = {"_key": "k", "_id": "c0", "isVip": "TRUE", "tags": '["a","b"]', "plan": "silver", "_clear": ["name"]}
    result = write(endpoint, tmp_path, [row])["k"]
    assert result.outcome is WriteOutcome.APPLIED
    assert result.returned == {"isVip": "true", "tags": '["a","b"]', "plan": "silver", "name": None}
    held = sandbox.keva.get("c0")
    assert (held["isVip"], held["tags"], held["name"]) == (True, ["a", "b"], None)
    assert held["customFields"] == {"plan": "silver", "region": "EU"}


def test_rows_that_cannot_be_written_fail_alone(sandbox, endpoint, tmp_path):
    """A read-only field, a bad value, a missing e-mail, an unknown customer, a delete: each fails its own row."""
    seed(sandbox, 2)
    results = write(
        endpoint,
        tmp_path,
        [
            {"_key": "read-only", "_id": "c0", "lastTicketAt": "2024-01-01T00:00:00Z"},
            {"_key": "value", "_id": "c0", "isVip": "perhaps"},
            {"_key": "gone", "_id": "nobody", "name": "x"},
            {"_key": "good", "_id": "c1", "name": "x"},
        ],
    )
    assert {key: result.failure and result.failure.code for key, result in results.items()} == {
        "read-only": "keva-rejected",
        "value": "keva-value",
        "gone": "keva-not-found",
        "good": None,
    }
    assert results["read-only"].failure.fields == ("lastTicketAt",)
    assert (
        write(endpoint, tmp_path, [{"_key": "k", "name": "x"}], create=True)["k"].failure.code == "keva-create-no-email"
    )
    assert (
        write(endpoint, tmp_path, [{"_key": "k", "_id": "c0"}], delete=True)["k"].failure.code == "delete-unsupported"
    )


def test_a_create_whose_answer_was_lost_makes_one_customer(sandbox, endpoint, tmp_path):
    """It is looked up by its e-mail: there, it was created; not there, it is sent again."""
    for fault in ("lost", "503"):
        sandbox.faults.add(f"{fault}:times=1,method=POST")
        email = f"{fault}@example.com"
        result = write(endpoint, tmp_path, [{"_key": "k", "email": email, "name": "N"}], create=True)["k"]
        assert (result.outcome, result.created) == (WriteOutcome.APPLIED, True)
        assert result.id == sandbox.keva.by_email(email)["id"]
    assert sandbox.keva.count() == 2


def test_a_create_never_overwrites_a_customer(sandbox, endpoint, tmp_path):
    """Keva's create would update whoever has the e-mail, in any case: that row fails, and nothing is sent."""
    seed(sandbox, 1)
    before = sandbox.keva.get("c0")
    rows = [{"_key": "taken", "email": "P0@Example.com", "name": "Other"}, {"_key": "new", "email": "x@y.example"}]
    results = write(endpoint, tmp_path, rows, create=True)
    assert results["taken"].failure.code == "keva-email-taken"
    assert sandbox.keva.get("c0") == before
    assert results["new"].outcome is WriteOutcome.APPLIED


def test_many_creates_cost_two_requests_each(sandbox, endpoint, tmp_path):
    """After the first create the look-up is known to work, and is trusted when it finds nobody."""
    rows = [{"_key": f"k{n}", "email": f"new{n}@example.com"} for n in range(20)]
    results = write(endpoint, tmp_path, rows, create=True)
    assert {result.outcome for result in results.values()} == {WriteOutcome.APPLIED}
    assert endpoint.client.calls == 20 * 2 + 2


def test_custom_fields_keep_their_type(sandbox, endpoint, tmp_path):
    """A number stays a number, a list a list; a text that does not fit is sent as text."""
    seed(sandbox, 1, customFields={"seats": 12, "beta": False, "teams": ["a"], "score": 1})
    row = {"_key": "k", "_id": "c0", "seats": "13", "beta": "true", "teams": "a;b, c", "score": "many"}
    write(endpoint, tmp_path, [row])
    assert sandbox.keva.get("c0")["customFields"] == {
        "seats": 13,
        "beta": True,
        "teams": ["a", "b, c"],
        "score": "many",
    }


@pytest.mark.parametrize(("paging", "calls"), [("named", 9), ("bare", 16)])
def test_e_mails_are_read_with_as_few_requests_as_possible(sandbox, endpoint, tmp_path, paging, calls):
    """Eight e-mails cost at most two requests each, not the list of all customers, where that is the longer."""
    sandbox.keva.paging = paging
    seed(sandbox, 1_700)
    wanted = ("P3@example.com", "p5@example.com", *(f"nobody{n}@example.com" for n in range(6)))
    rows, extracted = read(endpoint, tmp_path, Selection(match=("Email", wanted)))
    assert set(rows) == {"c3", "c5"}
    assert extracted.api_calls <= calls


def test_two_ids_do_not_read_a_list_that_is_not_counted(sandbox, endpoint, tmp_path):
    """Where Keva tells no total, a few customers are still asked for by id after the first page."""
    sandbox.keva.paging = "bare"
    seed(sandbox, 700)
    rows, extracted = read(endpoint, tmp_path, Selection(ids=("c1", "c2", "c699")))
    assert set(rows) == {"c1", "c2", "c699"}
    assert extracted.api_calls <= 4


def test_broken_characters_of_one_customer_do_not_stop_the_others(sandbox, endpoint, tmp_path):
    """NULs are left out, half a character becomes a question mark, what merely looks like an escape stays."""
    seed(sandbox, 2)
    sandbox.keva.touch("c0", name="a\0b", jobTitle="\\u0000 🦀")
    pages = endpoint.client.pages
    endpoint.client.pages = lambda: (([one | {"email": "x\ud800"} for one in rows], n) for rows, n in pages())
    rows, _ = read(endpoint, tmp_path)
    assert (rows["c0"]["name"], rows["c0"]["jobTitle"], rows["c1"]["email"]) == ("ab", "\\u0000 🦀", "x?")


def test_a_stop_is_heard_while_waiting_for_the_limit(tmp_path):
    """Nothing is announced or sent when the stop comes during the wait for Keva's next minute."""
    with Sandbox.start(http=True, keva_rate=3) as limited:
        seed(limited, 5)
        asked, pauses, journal = [], [], Journal()

        def stop():
            asked.append(1)
            return len(pauses) >= 2

        info = limited.info
        with KevaClient(info["keva_url"], info["keva_api_key"], sleep=pauses.append) as client:
            rows = [{"_key": f"k{n}", "_id": f"c{n}", "name": "new"} for n in range(5)]
            chunks = KevaApiEndpoint(client).write(batch_of(tmp_path, rows), journal, Silent(), stop)
            results = [result for chunk in chunks for result in chunk]
    assert [result.outcome.value for result in results] == ["applied"] * 3
    assert journal.sent == ["k0", "k1", "k2"]
    assert pauses == [0.5, 0.5]


def test_failures_of_keva_stop_the_run_and_are_unknown(sandbox, endpoint, tmp_path):
    """What was answered is told; three failures in a row end the run, their rows unknown, the rest unsent."""
    seed(sandbox, 6)
    sandbox.faults.add("503:path=/keva/*,after=1")
    journal, results = Journal(), []
    rows = [{"_key": f"k{n}", "_id": f"c{n}", "name": "new"} for n in range(6)]
    chunks = endpoint.write(batch_of(tmp_path, rows), journal, Silent(), lambda: False)
    with pytest.raises(RunError) as caught:
        results.extend(result for chunk in chunks for result in chunk)
    assert caught.value.code == "keva-failed"
    assert [result.outcome.value for result in results] == ["applied", "unknown", "unknown", "unknown"]
    assert journal.sent == ["k0", "k1", "k2", "k3"]


def test_a_key_that_may_not_write_ends_the_run(sandbox, tmp_path):
    """A missing scope is one error for the whole call, not one for each row."""
    seed(sandbox, 1)
    key = sandbox.keva.add_key("customers:read")
    with KevaClient(sandbox.info["keva_url"], key) as client, pytest.raises(UsageError) as caught:
        write(KevaApiEndpoint(client), tmp_path, [{"_key": "k", "_id": "c0", "name": "x"}])
    assert caught.value.code == "keva-scope"


def test_waiting_for_the_limit_is_shown(sandbox, tmp_path):
    """A pause for Keva's limit is a step of its own, after which the bar stands where it stood."""
    seed(sandbox, 250)
    steps = []

    class Watch(Silent):
        def start(self, what, total):
            steps.append((what, total))

        def advance(self, rows, **_):
            steps.append(rows)

    with KevaClient(sandbox.info["keva_url"], sandbox.info["keva_api_key"], sleep=lambda _: None) as client:
        pages = client.pages

        def pausing():
            for number, page in enumerate(pages()):
                if number == 1:
                    client._rest(30)
                yield page

        client.pages = pausing
        KevaApiEndpoint(client).extract("contact", FIELDS, tmp_path, Selection(), Watch())
    assert steps == [
        ("Reading customers from Keva", None),
        ("Reading customers from Keva", 250),
        100,
        ("Waiting 30 s for Keva's request limit", None),
        ("Reading customers from Keva", 250),
        100,
        99,
        51,
    ]


def test_a_private_certificate_is_trusted_when_named():
    """Without the bundle the certificate is refused with what to do; with it, it is fine."""
    with Sandbox.start() as private:
        url, key = private.info["keva_url"], private.info["keva_api_key"]
        with KevaClient(url, key) as client, pytest.raises(UsageError) as caught:
            client.get("c1")
        with KevaClient(url, key, ca_bundle=Path(private.info["ca_bundle"])) as client:
            assert client.get("c1") is None
    assert caught.value.code == "keva-certificate"
    assert any("KEVASYNC_CA_BUNDLE" in step for step in caught.value.next_steps)


# -- as files


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "customers.ndjson"
    rows = [
        {
            "id": f"c{n}",
            "email": f"p{n}@example.com",
            "name": f"N {n}",
            "isVip": False,
            "tags": [],
            "customFields": {"plan": "gold"},
        }
        for n in range(4)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def written(endpoint):
    """What the import files hold, without the journal."""
    return {
        path.name: path.read_text()
        for path in sorted(endpoint.out_dir.glob("keva-import-*.*"))
        if path.suffix != ".journal"
    }


def test_import_file_has_json_types_and_custom_fields(export, tmp_path):
    """Each line is one change, in Keva's JSON types, null for a clear; a create has no id."""
    endpoint = KevaFileEndpoint(export, tmp_path)
    row = {"_key": "k", "_id": "c1", "isVip": "true", "tags": "a;b", "plan": "silver", "_clear": ["name"]}
    assert write(endpoint, tmp_path, [row])["k"].returned["isVip"] == "true"
    write(endpoint, tmp_path, [{"_key": "n", "email": "new@example.com", "name": "=1+1"}], create=True)
    (text,) = written(endpoint).values()
    assert [json.loads(line) for line in text.splitlines()] == [
        {"id": "c1", "isVip": True, "tags": ["a", "b"], "name": None, "customFields": {"plan": "silver"}},
        {"email": "new@example.com", "name": "=1+1"},
    ]


def test_what_was_written_is_read_over_the_export(export, tmp_path):
    """Until a new export comes the import file's values count, field by field; then the export alone."""
    endpoint = KevaFileEndpoint(export, tmp_path)
    write(endpoint, tmp_path, [{"_key": "1", "_id": "c1", "name": "New", "plan": "silver"}])
    write(endpoint, tmp_path, [{"_key": "2", "_id": "c1", "phone": "+1", "_clear": ["name"]}])
    for one in (endpoint, KevaFileEndpoint(export, tmp_path)):
        rows, _ = read(one, tmp_path, fields=["name", "plan"])
        assert (rows["c1"]["name"], rows["c1"]["plan"]) == (None, "silver")
        assert rows["c2"]["name"] == "N 2"
    export.write_text('{"id":"c1","name":"From Keva"}\n')
    rows, extracted = read(endpoint, tmp_path, fields=["name", "plan"])
    assert (rows["c1"]["name"], extracted.missing) == ("From Keva", ("plan",))


def test_csv_has_one_file_for_each_set_of_fields(export, tmp_path):
    """In CSV an empty cell clears, so a file has only columns that all its rows change."""
    endpoint = KevaFileEndpoint(export, tmp_path, form="csv")
    rows = [
        {"_key": "1", "_id": "c1", "name": "A, B"},
        {"_key": "2", "_id": "c2", "_clear": ["name"]},
        {"_key": "3", "_id": "c3", "phone": "1"},
    ]
    write(endpoint, tmp_path, rows)
    write(KevaFileEndpoint(export, tmp_path, form="csv"), tmp_path, [{"_key": "4", "_id": "c0", "name": "Z"}])
    assert list(written(endpoint).values()) == ['id,name\nc1,"A, B"\nc2,\nc0,Z\n', "id,phone\nc3,1\n"]


def test_repeated_rows_are_written_once(export, tmp_path):
    """The same attempt again, or the same create by a later run, adds nothing to the file."""
    for key in ("n1", "n1", "n2"):
        endpoint = KevaFileEndpoint(export, tmp_path)
        results = write(endpoint, tmp_path, [{"_key": key, "email": "new@example.com", "name": "N"}], create=True)
        assert results[key].outcome is WriteOutcome.APPLIED
    (text,) = written(endpoint).values()
    assert text.count("\n") == 1


@pytest.mark.parametrize("cut", [1, 40])
def test_a_kill_between_data_and_journal_repeats_nothing(export, tmp_path, cut):
    """Rows that the journal does not vouch for are cut off and written again, a half line of the journal too."""
    endpoint = KevaFileEndpoint(export, tmp_path)
    first, second = ({"_key": str(n), "_id": f"c{n}", "name": f"New {n}"} for n in (1, 2))
    write(endpoint, tmp_path, [first])
    write(endpoint, tmp_path, [second])
    (journal,) = endpoint.out_dir.glob("*.journal")
    os.truncate(journal, journal.stat().st_size - cut)  # as if killed while the journal was written
    after = KevaFileEndpoint(export, tmp_path)
    rows, _ = read(after, tmp_path)
    assert (rows["c1"]["name"], rows["c2"]["name"]) == ("New 1", "N 2")
    write(after, tmp_path, [first, second])
    (text,) = written(after).values()
    assert [json.loads(line)["id"] for line in text.splitlines()] == ["c1", "c2"]


def test_kill_9_in_the_middle_of_writing_loses_and_doubles_nothing(export, tmp_path):
    """A process killed at any moment leaves a file from which the next one goes on."""
    with export.open("a") as file:
        file.writelines(f'{{"id":"x{n}","name":"old"}}\n' for n in range(4_000))
    batch = batch_of(tmp_path, [{"_key": f"k{n}", "_id": f"x{n}", "name": f"new {n}"} for n in range(4_000)])
    script = f"""
        import os, threading, time
        from pathlib import Path
        from kevasync.endpoint import Silent, WriteBatch
        from kevasync.keva.endpoint import KevaFileEndpoint
        class Journal:
            def sending(self, keys):
                if int(keys[0][1:]) >= 1500:
                    threading.Timer(0.004, os._exit, [9]).start()
        endpoint = KevaFileEndpoint(Path({str(export)!r}), Path({str(tmp_path)!r}))
        batch = WriteBatch("contact", Path({str(batch.path)!r}), 4000, ("name",), False)
        for chunk in endpoint.write(batch, Journal(), Silent(), lambda: False):
            pass
        time.sleep(1)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    codes = {subprocess.run(command, check=False, timeout=60).returncode for _ in range(3)}
    assert 9 in codes
    assert codes <= {0, 9}
    endpoint = KevaFileEndpoint(export, tmp_path)
    results = [result for chunk in endpoint.write(batch, Journal(), Silent(), lambda: False) for result in chunk]
    assert {result.outcome for result in results} == {WriteOutcome.APPLIED}
    (text,) = written(endpoint).values()
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines == [{"id": f"x{n}", "name": f"new {n}"} for n in range(4_000)]


def test_a_shortened_import_file_is_refused(export, tmp_path):
    """A file that lacks what was called applied is not written on."""
    endpoint = KevaFileEndpoint(export, tmp_path)
    write(endpoint, tmp_path, [{"_key": "1", "_id": "c1", "name": "New"}])
    (path,) = (path for path in endpoint.out_dir.iterdir() if path.suffix == ".ndjson")
    path.write_text("")
    with pytest.raises(RunError) as caught:
        read(KevaFileEndpoint(export, tmp_path), tmp_path)
    assert caught.value.code == "keva-import-file"


def test_files_cost_no_requests(export, tmp_path):
    """Nothing is sent anywhere, and an export that is gone is named."""
    endpoint = KevaFileEndpoint(export, tmp_path)
    assert endpoint.estimate("contact", 10, 10)[0] == 0
    export.unlink()
    with pytest.raises(UsageError) as caught:
        endpoint.describe("contact")
    assert caught.value.code == "export-missing"
