"""A made-up mapping session with everything a screen can show: synthetic columns, evidence, values and figures."""

from __future__ import annotations

import random
from pathlib import Path

from kevasync.automap.complete import complete
from kevasync.automap.describes import standard
from kevasync.automap.fields import Candidate, CustomField, Evidence, SourceField, Suggestion, ValueProfile
from kevasync.review.session import Level, MappingSession, Measured, save
from kevasync.workspace import Workspace

COLUMNS = [
    ("first_name", "First name", "FirstName", 0.98, ("Maria", "Jürgen", "Aoife", "Li Na")),
    ("last_name", "Last name", "LastName", 0.98, ("Oyelaran", "Groß", "O'Shea", "van der Berg")),
    ("full_name", "Name", "Name", 0.71, ("Maria Oyelaran", "Jürgen Groß")),
    ("email_address", "E-mail", "Email", 0.99, ("maria@example.com", "j.gross@example.de", "aoife@example.ie")),
    ("cell", "Mobile number", "MobilePhone", 0.93, ("+44 7700 900123", "0171 5550123", "+353 85 012 3456")),
    ("tel_office", "Office phone", "Phone", 0.88, ("+44 20 7946 0018", "030 5550 1234")),
    ("job_title", "Job title", "Title", 0.96, ("Head of Support", "CTO", "Einkaufsleiterin")),
    ("anrede", "Anrede", "Salutation", 0.81, ("Frau", "Herr", "Dr.")),
    ("street1", "Address line 1", "MailingStreet", 0.9, ("12 High Street", "Hauptstr. 5")),
    ("street2", "Address line 2", "MailingStreet", 0.84, ("Flat 3", "Hinterhaus")),
    ("town", "City", "MailingCity", 0.86, ("Leeds", "Berlin", "Galway")),
    ("zip", "Postcode", "MailingPostalCode", 0.97, ("LS1 4AP", "10115", "H91 E2X3")),
    ("country", "Country", "MailingCountry", 0.95, ("GB", "DE", "IE")),
    ("dob", "Date of birth", "Birthdate", 0.92, ("1984-02-29", "1991-11-05")),
    ("no_mailing", "Do not e-mail", "HasOptedOutOfEmail", 0.78, ("yes", "no")),
    ("health_score", "Health score", None, 0.83, ("71", "38", "94")),
    ("nps_last", "Last NPS", None, 0.77, ("9", "6", "10")),
    ("notes", "Notes", "Description", 0.87, ("Prefers calls before noon", "Renewal in May")),
    ("source_utm", "UTM source", "LeadSource", 0.52, ("newsletter", "partner", "webinar")),
    ("boss_email", "Manager e-mail", None, 0.49, ("ceo@example.com",)),
]
LEVELS = ((0.99, 0.998, 211), (0.97, 0.993, 402), (0.95, 0.984, 517), (0.9, 0.971, 688), (0.8, 0.934, 902))


def suggestions(count=None):
    """Suggestions for the columns above, repeated under other names up to `count`."""
    draw = random.Random(5)
    fields = {item.name: item for item in standard("Contact")}
    made = []
    for place in range(count or len(COLUMNS)):
        name, label, target, confidence, values = COLUMNS[place % len(COLUMNS)]
        turn = place // len(COLUMNS)
        others = [item for item in fields if item != target and fields[item].writable]
        rest = draw.sample(others, 4)
        shares = sorted((draw.random() * (1 - confidence) * 0.6 for _ in rest), reverse=True)
        candidates = [Candidate(target, confidence, evidence(target, label, confidence))]
        candidates += [
            Candidate(item, share, evidence(item, label, share)) for item, share in zip(rest, shares, strict=True)
        ]
        if target is not None:
            candidates.append(Candidate(None, 0.01, evidence(None, label, 0.01)))
        profile = ValueProfile(
            4_200, 4_200 - draw.randrange(900), draw.random(), 2, 40, 12.5, {"email": 0.99} if "@" in values[0] else {},
            values,
        )
        source = SourceField(f"{name}_{turn + 1}" if turn else name, label, "text", place, profile)
        custom = None if target else CustomField(f"Keva_{name.title()}__c", label, "Number", 0)
        made.append(
            Suggestion(source, tuple(candidates), (target,) if target in fields else (), custom_field=custom)
        )
    return complete(made, tuple(fields.values()), "Contact")


def evidence(target, label, confidence):
    """Reasons as a model would give them."""
    sure = confidence > 0.5
    return (
        Evidence("label", 0.93, 2.4 if sure else -0.4, f"the label “{label}” is often used for {target or 'a custom field'}"),
        Evidence("name", 0.81, 1.6 if sure else 0.3, "the name is spelled alike (0.81)"),
        Evidence("values", 0.98, 1.1 if sure else -1.7, "98 % of the values fit the type of the field"),
        Evidence("context", 0.4, 0.5 if sure else -0.6, "its neighbours go to fields of the same group"),
        Evidence("length", 40.0, -0.3, "the longest value has 40 characters"),
    )


def mapping_session(root: Path, count=None, who="ana"):
    """A session on a new workspace in `root`; returns it with the path of its file."""
    workspace = Workspace.create(root) if not (root / "kevasync.toml").exists() else Workspace.open(root)
    mapping = root / "mapping.toml"
    if not mapping.exists():
        mapping.write_text('version = 1\n\n[contact]\nsalesforce = "Contact"\n', encoding="utf-8")
    made = MappingSession(
        workspace=str(workspace.root),
        object="Contact",
        source="helpdesk_users.csv",
        who=who,
        suggestions=tuple(suggestions(count)),
        targets=standard("Contact"),
        measured=Measured(tuple(Level(*level) for level in LEVELS), "Measured on made-up data."),
    )
    path = workspace.state_dir / "review" / f"{made.name}.json"
    save(made, path)
    return made, path
