"""What the shipped model suggests."""

import pytest

from kevasync.automap.fields import SourceField, Suggestion, TargetField, ValueProfile
from kevasync.automap.names import inverted
from kevasync.automap.roles import roles
from kevasync.automap.suggest import Suggester


@pytest.fixture(scope="module")
def suggester() -> Suggester:
    return Suggester.load()


def ask(suggester: Suggester, object_name: str, *sources: SourceField | str, targets=None) -> list[Suggestion]:
    columns = [SourceField(one) if isinstance(one, str) else one for one in sources]
    return suggester.suggest(object_name, columns, targets or roles().fields(object_name))


def best(suggester: Suggester, object_name: str, *sources: SourceField | str) -> list[str | None]:
    return [one.candidates[0].target for one in ask(suggester, object_name, *sources)]


def looks(filled: int = 200, length: float = 8.0, **shares: float) -> ValueProfile:
    return ValueProfile(200, filled, 0.5, 1, 20, length, shares)


def test_usual_names_of_a_contact(suggester):
    """Plain names in any style find their fields."""
    names = ("cust_fname", "LAST-NAME", "emailaddress1", "PrimaryPhone", "cell_phone", "jobTitle", "zip_code", "dob")
    wanted = ["FirstName", "LastName", "Email", "Phone", "MobilePhone", "Title", "MailingPostalCode", "Birthdate"]
    assert best(suggester, "Contact", *names) == wanted


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (("Vorname", "Nachname", "PLZ", "Straße"), ("FirstName", "LastName", "PostalCode", "Street")),
        (("prenom", "nom", "code_postal", "courriel"), ("FirstName", "LastName", "PostalCode", "Email")),
        (("nombre", "apellidos", "código postal", "empresa"), ("FirstName", "LastName", "PostalCode", "Company")),
        (("voornaam", "achternaam", "woonplaats", "bedrijfsnaam"), ("FirstName", "LastName", "City", "Company")),
        (("cognome", "ragione sociale", "CAP", "cellulare"), ("LastName", "Company", "PostalCode", "MobilePhone")),
        (("sobrenome", "CEP", "cidade", "celular"), ("LastName", "PostalCode", "City", "MobilePhone")),
    ],
)  # fmt: skip
def test_other_languages(suggester, names, wanted):
    """Names in German, French, Spanish, Dutch, Italian and Portuguese find their fields."""
    assert tuple(best(suggester, "Lead", *names)) == wanted


def test_the_path_before_a_name_decides(suggester):
    """Another person's name and phone have no standard field; a firm's name is no person's."""
    assert best(suggester, "Contact", "spouse_name", "emergency_contact.phone", "company.name") == [
        None,
        None,
        "AccountId",
    ]


def test_none_is_an_answer_with_a_confidence(suggester):
    """Scores, counts, tags and other systems' ids are said to have no standard field, surely."""
    found = ask(suggester, "Contact", "ticket_count", "utm_source", "stripe_customer_id", "avatar_url", "tags", "email")
    assert [one.candidates[0].target for one in found] == [None] * 5 + ["Email"]
    assert all(one.candidates[0].confidence > 0.6 for one in found)
    assert found[0].targets == ()


def test_several_columns_to_one_field(suggester):
    """Street lines go to one field together."""
    assert best(suggester, "Account", "addr1", "addr2", "city") == ["BillingStreet", "BillingStreet", "BillingCity"]


def test_address_groups(suggester):
    """Billing and shipping stay apart, by prefix or by path."""
    found = best(suggester, "Account", "bill_to_city", "ship_to_city", "shipping_address.zip", "billing_address.zip")
    assert found == ["BillingCity", "ShippingCity", "ShippingPostalCode", "BillingPostalCode"]


def test_a_full_name_is_split_where_it_cannot_be_written(suggester):
    """One column fills two fields: the read-only Name is answered with its parts."""
    (found,) = ask(suggester, "Contact", "full_name")
    assert found.candidates[0].target == "Name"
    assert found.targets == ("FirstName", "LastName")
    assert ask(suggester, "Account", "company_name")[0].targets == ("Name",)


def test_compound_fields_are_never_suggested(suggester):
    """An address field is made of others: its parts are suggested, never itself."""
    targets = [*roles().fields("Contact"), TargetField("MailingAddress", "Mailing Address", "address", writable=False)]
    (found,) = ask(suggester, "Contact", "mailing_address", targets=targets)
    assert "MailingAddress" not in [one.target for one in found.candidates]
    assert found.candidates[0].target == "MailingStreet"


