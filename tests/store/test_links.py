"""Links: one active link each way, tombstones, bulk and single saves."""

from __future__ import annotations

import pyarrow as pa
import pytest

from kevasync.errors import RunError
from kevasync.records import Link
from kevasync.store import links as links_module
from kevasync.store.links import Links


@pytest.fixture
def links(state):
    return Links(state)


def pairs(links):
    table = links.arrow("contact")
    table = table.filter(table["active"])
    return sorted(zip(table["keva_id"].to_pylist(), table["sf_id"].to_pylist(), strict=True))


def test_links_come_back_with_how_and_active(links):
    """What was saved is what Arrow answers, typed, for that object only."""
    links.save("contact", [Link("k1", "s1", "email"), Link("k2", "s2", "external id", active=False)], "run")
    links.save("account", [Link("k1", "a1", "given")], "run")
    assert links.arrow("contact").sort_by("keva_id").to_pylist() == [
        {"keva_id": "k1", "sf_id": "s1", "how": "email", "active": True},
        {"keva_id": "k2", "sf_id": "s2", "how": "external id", "active": False},
    ]
    assert links.count("contact") == 1


@pytest.mark.parametrize("clash", [Link("k1", "s9", "email"), Link("k9", "s1", "email")])
def test_a_second_active_link_is_refused_as_a_whole(links, clash):
    """Neither a customer nor a Contact gets two active links, and nothing else of the batch is saved."""
    links.save("contact", [Link("k1", "s1", "email")], "run")
    with pytest.raises(RunError, match="is linked to") as caught:
        links.save("contact", [Link("k5", "s5", "email"), clash], "run")
    assert caught.value.code == "link-taken"
    assert pairs(links) == [("k1", "s1")]


@pytest.mark.parametrize("bulk", [1, 20_000])
def test_two_links_of_one_batch_that_clash_are_named(links, monkeypatch, bulk):
    """A batch at odds with itself is refused on the bulk way and on the usual one."""
    monkeypatch.setattr(links_module, "_BULK", bulk)
    with pytest.raises(RunError, match="sf_id s1 stands in two"):
        links.save("contact", [Link("k1", "s1", "email"), Link("k2", "s1", "email")], "run")
    links.save("contact", [Link("k1", "s1", "email")], "run")
    assert pairs(links) == [("k1", "s1")]


def test_replace_leaves_a_tombstone_of_what_stood_in_the_way(links):
    """A Contact merged into its master: the customer moves over, the old pair stays as a tombstone."""
    links.save("contact", [Link("k1", "s1", "email"), Link("k2", "s2", "email")], "run")
    links.save("contact", [Link("k1", "s3", "merged")], "run", replace=True)
    assert [(link.sf_id, link.active) for link in links.find("contact", keva_id="k1")] == [("s3", True), ("s1", False)]
    assert pairs(links) == [("k1", "s3"), ("k2", "s2")]


def test_unlink_leaves_a_tombstone_and_frees_both_records(links):
    """After an unlink both records may be linked anew, and the pair itself is remembered."""
    links.save("contact", [Link("k1", "s1", "email")], "run")
    assert links.unlink("contact", [("k1", "s1"), ("k7", "s7")], "run", how="gone on both sides") == 1
    links.save("contact", [Link("k1", "s2", "given"), Link("k3", "s1", "given")], "run")
    tombstone = links.find("contact", keva_id="k1", sf_id="s1")[0]
    assert (tombstone.active, tombstone.how) == (False, "gone on both sides")
    assert links.forget("contact", [("k1", "s1")]) == 1
    assert pairs(links) == [("k1", "s2"), ("k3", "s1")]


def test_saving_again_changes_nothing_but_how(links):
    """Saving a link twice is harmless, so that a killed run may repeat it."""
    for how in ("email", "given"):
        links.save("contact", pa.table({"keva_id": ["k1"], "sf_id": ["s1"], "how": [how]}), "run")
    assert links.find("contact", sf_id="s1") == [Link("k1", "s1", "given")]


def test_the_first_big_load_is_as_strict_and_as_complete(links, state, monkeypatch):
    """The bulk way into an empty table keeps all three unique indexes."""
    monkeypatch.setattr(links_module, "_BULK", 100)
    table = pa.table({"keva_id": [f"k{i}" for i in range(500)], "sf_id": [f"s{i}" for i in range(500)]})
    links.save("contact", table, "run")
    assert links.count("contact") == 500
    names = state.arrow("SELECT name FROM sqlite_master WHERE tbl_name = 'links' AND type = 'index'")["name"]
    assert set(names.to_pylist()) == {"ux_links_pair", "ux_links_customer", "ux_links_record"}
    with pytest.raises(RunError):
        links.save("contact", [Link("k1", "s400", "email")], "run")
