"""The model's card: what it was made of, how good it is, what it will, may and cannot find."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from kevasync.automap.figures import Figures

__all__ = ["BEGIN", "END", "between", "write"]

BEGIN, END = "<!-- benchmark -->", "<!-- end of benchmark -->"
_HEADS = (
    ("columns", "columns", "{:,.0f}"),
    ("top1", "first", "{:.3f}"),
    ("recall3", "among three", "{:.3f}"),
    ("decision_accuracy", "decided right", "{:.3f}"),
    ("none_recall", "none found", "{:.3f}"),
    ("precision_at_90", "right at ≥ .9", "{:.3f}"),
    ("share_at_90", "share at ≥ .9", "{:.2f}"),
    ("ece", "ECE", "{:.3f}"),
    ("acceptable_at_99", "acceptable at 99 %", "{:.2f}"),
    ("threshold_99", "from", "{:.3f}"),
)


def write(path: Path, figures: Mapping[str, Figures], weights: Mapping[str, float]) -> None:
    """Write the card; the table that `benchmarks/automap.py --card` put in is kept."""
    kept = between(path.read_text(encoding="utf-8")) if path.is_file() else ""
    text = (resources.files("kevasync.automap") / "card.md").read_text(encoding="utf-8")
    rows = [
        f"| {name} | " + " | ".join(shape.format(one.as_dict()[key]) for key, _, shape in _HEADS) + " |"
        for name, one in figures.items()
    ]
    heads = "| held out | " + " | ".join(head for _, head, _ in _HEADS) + " |\n|" + "---|" * (len(_HEADS) + 1)
    used = ", ".join(f"{name} {weight:+.2f}" for name, weight in weights.items() if weight)
    text = text.replace("{figures}", "\n".join((heads, *rows))).replace("{weights}", used)
    path.write_text(text.replace(f"{BEGIN}\n{END}", f"{BEGIN}{kept or chr(10)}{END}"), encoding="utf-8")


def between(text: str) -> str:
    """What stands between the marks of the benchmark; '' when nothing does."""
    _, _, rest = text.partition(BEGIN)
    found, mark, _ = rest.partition(END)
    return found if mark else ""
