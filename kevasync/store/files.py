"""Files that must survive a power cut: flushed, fingerprinted; and locks that die with the process that holds them."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kevasync.errors import RunError

__all__ = ["FolderLock", "disk_errors", "flush", "move_into", "sha256"]


@contextmanager
def disk_errors(where: Path) -> Iterator[None]:
    """Turn what a disk can do into our errors: `disk-full`, `folder-read-only`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RunError("disk-full", f"{where}: {error.strerror}") from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise RunError("folder-read-only", f"{error.filename or where}: {error.strerror}") from error
        raise


def flush(path: Path) -> None:
    """Force a file or a folder's list of names to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """The fingerprint of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def move_into(file: Path, target: Path) -> None:
    """Move a flushed file to its final name; from another file system it is copied under a temporary name first."""
    try:
        file.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        temporary = target.with_name(target.name + ".part")
        shutil.copyfile(file, temporary)
        flush(temporary)
        temporary.rename(target)
        file.unlink()
    flush(target.parent)


class FolderLock:
    """A lock that says a folder is being worked on; the operating system frees it when the process dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Try to take it; False when another process (or another holder in this one) has it."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = os.path.samestat(os.fstat(descriptor), self.path.stat())
        except (BlockingIOError, FileNotFoundError):
            held = False  # somebody has it, or a sweep has just removed the name we locked
        if not held:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def drop(self) -> None:
        """Free it and remove its file."""
        if self._descriptor is not None:
            with suppress(FileNotFoundError):
                self.path.unlink()
            os.close(self._descriptor)
            self._descriptor = None