@pytest.mark.parametrize(
    ("name", "target", "opposite"),
    [
        ("newsletter", "HasOptedOutOfEmail", True),
        ("email_opt_in", "HasOptedOutOfEmail", True),
        ("accepts_marketing", "HasOptedOutOfEmail", True),
        ("optOut", "HasOptedOutOfEmail", False),
        ("do_not_email", "HasOptedOutOfEmail", False),
        ("unsubscribed", "HasOptedOutOfEmail", False),
        ("no_newsletter", "HasOptedOutOfEmail", False),
        ("do_not_call", "DoNotCall", False),
        ("email", "Email", False),
    ],
)
def test_polarity(suggester, name, target, opposite):
    """Opt-in columns go to the opt-out field, and are known to say the opposite."""
    assert best(suggester, "Contact", name) == [target]
    assert inverted(name, None, target) is opposite


def test_values_settle_what_names_cannot(suggester):
    """Title or Salutation, Phone or MobilePhone, a date or an id: the values say it; without values the name does."""
    forms = SourceField("title", profile=looks(length=3.2, salutation=1.0))
    jobs = SourceField("title", profile=looks(length=19, job_title=0.8))
    assert best(suggester, "Contact", forms) == ["Salutation"]
    assert best(suggester, "Contact", jobs) == ["Title"]
    mobile = SourceField("contact_no", profile=looks(length=14, phone=1.0, mobile=0.97))
    fixed = SourceField("contact_no", profile=looks(length=14, phone=1.0))
    assert best(suggester, "Contact", mobile) == ["MobilePhone"]
    assert best(suggester, "Contact", fixed) == ["Phone"]
    assert best(suggester, "Contact", "title", "phone") == ["Title", "Phone"]
    flags = SourceField("email_status", profile=looks(length=4.5, boolean=1.0))
    assert best(suggester, "Contact", flags) != ["Email"]


def test_values_alone_say_something(suggester):
    """A column without a telling name is found by its values, less surely."""
    (found,) = ask(suggester, "Contact", SourceField("col_17", profile=looks(length=22, email=1.0)))
    assert "Email" in [one.target for one in found.candidates[:2]]


def test_shape_of_a_suggestion(suggester):
    """At least five candidates, none among them, best first, together at most 1, each with reasons in words."""
    for found in ask(suggester, "Contact", "mobile", "x", "", "  ", "???", "a" * 5_000, "日本語"):
        assert len(found.candidates) >= 5
        assert None in [one.target for one in found.candidates]
        sure = [one.confidence for one in found.candidates]
        assert sure == sorted(sure, reverse=True)
        assert min(sure) >= 0
        assert sum(sure) <= 1 + 1e-9
    (found,) = ask(suggester, "Contact", "mobile")
    assert found.candidates[0].evidence
    assert all(reason.text for one in found.candidates for reason in one.evidence)


def test_columns_named_alike_and_nothing(suggester):
    """The same name twice is answered twice; no columns and no fields are answered too."""
    assert best(suggester, "Contact", "email", "email") == ["Email", "Email"]
    assert suggester.suggest("Contact", [], roles().fields("Contact")) == []
    assert suggester.suggest("Contact", [SourceField("email")], [])[0].candidates[0].target is None


def test_a_custom_field_of_the_same_name(suggester):
    """A column spelled like a custom field of the org is suggested for it."""
    targets = [*roles().fields("Contact"), TargetField("Loyalty_Tier__c", "Loyalty Tier", "picklist")]
    (found,) = ask(suggester, "Contact", "loyalty_tier", targets=targets)
    assert "Loyalty_Tier__c" in [one.target for one in found.candidates[:2]]


def test_semantic_plug(suggester):
    """Embeddings plugged in move the scores, and nothing else has to change."""

    def vectors(texts: list[str]) -> list[list[float]]:
        return [[1.0, 0.0] if "fax" in text.lower() or text == "zzz" else [0.0, 1.0] for text in texts]

    plain = ask(suggester, "Account", "zzz")[0]
    plugged = ask(Suggester(suggester.reader, suggester.ranking, semantic=vectors), "Account", "zzz")[0]

    def of(found: Suggestion) -> float:
        return {one.target: one.confidence for one in found.candidates}.get("Fax", 0.0)

    assert of(plugged) > of(plain)
