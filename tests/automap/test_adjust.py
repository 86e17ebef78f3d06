"""Decisions change the very next suggestions."""

from dataclasses import replace

from kevasync.automap.adjust import adjust
from kevasync.automap.complete import complete
from kevasync.automap.decisions import MappingDecision, Verdict
from kevasync.automap.describes import standard
from kevasync.automap.fields import Candidate, SourceField, Suggestion
from kevasync.mapping.definition import Transform
from kevasync.records import Direction


def suggestion(name, **confidences):
    candidates = tuple(
        Candidate(None if target == "none" else target, confidence) for target, confidence in confidences.items()
    )
    return Suggestion(SourceField(name), candidates, tuple(c.target for c in candidates[:1] if c.target))


def said(verdict, source, *targets, of="Contact", number=0):
    return MappingDecision(of, source, Verdict(verdict), targets, id=f"{source}{verdict}{number}", who="ann")


def confidence(item, target):
    return next(one.confidence for one in item.candidates if one.target == target)


COLUMNS = [
    suggestion("cust_fname", FirstName=0.6, LastName=0.2, none=0.15),
    suggestion("cust_lname", FirstName=0.3, none=0.35, LastName=0.3),
    suggestion("colour", none=0.7, Description=0.2),
]


def test_a_rejected_pair_does_not_come_back():
    """The pair is gone, the next one leads; rejecting "no standard field" works too."""
    decisions = [said("reject", "cust_fname", "FirstName"), said("reject", "colour")]
    first, _, last = adjust(COLUMNS, decisions, "Contact")
    assert [one.target for one in first.candidates] == ["LastName", None]
    assert first.targets == ("LastName",)
    assert last.targets == ("Description",)
    assert sum(one.confidence for one in first.candidates) <= 1


def test_an_accepted_pair_stands_first_and_lifts_its_kin():
    """Accepted is sure; the other half of the name rises above what stood before it, with the reason."""
    made = adjust(COLUMNS, [said("accept", "cust_fname", "FirstName")], "Contact")
    assert made[0].candidates[0] == made[0].candidates[0]
    assert (made[0].candidates[0].target, made[0].candidates[0].confidence) == ("FirstName", 1.0)
    assert made[1].candidates[0].target == "LastName"
    assert confidence(made[1], "LastName") > 0.5
    assert "cust_fname → FirstName was accepted" in made[1].candidates[0].evidence[-1].text
    assert made[2] == COLUMNS[2]


def test_an_accepted_pair_may_be_new():
    """A field that was no candidate stands first when somebody chose it; "none" can be accepted."""
    chosen, _, none = adjust(COLUMNS, [said("change", "cust_fname", "Suffix"), said("accept", "colour")], "Contact")
    assert chosen.targets == ("Suffix",)
    assert (none.candidates[0].target, none.targets) == (None, ())


def test_the_same_name_of_another_object_teaches():
    """What was accepted for Lead lifts the same column for Contact, and is not taken for settled."""
    (made,) = adjust(COLUMNS[1:2], [said("accept", "CustLName", "LastName", of="Lead")], "Contact")
    assert made.candidates[0].target == "LastName"
    assert made.candidates[0].confidence < 1


def test_undone_is_forgotten():
    """After the undo the suggestions are what they were."""
    accept = said("accept", "cust_fname", "FirstName")
    undo = MappingDecision("Contact", "cust_fname", Verdict.UNDO, undoes=accept.id, id="u")
    assert adjust(COLUMNS, [accept, undo], "Contact") == COLUMNS


def test_an_accepted_choice_stays_as_it_was_made():
    """Steps and direction are the decision's; a whole name that somebody put into LastName alone is not split."""
    name = suggestion("name", LastName=0.9)
    one_way = replace(said("change", "name", "LastName"), direction=Direction.TO_CRM, transforms=(Transform("trim"),))
    (made,) = complete(adjust([name], [one_way], "Contact"), standard("Contact"), "Contact")
    assert (made.targets, made.direction, made.transforms) == (("LastName",), Direction.TO_CRM, (Transform("trim"),))
    (split,) = complete([name], standard("Contact"), "Contact")
    assert split.targets == ("FirstName", "LastName")
    refused = adjust([name], [said("reject", "name", "FirstName", "LastName")], "Contact")
    assert complete(refused, standard("Contact"), "Contact")[0].targets == ()
