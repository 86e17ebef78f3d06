"""A review server that can be killed and started anew, and a browser; skipped where there is none."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from kevasync.cli import review_server

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "review"))
from duplicate_world import duplicate_session
from review_world import mapping_session

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests; each test opens contexts of its own in it."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    sync_api = pytest.importorskip("playwright.sync_api", reason="the group `browser` is not installed")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield opened
        opened.close()


class Server:
    """A review's server on one workspace, as `kevasync review` runs it."""

    def __init__(self, root, notebook, session):
        self.root, self.notebook, self.session = root, notebook, session
        self.stack = ExitStack()
        self.start()

    def start(self):
        self.door = review_server._door(self.root / ".kevasync" / "review" / "door.json", 0)
        path = review_server.notebook(self.notebook)
        self.process = self.stack.enter_context(review_server._running(path, self.door, self.session))
        review_server._wait(self.process, self.door)

    def kill(self):
        """Kill -9, and all that it started."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def decisions(self, what="mapping"):
        """(subject, verdict) of every decision in the store, oldest first."""
        with sqlite3.connect(self.root / ".kevasync" / "state.db") as state:
            found = state.execute(
                "SELECT subject, detail ->> 'verdict', who FROM decisions WHERE what = ? ORDER BY id", (what,)
            ).fetchall()
        state.close()
        return found


@pytest.fixture
def serve(tmp_path, browser):
    """Call with the number of columns: a server on a new mapping session."""
    servers = []

    def start(count=None):
        _, path = mapping_session(tmp_path / "ws", count)
        servers.append(Server(tmp_path / "ws", "map_fields.py", path))
        return servers[-1]

    yield start
    for server in servers:
        server.stack.close()


@pytest.fixture
def serve_duplicates(tmp_path, browser):
    """A server on a new duplicates session."""
    _, path = duplicate_session(tmp_path / "ws")
    server = Server(tmp_path / "ws", "resolve_duplicates.py", path)
    yield server
    server.stack.close()


@pytest.fixture
def serve_session(browser):
    """Call with a workspace's folder, a notebook and a session file: a server on it."""
    servers = []

    def start(root, notebook, session):
        servers.append(Server(root, notebook, session))
        return servers[-1]

    yield start
    for server in servers:
        server.stack.close()


@pytest.fixture
def visit(browser):
    """Call with a server: a page of it, in a browser context of its own unless one is given."""
    contexts = []

    def go(server, context=None, **settings):
        if context is None:
            context = browser.new_context(viewport={"width": 1440, "height": 900}, **settings)
            contexts.append(context)
        page = context.new_page()
        page.goto(server.door.address)
        page.wait_for_selector(".kv-row", timeout=60_000)
        page.wait_for_selector(".kv-saved.good")
        return page

    yield go
    for context in contexts:
        context.close()
