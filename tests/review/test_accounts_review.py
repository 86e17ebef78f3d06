"""Decisions on Accounts: what the screen records, and what the search makes of it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import notebook_app
import pytest
from account_world import account_session, search

from kevasync.dedupe.account_decisions import AccountDecisions
from kevasync.review.account_session import name_of
from kevasync.review.accounts import AccountReview
from kevasync.review.desk import Desk
from kevasync.store.decisions import Decisions
from kevasync.store.state import State
from kevasync.workspace import Workspace


@pytest.fixture
def world(tmp_path):
    session, _ = account_session(tmp_path / "ws")
    pages = []

    def page():
        review = AccountReview(session)
        pages.append(review)
        return review, Desk(review.queue)

    yield page
    for review in pages:
        review.close()


def press(number, question, verdict, *targets, client="tab1", saw=None, **more):
    return {
        "key": f"{client}:{number}", "who": "ana", "subject": name_of(question), "verdict": verdict,
        "answer": {"targets": list(targets)}, "saw": saw, **more,
    }  # fmt: skip


def answers(review):
    with State.open(Workspace.open(Path(review.session.workspace)).state_url) as state:
        return AccountDecisions(Decisions(state)).answers()


def test_companies_with_two_accounts_wait_and_colleagues_ask_once(world):
    """Ten names have two Accounts each; upper case asks the same; most customers come first, the parent first."""
    review, _ = world()
    asked = review.session.questions
    assert len(asked) == 10
    assert [item.customers for item in asked] == sorted((item.customers for item in asked), reverse=True)
    assert asked[0].customers == 4
    for item in asked:
        first, second = item.candidates[:2]
        assert (first.parent, second.parent) == (None, first.name)
        total = [2 ** (one.start_bits + one.name_bits + one.domain_bits) for one in item.candidates]
        assert first.confidence == pytest.approx(total[0] / (1 + sum(total)), abs=0.02)


def test_what_is_decided_is_followed_by_the_search(world):
    """Accept, another Account, none of these, skip; each holds for all customers of the company."""
    review, desk = world()
    one, two, three, four = review.session.questions[:4]
    other = next(one for one in review.session.accounts if one not in {item.id for item in two.candidates})
    sent = [
        press(1, one, "accept", one.candidates[0].id),
        press(2, two, "change", other),
        press(3, three, "reject", three.candidates[0].id),
        press(4, four, "skip"),
    ]
    reply = desk.answer({"presses": sent, "want": [name_of(one)]})
    assert [status for _, status, _ in reply["results"]] == ["saved"] * 4
    detail = reply["details"][name_of(one)]
    assert len(detail["alternatives"]) == len(one.candidates)
    assert [bar["text"] for bar in detail["alternatives"][0]["bars"]] == ["any Account", "name", "e-mail domain"]

    def told(rows):
        return {key: (row["account_id"], row["decision"], row["evidence"]) for key, row in rows if key not in touched}

    with duckdb.connect() as con:
        before = {row["keva_id"]: row for row in search(con).table.to_pylist() if row["place"] == 1}
        found = search(con, answered=answers(review)).table.to_pylist()
    first = {row["keva_id"]: row for row in found if row["place"] == 1}

    def of(question):
        return [row for row in first.values() if row["company"].casefold() == question.company.casefold()]

    assert [(row["account_id"], row["decision"]) for row in of(one)] == [(one.candidates[0].id, "link")] * one.customers
    assert {row["account_id"] for row in of(two)} == {other}
    theirs = {row["keva_id"] for row in of(three)}
    offered = {row["account_id"] for row in found if row["keva_id"] in theirs}
    assert not offered & {item.id for item in three.candidates}
    assert [row["decision"] for row in of(four)] == ["review"] * four.customers
    touched = {row["keva_id"] for question in (one, two, three) for row in of(question)}
    assert told(first.items()) == told(before.items())


def test_an_answer_on_one_customer_comes_before_that_on_the_company(world):
    review, desk = world()
    question = review.session.questions[0]
    first, second = (item.id for item in question.candidates[:2])
    desk.answer({"presses": [press(1, question, "accept", first)]})
    with duckdb.connect() as con:
        rows = search(con).table.to_pylist()
        mine = sorted({row["keva_id"] for row in rows if row["company"].casefold() == question.company.casefold()})
        found = search(con, answered=answers(review), decided=[(mine[0], second, True), (mine[1], first, False)])
    by = {row["keva_id"]: row for row in found.table.to_pylist() if row["place"] == 1}
    assert by[mine[0]]["account_id"] == second
    assert by[mine[1]]["account_id"] != first
    assert {by[one]["account_id"] for one in mine[2:]} == {first}


def test_undo_and_the_other_page(world):
    """What one page decided the other does not overrule unseen; an undo leaves nothing in force."""
    (review, here), (_, there) = world(), world()
    question = review.session.questions[0]
    one, two = (item.id for item in question.candidates[:2])
    here.answer({"presses": [press(1, question, "accept", one, client="here")]})
    (result,) = there.answer({"presses": [press(1, question, "change", two, client="there")]})["results"]
    assert result[1] == "overtaken"
    assert review.summary() == [{"decision": "accept", "by": "ana", "companies": 1}]
    here.answer({"presses": [press(2, question, "undo", client="here", saw="here:1", undoes="here:1")]})
    assert answers(review) == []
    there.look()
    assert there.states[name_of(question)]["verdict"] is None


@pytest.mark.parametrize(
    ("verdict", "targets"), [("merge", []), ("accept", ["nowhere"]), ("change", ["001A00", "001A01"])]
)
def test_an_answer_that_makes_no_sense_is_refused(world, verdict, targets):
    review, desk = world()
    (result,) = desk.answer({"presses": [press(1, review.session.questions[0], verdict, *targets)]})["results"]
    assert result[1] == "refused"
    assert answers(review) == []


def test_no_account_by_the_search_says_none_of_these(world):
    review, desk = world()
    question = review.session.questions[0]
    desk.answer({"presses": [press(1, question, "change")]})
    assert desk.states[name_of(question)]["verdict"] == "reject"
    assert {yes for _, _, yes in answers(review)} == {False}


def test_the_notebook_runs_end_to_end(tmp_path):
    """From a session file to the screen."""
    session, path = account_session(tmp_path / "ws")
    defs = notebook_app.run("match_accounts.py", session=str(path))
    assert len(defs["screen"].page["rows"]) == len(session.questions)
    defs["opened"].close()
