"""Accounts merged and taken back in the sandbox: Contacts and Opportunities hang where they hung before."""

from __future__ import annotations

import pytest
from world import World

from kevasync.cli.sides import open_kept, open_salesforce
from kevasync.dedupe.merge import MergeChoice, plan_merges
from kevasync.dedupe.survivorship import Rules
from kevasync.endpoint import Silent
from kevasync.sandbox.server import Sandbox


@pytest.fixture
def world(tmp_path):
    with Sandbox.start(http=True, keva_rate=0) as sandbox:
        yield World(tmp_path, sandbox)


def hanging(world):
    """Who hangs on which Account, by the names that they were given."""
    org = world.sandbox.org
    names = {row["Id"]: row["Name"] for row in org.query("SELECT Id, Name FROM Account").rows()}
    return sorted(
        (row["LastName"], names.get(row["AccountId"]))
        for row in org.query("SELECT LastName, AccountId FROM Contact").rows()
    )


def test_accounts_merged_and_taken_back(world, capsys):
    """The main Account takes the Contacts and the missing telephone; undo gives every one back."""
    org = world.sandbox.org
    made = org.create_many("Account", [
        {"Name": "Acme"}, {"Name": "Acme Inc", "Phone": "+12125550100"}, {"Name": "ACME Corp"}, {"Name": "Other"},
    ])  # fmt: skip
    ids = [result.id for result in made]
    org.create_many("Contact", [{"LastName": f"On {place}", "AccountId": one} for place, one in enumerate(ids)])
    before = hanging(world)
    with open_kept(world.workspace) as kept, open_salesforce(world.workspace, kept.secrets) as salesforce:
        plan = plan_merges(
            [MergeChoice("acme", tuple(ids[:3]), master=ids[0])], salesforce, kept.stores.links, Rules(),
            object_name="account", sobject="Account", workspace_id=world.workspace.settings.workspace_id,
            plans=world.workspace.plans_dir, progress=Silent(),
        )  # fmt: skip
    assert world.command(capsys, "show", plan.id)["children"]["Contact.AccountId"] == 2
    done = world.command(capsys, "apply", plan.id, "--yes")
    assert (done["status"], done["counts"]["applied"]) == ("done", 2)
    assert [account for _, account in hanging(world)] == ["Acme", "Acme", "Acme", "Other"]
    (main,) = org.query(f"SELECT Phone FROM Account WHERE Id = '{ids[0]}'").rows()
    assert main["Phone"] == "+12125550100"
    undone = world.command(capsys, "undo", done["run"], "--yes")
    assert (undone["status"], undone["told"]) == ("done", [])
    assert hanging(world) == before
