"""The queue between browser and store: applied once, in order, told back, never lost, never over another's head."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from review_world import mapping_session

from kevasync.errors import RunError
from kevasync.review.desk import Desk
from kevasync.review.mappings import MappingReview


@pytest.fixture
def world(tmp_path):
    """A session on a workspace; call it for another page of it."""
    session, _ = mapping_session(tmp_path / "ws")
    pages = []

    def page():
        review = MappingReview(session)
        pages.append(review)
        return review, Desk(review.queue, {"save": review.save})

    yield page
    for review in pages:
        review.close()


def press(number, subject, verdict="accept", targets=(), *, client="tab1", saw=None, **more):
    return {
        "key": f"{client}:{number}", "who": "ana", "subject": subject, "verdict": verdict,
        "answer": {"targets": list(targets)}, "saw": saw, **more,
    }  # fmt: skip


def ask(desk, *presses, **more):
    return desk.answer({"kind": "ask", "n": 1, "have": 0, "presses": list(presses), **more})


def outcomes(reply):
    return [(key, status) for key, status, _ in reply["results"]]


def test_a_queue_told_again_and_again_is_applied_once(world):
    """A cumulative queue, sent whole each time, leaves one decision a press; each is acknowledged every time."""
    review, desk = world()
    names = [item.source.name for item in review.session.suggestions]
    queue = [press(number, name) for number, name in enumerate(names)]
    for end in (1, 3, 3, len(queue), 5, len(queue)):
        reply = ask(desk, *queue[:end])
        assert outcomes(reply) == [(item["key"], "saved") for item in queue[:end]] or len(reply["results"]) == end
        assert all(status == "saved" for _, status in outcomes(reply))
    assert len(review.queue._decisions.list()) == len(queue)


def test_messages_out_of_order_and_with_gaps(world):
    """The last press made holds, whichever message comes first; a gap in the numbers holds nothing up."""
    _, desk = world()
    first = press(1, "cell", "change", ["Phone"])
    second = press(2, "cell", "accept", ["MobilePhone"], saw="tab1:1")
    ask(desk, first, second)
    assert outcomes(ask(desk, first)) == [("tab1:1", "saved")]
    assert desk.states["cell"]["text"] == "MobilePhone"
    assert outcomes(ask(desk, press(9, "town", targets=["MailingCity"]))) == [("tab1:9", "saved")]
    late = ask(desk, press(5, "town", "reject", ["MailingCity"]))
    assert outcomes(late) == [("tab1:5", "overtaken")]
    assert desk.states["town"]["verdict"] == "accept"


def test_presses_within_one_message_are_put_in_order(world):
    """Sorted by their number, not by where they stand in the message."""
    _, desk = world()
    ask(desk, press(11, "cell", "reject", ["MobilePhone"], saw="tab1:2"), press(2, "cell", targets=["MobilePhone"]))
    assert desk.states["cell"]["verdict"] == "reject"


def test_two_pages_do_not_overwrite_each_other(world):
    """Who has not seen the other's decision is told it, and may then overrule it knowingly."""
    (_, here), (_, there) = world(), world()
    ask(here, press(1, "cell", targets=["MobilePhone"], client="here"))
    blind = press(1, "cell", "reject", ["MobilePhone"], client="there", who="bob")
    reply = ask(there, blind)
    assert outcomes(reply) == [("there:1", "overtaken")]
    assert "ana accepted MobilePhone" in reply["results"][0][2]
    assert reply["states"]["cell"]["saw"] == "here:1"
    assert there.states["cell"]["verdict"] == "accept"
    knowing = press(2, "cell", "reject", ["MobilePhone"], client="there", saw="here:1", who="bob")
    assert outcomes(ask(there, knowing)) == [("there:2", "saved")]
    assert ask(here)["states"]["cell"]["who"] == "bob"


def test_what_follows_an_overtaken_press_on_the_same_subject_is_overtaken_too(world):
    """A chain of presses that began blind does not slip through behind its first."""
    (_, here), (_, there) = world(), world()
    ask(here, press(1, "cell", targets=["MobilePhone"], client="here"))
    reply = ask(
        there,
        press(1, "cell", "reject", ["MobilePhone"], client="there"),
        press(2, "cell", "change", ["Phone"], client="there", saw="there:1"),
        press(3, "town", targets=["MailingCity"], client="there"),
    )
    assert outcomes(reply) == [("there:1", "overtaken"), ("there:2", "overtaken"), ("there:3", "saved")] or dict(
        outcomes(reply)
    ) == {"there:1": "overtaken", "there:2": "overtaken", "there:3": "saved"}


