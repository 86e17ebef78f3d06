"""Runs a notebook as a page on 127.0.0.1, behind a token, until Ctrl-C."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

import kevasync
from kevasync.cli.context import Context
from kevasync.errors import RunError, UsageError
from kevasync.review.session import SESSION

__all__ = ["notebook", "serve"]

START_SECONDS = 90
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Door:
    """Where the page is and what opens it; kept, so that a page left open finds the server again after a restart."""

    port: int
    token: str
    secret: str

    @property
    def address(self) -> str:
        """The address to open, with the token."""
        return f"http://{HOST}:{self.port}/?access_token={quote(self.token)}"


def notebook(name: str) -> Path:
    """A notebook of this package, installed or in a checkout."""
    here = Path(kevasync.__file__).parent
    for folder in (here / "notebooks", here.parent / "notebooks"):
        if (folder / name).is_file():
            return folder / name
    raise RunError("review-notebook", f"{name} is not where it was installed: {here}")


def serve(at: Context, name: str, session: Path, *, port: int, open_browser: bool) -> None:
    """Run the notebook on a session file until Ctrl-C, SIGTERM, or until it ends by itself.

    Raises:
        UsageError: `review-port` when another program has the port.
        RunError: `review-failed` when the server does not come up, or ends.
    """
    door = _door(at.workspace.state_dir / "review" / "door.json", port)
    path = notebook(name)
    with _interruptible(), _running(path, door, session) as process:
        try:
            _wait(process, door)
            document = {"url": door.address, "port": door.port, "session": str(session), "process": process.pid}
            at.out(document, lambda screen: screen.line(f"Review: {door.address}"))
            at.note("Every press is saved as it is made. Ctrl-C ends the review.")
            if open_browser:
                webbrowser.open(door.address)
            code = process.wait()
        except KeyboardInterrupt:
            return
    raise RunError("review-failed", f"the review's server ended by itself, with {code}")


@contextmanager
def _running(path: Path, door: Door, session: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        sys.executable,
        "-m",
        "marimo",
        "--quiet",
        "run",
        str(path),
        "--headless",
        "--host",
        HOST,
        "--port",
        str(door.port),
    ]
    command += ["--token", "--token-password-file", "-", "--no-check", "--no-sandbox"]
    environment = {
        **os.environ,
        SESSION: str(session),
        "MARIMO_SESSION_SECRET": door.secret,
        "MARIMO_SKIP_UPDATE_CHECK": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(path.parent.parent), os.environ.get("PYTHONPATH")))),
    }
    named = session.with_suffix(".log")
    log = os.fdopen(os.open(named, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
    # a group of its own: Ctrl-C comes to us alone, and we end it
    with (
        log,
        subprocess.Popen(  # noqa: S603 our own interpreter and notebook
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, start_new_session=True
        ) as process,
    ):
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.write(door.token.encode())
                process.stdin.close()
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(8)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], door: Door) -> None:
    until, opener = time.monotonic() + START_SECONDS, build_opener(ProxyHandler({}))  # never by a proxy
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RunError("review-failed", f"the review's server ended with {process.returncode} before it was up")
        try:
            with opener.open(f"http://{HOST}:{door.port}/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RunError("review-failed", f"the review's server did not come up within {START_SECONDS} seconds")


def _door(path: Path, port: int) -> Door:
    """The door used last where it can be used again, else a new one."""
    kept: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        kept = json.loads(path.read_text(encoding="utf-8"))
    last = kept.get("port") if isinstance(kept.get("port"), int) else 0
    found = _free(port or last or 0)
    if found is None and port:
        raise UsageError("review-port", f"port {port} is taken by another program")
    token, secret = (str(kept.get(name) or secrets.token_urlsafe(24)) for name in ("token", "secret"))
    door = Door(found or _free(0) or 0, token, secret)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(door), file)
    return door


def _free(port: int) -> int | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return None
        return int(probe.getsockname()[1])


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends it the way Ctrl-C does, also where a shell started it in the background."""
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
