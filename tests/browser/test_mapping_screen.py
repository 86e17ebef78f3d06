"""The mapping review in a real browser: by keyboard alone, and without losing a press."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from screen_keys import press, settled

pytestmark = pytest.mark.browser


def says(page, place, text):
    """Wait until a part of the screen reads so: it is drawn with the next frame."""
    from playwright.sync_api import expect

    expect(page.locator(place)).to_have_text(text)


def status_of(page, column):
    """What the list says of a column, as a screen reader reads it."""
    return page.locator(f'.kv-row[data-id="{column}"]').get_attribute("aria-label")


def test_accept_reject_change_undo_reload_save(serve, visit, tmp_path):
    """Each key does what it says; a reload shows the same; undo works across it; save writes mapping.toml."""
    server = serve()
    page = visit(server)
    press(page, "a", "r", "2", "c")
    page.keyboard.type("assistant")
    press(page, "ArrowDown", "Enter")
    settled(page)
    said = [status_of(page, name) for name in ("first_name", "last_name", "full_name", "email_address")]
    assert [text.split(", ")[1].split()[0] for text in said] == ["Accepted", "Rejected", "Changed", "Changed"]
    assert [verdict for _, verdict, _ in server.decisions()] == ["accept", "reject", "change", "change"]
    says(page, ".kv-live", re.compile("^Changed: email_address, Assistant"))
    press(page, "u")
    settled(page)
    assert "to decide" in status_of(page, "email_address")
    page.reload()
    page.wait_for_selector(".kv-row")
    assert "Changed" in status_of(page, "full_name")
    press(page, "u", "u")
    settled(page)
    assert [verdict for _, verdict, _ in server.decisions()] == ["accept", "reject", "change", "change", *["undo"] * 3]
    assert "to decide" in status_of(page, "last_name")
    press(page, "a")
    settled(page)
    press(page, "Control+s")
    page.wait_for_selector(".kv-notice.good")
    text = (tmp_path / "ws" / "mapping.toml").read_text()
    assert "FirstName" in text
    assert "LastName" in text


def test_a_burst_of_two_hundred_presses_loses_nothing(serve, visit):
    """As fast as the browser takes them: two hundred decisions in the store, each once, and the count says so."""
    server = serve(220)
    page = visit(server)
    for _ in range(100):
        page.keyboard.press("a")
    took = page.evaluate("""() => {
        const begin = performance.now();
        for (let press = 0; press < 100; press++)
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true, composed: true }));
        return performance.now() - begin; }""")
    settled(page)
    found = server.decisions()
    assert len(found) == len({subject for subject, _, _ in found}) == 200
    says(page, ".kv-counted", "200 of 220 decided")
    assert took < 4_000  # milliseconds for a hundred: far below what a hand can press, on a busy machine too


def test_two_reviewers_see_each_other_and_overrule_only_knowingly(serve, visit):
    """A decision of another page is shown within seconds; the first press on it only tells, the second overrules."""
    server = serve()
    here, there = visit(server), visit(server)
    there.locator(".kv-head .kv-quiet").click()
    there.keyboard.type("bob")
    press(there, "Enter", "a")
    settled(there)
    here.wait_for_selector('.kv-row[data-id="first_name"].good', timeout=15_000)
    press(here, "r")
    here.wait_for_selector(".kv-notice.warn")
    says(here, ".kv-notice", re.compile("bob decided: Accepted FirstName"))
    assert [who for _, _, who in server.decisions()] == ["bob"]
    press(here, "r")
    settled(here)
    assert [(verdict, who) for _, verdict, who in server.decisions()][1:] == [("reject", "ana")]


def test_a_press_on_what_another_decided_a_moment_before_is_not_recorded(serve, visit):
    """The page had not heard of it yet: the store refuses, the screen says by whom, a second press overrules."""
    server = serve()
    here, there = visit(server), visit(server)
    here.context.set_offline(True)
    press(here, "a")
    press(there, "r")
    settled(there)
    here.context.set_offline(False)
    here.wait_for_selector(".kv-notice.warn")
    assert re.search("ana rejected FirstName.*Press", here.locator(".kv-notice").text_content(), re.IGNORECASE)
    settled(here)
    assert [verdict for _, verdict, _ in server.decisions()] == ["reject"]
    press(here, "Home", "a")
    settled(here)
    assert [verdict for _, verdict, _ in server.decisions()] == ["reject", "accept"]


@pytest.mark.parametrize("way", ["reload", "close"])
def test_a_killed_server_loses_nothing(serve, visit, way):
    """Acknowledged presses are in the store; the others wait in the browser, through a reload or a closed page."""
    server = serve()
    page = visit(server)
    press(page, "a", "a", "a")
    settled(page)
    server.kill()
    assert len(server.decisions()) == 3
    press(page, "a", "r", "a", "u", "a")
    says(page, ".kv-saved", "5 unsaved")
    server.start()
    if way == "reload":
        page.reload()
        page.wait_for_selector(".kv-row")
    else:
        context = page.context
        page.close()
        page = visit(server, context)
    settled(page)
    found = [verdict for _, verdict, _ in server.decisions()]
    assert found == ["accept"] * 4 + ["reject", "accept", "undo", "accept"]
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('kevasync-review:')).length") == 0


def test_an_open_page_finds_the_server_again(serve, visit):
    """Left open while the server was killed and started anew: the page delivers what it holds, without a hand."""
    server = serve()
    page = visit(server)
    press(page, "a")
    settled(page)
    server.kill()
    press(page, "a", "a")
    server.start()
    deadline = time.monotonic() + 60
    while len(server.decisions()) < 3 and time.monotonic() < deadline:
        page.wait_for_timeout(500)
    assert len(server.decisions()) == 3


def test_a_thousand_columns(serve, visit):
    """The list draws what is in sight, moves to the end at once, and search narrows it."""
    server = serve(1_000)
    page = visit(server)
    assert page.locator(".kv-row").count() < 60
    press(page, "End")
    page.wait_for_selector('.kv-row[aria-posinset="1000"].current')
    press(page, "/")
    page.keyboard.type("postcode 97")
    press(page, "Escape", "/")
    page.keyboard.type("zip_17")
    page.wait_for_selector('.kv-row[data-id="zip_17"][aria-setsize="1"]')
    press(page, "Enter", "a")
    settled(page)
    assert [subject for subject, _, _ in server.decisions()] == ["Contact.zip_17"]


def test_many_at_once_with_measured_precision(serve, visit):
    """The step says what it was measured to be worth, is one decision a row, and one undo takes it back."""
    server = serve()
    page = visit(server)
    press(page, "A")
    dialog = page.locator(".kv-dialog")
    assert "99.3 %" in dialog.text_content()
    assert "of 402" in dialog.text_content()
    press(page, "ArrowDown", "ArrowDown", "Enter")
    settled(page)
    count = len(server.decisions())
    assert count > 4
    page.reload()
    page.wait_for_selector(".kv-row")
    press(page, "u")
    settled(page)
    assert [verdict for _, verdict, _ in server.decisions()] == ["accept"] * count + ["undo"] * count
    says(page, ".kv-counted", "0 of 20 decided")


def test_the_list_speaks_to_a_screen_reader(serve, visit):
    """Roles, the active line, the progress and a live region; the help opens and closes by key."""
    page = visit(serve())
    snapshot = page.locator(".kv").aria_snapshot()
    assert 'listbox "All fields"' in snapshot
    assert 'progressbar "Decided"' in snapshot
    active = page.locator(".kv-list").get_attribute("aria-activedescendant")
    press(page, "j")
    settled(page)
    assert page.locator(".kv-list").get_attribute("aria-activedescendant") != active
    press(page, "?")
    page.get_by_role("dialog", name="Keys").wait_for()
    press(page, "Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    press(page, "a")
    says(page, ".kv-live", re.compile("Accepted: last_name"))


def test_light_and_dark(serve, visit, tmp_path):
    """Follows the system, at a thousand columns; the pictures go where KEVASYNC_SCREENSHOTS says, to be looked at."""
    server = serve(1_000)
    folder = Path(os.environ.get("KEVASYNC_SCREENSHOTS") or tmp_path)
    grounds = {}
    for theme in ("light", "dark"):
        page = visit(server, color_scheme=theme)
        page.wait_for_selector(".kv-bars")
        assert page.locator(".kv").get_attribute("data-theme") == theme
        grounds[theme] = page.locator(".kv").evaluate("(one) => getComputedStyle(one).backgroundColor")
        if theme == "light":
            press(page, "a", "2", "r", "j", "j")
            settled(page)
            page.wait_for_selector(".kv-bars")
        page.screenshot(path=folder / f"mapping-{theme}.png")
        for name, key in (("keys", "?"), ("many", "A"), ("change", "c")):
            press(page, key)
            page.wait_for_selector(".kv-dialog")
            page.screenshot(path=folder / f"mapping-{theme}-{name}.png")
            press(page, "Escape")
    assert grounds["light"] == "rgb(255, 255, 255)"
    assert grounds["dark"] != grounds["light"]


def test_without_the_token_nothing_is_shown(serve):
    """On a shared machine others can reach the port, but not the page."""
    server = serve()
    bare = server.door.address.split("?")[0]
    with pytest.raises(HTTPError) as refused:
        urlopen(bare + "api/status")
    assert refused.value.code in {401, 403}
    refused.value.close()
    with urlopen(bare) as answer:
        assert "/auth/login" in answer.url
