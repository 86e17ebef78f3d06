"""Merges killed at every single moment, with lost and dropped answers: resumed, whole, and taken back."""

from __future__ import annotations

import itertools

import pytest

from kevasync.dedupe.merge import MergeChoice, plan_merges, preview
from kevasync.dedupe.merge_apply import apply_merges
from kevasync.dedupe.merge_run import MergeStores
from kevasync.dedupe.merge_undo import apply_undo, plan_undo
from kevasync.dedupe.survivorship import Rule, Rules
from kevasync.endpoint import Failure, Silent
from kevasync.errors import Refused, UsageError
from kevasync.memory import Killed, MemoryEndpoint
from kevasync.records import Field, KevaId, Link, Outcome, SalesforceId, Schema, Side
from kevasync.store.base import Base, BaseRow
from kevasync.store.ledger import Ledger
from kevasync.store.links import Links
from kevasync.store.state import State

CONTACT = Schema(
    Side.SALESFORCE,
    "Contact",
    (
        Field("LastName", "Last Name", "string", length=80, required=True),
        Field("Title", "Title", "string", length=128),
        Field("Email", "Email", "email", length=80, id_lookup=True),
        Field("ReportsToId", "Reports To", "reference", reference_to=("Contact",)),
        Field("Keva_Id__c", "Keva Id", "string", length=64, unique=True, external_id=True),
    ),
)
CASE = Schema(Side.SALESFORCE, "Case", (Field("ContactId", "Contact ID", "reference", reference_to=("Contact",)),))
FIXED = Schema(
    Side.SALESFORCE,
    "Poll",
    (Field("ContactId", "Contact ID", "reference", updateable=False, reference_to=("Contact",)),),
)
RULES = Rules(fields={"Title": Rule.LONGEST})


class Bench:
    """Two clusters, a pair and a chain of five, with Cases, links and base."""

    def __init__(self, folder):
        self.folder = folder
        self.side = MemoryEndpoint(Side.SALESFORCE, CONTACT, CASE, FIXED, chunk=2)
        put = self.side.put
        self.pair = [put("Contact", {"LastName": "A", "Title": "x" * n, "Email": f"a{n}@b.example"}) for n in range(2)]
        self.chain = [put("Contact", {"LastName": "B", "Title": "y" * n, "Email": f"b{n}@b.example"}) for n in range(5)]
        put("Contact", {"ReportsToId": self.chain[1], "Keva_Id__c": "k1"}, self.pair[1])
        self.cases = [put("Case", {"ContactId": one}) for one in (*self.pair, *self.chain)]
        self.state = State.open(folder / "state.db").__enter__()
        self.stores = MergeStores(Links(self.state), Base(self.state, folder / "base"), Ledger(self.state))
        made = [Link(KevaId("k1"), SalesforceId(self.pair[1]), "e-mail")]
        made += [Link(KevaId(f"c{n}"), SalesforceId(self.chain[n]), "e-mail") for n in (2, 3)]
        self.stores.links.save("contact", made, None)
        self.stores.base.save_rows("contact", [BaseRow("k1", self.pair[1], {"Title": "x"})])

    def close(self):
        self.state.__exit__(None, None, None)

    def plan(self, **more):
        choices = [MergeChoice("p", tuple(self.pair), self.pair[0], **more), MergeChoice("q", tuple(self.chain))]
        return plan_merges(
            choices, self.side, self.stores.links, RULES, object_name="contact", sobject="Contact", workspace_id="w",
            plans=self.folder / "plans", progress=Silent(), external_id="Keva_Id__c",
        )  # fmt: skip

    def carry(self, plan):
        """Carry a plan out, taking it up again after each death."""
        act = apply_merges if plan.kind == "merge" else apply_undo
        while True:
            try:
                return act(
                    plan, self.side, self.stores, workspace_id="w", runs=self.folder / "runs", progress=Silent(),
                    stop=lambda: False,
                )  # fmt: skip
            except Killed:
                self.side.faults.kill_at = None

    def undo(self, run_id):
        return plan_undo(
            run_id, self.side, self.stores, workspace_id="w", runs=self.folder / "runs", plans=self.folder / "plans",
            progress=Silent(),
        )  # fmt: skip

    def shape(self):
        """The live records with ids replaced by e-mails, and where links and base lead."""
        live = self.side.values("Contact")
        mail = {one: str(values.get("Email")) for one, values in live.items()}
        people = sorted(
            (v["LastName"], v.get("Title"), v["Email"], mail.get(v.get("ReportsToId") or ""), v.get("Keva_Id__c"))
            for v in live.values()
        )
        cases = [mail.get(self.side.values("Case")[one]["ContactId"] or "") for one in self.cases]
        links = sorted(
            (row["keva_id"], mail.get(row["sf_id"]), row["how"])
            for row in self.stores.links.arrow("contact").to_pylist() if row["active"]
        )  # fmt: skip
        base = [(mail.get(row.sf_id), row.values) for row in self.stores.base.read("contact", "k1", ["Title"])]
        return people, cases, links, base


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_every_moment(tmp_path, stride):
    """Whatever step of the side the process dies at, merge and undo end as if nothing had happened."""
    for step in itertools.count(1, stride):
        folder = tmp_path / str(step)
        folder.mkdir()
        bench = Bench(folder)
        before = bench.shape()
        plan = bench.plan()
        bench.side.faults.kill_at = bench.side.steps + step
        done = bench.carry(plan)
        assert (done.counts[Outcome.APPLIED], done.input, done.balanced) == (5, 5, True)
        try:
            back = bench.undo(done.run_id)
        except Killed:
            bench.side.faults.kill_at = None
            back = bench.undo(done.run_id)
        undone = bench.carry(back)
        assert (undone.status, undone.balanced) == ("done", True)
        assert bench.shape() == before
        bench.close()
        if bench.side.faults.kill_at is not None:
            break
    assert step > 25


