"""The promises of a sync as properties over random worlds: it converges, keeps to its plan, and can be taken back.

A world is made from a seed, and each holds many cases (`worlds.py`). One that fails is cut down before it is shown.
"""

from __future__ import annotations

import dataclasses
import pprint
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from apply_world import World, rows
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from worlds import (
    ALL_FLAGS,
    FROM_CRM,
    KEVA_ALL,
    POOLS,
    REGION,
    TO_CRM,
    Description,
    crm_values,
    cut_down,
    random_description,
)

from kevasync.endpoint import Failure
from kevasync.mapping import transforms
from kevasync.records import Field, Schema, Side
from kevasync.sync.plan import Plan
from kevasync.sync.reconcile import reconcile

WAITING = {"conflict", "review", "ambiguous", "rejected", "no-op", "not-in-keva"}


def tidy(values: dict[str, str | None]) -> dict[str, str]:
    """A record without its nulls: null and never set are one."""
    return {name: value for name, value in values.items() if value is not None}


def state_of(world: World) -> dict[str, dict]:
    """Both sides whole, links with tombstones, base."""
    links = {(row["keva_id"], row["sf_id"]): row["active"] for row in world.stores.links.arrow("contact").to_pylist()}
    return {
        "keva": {key: tidy(values) for key, values in world.keva.values("contact").items()},
        "sf": {key: tidy(values) for key, values in world.sf.values("Contact").items()},
        "links": links,
        "base": world.base(),
    }


def table(plan: Plan, name: str, *leave_out: str) -> list[tuple]:
    """The rows of a plan's table in an order of their own."""
    kept = [{key: value for key, value in row.items() if key not in leave_out} for row in rows(plan, name)]
    return sorted((tuple((key, row[key]) for key in row) for row in kept), key=repr)


def by_hand(world: World, plan: Plan, before: dict[str, dict], after: dict[str, dict]) -> dict[str, dict]:
    """Both sides before, with the plan's changes written by hand; created records under the ids they came to have."""
    sides = {name: {key: dict(values) for key, values in before[name].items()} for name in ("keva", "sf")}
    active = [pair for pair, alive in after["links"].items() if alive]
    for change in rows(plan, "changes"):
        side, own, other = (
            ("sf", "sf_id", "keva_id") if change["direction"] == "to_crm" else ("keva", "keva_id", "sf_id")
        )
        identity = change[own]
        if identity is None:  # created: the link says as what
            place = 0 if own == "sf_id" else 1
            identity = next(pair[1 - place] for pair in active if pair[place] == change[other])
            assert identity not in before[side], f"{change} was to be a new record"
            sides[side].setdefault(identity, {})
            if side == "sf" and plan.external_id:
                sides[side][identity][plan.external_id] = change["keva_id"]
        else:
            assert identity in before[side], f"{change} is written to a record that is gone"
        sides[side][identity][change["field"]] = change["new"]
    return {name: {key: tidy(values) for key, values in side.items()} for name, side in sides.items()}


def check_plan(world: World, plan: Plan) -> None:
    """Nothing travels against its direction, a first sync clears nothing, records that wait are not written."""
    fields = {("to_crm", target): field for field in world.mapping.fields for target in field.salesforce}
    fields |= {("from_crm", field.keva): field for field in world.mapping.fields}
    wrong = {TO_CRM: "from_crm", FROM_CRM: "to_crm"}
    operations = {(row["keva_id"], row["sf_id"]): row["operation"] for row in rows(plan, "records")}
    assert len(operations) == len(rows(plan, "records")), "a record stands twice in the plan"
    base, keva, crm = world.base(), world.keva.values("contact"), world.sf.values("Contact")
    written: dict[tuple, dict[str, str | None]] = {}
    for change in rows(plan, "changes"):
        pair, direction = (change["keva_id"], change["sf_id"]), change["direction"]
        field = fields[direction, change["field"]]
        assert wrong.get(field.direction) != direction, f"{change} goes against {field.direction}"
        assert operations[pair] not in {"ambiguous", "rejected", "unlink", "no-op", "not-in-keva"}, change
        written.setdefault((*pair, direction, field.keva), {})[change["field"]] = change["new"]
    for (customer, contact, direction, name), values in written.items():
        field = fields["from_crm", name]
        known = set(base.get((customer, contact), {}))
        if customer is None or contact is None or known >= set(field.salesforce):
            continue
        if any(link[0] == customer and link[1] != contact for link in base):
            continue  # a Contact merged away: base moves with the link
        now = crm[contact] if direction == "to_crm" else keva[customer]
        held = {target: values.get(target, now.get(target)) for target in field.salesforce}
        if direction == "to_crm":
            was = transforms.compare_salesforce(field, [now.get(target) for target in field.salesforce], REGION)
            assert was is None or any(value is not None for value in held.values()), f"{customer} {name} is cleared"
        else:
            assert values[name] is not None or not (now.get(name) or "").strip(), f"{customer} {name} is cleared"


