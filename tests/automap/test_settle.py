"""What values settle: ids of another system, mobile numbers under a bare name."""

import random

import pytest

from kevasync.automap.complete import complete
from kevasync.automap.describes import standard
from kevasync.automap.fields import SourceField, ValueProfile
from kevasync.automap.suggest import Suggester


@pytest.fixture(scope="module")
def suggester() -> Suggester:
    return Suggester.load()


def column(name, values, **shares):
    texts = tuple(values)
    return SourceField(name, profile=ValueProfile(len(texts), len(texts), 1.0, 1, 20, 12.0, shares, texts[:20]))


def _names(suggestion):
    return [one.target for one in suggestion.candidates]


def answer(suggester, object_name, *columns, region=None):
    fields = standard(object_name)
    return complete(suggester.suggest(object_name, columns, fields, region), fields, object_name)


@pytest.mark.parametrize("count", [3, 200])
@pytest.mark.parametrize("object_name", ["Contact", "Account", "Lead"])
@pytest.mark.parametrize(
    ("shape", "shares"), [("cust_{}", {"code": 1.0}), ("{}", {"integer": 1.0, "number": 1.0})], ids=["code", "number"]
)
def test_an_id_of_another_system_has_no_standard_field(suggester, object_name, shape, shares, count):
    """A bare `id` whose values are no Salesforce ids gets a custom field, however few the values are."""
    ids = column("id", (shape.format(place) for place in range(count)), **shares)
    (found,) = answer(suggester, object_name, ids)
    assert found.candidates[0].target is None
    assert (found.targets, found.custom_field.name) == ((), "Keva_Id__c")
    settled = [one.text for one in found.candidates[0].evidence if one.feature == "values_settle"]
    assert settled == ["100% of the values are no Salesforce ids"] or "Id" not in _names(found)
    assert sum(one.confidence for one in found.candidates) <= 1.0 + 1e-9


@pytest.mark.parametrize(("prefix", "wanted"), [("003", "Id"), ("001", None)])
def test_salesforce_ids_are_the_id_of_their_own_object(suggester, prefix, wanted):
    """An Account's id in a file of people is not the Contact's."""
    values = [f"{prefix}5g00000{place:05}AAA" for place in range(50)]
    shares = {"id_prefix": 1.0, f"id_prefix:{prefix}": 1.0}
    (found,) = answer(suggester, "Contact", column("id", values, **shares))
    assert (found.candidates[0].target == "Id") == (wanted == "Id")


def test_a_bare_id_without_values_is_asked_by_its_name(suggester):
    """Nothing is known of the values, so nothing is settled."""
    (found,) = answer(suggester, "Contact", SourceField("id"))
    assert found.candidates[0].target == "Id"


def uk_mobiles(count):
    draw = random.Random(3)
    return [f"7{draw.choice('45789')}{draw.randrange(10**7, 10**8)}" for _ in range(count)]


def test_a_bare_phone_of_mobile_numbers_is_mobile(suggester):
    """Where the country tells mobile from fixed, written with its code or, given the region, without."""
    abroad = column("phone", (f"+44{one}" for one in uk_mobiles(40)), phone=1.0, mobile=1.0)
    (found,) = answer(suggester, "Contact", abroad)
    assert found.targets == ("MobilePhone",)
    assert 0.5 < found.candidates[0].confidence < 0.9  # some teams keep them in Phone
    home = column("phone", (f"0{one}" for one in uk_mobiles(4)), phone=1.0)
    assert answer(suggester, "Contact", home, region="GB")[0].targets == ("MobilePhone",)
    assert answer(suggester, "Contact", home)[0].targets == ("Phone",)


@pytest.mark.parametrize(
    "values",
    [
        [f"+1415555{place:04}" for place in range(40)],  # no telling in North America
        [f"+442079460{place:03}" for place in range(40)],
        ["+447911123456", "+442079460018", "+442079460019", "+447911123457"],
        ["+447911123456", "+447911123457"],  # too few
    ],
    ids=["US", "fixed", "both", "few"],
)
def test_other_numbers_stay_under_phone(suggester, values):
    """Fixed lines, both kinds, countries that do not tell, and too few numbers settle nothing."""
    (found,) = answer(suggester, "Contact", column("phone", values, phone=1.0))
    assert found.targets == ("Phone",)


def test_phone_beside_a_column_of_mobile_numbers_stays(suggester):
    """Where the file has a column for mobile numbers, the other one is Phone, a little less surely."""
    mobiles = [f"+44{one}" for one in uk_mobiles(40)]
    shares = {"phone": 1.0, "mobile": 1.0}
    phone, mobile = answer(
        suggester, "Contact", column("phone", mobiles, **shares), column("mobile", mobiles, **shares)
    )
    assert (phone.targets, mobile.targets) == (("Phone",), ("MobilePhone",))
