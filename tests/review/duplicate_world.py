"""A made-up duplicates session: synthetic persons, pairs and larger groups, evidence that adds up."""

from __future__ import annotations

import math
import random
from pathlib import Path

from kevasync.review.duplicate_session import Bits, DuplicateSession, Group, Record
from kevasync.review.session import Level, Measured, save
from kevasync.workspace import Workspace

NAMES = (
    ("Maria", "Oyelaran"), ("Jürgen", "Groß"), ("Aoife", "O'Shea"), ("Robert", "Vance"), ("Li", "Na"),
    ("Tom", "Ashby"), ("Ines", "Carvalho"), ("Pieter", "van der Berg"), ("Chloé", "Dubois"), ("Ada", "Nkemelu"),
)  # fmt: skip
LABELS = {
    "FirstName": "First name", "LastName": "Last name", "MailingCity": "City", "email": "e-mail", "phone": "telephone",
    "name": "name", "company": "company", "city": "city", "prior": "any two records",
}  # fmt: skip


def groups(count):
    draw = random.Random(11)
    made = []
    for place in range(count):
        first, last = NAMES[place % len(NAMES)]
        size = 2 if place % 5 else 3 + place % 3
        records = []
        for turn in range(size):
            mail = f"{first}.{last}{place}@example.com".lower().replace("'", "").replace(" ", "")
            records.append(
                Record(
                    f"003{place:05d}{turn:02d}AAA",
                    "Salesforce" if turn != 1 else "Keva",
                    f"{first if turn != 1 else first[0] + '.'} {last}",
                    {
                        "FirstName": first if turn != 1 else first[0] + ".",
                        "LastName": last if turn < 2 else last.upper(),
                        "Email": mail if turn != 2 else None,
                        "Phone": f"+44 20 7946 0{place % 900:03d}" if turn else f"020 7946 0{place % 900:03d}",
                        "Title": draw.choice(["Head of Support", "CTO", "Buyer"]) if turn != 1 else None,
                        "MailingCity": "Leeds",
                        "Company": "Fernhill Outfitters" if turn else "Fernhill Outfitters Ltd",
                    },
                    f"changed 2026-0{1 + turn}-1{turn}",
                )
            )
        evidence = [
            Bits("prior", -12.4), Bits("email", draw.choice([11.2, 9.8, -3.1])), Bits("name", draw.uniform(1, 7)),
            Bits("phone", draw.choice([6.3, 0.0, -1.2])), Bits("company", 2.2), Bits("city", 0.7),
        ]  # fmt: skip
        total = sum(item.bits for item in evidence)
        between = (records[0].id, records[1].id) if size > 2 else None
        made.append(
            Group(tuple(records), 1 / (1 + math.pow(2, -total)), tuple(evidence), between, {}, "3 cases, 1 opportunity")
        )
    return made


def duplicate_session(root: Path, count=40, who="ana"):
    """A session on a workspace in `root`; returns it with the path of its file."""
    workspace = Workspace.create(root) if not (root / "kevasync.toml").exists() else Workspace.open(root)
    levels = (Level(0.99, 0.998, 800), Level(0.95, 0.991, 1_204), Level(0.9, 0.972, 1_518))
    made = DuplicateSession(
        str(workspace.root), "Contact", "contacts.csv", who, tuple(groups(count)), count, LABELS,
        Measured(levels, "Measured on generated sets that the model had not seen."),
    )  # fmt: skip
    path = workspace.state_dir / "review" / f"{made.name}.json"
    save(made, path)
    return made, path