class Lent:
    """A connection that lends itself where a cursor is asked for, so that the tables are there to be looked at."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        yield self._con


def apply_checked(world: World, plan: Plan, **options) -> tuple:
    """Apply on a connection of our own, to look into the books: each record of the plan once, and the sum is right."""
    with duckdb.connect() as con:
        result = world.apply(plan, allow=ALL_FLAGS, con=Lent(con), **options)
        if result.status == "nothing-to-do":
            return result, []
        outcomes = con.execute("select keva_id, sf_id, outcome from outcomes").fetchall()
    planned = Counter((row["keva_id"], row["sf_id"]) for row in rows(plan, "records"))
    assert Counter(row[:2] for row in outcomes) == planned
    assert sum(result.counts.values()) + result.pending == result.input == planned.total()
    assert result.balanced == (result.pending == 0)
    return result, outcomes


def undone(plan: Plan) -> list[dict]:
    """What a plan would still do: values to write, records to create, link or unlink, agreements to remember."""
    records = [row for row in rows(plan, "records") if row["operation"] not in WAITING]
    return rows(plan, "changes") + records + rows(plan, "base")


def unfinished(world: World, plan: Plan) -> set[str]:
    """Records that one plan cannot finish.

    A new record may get values from its side; where a link ended or an e-mail changed, loose ones may find each other.
    """
    loosens = any(row["operation"] == "unlink" for row in rows(plan, "records"))
    loosens |= any(row["field"] in {"email", "Email"} for row in rows(plan, "changes"))
    now, back = dict(world.links()), {crm: keva for keva, crm in world.links()}
    opened: set[str | None] = set()
    for row in rows(plan, "records"):
        customer, contact = row["keva_id"], row["sf_id"]
        if row["operation"] == "create":
            opened |= {customer, contact, now.get(customer), back.get(contact)}
        elif loosens and customer not in now and contact not in back:
            opened |= {customer, contact}
    return {identity for identity in opened if identity is not None}


def check_settled(world: World, earlier: Plan) -> Plan:
    """The next plan has nothing to do but for what the earlier one could not finish; one more and all is done."""
    for _ in range(2):
        plan, opened = world.plan(), unfinished(world, earlier)
        left = undone(plan)
        beside = [row for row in left if not opened & {row["keva_id"], row["sf_id"]}]
        assert not beside, f"left to do: {beside}"
        if not left:
            return plan
        check_plan(world, plan)
        result, _ = apply_checked(world, plan)
        assert (result.status, result.stale) == ("done", 0)
        earlier = plan
    plan = world.plan()
    assert not undone(plan), f"still left to do: {undone(plan)}"
    return plan


def check_sync(world: World, _rng: random.Random) -> None:
    """Plan, apply, plan until nothing is left, apply that, and plan again."""
    first, before = world.plan(), state_of(world)
    check_plan(world, first)
    result, _ = apply_checked(world, first)
    after = state_of(world)
    assert (result.status, result.balanced, result.stale) == ("done", True, 0), result
    expected = by_hand(world, first, before, after)
    assert after["sf"] == expected["sf"]
    assert after["keva"] == expected["keva"]
    settled = check_settled(world, first)
    after = state_of(world)
    apply_checked(world, settled)
    assert state_of(world) == after, "a plan without changes changed something"
    again = world.plan()
    assert table(again, "records") == table(settled, "records")
    assert table(again, "review") == table(settled, "review")


def by_meaning(world: World, base: dict[tuple[str, str], dict]) -> dict[tuple[str, str], dict]:
    """Base as the law sees it: a value a field, in the form in which it is compared."""
    return {
        pair: {
            field.keva: transforms.compare_salesforce(field, [agreed[name] for name in field.salesforce], REGION)
            for field in world.mapping.fields
            if set(field.salesforce) <= agreed.keys()
        }
        for pair, agreed in base.items()
        if agreed
    }


def check_undo(world: World, _rng: random.Random) -> None:
    """Undo after apply: both sides, links and base as before, and the plan too."""
    world.mapping = dataclasses.replace(world.mapping, create_in_keva=False)  # Keva cannot delete
    world.keva.schemas["contact"] = Schema(Side.KEVA, "contact", tuple(Field(name, name, "text") for name in KEVA_ALL))
    first, before = world.plan(), state_of(world)
    result, _ = apply_checked(world, first)
    undo = world.undo(result.run_id)
    taken_back, _ = apply_checked(world, undo)
    assert (taken_back.status, taken_back.stale) == ("done", 0), taken_back
    after = state_of(world)
    for row in rows(first, "base"):  # that both sides hold the same is no doing of the run: it stays known
        pair = row["keva_id"], row["sf_id"]
        if before["links"].get(pair):
            before["base"].setdefault(pair, {}).update({name: row[name] for name in row["agreed"]})
    before["base"], after["base"] = (by_meaning(world, moment["base"]) for moment in (before, after))
    for part in ("sf", "keva", "links", "base"):
        differ = {
            key: (before[part].get(key), after[part].get(key)) for key in before[part].keys() | after[part].keys()
        }
        differ = {key: value for key, value in differ.items() if value[0] != value[1]}
        assert not differ, f"{part} before and after undo: {differ}"
    again = world.plan()
    for name, leave_out in (("records", ()), ("changes", ()), ("review", ())):
        assert table(again, name, *leave_out) == table(first, name, *leave_out)


def check_halves(world: World, _rng: random.Random) -> None:
    """Planned for some customers, the plan says of them what the whole plan says."""
    whole = world.plan()
    customers = sorted({row["keva_id"] for row in rows(whole, "records")} - {None})
    for half in (customers[::2], customers[1::2]):
        part = world.plan(customers=half)
        for name in ("records", "changes", "review", "base"):
            expected = [row for row in table(whole, name) if dict(row)["keva_id"] in half]
            assert table(part, name) == expected, f"{name} of {half}"


def check_faults(world: World, rng: random.Random) -> None:
    """Refused rows, lost answers, a stop in the middle: the books balance, and without the faults all is done."""
    names = [*world.keva.records["contact"], *world.sf.records["Contact"]]
    first = world.plan()
    for side in (world.sf, world.keva):
        side.faults.lost = {name for name in names if rng.random() < 0.15}
        side.faults.dropped = {name for name in names if rng.random() < 0.15}
        failure = Failure("value-refused", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "no")
        side.faults.failing = {name: failure for name in names if rng.random() < 0.15}
    left = rng.randint(0, 6)

    def stop() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    result, _ = apply_checked(world, first, stop=stop)
    if result.status in {"interrupted", "unknown"}:
        world.reopen()
        result, _ = apply_checked(world, first)
    assert result.balanced, result
    for side in (world.sf, world.keva):
        side.faults.failing = {}
    assert result.status in {"done", "failed"}, result
    second = world.plan()
    result, _ = apply_checked(world, second)
    assert result.status in {"done", "nothing-to-do"}, result
    check_settled(world, second)
    emails = Counter(name for name, _ in world.links())
    assert not emails or max(emails.values()) == 1


def edit(world: World, rng: random.Random) -> None:
    """One thing that somebody does on either side: edit a record, delete it, merge it, bring a new one in."""
    dice = rng.randint(1, 100)
    customers, contacts = sorted(world.keva.values("contact")), sorted(world.sf.values("Contact"))
    if dice <= 45 and customers:
        name = rng.choice([field.keva for field in world.mapping.fields] or ["industry"])
        world.keva.put("contact", {name: rng.choice(POOLS[name])}, rng.choice(customers))
    elif dice <= 80 and contacts and world.mapping.fields:
        field = rng.choice(world.mapping.fields)
        values = crm_values(rng, field, rng.choice(POOLS[field.keva]), rng.randint(0, 6))
        if "LastName" in values:
            values["LastName"] = values["LastName"] or "Last"
        world.sf.put("Contact", values, rng.choice(contacts))
    elif dice <= 85 and customers:
        world.keva.remove("contact", rng.choice(customers))
    elif dice <= 89 and contacts:
        world.sf.remove("Contact", rng.choice(contacts))
    elif dice <= 95 and len(contacts) > 1:
        loser, master = rng.sample(contacts, 2)
        world.sf.remove("Contact", loser, master)
    else:
        number = rng.randint(100, 999)
        world.keva.put("contact", {"email": f"p{number}@a.example", "name": "New Comer"}, f"k{number}")


def check_edits(world: World, rng: random.Random) -> None:
    """Edits and syncs in any order: after the last edit a few syncs bring rest; no edit makes writes without end."""
    for _ in range(rng.randint(2, 4)):
        for _ in range(rng.randint(0, 6)):
            edit(world, rng)
        reconcile(lambda: None, world.plan, lambda plan: apply_checked(world, plan)[0])
    first = world.plan()
    check_plan(world, first)
    apply_checked(world, first)
    settled = check_settled(world, first)
    before = len(world.entries())
    result = reconcile(lambda: None, world.plan, lambda plan: apply_checked(world, plan)[0])
    assert not undone(settled)
    assert len(world.entries()) == before, "a sync without edits attempted a write"
    assert result.exit_code == 0


Check = Callable[[World, random.Random], None]
CHECKS: dict[str, tuple[Check, int]] = {  # and how many worlds the default run looks at
    "sync": (check_sync, 5),
    "books": (check_faults, 3),
    "undo": (check_undo, 4),
    "halves": (check_halves, 3),
    "edits": (check_edits, 2),
}


def fault_of(check: Check, described: Description, seed: int) -> Exception | None:
    """What goes wrong in this world, if anything."""
    with tempfile.TemporaryDirectory() as folder:
        world = described.build(Path(folder) / "world")
        try:
            check(world, random.Random(seed))
        except Exception as error:  # noqa: BLE001 any fault counts, and is raised again by the caller
            return error
        finally:
            world.close()
    return None


def hold(check: Check, seed: int) -> None:
    """The check holds in the world of this seed; if not, show the smallest part of it in which it does not."""
    described = random_description(random.Random(seed))
    fault = fault_of(check, described, seed)
    if fault is None:
        return
    small = cut_down(described, lambda part: type(fault_of(check, part, seed)) is type(fault))
    raise AssertionError(f"seed {seed}: {fault_of(check, small, seed)}\n{pprint.pformat(small)}") from fault


@pytest.mark.parametrize("name", CHECKS)
def test_promise_holds_in_small_worlds(name):
    """Each promise in a few worlds, the same ones each time."""
    check, examples = CHECKS[name]

    @settings(max_examples=examples, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
    @given(st.integers(0, 10**9))
    def every(seed):
        hold(check, seed)

    every()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", CHECKS)
def test_promise_holds_in_many_worlds(name):
    """Each promise in a hundred worlds, others each time."""

    @settings(max_examples=100, deadline=None, database=None, phases=[Phase.generate])
    @given(st.integers(0, 10**9))
    def every(seed):
        hold(CHECKS[name][0], seed)

    every()
