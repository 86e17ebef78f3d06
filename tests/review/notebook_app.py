"""A shipped notebook as a program."""

from __future__ import annotations

import importlib.util
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def run(name, **defs):
    """Run it from top to bottom with these definitions; what it defines in the end."""
    spec = importlib.util.spec_from_file_location(Path(name).stem, NOTEBOOKS / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.app.run(defs=defs)[1]
