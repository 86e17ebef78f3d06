"""Writes projection.sql anew, for a change that is meant."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[3])]

from conftest import MAPPING  # noqa: E402 the path comes first

from kevasync.sync.projection import Sides, planned_fields, projection_steps  # noqa: E402 likewise

names = {name for field in MAPPING.fields for name in field.salesforce}
keva = frozenset(field.keva for field in MAPPING.fields)
sides = Sides("k", "s", "b", keva, frozenset(names), frozenset({*names, "agreed"}), "Keva_Id__c", "US")
before, after = projection_steps(planned_fields(MAPPING.fields, sides)[0], sides)
text = "\n\n".join(f"-- step: {name}\n{statement};" for name, statement in before + after) + "\n"
Path(__file__).with_name("projection.sql").write_bytes(text.encode())
