"""What an error tells people to type next can be typed: the command exists and knows each option."""

import re
import shlex

import pytest

from kevasync.cli.commands import COMMANDS
from kevasync.cli.main import build
from kevasync.errors import catalogue

PLANNED = {"automap", "dedupe", "review", "reconcile", "serve", "rehearse"}
"""Commands that the design names and that a later release brings."""


def options_of(name, rest):
    """The options of a command, or of the command below it that the step names."""
    command = build().load(name)
    below = getattr(command, "commands", {})
    command = below[rest[0]] if below and rest and rest[0] in below else command
    return {"--help"} | {option for param in command.params for option in (*param.opts, *param.secondary_opts)}


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_commands_of_a_next_step_can_be_typed(code):
    """Every `kevasync ...` in the next steps of an error names a command of ours and options that it has."""
    for step in catalogue()[code].next_steps:
        for found in re.finditer(r"\bkevasync ((?:[a-z]+)[^#;,]*)", step):
            name, *rest = shlex.split(found[1].replace("'", ""))
            if name not in COMMANDS:
                spoken = not step.startswith("kevasync ")  # "the user who runs kevasync has ..."
                assert name in PLANNED or spoken, f"{code}: {step}"
                continue
            given = {word.partition("=")[0] for word in rest if word.startswith("--")}
            assert given <= options_of(name, rest), f"{code}: {step}"
