"""`kill -9` of apply at random moments, with lost answers: resumed each time, nothing twice, nothing missing."""

import random
import subprocess
from pathlib import Path

import pytest
from world import World, contact, customer

from kevasync.sandbox.server import Sandbox

SCRIPT = str(Path(__file__).with_name("apply_once.py"))
LOST = "lost:rate=0.05,path=/services/data/*"


def prepare(tmp_path, sandbox, people, *, threshold):
    """Half the customers have a Contact that needs an update, the other half have none; a plan is made."""
    world = World(tmp_path, sandbox)
    settings = world.folder / "kevasync.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("# rest_threshold = 2000", f"rest_threshold = {threshold}"), encoding="utf-8")
    sandbox.keva.seed([customer(number, jobTitle=f"Title {number}") for number in range(people)])
    sandbox.org.create_many("Contact", [contact(number) for number in range(people // 2)])
    return world


def plan(world, capsys):
    """A plan that fills every linked Contact's title (Keva wins) and creates the rest."""
    path = world.folder / "mapping.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('salesforce = "Title"\n', 'salesforce = "Title"\nconflict = "keva"\n'), encoding="utf-8"
    )
    return world.command(capsys, "plan")


def storm(world, kills, seed):
    """Start apply and kill it, again and again, then let it finish; how many kills hit a running apply."""
    chance = random.Random(seed)
    hits = 0
    for _ in range(kills):
        process = world.process(SCRIPT)
        try:
            process.wait(timeout=1.0 + chance.random() * 2.0)
        except subprocess.TimeoutExpired:
            hits += 1
            process.kill()
        process.communicate()
    for _ in range(6):
        process = world.process(SCRIPT)
        output = process.communicate(timeout=240)[0].decode()
        if process.returncode == 0:
            return hits
    raise AssertionError(output[-3000:])


def check(world, capsys, people):
    """Every customer has one Contact with its own values, and a new plan has nothing to do."""
    world.sandbox.faults.clear()
    found = {row["Email"]: row for row in world.contacts()}
    assert world.twins() == []
    assert len(found) == people
    for number in range(people):
        row = found[f"person{number}@mail.example"]
        assert (row["LastName"], row["Title"]) == (f"Number{number}", f"Title {number}")
    world.nothing_left(capsys)


@pytest.mark.parametrize(("threshold", "stock"), [(2000, False)])
def test_killed_twice(tmp_path, capsys, threshold, stock):
    """The short form: two kills while 5 % of the answers get lost."""
    with Sandbox.start(http=True, stock=stock, keva_rate=0, fault_seed=7) as sandbox:
        world = prepare(tmp_path, sandbox, 600, threshold=threshold)
        plan(world, capsys)
        sandbox.faults.add(LOST)
        sandbox.faults.add("slow:seconds=0.15,path=/services/data/*")
        assert storm(world, 2, seed=7) > 0
        check(world, capsys, 600)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("threshold", "stock"),
    [(100_000, False), (0, False), (100_000, True)],
    ids=["collections", "bulk", "no-external-id"],
)
def test_killed_twenty_times(tmp_path, capsys, threshold, stock):
    """Twenty kills at random moments, 5 % lost answers: by collections, by Bulk API 2.0, and without an external ID."""
    people = 1_800
    with Sandbox.start(http=True, stock=stock, keva_rate=0, fault_seed=11) as sandbox:
        world = prepare(tmp_path, sandbox, people, threshold=threshold)
        if stock:
            path = world.folder / "mapping.toml"
            text = path.read_text(encoding="utf-8").split('[[contact.field]]\nkeva = "timezone"')
            rest = text[1].split("[[contact.field]]", 1)[1]
            path.write_text(
                text[0].replace('external_id = "Keva_Id__c"\n', "") + "[[contact.field]]" + rest, encoding="utf-8"
            )
        plan(world, capsys)
        sandbox.faults.add(LOST)
        sandbox.faults.add("slow:seconds=0.5,path=/services/data/*")
        hits = storm(world, 20, seed=11)
        assert hits >= 15
        check(world, capsys, people)
