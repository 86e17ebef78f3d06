"""Decisions become labelled columns to train on."""

from kevasync.automap import lessons
from kevasync.automap.decisions import MappingDecision, Verdict
from kevasync.automap.roles import NONE


def test_accepted_answers_are_rows():
    """Fields, whole names, custom fields and none; what was only rejected, or undone, teaches no row."""

    def said(source, *targets, verdict="accept", **more):
        return MappingDecision("Contact", source, Verdict(verdict), targets, id=source, **more)

    found = lessons.rows(
        [
            said("vorname", "FirstName", shown={"label": "Vorname"}),
            said("wer", "FirstName", "LastName"),
            said("stufe", "Tier__c"),
            said("schuh"),
            said("plz", "MailingPostalCode"),
            said("nein", "Title", verdict="reject"),
            said("weg", "Title"),
            MappingDecision("Contact", "weg", Verdict.UNDO, undoes="weg", id="u"),
        ]
    )
    rows = {row.source.name: row for row in found}
    assert set(rows) == {"vorname", "wer", "stufe", "schuh", "plz"}
    assert (rows["vorname"].role, rows["vorname"].source.label) == ("first_name", "Vorname")
    assert (rows["wer"].role, rows["wer"].target) == ("full_name", "Name")
    assert {rows["stufe"].role, rows["schuh"].role} == {NONE}
    assert (rows["plz"].group, rows["plz"].target) == ("Mailing", "MailingPostalCode")
