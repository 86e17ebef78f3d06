"""Accounts in a workspace: found in the org, asked of a person, followed from then on."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from urllib.request import build_opener

import pytest
from world import World

from kevasync.cli.accounts_desk import accounts_session
from kevasync.cli.context import Context
from kevasync.errors import UsageError
from kevasync.review.account_session import name_of
from kevasync.review.accounts import AccountReview
from kevasync.review.desk import Desk
from kevasync.sandbox.server import Sandbox

DEFAULTS = {"company": "company", "threshold": 0.9, "who": "ana"}


@pytest.fixture
def world(tmp_path):
    with Sandbox.start(http=True, keva_rate=0) as sandbox:
        sandbox.org.create_many("Account", [
            {"Name": "Fernhill", "Website": "fernhill.example"}, {"Name": "Oakridge"}, {"Name": "Oakridge Ltd"},
        ])  # fmt: skip
        yield World(tmp_path, sandbox)


def customers(world, *mails):
    world.sandbox.keva.seed([{"id": f"c{place}", "email": mail, "name": "Ann"} for place, mail in enumerate(mails)])


def test_from_the_question_to_the_answer(world, capsys):
    """Two customers at a domain that is called like two Accounts ask once; the answer holds for both."""
    customers(world, "a@fernhill.example", "b@oakridge.example", "c@oakridge.example")
    world.command(capsys, "extract")
    assert world.command(capsys, "accounts")["counts"] == {"link": 1, "review": 2, "none": 0}
    at = Context(folder=world.folder, quiet=True)
    made = accounts_session(at, "contact", 1_000, **DEFAULTS)
    (question,) = made.questions
    assert (question.domain, question.customers, len(question.candidates)) == ("oakridge.example", 2, 2)
    assert len(made.accounts) == 3
    review = AccountReview(made)
    desk, name = Desk(review.queue), name_of(question)
    said = {"key": "t:1", "who": "ana", "subject": name, "verdict": "accept"}
    desk.answer({"presses": [said | {"answer": {"targets": [question.candidates[1].id]}}]})
    told = world.command(capsys, "accounts", "--out", world.folder / "found.csv")
    assert told["counts"] == {"link": 3, "review": 0, "none": 0}
    assert (world.folder / "found.csv").read_text().count("a person said so of the company") == 2
    again = accounts_session(at, "contact", 1_000, **DEFAULTS)
    assert [name_of(item) for item in again.questions] == [name]
    undo = {"key": "t:2", "who": "ana", "subject": name, "verdict": "undo", "undoes": "t:1", "saw": "t:1"}
    desk.answer({"presses": [undo]})
    review.close()
    assert world.command(capsys, "accounts")["counts"]["review"] == 2


def test_none_of_these_is_said_of_those_that_were_there(world, capsys):
    """An Account that comes later is asked about; then that one is refused too, and the first two stay so."""
    customers(world, "b@oakridge.example", "c@oakridge.example")
    world.command(capsys, "extract")
    at, said = Context(folder=world.folder, quiet=True), []

    def page():
        made = accounts_session(at, "contact", 1_000, **DEFAULTS)
        (question,) = made.questions
        return question, AccountReview(made)

    def decide(review, question, verdict, **more):
        desk, key = Desk(review.queue), f"t:{len(said) + 1}"
        press = {"key": key, "who": "ana", "subject": name_of(question), "verdict": verdict} | more
        ((_, status, _),) = desk.answer({"presses": [press | {"saw": said[-1] if said else None}]})["results"]
        assert status == "saved"
        said.append(key)
        review.close()
        return desk.states[name_of(question)]["verdict"]

    question, review = page()
    before = {item.id for item in question.candidates}
    assert decide(review, question, "reject") == "reject"
    assert world.command(capsys, "accounts")["counts"] == {"link": 0, "review": 0, "none": 2}
    question, review = page()
    assert {item.id for item in question.candidates} == before  # as decided, so that it can be taken back
    assert review.summary() == [{"decision": "reject", "by": "ana", "companies": 1}]
    review.close()
    (later,) = world.sandbox.org.create_many("Account", [{"Name": "Oakridge GmbH"}])
    assert world.command(capsys, "accounts")["counts"]["review"] == 2
    question, review = page()
    assert [item.id for item in question.candidates] == [later.id]
    assert review.summary() == []
    assert decide(review, question, "skip") == "skip"
    assert world.command(capsys, "accounts")["samples"][0]["account_id"] == later.id
    question, review = page()
    assert decide(review, question, "reject") == "reject"
    assert world.command(capsys, "accounts")["counts"] == {"link": 0, "review": 0, "none": 2}
    question, review = page()
    assert {item.id for item in question.candidates} == before | {later.id}
    decide(review, question, "undo", undoes=said[-1])
    question, review = page()
    assert [item.id for item in question.candidates] == [later.id]
    review.close()


def test_nothing_to_ask_is_said(world, capsys):
    """No server is started for an empty page."""
    customers(world, "a@fernhill.example", "x@gmail.com", "y@gmail.com")
    world.command(capsys, "extract")
    with pytest.raises(UsageError, match="no company waits") as told:
        accounts_session(Context(folder=world.folder, quiet=True), "contact", 9, **DEFAULTS)
    assert told.value.code == "accounts-none"


def hung(world):
    """Last name and Account of every Contact."""
    rows = world.sandbox.org.query("SELECT LastName, AccountId FROM Contact").rows()
    return {row["LastName"]: row["AccountId"] for row in rows}


def test_contacts_are_hung_on_their_accounts_by_a_plan_and_taken_back(world, capsys):
    """Only what is sure and lacks an Account is written; nothing is left to write then; undo empties them again."""
    org = world.sandbox.org
    fern, oak, _ = (row["Id"] for row in org.query("SELECT Id, Name FROM Account ORDER BY Name").rows())
    mails = ("ann.ash@fernhill.example", "ben.birch@oakridge.example", "cleo.cole@fernhill.example")
    people = (("Ann", "Ash"), ("Ben", "Birch"), ("Cleo", "Cole"))
    world.sandbox.keva.seed([
        {"id": f"c{place}", "email": mail, "name": " ".join(name)}
        for place, (mail, name) in enumerate(zip(mails, people, strict=True))
    ])  # fmt: skip
    org.create_many("Contact", [
        {"FirstName": first, "LastName": last, "Email": mail, "AccountId": oak if last == "Cole" else None}
        for mail, (first, last) in zip(mails, people, strict=True)
    ])  # fmt: skip
    world.command(capsys, "extract")
    assert world.command(capsys, "accounts", "--plan")["plan"] is None  # nobody is linked yet
    first = world.command(capsys, "plan", "--no-extract")
    world.command(capsys, "apply", first["plan"], "--yes")
    before = world.command(capsys, "plan")["counts"]
    told = world.command(capsys, "accounts", "--plan")
    assert (told["writes"], told["counts"]["review"]) == (1, 1)
    assert hung(world) == {"Ash": None, "Birch": None, "Cole": oak}
    assert world.command(capsys, "show", told["plan"])["fields"] == {"AccountId": 1}
    done = world.command(capsys, "apply", told["plan"], "--yes")
    assert (done["status"], done["counts"]["applied"]) == ("done", 1)
    assert hung(world) == {"Ash": fern, "Birch": None, "Cole": oak}
    assert world.command(capsys, "accounts", "--plan")["plan"] is None
    assert world.command(capsys, "plan")["fields"] == {"company": 1}  # Account.Name is what Keva reads there
    undone = world.command(capsys, "undo", done["run"], "--yes")
    assert undone["status"] == "done"
    assert hung(world) == {"Ash": None, "Birch": None, "Cole": oak}
    assert world.command(capsys, "plan")["counts"] == before


def test_what_is_said_of_one_customer_moves_the_contact(world, capsys):
    """The Account of a linked Contact stands, unless the file of decisions names another for its customer."""
    org = world.sandbox.org
    fern, oak, _ = (row["Id"] for row in org.query("SELECT Id, Name FROM Account ORDER BY Name").rows())
    customers(world, "ann@fernhill.example", "bob@fernhill.example")
    org.create_many("Contact", [
        {"LastName": name, "Email": f"{name.lower()}@fernhill.example", "AccountId": fern} for name in ("Ann", "Bob")
    ])  # fmt: skip
    world.command(capsys, "extract")
    world.command(capsys, "apply", world.command(capsys, "plan", "--no-extract")["plan"], "--yes")
    assert world.command(capsys, "accounts", "--plan")["plan"] is None
    decided = world.folder / "decided.csv"
    decided.write_text(f"keva_id,account_id,decision\nc0,{oak},yes\n", encoding="utf-8")
    told = world.command(capsys, "accounts", "--plan", "--decided", decided)
    assert told["writes"] == 1
    assert world.command(capsys, "apply", told["plan"], "--yes")["status"] == "done"
    assert hung(world) == {"Ann": oak, "Bob": fern}


def test_what_changed_since_the_plan_is_left(world, capsys):
    """Somebody hung the Contact elsewhere meanwhile: stale, and exit code 3."""
    org = world.sandbox.org
    _, oak, _ = (row["Id"] for row in org.query("SELECT Id, Name FROM Account ORDER BY Name").rows())
    customers(world, "ann@fernhill.example")
    (made,) = org.create_many("Contact", [{"LastName": "Ann", "Email": "ann@fernhill.example"}])
    world.command(capsys, "extract")
    world.command(capsys, "apply", world.command(capsys, "plan", "--no-extract")["plan"], "--yes")
    told = world.command(capsys, "accounts", "--plan")
    org.update_many("Contact", [{"Id": made.id, "AccountId": oak}])
    done = world.command(capsys, "apply", told["plan"], "--yes", code=3)
    assert (done["stale"], hung(world)["Ann"]) == (1, oak)


def test_a_plan_needs_a_workspace(world, capsys):
    """From files alone there is nobody to write to."""
    told = world.command(capsys, "accounts", "--plan", "--keva", "k.csv", "--accounts", "a.csv", code=2)
    assert told["error"]["code"] == "accounts-incomplete"


def test_the_command_serves_what_waits(world, capsys):
    """Its address as JSON, a page behind a token, and the end by a signal; the session file goes with it."""
    customers(world, "b@oakridge.example", "c@oakridge.example")
    world.command(capsys, "extract")
    with world.process("-m", "kevasync", "review", "accounts", "--no-open", "--json") as process:
        text = ""
        while "\n}" not in text:
            line = process.stdout.readline().decode()
            assert line, f"it ended before it was up: {text}"
            text += line
        said = json.loads(text[text.index("{") :])
        with build_opener().open(said["url"]) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert not Path(said["session"]).exists()
