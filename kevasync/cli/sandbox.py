"""`kevasync sandbox`: a Salesforce org and Keva on this machine, until Ctrl-C."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from kevasync.errors import UsageError


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    http: Annotated[bool, typer.Option("--http", help="Plain HTTP; no certificate to trust.")] = False,
    info: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Also write the addresses and credentials to this JSON file.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(file_okay=False, help="Keep everything in this folder, for a restart.")
    ] = None,
    stock: Annotated[bool, typer.Option("--stock", help="An org without Keva's custom fields.")] = False,
    schema: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="TOML with further fields and validation rules.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help="What goes wrong, for instance 503:rate=0.05 or lost:times=1,method=PATCH. May be repeated. Faults:"
            " 503, 429, reset, slow, lost, row-lock, expired-session, limit-exceeded.",
        ),
    ] = None,
    keva_rate: Annotated[int, typer.Option(min=0, help="Requests a minute per Keva API key; 0 for no limit.")] = 100,
) -> None:
    """Run a Salesforce org and Keva's Customers API on this machine, to rehearse against.

    Prints its addresses and credentials as JSON, then runs until Ctrl-C.
    """
    from kevasync.sandbox.server import Sandbox

    # both by name: a shell that starts it in the background would have it ignore SIGINT
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    try:
        with Sandbox.start(
            data, http=http, port=port, stock=stock, schema=schema, faults=fault or (), keva_rate=keva_rate
        ) as running:
            if info is not None:
                running.write_info(info)
            typer.echo(json.dumps(running.info, indent=2))
            threading.Event().wait()
    except KeyboardInterrupt:
        return
    except (OSError, ValueError) as error:
        raise UsageError("sandbox-start", f"the sandbox cannot start: {error}") from error


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM stops it the way Ctrl-C does."""
    raise KeyboardInterrupt