def test_lost_and_dropped_answers(bench):
    """An answer that got lost is looked up; a request that never arrived is sent once more."""
    plan = bench.plan()
    bench.side.faults.lost = {bench.pair[0]}
    bench.side.faults.dropped = {plan.rows("clusters")[1]["master"]}
    done = bench.carry(plan)
    assert (done.status, done.counts[Outcome.APPLIED]) == ("done", 5)


def test_a_refused_first_merge_leaves_its_cluster(bench):
    """The other losers of the cluster would lose their golden values: they stay, with the reason."""
    plan = bench.plan()
    master = plan.rows("clusters")[1]["master"]
    bench.side.faults.failing = {master: Failure("salesforce-no-access", "INSUFFICIENT_ACCESS", "insufficient access")}
    done = bench.carry(plan)
    assert (done.status, done.balanced, done.input) == ("failed", True, 5)
    assert (done.counts[Outcome.APPLIED], done.counts[Outcome.FAILED], done.counts[Outcome.REJECTED]) == (1, 2, 2)
    assert len(bench.side.values("Contact")) == 6


def test_two_customers_for_one_contact_are_reported(bench):
    """Keva documents no merge: one customer follows to the master, the other stays linked and is named."""
    plan = bench.plan()
    links = {row["keva_id"]: (row["status"], row["reason"]) for row in plan.rows("links")}
    assert links["k1"] == ("move", None)
    assert plan.counts["keva_duplicates"] == 1
    assert any("duplicates in Keva" in note for note in plan.manifest["notes"])
    bench.carry(plan)
    held = {row["keva_id"]: row["sf_id"] for row in bench.stores.links.arrow("contact").to_pylist() if row["active"]}
    assert held["k1"] == bench.pair[0]
    assert bench.side.values("Contact")[bench.pair[0]]["Keva_Id__c"] == "k1"
    assert set(held) == {"k1", "c2", "c3"}


def test_values_by_hand_and_a_preview(bench):
    """A preview shows the golden record with its sources and the children; a value by hand is what is written."""
    item = MergeChoice("p", tuple(bench.pair), bench.pair[0], {"Title": "By hand"})
    seen = preview(item, bench.side, CONTACT, RULES, Silent())
    golden = {value.field: value for value in seen.golden}
    assert (golden["Title"].value, golden["Title"].rule, golden["Title"].others) == ("By hand", "by_hand", ("x",))
    assert seen.children == {"Case": 1}
    bench.carry(bench.plan(values={"Title": "By hand"}))
    assert bench.side.values("Contact")[bench.pair[0]]["Title"] == "By hand"


def test_what_cannot_be_moved_back_is_said(bench):
    """A child whose lookup no client may write stays with the master after an undo; plan and undo both say so."""
    poll = bench.side.put("Poll", {"ContactId": bench.pair[1]})
    plan = bench.plan()
    assert any("Poll.ContactId" in note for note in plan.manifest["notes"])
    undone = bench.carry(bench.undo(bench.carry(plan).run_id))
    assert any(poll in row["reason"] and "cannot be written" in row["reason"] for row in undone.told)
    assert undone.status == "done"


def test_changed_between_kill_and_resume(bench):
    """A cluster not begun when the run died is left out if somebody changed it before the run is resumed."""
    plan = bench.plan()
    bench.side.faults.kill_at = bench.side.steps + 5  # the journal is whole, nothing is sent
    with pytest.raises(Killed):
        apply_merges(
            plan, bench.side, bench.stores, workspace_id="w", runs=bench.folder / "runs", progress=Silent(),
            stop=lambda: False,
        )  # fmt: skip
    bench.side.faults.kill_at = None
    assert len(bench.side.values("Contact")) == 7
    bench.side.put("Contact", {"Title": "edited"}, bench.chain[4])
    done = bench.carry(plan)
    assert (done.counts[Outcome.APPLIED], done.counts[Outcome.REJECTED], done.balanced) == (1, 4, True)
    assert "edited" in {row.get("Title") for row in bench.side.values("Contact").values()}


def test_refusals(bench):
    """Nothing to merge, an object that may not be edited, a foreign plan, a record in two clusters."""
    with pytest.raises(UsageError, match="merge-nothing"):
        plan_merges(
            [], bench.side, bench.stores.links, RULES, object_name="contact", sobject="Contact", workspace_id="w",
            plans=bench.folder / "plans", progress=Silent(),
        )  # fmt: skip
    plan = bench.plan()
    with pytest.raises(Refused, match="plan-foreign"):
        apply_merges(
            plan, bench.side, bench.stores, workspace_id="other", runs=bench.folder / "runs", progress=Silent(),
            stop=lambda: False,
        )  # fmt: skip
    bench.chain[0] = bench.pair[0]
    twice = bench.plan()
    assert [row["status"] for row in twice.rows("clusters")] == ["merge", "skip"]
