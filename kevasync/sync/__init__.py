"""The core: extract, link, merge, diff, plan, guards, apply, undo."""
