"""Turns whatever was raised into one of our errors; what nobody foresaw goes into a crash report."""

from __future__ import annotations

import errno
import os
import platform
import re
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from typer.exceptions import Abort, TyperException

import kevasync
from kevasync.cli.interrupt import is_interrupt
from kevasync.errors import KevasyncError, RunError, UsageError

__all__ = ["explain", "redact", "write_report"]

FULL = {errno.ENOSPC, errno.EDQUOT}
FULL_TEXTS = ("no space left on device", "disk is full", "database or disk is full", "disk quota exceeded")
SECRET_NAMES = re.compile(r"TOKEN|SECRET|KEY|PASSWORD")
PATTERNS = (
    (re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+"), "<e-mail>"),
    (re.compile(r"\b00D\w{12,15}!\S+"), "<token>"),
    (re.compile(r"\bkeva_live_\w+"), "<key>"),
    (
        re.compile(r"(?i)\b(bearer|oauth|token|secret|password|assertion|api[_-]?key)(\s+|\s*[=:]\s*['\"]?)\S{6,}"),
        r"\1\2<secret>",
    ),
    (re.compile(r"\b(?=[A-Za-z+_-]*\d)[A-Za-z0-9+_-]{40,}={0,2}"), "<long value>"),
    (re.compile(r"(?<![\w.:])\+?\(?\d[\d ().-]{6,}\d(?![\w:])"), "<number>"),
    (re.compile(r"""(?P<q>['"])(?=[^'"\n]*[^\w./:<>\[\](){}'"\n-])[^'"\n]{1,400}(?P=q)"""), "'<text>'"),
)
"""What a value of a person or a secret looks like; a quoted text that is not a name or a path is taken for one."""


def explain(error: BaseException, arguments: Sequence[str], folder: Path | None) -> KevasyncError:
    """The error of ours that stands for `error`; never raises. `folder` is where a workspace may be."""
    if isinstance(error, KevasyncError):
        return error
    known = _usage(error) if isinstance(error, TyperException) else _system(error)
    if known is not None:
        return known
    report = write_report(error, arguments, folder)
    where = f"the crash report is {report}" if report else "the crash report could not be written"
    return RunError("internal", f"unexpected {type(error).__name__}; {where}")


def _system(error: BaseException) -> KevasyncError | None:
    """Ctrl-C, memory, disk and files: what comes from outside, not from a mistake of ours."""
    if is_interrupt(error) or isinstance(error, Abort | EOFError):
        return RunError("interrupted", "stopped before the command had finished")
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException":
        return RunError("out-of-memory", f"out of memory: {str(error).splitlines()[0] if str(error) else 'no details'}")
    if _is_full(error):
        path = getattr(error, "filename", None)
        return RunError("disk-full", f"no space left on the disk{f' while writing {path}' if path else ''}")
    return _file(error) if isinstance(error, OSError) and error.filename is not None else None


def _usage(error: TyperException) -> KevasyncError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "kevasync"
    return UsageError("usage", error.format_message(), next_steps=(f"{path} --help",))


def _file(error: OSError) -> KevasyncError:
    path = error.filename if isinstance(error.filename, str) else os.fsdecode(error.filename)
    if isinstance(error, FileNotFoundError):
        return UsageError("file-not-found", f"{path} does not exist")
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return UsageError("file-no-permission", f"{path}: {(error.strerror or 'permission denied').lower()}")
    return RunError("file-failed", f"{path}: {(error.strerror or type(error).__name__).lower()}")


def _is_full(error: BaseException) -> bool:
    """Whether this error, or one it was raised from, is a full disk, whichever library met it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in FULL:
            return True
        if any(text in str(seen).casefold() for text in FULL_TEXTS):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def redact(text: str) -> str:
    """Leave out what looks like an e-mail, a telephone number, a token, a secret of the environment or a value."""
    for name, value in os.environ.items():
        if SECRET_NAMES.search(name) and len(value) > 5:  # noqa: PLR2004 shorter ones would blot out common words
            text = text.replace(value, "<secret>")
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text


def write_report(error: BaseException, arguments: Sequence[str], folder: Path | None) -> Path | None:
    """Write where it happened, for those who mend it: private to the user, without values. None where it cannot be."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    text = "\n".join(
        (
            f"kevasync {kevasync.__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"command: {redact(' '.join(['kevasync', *arguments]))}",
            "",
            redact("".join(traceback.format_exception(error))),
        )
    )
    for parent in (_workspace_tmp(folder), Path(tempfile.gettempdir())):
        path = parent / f"kevasync-crash-{stamp}-{os.getpid()}.txt" if parent is not None else None
        with suppress(OSError):
            if path is not None:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                    file.write(text)
                return path
    return None


def _workspace_tmp(folder: Path | None) -> Path | None:
    with suppress(OSError):
        start = (folder or Path.cwd()).resolve()
        for here in (start, *start.parents):
            if (here / "kevasync.toml").is_file() and (here / ".kevasync" / "tmp").is_dir():
                return here / ".kevasync" / "tmp"
    return None
