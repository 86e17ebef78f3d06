"""`kevasync doctor`: is everything there that a run needs, and if not, what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

import kevasync
from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.cli.failures import explain
from kevasync.cli.version import versions
from kevasync.errors import KevasyncError, UsageError

if TYPE_CHECKING:
    from kevasync.cli.render import Screen
    from kevasync.cli.sides import Kept
    from kevasync.workspace import Workspace

T = TypeVar("T")

__all__ = ["Check", "Verdict", "doctor"]

LOW_DISK = 1 << 30
"""Bytes: below this an extract of a million records may not fit."""
CLOCK_SECONDS = 120.0
"""A JWT assertion lives three minutes; a clock that is further off is refused."""


class Verdict(StrEnum):
    """What a check found."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what it looked at, what it found, and the next step where something is to do."""

    name: str
    verdict: Verdict
    detail: str
    next: str = ""


def doctor(
    ctx: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Ask neither Salesforce nor Keva.")] = False,
) -> ExitCode:
    """Check versions, workspace, state, tokens, both sides, disk and clock; writes to neither side.

    Exit code 0 when nothing failed (warnings may remain), 1 when something did.
    """
    at = Context.of(ctx)
    checks: list[Check] = []
    for check in _checks(at, offline=offline):
        checks.append(check)
        at.detail(f"{check.name}: {check.verdict}")
    failed = [check for check in checks if check.verdict is Verdict.FAILED]
    document = {"ok": not failed, "checks": [asdict(check) for check in checks]}
    at.out(document, lambda screen: _show(screen, checks))
    return ExitCode.FAILED if failed else ExitCode.DONE


def _checks(at: Context, *, offline: bool) -> Iterator[Check]:
    yield Check(
        "kevasync", Verdict.OK, f"{kevasync.__version__} on Python {platform.python_version()}, {platform.system()}"
    )
    yield _packages()
    workspace, check = _tried("workspace", lambda: at.workspace, lambda found: str(found.root))
    yield check
    if workspace is None:
        return
    yield _disk(workspace)
    yield _mapping(workspace)
    yield from _state(workspace, offline=offline)


def _packages() -> Check:
    found = versions()
    missing = [name for name, version in found.items() if version is None]
    if missing:
        return Check("packages", Verdict.FAILED, f"not installed: {', '.join(missing)}", "pip install kevasync")
    return Check("packages", Verdict.OK, ", ".join(f"{name} {version}" for name, version in found.items()))


def _tried(name: str, action: Callable[[], T], say: Callable[[Any], str]) -> tuple[T | None, Check]:
    """Do something; the check says how it went, in our words whatever was raised."""
    try:
        found = action()
        return found, Check(name, Verdict.OK, say(found))
    except Exception as error:  # noqa: BLE001 a doctor examines the whole patient, whatever it finds first
        return None, _failed(name, explain(error, ["doctor"], None))


def _failed(name: str, error: KevasyncError) -> Check:
    lines = [error.what, *(problem.message for problem in error.problems)]
    return Check(name, Verdict.FAILED, "; ".join(lines), error.next_steps[0] if error.next_steps else "")


def _disk(workspace: Workspace) -> Check:
    free = shutil.disk_usage(workspace.root).free
    text = f"{free / (1 << 30):,.1f} GiB free"
    if not os.access(workspace.state_dir, os.W_OK):
        return Check(
            "disk", Verdict.FAILED, f"{workspace.state_dir} cannot be written", "Run as the owner of the workspace"
        )
    if free < LOW_DISK:
        return Check(
            "disk", Verdict.WARNING, text, "Free some space, or remove old plans and snapshots under .kevasync"
        )
    return Check("disk", Verdict.OK, text)


def _mapping(workspace: Workspace) -> Check:
    from kevasync.mapping import file

    if not workspace.mapping_path.is_file():
        return Check("mapping", Verdict.FAILED, f"{workspace.mapping_path} is not there", "kevasync init DIR")
    _, check = _tried(
        "mapping",
        lambda: file.load(workspace.mapping_path),
        lambda found: ", ".join(f"{item.name}: {len(item.fields)} fields" for item in found.objects),
    )
    return check


def _state(workspace: Workspace, *, offline: bool) -> Iterator[Check]:
    from kevasync.cli import sides

    with ExitStack() as stack:
        kept, check = _tried(
            "state", lambda: stack.enter_context(sides.open_kept(workspace)), lambda _: _state_text(workspace)
        )
        yield check
        if kept is None:
            return
        yield _runs(kept)
        yield from _tokens(workspace, kept)
        if offline:
            yield Check("salesforce", Verdict.SKIPPED, "not asked (--offline)")
            yield Check("keva", Verdict.SKIPPED, "not asked (--offline)")
            return
        yield from _salesforce(workspace, kept)
        yield _keva(workspace, kept)


