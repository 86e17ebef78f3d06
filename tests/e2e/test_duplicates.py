"""Duplicates from end to end in the sandbox: extract, search, decide as the notebook does, merge plan, apply, undo."""

from __future__ import annotations

import json
import random

import pytest
from world import World

from kevasync.cli import duplicates_desk
from kevasync.cli.context import Context
from kevasync.cli.main import run
from kevasync.dedupe import kept
from kevasync.review import session as review_session
from kevasync.review.desk import Desk
from kevasync.review.duplicates import open_duplicates
from kevasync.sandbox.server import Sandbox

CLUSTERS, ALONE = 20, 60
FIRST = (
    *("Maria", "Robert", "Aoife", "Pieter", "Chloe", "Ines", "Thomas", "Ada", "Henrik", "Yusuf", "Priya", "Walter"),
    *("Greta", "Oscar", "Lucia", "Stefan", "Noor", "Emil", "Hannah", "Diego", "Freya", "Marek", "Selma", "Victor"),
)
LAST = (
    *("Oyelaran", "Vance", "Brennan", "Vanderberg", "Dubois", "Carvalho", "Ashby", "Nkemelu", "Lindqvist", "Demir"),
    *("Raman", "Kowalczyk", "Hofmann", "Thornbury", "Benedetti", "Novak", "Haddad", "Sorensen", "Whitlock", "Fuentes"),
    *("Castellan", "Zielinski", "Aldridge", "Petrov"),
)
TITLES = ("Head of Support", "Buyer", "Chief Technology Officer", "Accountant", "Sales Manager")


def people(count: int) -> list[dict[str, str]]:
    """Distinct persons, the same in every run."""
    draw = random.Random(417)
    names = [(first, last) for first in FIRST for last in LAST]
    return [
        {
            "FirstName": first,
            "LastName": last,
            "Email": f"{first}.{last}@{draw.choice(('fernhill', 'brightwater', 'oakridge'))}{place}.example".lower(),
            "Phone": f"+1212555{draw.randrange(10_000):04d}",
            "Title": draw.choice(TITLES),
        }
        for place, (first, last) in enumerate(draw.sample(names, count))
    ]


def twin(person: dict[str, str], turn: int) -> dict[str, str]:
    """The same person, as somebody else would have entered it."""
    mail = person["Email"].split("@")
    return [
        {**person, "Email": mail[0].replace(".", "") + "@" + mail[1], "Title": "Consultant"},
        {**person, "FirstName": person["FirstName"][0] + ".", "Description": "met at the fair"},
        {**person, "LastName": person["LastName"].upper(), "Phone": "(212) 555-" + person["Phone"][-4:]},
        {name: value for name, value in person.items() if name != "Title"} | {"MobilePhone": "+12125550000"},
    ][turn % 4]


@pytest.fixture
def sandbox():
    with Sandbox.start(http=True, keva_rate=0) as running:
        yield running


