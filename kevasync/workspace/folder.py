"""The folder of a workspace: where things are in it, how it is made, and the lock of its one writer."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import uuid_utils

from kevasync.errors import Refused, RunError, UsageError
from kevasync.workspace.settings import Settings, parse_settings, read_settings

__all__ = ["Workspace"]

FILE = "kevasync.toml"


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened workspace."""

    root: Path
    settings: Settings

    @classmethod
    def open(cls, start: Path | None = None, environment: Mapping[str, str] | None = None) -> Workspace:
        """The workspace of `start`, else of KEVASYNC_WORKSPACE, else of the current folder, or of a folder above it.

        Raises:
            UsageError: `workspace-not-found`, `settings-unreadable`, `settings-invalid` (all problems at once),
                `secret-in-settings`.
        """
        values = os.environ if environment is None else environment
        begin = (start or Path(values.get("KEVASYNC_WORKSPACE") or Path.cwd())).absolute()
        for folder in (begin, *begin.parents):
            if (folder / FILE).is_file():
                break
        else:
            raise UsageError("workspace-not-found", f"Neither {begin} nor a folder above it has a {FILE}.")
        workspace = cls(folder, read_settings(folder / FILE, values))
        with suppress(OSError):  # a read-only workspace can still be looked at
            workspace._make_folders()
        return workspace

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        name: str | None = None,
        default_region: str = "US",
        keva_url: str | None = None,
        keva_workspace_id: str | None = None,
        instance_url: str | None = None,
        login_url: str | None = None,
    ) -> Workspace:
        """Make a workspace: the folder, its sub-folders, a documented kevasync.toml and a .gitignore; mapping.toml not.

        Raises:
            UsageError: `workspace-exists` (nothing is overwritten), `settings-invalid`.
            RunError: `workspace-not-writable`.
        """
        root = path.absolute()
        file = root / FILE
        if file.exists():
            raise UsageError("workspace-exists", f"{file} is there already.")
        text = _template().format(
            workspace_id=_toml(str(uuid_utils.uuid7())),
            name=_toml(name or root.name),
            default_region=_toml(default_region),
            keva_url=_line("url", keva_url, "https://app.keva.support"),
            keva_workspace_id=_line("workspace_id", keva_workspace_id, "ws_..."),
            instance_url=_line("instance_url", instance_url, "https://example.my.salesforce.com"),
            login_url=_line("login_url", login_url, "https://test.salesforce.com"),
        )
        workspace = cls(root, parse_settings(text, FILE, {}))
        try:
            root.mkdir(parents=True, exist_ok=True)
            workspace._make_folders()
            ignore = root / ".gitignore"
            if not ignore.exists():
                ignore.write_text(".kevasync/\nexports/\n", encoding="utf-8")
            with file.open("x", encoding="utf-8") as output:
                output.write(text)
        except FileExistsError as error:
            raise UsageError("workspace-exists", f"{error.filename} is there already.") from error
        except OSError as error:
            raise RunError("workspace-not-writable", f"{error.filename or root}: {error.strerror}") from error
        return workspace

    @property
    def state_dir(self) -> Path:
        """`.kevasync`: everything that kevasync keeps by itself; closed to other users, it holds personal data."""
        return self.root / ".kevasync"

    @property
    def state_url(self) -> str | Path:
        """What `State.open` takes: the URL of the settings, else the SQLite file of the workspace."""
        return self.settings.state_url or self.state_dir / "state.db"

    @property
    def exports_dir(self) -> Path:
        """`exports`: where Keva exports are put, and import files for Keva are written."""
        return self.root / "exports"

    @property
    def snapshots_dir(self) -> Path:
        """`.kevasync/snapshots`."""
        return self.state_dir / "snapshots"

    @property
    def base_dir(self) -> Path:
        """`.kevasync/base`."""
        return self.state_dir / "base"

    @property
    def plans_dir(self) -> Path:
        """`.kevasync/plans`: one folder a plan."""
        return self.state_dir / "plans"

    @property
    def tmp_dir(self) -> Path:
        """`.kevasync/tmp`: may be emptied whenever nothing runs."""
        return self.state_dir / "tmp"

    @property
    def mapping_path(self) -> Path:
        """`mapping.toml`."""
        return self.root / "mapping.toml"

    @contextmanager
    def lock(self, purpose: str) -> Iterator[None]:
        """Be the one writer of this workspace (apply, extract) while the `with` lasts; freed when the process dies.

        Raises:
            Refused: `workspace-locked`, at once, saying who holds it.
        """
        path = self.state_dir / "writer.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise RunError("workspace-not-writable", f"{path}: {error.strerror}") from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Refused("workspace-locked", f"{self.root} is in use by {_holder(path)}.") from error
            holder = {"purpose": purpose, "process": os.getpid(), "host": socket.gethostname(), "since": _now()}
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(holder).encode(), 0)
            yield
        finally:
            os.close(descriptor)

    def _make_folders(self) -> None:
        self.state_dir.mkdir(mode=0o700, exist_ok=True)
        for folder in (self.exports_dir, self.snapshots_dir, self.base_dir, self.plans_dir, self.tmp_dir):
            folder.mkdir(exist_ok=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"{holder['purpose']} (process {holder['process']} on {holder['host']}, since {holder['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process that has just begun"


def _template() -> str:
    return (resources.files("kevasync.workspace") / "template.toml").read_text(encoding="utf-8")


def _toml(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _line(key: str, value: str | None, example: str) -> str:
    return f"# {key} = {_toml(example)}" if value is None else f"{key} = {_toml(value)}"