def test_undo_is_a_decision_and_is_offered_after_a_reload(world):
    """Undo takes back what it names; another page of the same reviewer is given the steps that are left."""
    _, desk = world()
    ask(desk, press(1, "cell", targets=["MobilePhone"]), press(2, "cell", "change", ["Phone"], saw="tab1:1"))
    ask(desk, press(3, "cell", "undo", saw="tab1:2", undoes="tab1:2"))
    assert desk.states["cell"]["text"] == "MobilePhone"
    _, again = world()
    assert again.states["cell"]["text"] == "MobilePhone"
    assert again.steps("ana") == [{"presses": [["cell", "tab1:1"]]}]
    assert again.steps("bob") == []
    ask(again, press(1, "cell", "undo", client="tab2", saw="tab1:3", undoes="tab1:1"))
    assert again.states["cell"]["verdict"] is None


def test_presses_of_a_group_are_one_step(world):
    """Accepting many at once is taken back at once."""
    _, desk = world()
    ask(desk, press(1, "cell"))
    many = [{**press(number, name), "key": f"tab1:{number}:g2"} for number, name in ((2, "town"), (3, "zip"))]
    ask(desk, *many)
    assert [len(step["presses"]) for step in desk.steps("ana")] == [1, 2]


def test_an_answer_tells_only_what_is_new(world):
    """A page that is up to date is told nothing twice; one that missed an answer is told it with the next."""
    (_, here), (_, there) = world(), world()
    version = ask(here)["version"]
    ask(there, press(1, "cell", client="there"))
    news = ask(here, have=version)
    assert list(news["states"]) == ["cell"]
    assert ask(here, have=news["version"])["states"] == {}
    assert list(ask(here, have=version)["states"]) == ["cell"]


@pytest.mark.parametrize(
    "broken",
    [
        press(1, "no_such_column"),
        press(1, "cell", "merge"),
        press(1, "cell", targets=["NoSuchField"]),
        {"key": "tab1:1"},
        {**press(1, "cell"), "answer": ["MobilePhone"]},
    ],
)
def test_a_press_that_makes_no_sense_is_refused_alone(world, broken):
    """It is acknowledged with the reason, so that it does not stop the queue; the rest is recorded."""
    _, desk = world()
    reply = ask(desk, broken, press(2, "town"), "rubbish", {"key": 7})
    assert sorted(outcomes(reply)) == [("tab1:1", "refused"), ("tab1:2", "saved")]
    assert all(text for _, status, text in reply["results"] if status == "refused")


def test_nothing_is_acknowledged_when_the_store_cannot_write(world, monkeypatch):
    """A full disk: the browser keeps the presses, is told why, and delivers them later."""
    review, desk = world()
    with monkeypatch.context() as patched:
        def full(*_args):
            raise RunError("state-disk-full", "state.db: disk is full")
        patched.setattr(review.queue._decisions, "record", full)
        reply = ask(desk, press(1, "cell"))
        assert (reply["results"], reply["error"]["code"]) == ([], "state-disk-full")
    assert outcomes(ask(desk, press(1, "cell"))) == [("tab1:1", "saved")]


def test_pages_at_once_lose_nothing(world):
    """Eight pages with twenty presses each, on subjects of their own and on one in common."""
    names = [item.source.name for item in world()[0].session.suggestions]
    pages = [world()[1] for _ in range(8)]

    def work(place):
        queue = [press(number, name, client=f"p{place}", saw=None) for number, name in enumerate(names)]
        found = {}
        for end in range(5, len(queue) + 1, 5):
            found |= dict(outcomes(ask(pages[place], *queue[:end])))
        return found

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(8)))
    for number, _ in enumerate(names):
        said = [one[f"p{place}:{number}"] for place, one in enumerate(found)]
        assert sorted(said) == ["overtaken"] * 7 + ["saved"]


def test_save_writes_the_mapping_and_leaves_an_edited_file_alone(world, tmp_path):
    """Saved by either page; not over an edit by hand since, and the decisions are kept."""
    (_, here), (_, there) = world(), world()
    path = tmp_path / "ws" / "mapping.toml"
    ask(here, press(1, "cell", targets=["MobilePhone"]))
    assert ask(here, action="save", who="ana")["done"]["ok"]
    ask(there, press(1, "town", targets=["MailingCity"], client="there"))
    assert ask(there, action="save", who="bob")["done"]["ok"]
    assert "MobilePhone" in path.read_text()
    assert "MailingCity" in path.read_text()
    path.write_text(path.read_text() + "\n# by hand\n")
    ask(here, press(2, "zip", targets=["MailingPostalCode"]))
    done = ask(here, action="save", who="ana")["done"]
    assert not done["ok"]
    assert "changed since" in done["text"]
    assert "MailingPostalCode" not in path.read_text()
    _, reloaded = world()
    assert reloaded.states["zip"]["verdict"] == "accept"
    assert ask(reloaded, action="save", who="ana")["done"]["ok"]
    assert "# by hand" in path.read_text()
    assert "MailingPostalCode" in path.read_text()