@pytest.fixture
def world(sandbox, tmp_path):
    """People in both systems, 20 of them twice or three times in Salesforce, with Cases; one twice in Keva."""
    made = World(tmp_path, sandbox)
    everybody = people(CLUSTERS + ALONE)
    rows = [
        row
        for place, person in enumerate(everybody)
        for row in ([person, *(twin(person, place + n) for n in range(1 + place % 5 // 4))] if place < CLUSTERS else [person])
    ]
    ids = iter([result.id for result in sandbox.org.create_many("Contact", rows)])
    made.clusters = [[next(ids) for _ in range(2 + place % 5 // 4)] for place in range(CLUSTERS)]
    made.alone = list(ids)
    sandbox.org.create_many("Case", [{"ContactId": group[1], "Subject": group[1]} for group in made.clusters])
    customers = [
        {
            "id": f"cust_{place:04d}", "email": person["Email"], "name": f"{person['FirstName']} {person['LastName']}",
            "phone": person["Phone"], "jobTitle": person["Title"], "timezone": "Europe/Paris", "notes": None,
        }
        for place, person in enumerate(everybody[5:])
    ]  # fmt: skip
    twice = {**customers[-1], "id": "cust_twin", "email": customers[-1]["email"].replace(".", "", 1)}
    # known to Keva under another address: no plan would link this one
    other = {**customers[-2], "id": customers[-2]["id"], "email": f"x{customers[-2]['email'].replace('.', '-', 1)}"}
    sandbox.keva.seed([*customers[:-2], other, customers[-1], twice])
    return made


def searched(world, capsys):
    world.command(capsys, "extract")
    return world.command(capsys, "dedupe")


def desk_of(world):
    """The screen's desk on the real session, as the command hands it to the notebook."""
    at = Context(folder=world.folder, quiet=True)
    made = duplicates_desk.duplicates_session(at, "contact", 1_000, children=True, who="ana")
    path = world.workspace.state_dir / "review" / f"{made.name}.json"
    review_session.save(made, path)
    review = open_duplicates(path)
    return review, Desk(review.queue)


def press(number, subject, verdict, **answer):
    return {"key": f"tab:{number}", "who": "ana", "subject": subject, "verdict": verdict, "answer": answer}


def decide(world):
    """Merge every group of Contacts that was planted; say of the rest that they are none. Answers the groups."""
    review, desk = desk_of(world)
    planted = {frozenset(group) for group in world.clusters}
    groups = review.session.groups
    presses = [
        press(number, group.name, "merge" if contacts_of(group) in planted or group.becomes else "different")
        for number, group in enumerate(groups, 1)
    ]
    reply = desk.answer({"presses": presses})
    assert {outcome for _, outcome, _ in reply["results"]} == {"saved"}
    review.close()
    return groups


def contacts_of(group):
    return frozenset(record.id for record in group.records if record.side == "Salesforce")


def contacts(world):
    fields = "Id, Email, FirstName, LastName, Phone, Title, Description, MobilePhone"
    return sorted(
        ({name: row[name] for name in fields.split(", ") if name != "Id"} for row in
         world.sandbox.org.query(f"SELECT {fields} FROM Contact").rows()),
        key=str,
    )  # fmt: skip


def test_found_decided_merged_and_taken_back(world, capsys):
    """Twenty planted clusters: all found, merged as decided, and every field and child as before after undo."""
    before = contacts(world)
    found = searched(world, capsys)
    assert found["records"] == {"keva": 76, "salesforce": len(before)}
    assert found["groups"]["merge"] >= CLUSTERS
    assert found["waiting"] == sum(found["groups"].values())
    assert world.command(capsys, "dedupe", "--detailed-exitcode", code=4)["waiting"] == found["waiting"]
    groups = decide(world)
    planted = {frozenset(group) for group in world.clusters}
    assert planted <= {contacts_of(group) for group in groups}
    again = world.command(capsys, "dedupe", "--detailed-exitcode")
    assert (again["waiting"], again["decided"]) == (0, len(groups))
    made = world.command(capsys, "merge")
    surplus = sum(len(group) - 1 for group in world.clusters)
    assert (made["counts"]["clusters"], made["counts"]["losers"], made["left"]) == (CLUSTERS, surplus, [])
    assert made["counts"]["children"] == sum(
        world.sandbox.org.query(f"SELECT COUNT() FROM Case WHERE ContactId = '{row['id']}'").total
        for row in _losers(world, made)
    )
    assert run(["show", made["plan"], "--workspace", str(world.folder)]) == 0
    assert "master" in capsys.readouterr().out
    done = world.command(capsys, "apply", made["plan"], "--yes")
    assert (done["status"], done["balanced"], done["counts"]["applied"]) == ("done", True, surplus)
    assert len(contacts(world)) == len(before) - surplus
    assert world.command(capsys, "merge", code=0)["done_before"] == CLUSTERS
    undone = world.command(capsys, "undo", done["run"], "--yes")
    assert (undone["status"], undone["told"]) == ("done", [])
    assert contacts(world) == before
    assert found["groups"]["link"] + found["groups"]["keva"] >= 2


def _losers(world, made):
    import pyarrow.parquet as pq

    rows = pq.read_table(f"{made['path']}/records.parquet").to_pylist()
    return [row for row in rows if row["role"] == "loser"]
