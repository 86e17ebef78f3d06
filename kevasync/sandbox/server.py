"""The running sandbox: a Salesforce org and Keva behind one local address, in a thread, over HTTPS or plain HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from kevasync.sandbox.bulk import Bulk
from kevasync.sandbox.edge import application
from kevasync.sandbox.faults import Faults
from kevasync.sandbox.keva import Keva
from kevasync.sandbox.locks import LockableOrg
from kevasync.sandbox.oauth import OAuth, User

KEEP_ALIVE_SECONDS = 60
GRACE_SECONDS = 5
START_SECONDS = 30


class Protocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it; lets the fault middleware reach the connection of a request, to cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Keep the transport where the request's scope can see it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    @property
    def idle(self) -> bool:
        """Whether no request is in work."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None until the first request
        return cycle is None or cycle.response_complete


class Server(uvicorn.Server):
    """uvicorn that says when it is ready, and does not wait for clients that merely keep a connection open."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drop idle connections at once (an orderly TLS goodbye may take half a minute); let requests in work end."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, Protocol) and connection.idle:
                connection.transport.abort()
        await super().shutdown(sockets)


class Sandbox:
    """One sandbox. `with Sandbox.start() as sandbox:` runs it; `info` holds addresses and credentials.

    `org`, `keva`, `oauth`, `bulk` and `faults` are the parts, to be looked into or changed while it runs.
    """

    def __init__(
        self, folder: Path, parts: ExitStack, *, stored: bool, schema: Path | None, stock: bool, rate: int
    ) -> None:
        self.folder = folder
        self._parts = parts
        self.faults = Faults()
        database = folder if stored else None
        path = folder / "salesforce.db" if stored else None
        self.org = cast("LockableOrg", LockableOrg.open(path, schema_file=schema, stock=stock))
        self.org.faults = self.faults
        parts.callback(self.org.close)
        user = User(self.org.org_id, self.org.user_id, self.org.username)
        self.oauth = OAuth(database and database / "oauth.db", user)
        parts.callback(self.oauth.close)
        self.keva = Keva(database and database / "keva.db", rate=rate)
        parts.callback(self.keva.close)
        self.bulk = Bulk(self.org, folder / "bulk")
        parts.callback(self.bulk.close)
        self.info: dict[str, Any] = {}

    @classmethod
    def start(
        cls,
        data: Path | None = None,
        *,
        http: bool = False,
        port: int = 0,
        stock: bool = False,
        schema: Path | None = None,
        faults: Iterable[str | Mapping[str, Any]] = (),
        fault_seed: int = 0,
        keva_rate: int = 100,
    ) -> Self:
        """Start a sandbox and return when it answers. `data` None: nothing is left behind at the end.

        Raises:
            OSError: the port is taken or the folder cannot be written.
            ValueError: a fault is not understood.
        """
        with ExitStack() as parts:
            if data is None:
                folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="kevasync-sandbox-")))
            else:
                folder = data
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            listener = parts.enter_context(_listen(port))
            sandbox = cls(folder, parts, stored=data is not None, schema=schema, stock=stock, rate=keva_rate)
            sandbox.faults.seed = fault_seed
            for fault in faults:
                sandbox.faults.add(fault)
            sandbox._serve(listener, http=http)
            sandbox._parts = parts.pop_all()
        return sandbox

    def _serve(self, listener: socket.socket, *, http: bool) -> None:
        tls: dict[str, Any] = {}
        if not http:
            from kevasync.sandbox.certificate import certificate_in  # noqa: PLC0415 not needed over plain HTTP

            files = certificate_in(self.folder)
            tls = {"ssl_certfile": str(files.certificate), "ssl_keyfile": str(files.key)}
        port = listener.getsockname()[1]
        self.info = self._describe(f"{'http' if http else 'https'}://127.0.0.1:{port}", port, tls.get("ssl_certfile"))
        config = uvicorn.Config(
            application(self.org, self.oauth, self.bulk, self.keva, self.faults),
            http=Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            **tls,
        )
        server = Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)

        def stop() -> None:
            server.should_exit = True
            thread.join()

        thread.start()
        self._parts.callback(stop)
        if not server.ready.wait(START_SECONDS):
            raise OSError("the sandbox did not start to listen")

    def _describe(self, url: str, port: int, bundle: str | None) -> dict[str, Any]:
        self.oauth.instance_url = url
        return {
            "instance_url": url,
            "login_url": url,
            "access_token": self.oauth.access_token,
            "refresh_token": self.oauth.refresh_token,
            "client_id": self.oauth.client_id,
            "client_secret": self.oauth.client_secret,
            "username": self.org.username,
            "password": self.oauth.password,
            "org_id": self.org.org_id,
            "user_id": self.org.user_id,
            "keva_url": f"{url}/keva/api/v1",
            "keva_api_key": self.keva.api_key,
            "keva_workspace_id": self.keva.workspace_id,
            "ca_bundle": bundle,
            "pid": os.getpid(),
            "port": port,
        }

    def write_info(self, path: Path) -> None:
        """Write `info` as JSON, whole or not at all, readable by this user only: it holds the credentials."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            json.dump(self.info, file, indent=2)
        Path(file.name).replace(path)

    def stop(self) -> None:
        """Answer the requests in work, finish the batch of a Bulk job, close everything; once is enough."""
        self._parts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _listen(port: int) -> socket.socket:
    # asyncio switches Nagle off only where the protocol is named; with it on, every answer waits 40 ms for an ACK
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
    except BaseException:
        listener.close()
        raise
    return listener
