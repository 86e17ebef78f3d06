"""`kevasync connect`: stores tokens encrypted, read from standard input or the environment, and tries them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kevasync.cli.context import Context
from kevasync.cli.settings_file import put_settings
from kevasync.errors import UsageError

if TYPE_CHECKING:
    from kevasync.cli.sides import Kept
    from kevasync.workspace import Workspace

__all__ = ["Which", "connect"]


class Which(StrEnum):
    """The side to connect."""

    SALESFORCE = "salesforce"
    KEVA = "keva"


SECRETS: Mapping[Which, Mapping[str, str]] = {
    Which.SALESFORCE: {
        name: f"salesforce_{name}"
        for name in ("access_token", "refresh_token", "client_id", "client_secret", "username", "jwt_key")
    },
    Which.KEVA: {"keva_api_key": "keva_api_key", "api_key": "keva_api_key"},
}
"""The names understood on standard input, and under which each is stored."""

ADDRESSES: Mapping[Which, Mapping[str, tuple[str, str]]] = {
    Which.SALESFORCE: {
        "instance_url": ("salesforce", "instance_url"),
        "login_url": ("salesforce", "login_url"),
    },
    Which.KEVA: {"keva_url": ("keva", "url"), "keva_workspace_id": ("keva", "workspace_id")},
}
"""What is no secret and goes into kevasync.toml, where it does not say otherwise."""


def connect(
    ctx: typer.Context,
    side: Annotated[Which, typer.Argument(help="Which side.")],
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read a JSON object, or NAME=VALUE lines, from standard input.")
    ] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Remove what is stored for this side.")] = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Sign in once to see that it works.")] = True,
) -> None:
    """Store how to sign in to a side, encrypted, and try it.

    Secrets are read from standard input (--stdin) or from the environment (KEVASYNC_SALESFORCE_ACCESS_TOKEN,
    KEVASYNC_KEVA_API_KEY and so on), never from the command line, where other users of the machine could see them.
    The JSON that `kevasync sandbox --info` writes is understood as it is.
    """
    at = Context.of(ctx)
    from kevasync.cli import sides

    workspace = at.workspace
    with sides.open_kept(workspace) as kept:
        stored = sorted(set(SECRETS[side].values()))
        if forget:
            gone = [name for name in stored if kept.secrets.delete(name)]
            at.out(
                {"side": side.value, "forgotten": gone},
                lambda screen: screen.line(f"Forgotten: {', '.join(gone) or 'nothing'}"),
            )
            return
        given, addresses = _from_stdin(side) if stdin else (_from_environment(side), {})
        written = put_settings(workspace.root / "kevasync.toml", addresses)
        workspace = type(workspace).open(workspace.root)
        before = {name: kept.secrets.get(name) for name in stored}
        for name, value in given.items():
            kept.secrets.put(name, value)
        try:
            found = _try(side, workspace, kept) if check else {}
        except Exception:
            _restore(kept, given, before)
            raise
    names = ", ".join(sorted(given))
    document = {"side": side.value, "stored": sorted(given), "settings": written, "checked": check, **found}
    at.out(
        document,
        lambda screen: screen.pairs(
            [
                ("stored", names),
                ("kevasync.toml", ", ".join(written) or "unchanged"),
                *((str(k), v) for k, v in found.items()),
            ]
        ),
    )


def _from_environment(side: Which) -> dict[str, str]:
    given = {
        stored: os.environ[f"KEVASYNC_{stored.upper()}"]
        for stored in SECRETS[side].values()
        if os.environ.get(f"KEVASYNC_{stored.upper()}")
    }
    if not given:
        wanted = (
            "KEVASYNC_KEVA_API_KEY" if side is Which.KEVA else "KEVASYNC_SALESFORCE_ACCESS_TOKEN or ..._REFRESH_TOKEN"
        )
        raise UsageError("token-missing", f"{wanted} is not set, and --stdin was not given")
    return given


def _from_stdin(side: Which) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Secrets by the name they are stored under, and addresses by section and key."""
    if sys.stdin.isatty():
        sys.stderr.write("Paste a JSON object or NAME=VALUE lines, then Ctrl-D:\n")
    text = sys.stdin.read().strip()
    try:
        found: dict[str, Any] = json.loads(text) if text.startswith("{") else _lines(text)
    except ValueError as error:
        raise UsageError("token-unreadable", "standard input is neither a JSON object nor NAME=VALUE lines") from error
    secrets, addresses = SECRETS[side], ADDRESSES[side]
    said = {_bare(name): value for name, value in found.items() if isinstance(value, str) and value}
    given = {secrets[name]: value for name, value in said.items() if name in secrets}
    if not given:
        raise UsageError("token-missing", f"standard input names none of {', '.join(secrets)}")
    return given, {addresses[name]: value for name, value in said.items() if name in addresses}


def _bare(name: str) -> str:
    """KEVASYNC_SALESFORCE_ACCESS_TOKEN and salesforce_access_token are access_token."""
    return name.lower().removeprefix("kevasync_").removeprefix("salesforce_").lstrip("_")


def _lines(text: str) -> dict[str, str]:
    pairs = [line.partition("=") for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not pairs or not all(equals for _, equals, _ in pairs):
        raise ValueError("no NAME=VALUE lines")
    return {name.strip().removeprefix("export ").strip(): value.strip().strip("'\"") for name, _, value in pairs}


def _try(side: Which, workspace: Workspace, kept: Kept) -> dict[str, str]:
    from kevasync.cli import sides

    if side is Which.SALESFORCE:
        with sides.open_salesforce(workspace, kept.secrets) as org:
            org.describe("Contact")  # a data call first: it renews an expired token and says what an unusable one is
            who = org.session.identity()
            return {name: who[name] for name in ("organization_id", "preferred_username") if name in who}
    return sides.keva_answers(workspace, kept.secrets)


def _restore(kept: Kept, given: Mapping[str, str], before: Mapping[str, str | None]) -> None:
    """Put back what was stored: credentials that do not work must not replace those that do."""
    for name in given:
        old = before[name]
        if old is None or old == os.environ.get(f"KEVASYNC_{name.upper()}"):
            kept.secrets.delete(name)
        else:
            kept.secrets.put(name, old)
