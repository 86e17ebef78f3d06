"""Secrets at rest: tokens encrypted with Fernet; the key is in the environment or in a file only its owner can read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken

from kevasync.errors import RunError, UsageError
from kevasync.store.state import State, now
from kevasync.store.tables import secrets

__all__ = ["Secrets", "load_key"]

_VARIABLE = "KEVASYNC_SECRET_KEY"
_FILE = "secret.key"


def load_key(folder: Path, environment: Mapping[str, str] | None = None) -> bytes:
    """The key: KEVASYNC_SECRET_KEY, else the file secret.key in `folder`, made with mode 0600 where there is none.

    Raises:
        UsageError: `secret-key-open` where others may read the file, `secret-key-invalid`.
    """
    given = (os.environ if environment is None else environment).get(_VARIABLE)
    if given:
        return given.encode()
    path = folder / _FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            raise UsageError("secret-key-open", f"{path} has mode {mode:o}.") from None
        return path.read_bytes().strip()
    key = Fernet.generate_key()
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


class Secrets:
    """Named secrets, such as `salesforce_refresh_token`. The environment wins: KEVASYNC_SALESFORCE_REFRESH_TOKEN."""

    def __init__(self, state: State, key: bytes | str, environment: Mapping[str, str] | None = None) -> None:
        """Raises UsageError `secret-key-invalid`."""
        self._state = state
        self._environment = os.environ if environment is None else environment
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise UsageError(
                "secret-key-invalid", f"The key has {len(key)} characters and is no Fernet key."
            ) from error

    def get(self, name: str) -> str | None:
        """The secret, or None. Raises RunError `secret-key-wrong`."""
        given = self._environment.get(f"KEVASYNC_{name.upper()}")
        if given:
            return given
        with self._state.read() as connection:
            token = connection.execute(sa.select(secrets.c.token).where(secrets.c.name == name)).scalar()
        if token is None:
            return None
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken as error:
            raise RunError("secret-key-wrong", f"{name} cannot be decrypted with this key.") from error

    def put(self, name: str, value: str) -> None:
        """Store a secret, in place of what was there."""
        values = {"token": self._fernet.encrypt(value.encode()).decode(), "changed_at": now()}
        with self._state.write() as connection:
            if not connection.execute(secrets.update().where(secrets.c.name == name).values(values)).rowcount:
                connection.execute(secrets.insert().values(name=name, **values))

    def delete(self, name: str) -> bool:
        """Remove a secret; answers whether there was one."""
        with self._state.write() as connection:
            return bool(connection.execute(secrets.delete().where(secrets.c.name == name)).rowcount)

    def names(self) -> list[str]:
        """The names of what is stored, never the values."""
        with self._state.read() as connection:
            return list(connection.execute(sa.select(secrets.c.name).order_by(secrets.c.name)).scalars())
