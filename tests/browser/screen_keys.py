"""What a reviewer does on any of the screens."""

from __future__ import annotations


def press(page, *keys):
    """One key after another."""
    for key in keys:
        page.keyboard.press(key)


def settled(page):
    """Wait until every press is acknowledged; two frames on, for what was pressed just now is drawn with the next."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_selector(".kv-saved.good:has-text('All saved')")
