"""The duplicates review on what a search in the sandbox really found: decided in the browser, planned, merged."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from screen_keys import settled

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from duplicates_world import DuplicatesWorld, contacts_of

from kevasync.cli import duplicates_desk
from kevasync.cli.context import Context
from kevasync.review import session as review_session
from kevasync.sandbox.server import Sandbox

pytestmark = pytest.mark.browser


@pytest.fixture
def world(tmp_path):
    with Sandbox.start(http=True, keva_rate=0) as sandbox:
        yield DuplicatesWorld(tmp_path, sandbox)


@pytest.fixture
def server(world, capsys, serve_session):
    world.command(capsys, "extract")
    world.command(capsys, "dedupe")
    at = Context(folder=world.folder, quiet=True)
    made = duplicates_desk.duplicates_session(at, "contact", 1_000, children=True, who="ana")
    path = world.workspace.state_dir / "review" / f"{made.name}.json"
    review_session.save(made, path)
    running = serve_session(world.folder, "resolve_duplicates.py", path)
    running.groups = made.groups
    return running


def test_from_the_search_to_the_merge(world, server, visit, capsys, tmp_path):
    """What was found is shown with its evidence; decided in the browser, killed, planned, merged in the org."""
    folder = Path(os.environ.get("KEVASYNC_SCREENSHOTS") or tmp_path)
    page = visit(server)
    page.wait_for_selector(".kv-bars")
    assert "E-mail" in page.locator(".kv-bars").text_content()
    page.screenshot(path=folder / "duplicates-real-light.png")
    for key in ("m", "n", "s", "u", "m"):
        page.keyboard.press(key)
    settled(page)
    server.kill()
    page.keyboard.press("m")
    server.start()
    page.reload()
    page.wait_for_selector(".kv-row")
    settled(page)
    verdicts = [verdict for _, verdict, _ in server.decisions("duplicate")]
    assert verdicts == ["merge", "different", "skip", "undo", "merge", "merge"]
    dark = visit(server, color_scheme="dark")
    dark.keyboard.press("o")
    dark.wait_for_selector(".kv-bars")
    dark.keyboard.press("Home")
    dark.wait_for_selector(".kv-cards thead th:nth-child(5)")
    dark.screenshot(path=folder / "duplicates-real-dark.png")
    made = world.command(capsys, "merge")
    decided = {subject for subject, verdict, _ in server.decisions("duplicate") if verdict == "merge"}
    merged = [group for group in server.groups if group.name in decided and len(contacts_of(group)) > 1]
    assert made["counts"].get("clusters", 0) == len(merged) > 0
    done = world.command(capsys, "apply", made["plan"], "--yes")
    assert (done["status"], done["counts"]["applied"]) == ("done", made["counts"]["losers"])
