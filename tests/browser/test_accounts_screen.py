"""The accounts review in a real browser: the same promises as the mapping review's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from screen_keys import press, settled

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "review"))
from account_world import account_session

pytestmark = pytest.mark.browser


@pytest.fixture
def server(tmp_path, serve_session):
    _, path = account_session(tmp_path / "ws")
    return serve_session(tmp_path / "ws", "match_accounts.py", path)


def test_by_keyboard_through_a_kill(server, visit, tmp_path):
    """Accept, the second candidate, none of these, skip, search for another; nothing is lost by kill -9."""
    page = visit(server)
    page.wait_for_selector(".kv-bars")
    assert "Evidence, in bits" in page.locator(".kv-side").text_content()
    press(page, "a", "2", "r", "s", "u")
    settled(page)
    verdicts = [verdict for _, verdict, _ in server.decisions("account")]
    assert verdicts == ["accept", "change", "reject", "skip", "undo"]
    server.kill()
    press(page, "j", "c")
    page.wait_for_selector(".kv-dialog")
    page.keyboard.type("juniper timber")
    assert page.locator(".kv-options li").first.text_content().startswith("Juniper Timber")
    press(page, "Enter")
    page.wait_for_selector(".kv-saved.bad, .kv-saved.busy")
    server.start()
    page.reload()
    page.wait_for_selector(".kv-row")
    settled(page)
    assert [verdict for _, verdict, _ in server.decisions("account")][-1] == "change"
    folder = Path(os.environ.get("KEVASYNC_SCREENSHOTS") or tmp_path)
    press(page, "Home")
    page.wait_for_selector(".kv-bars")
    page.screenshot(path=folder / "accounts-light.png")
    dark = visit(server, color_scheme="dark")
    dark.wait_for_selector(".kv-bars")
    dark.screenshot(path=folder / "accounts-dark.png")
