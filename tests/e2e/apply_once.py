"""Applies the latest plan of the workspace in KEVASYNC_WORKSPACE; what the kill tests start and kill.

Without the quality gate: its import would take most of the time between two kills, and it writes nothing.
"""

import sys

from kevasync.cli import flow
from kevasync.cli.context import Context
from kevasync.cli.show import find_plan

at = Context(quiet=True)
plan = find_plan(at, "latest")
with at.workspace.lock("apply"), flow.open_all(at, plan.object_name) as opened:
    result = flow.apply_plan(opened, plan, allow={guard["flag"] for guard in plan.guards}, sample=None, gated=False)
print(result.status, dict(result.counts), flush=True)  # noqa: T201 the test reads it
sys.exit(result.exit_code)
