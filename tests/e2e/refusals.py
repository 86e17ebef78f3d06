"""How the tests of bad input look at an ending: one JSON document, a plain message, and nothing left behind."""

from __future__ import annotations

import json
from pathlib import Path

from kevasync.cli.main import run

CUSTOMERS = "id,email,name,phone\ncust_1,a@x.example,Ann Bee,+12125550100\ncust_2,b@x.example,Bob Cee,\n"
CONTACTS = "Id,Email,FirstName,LastName,Phone\n003000000000001AAA,a@x.example,Ann,Bee,+12125550100\n"
PLAN = ("plan", "--keva", "k.csv", "--salesforce", "s.csv", "--out", "out")


def put(folder: Path, files: dict[str, str | bytes]) -> None:
    """Write the two good files of a plan, and over them the files of the case."""
    for name, content in ({"k.csv": CUSTOMERS, "s.csv": CONTACTS} | files).items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every file below a folder with its content; folders with None."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if ".kevasync" not in path.parts
    }


def ended(capsys, *arguments: str, code: int = 0) -> dict:
    """The JSON document of a command that ends with this code, and is the only thing on stdout."""
    capsys.readouterr()
    result = run([*arguments, "--json"])
    shown = capsys.readouterr()
    assert result == code, f"{arguments} ended with {result}:\n{shown.out[-2000:]}\n{shown.err[-2000:]}"
    assert "Traceback" not in shown.out + shown.err
    return json.loads(shown.out)


def refused(capsys, arguments, exit_code: int, code: str, words, folder: Path | None = None) -> dict:
    """The error of a command that must fail so: whole, said for people too, and no file is changed or left over."""
    before = tree(folder) if folder else None
    capsys.readouterr()
    result = run([*arguments, "--json"])
    shown = capsys.readouterr()
    document = json.loads(shown.out)["error"]
    told = " ".join([document["what"], *(item["message"] for item in document["problems"])])
    assert (result, document["code"]) == (exit_code, code), told
    assert document["why"]
    assert document["next"]
    for word in words:
        assert word in told
    assert f"error[{code}]" in shown.err
    assert "Traceback" not in shown.err
    assert "[Errno" not in told
    if folder:
        assert tree(folder) == before
    return document