def _state_text(workspace: Workspace) -> str:
    return str(workspace.state_url) if isinstance(workspace.state_url, Path) else "the database of state_url"


def _runs(kept: Kept) -> Check:
    unresolved = kept.stores.ledger.unresolved()
    if unresolved:
        ids = ", ".join(run.id for run in unresolved)
        return Check("runs", Verdict.WARNING, f"unfinished or of unknown outcome: {ids}", "kevasync log")
    last = kept.stores.ledger.last_runs(1)
    return Check(
        "runs", Verdict.OK, f"last: {last[0].kind} {last[0].status}, {last[0].started_at}" if last else "none yet"
    )


def _tokens(workspace: Workspace, kept: Kept) -> Iterator[Check]:
    from kevasync.cli import sides
    from kevasync.salesforce.oauth import can_refresh

    credentials, check = _tried(
        "salesforce tokens", lambda: sides.salesforce_credentials(workspace, kept.secrets), lambda _: "present"
    )
    if credentials is not None and not can_refresh(credentials):
        if credentials.access_token is None:
            check = Check("salesforce tokens", Verdict.WARNING, "none", "kevasync connect salesforce")
        else:
            detail = "an access token only: it ends within hours and cannot be renewed"
            check = Check("salesforce tokens", Verdict.WARNING, detail, "kevasync connect salesforce")
    yield check
    key, check = _tried("keva key", lambda: kept.secrets.get("keva_api_key"), lambda _: "present")
    if key is None and check.verdict is Verdict.OK:
        export, check = _tried(
            "keva key", lambda: sides.newest_export(workspace), lambda found: f"none; the export {found} is read"
        )
        if export is None and check.verdict is Verdict.OK:
            check = Check("keva key", Verdict.WARNING, "none, and no export is named", "kevasync connect keva")
    yield check


def _salesforce(workspace: Workspace, kept: Kept) -> Iterator[Check]:
    from kevasync.cli import sides
    from kevasync.salesforce.oauth import can_refresh

    credentials = sides.salesforce_credentials(workspace, kept.secrets)
    if credentials.access_token is None and not can_refresh(credentials):
        yield Check("salesforce", Verdict.SKIPPED, "not asked: no token")
        return

    def ask() -> dict[str, Any]:
        with sides.open_salesforce(workspace, kept.secrets) as org:
            org.describe("Contact")  # first: a data call renews an expired token and says what an unusable one is
            found = {**org.session.identity(), "limits": org.limits(), "date": org.session.last_date}
            if credentials.api_version not in org.session.versions():
                raise UsageError("salesforce-api-version", f"the org does not offer version {credentials.api_version}")
            return found

    answer, check = _tried("salesforce", ask, _salesforce_text)
    yield check
    if answer is not None and answer["date"]:
        yield _clock(answer["date"])


def _salesforce_text(answer: dict[str, Any]) -> str:
    limits = answer["limits"]
    calls = f", {limits.api_calls_left:,} of {limits.api_calls_max:,} API calls left today" if limits else ""
    return f"org {answer.get('organization_id', '?')} answers, Contact can be seen{calls}"


def _clock(date: str) -> Check:
    try:
        off = time.time() - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return Check("clock", Verdict.SKIPPED, "Salesforce sent no readable time")
    if abs(off) > CLOCK_SECONDS:
        detail = f"this machine is {abs(off):,.0f} seconds {'ahead of' if off > 0 else 'behind'} Salesforce"
        return Check("clock", Verdict.WARNING, detail, "Set the clock (timedatectl set-ntp true)")
    return Check("clock", Verdict.OK, f"within {max(1, round(abs(off)))} s of Salesforce")


def _keva(workspace: Workspace, kept: Kept) -> Check:
    from kevasync.cli import sides

    if kept.secrets.get("keva_api_key") is None:
        return Check("keva", Verdict.SKIPPED, "not asked: no key")
    _, check = _tried(
        "keva",
        lambda: sides.keva_answers(workspace, kept.secrets),
        lambda found: f"answers, {found['customers']} customers",
    )
    return check


COLORS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "bold red", Verdict.SKIPPED: "dim"}


def _show(screen: Screen, checks: list[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        screen.line(f"{check.verdict.value:<8} {check.name:<{width}}  {check.detail}", style=COLORS[check.verdict])
        if check.next and check.verdict is not Verdict.OK:
            screen.line(f"{'':<{width + 9}}  next: {check.next}")
