"""The duplicates review in a real browser: the same promises as the mapping review's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from screen_keys import press, settled

pytestmark = pytest.mark.browser


def verdicts(server):
    return [verdict for _, verdict, _ in server.decisions("duplicate")]


def test_merge_not_a_duplicate_skip_undo_reload(serve_duplicates, visit, tmp_path):
    """Each key does what it says; survivors, main record and the one left out are as chosen after a reload."""
    server = serve_duplicates
    page = visit(server)
    page.wait_for_selector(".kv-cards")
    press(page, "m", "n", "s", "u")
    settled(page)
    assert verdicts(server) == ["merge", "different", "skip", "undo"]
    press(page, "o")
    page.wait_for_selector(".kv-bars")
    press(page, "Home")
    page.wait_for_function("() => true")
    page.wait_for_selector(".kv-cards thead th:nth-child(7)")
    press(page, "ArrowRight", "p", "ArrowRight", "x", "2")
    page.wait_for_selector(".kv-cards em.out")
    press(page, "m")
    settled(page)
    page.reload()
    page.wait_for_selector(".kv-row")
    press(page, "o", "Home")
    page.wait_for_selector(".kv-cards em.out")
    heads = page.locator(".kv-cards thead th").all_text_contents()
    assert [("main" in text, "left out" in text) for text in heads[2:5]] == [
        (False, False),
        (True, False),
        (False, True),
    ]
    press(page, "u")
    settled(page)
    assert verdicts(server)[-1] == "undo"
    folder = Path(os.environ.get("KEVASYNC_SCREENSHOTS") or tmp_path)
    page.screenshot(path=folder / "duplicates-light.png")
    dark = visit(server, color_scheme="dark")
    dark.wait_for_selector(".kv-bars")
    dark.screenshot(path=folder / "duplicates-dark.png")


def test_a_killed_server_loses_no_merge(serve_duplicates, visit):
    """What was acknowledged is in the store, the rest is delivered to the next server."""
    server = serve_duplicates
    page = visit(server)
    press(page, "m", "n", "m")
    settled(page)
    server.kill()
    press(page, "n", "m", "u")
    page.wait_for_selector(".kv-saved:not(.good)")
    server.start()
    page.reload()
    page.wait_for_selector(".kv-row")
    settled(page)
    assert verdicts(server) == ["merge", "different", "merge", "different", "merge", "undo"]


def test_merge_many_with_measured_precision(serve_duplicates, visit):
    """Above a probability, in one step, with what that was measured to be worth; one undo takes it back."""
    page = visit(serve_duplicates)
    press(page, "A")
    page.wait_for_selector(".kv-dialog")
    assert "99.1 %" in page.locator(".kv-dialog").text_content()
    press(page, "Enter")
    settled(page)
    count = len(verdicts(serve_duplicates))
    assert count > 5
    press(page, "u")
    settled(page)
    assert verdicts(serve_duplicates) == ["merge"] * count + ["undo"] * count
