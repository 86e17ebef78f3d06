"""Profiles tell from the values alone what a column holds."""

import duckdb
import pytest

from kevasync.automap.describes import standard
from kevasync.automap.fields import TargetField, ValueProfile
from kevasync.automap.profiles import profile, profiled

COLUMNS = {
    "email": (["ann@example.com", "bob@example.org"], "email"),
    "phone": (["+1 415 555 0101", "(415) 555-0102", "030/1234567"], "phone"),
    "mobile": (["+49 171 5550101", "+44 7700 900123"], "mobile"),
    "site": (["https://example.com/a", "example.de"], "url"),
    "day": (["2024-02-03", "03.04.2024", "12/31/1999"], "date"),
    "moment": (["2024-01-14T15:30:00Z", "2024-01-14 15:30"], "datetime"),
    "yes": (["yes", "No", "ja"], "boolean"),
    "contact": (["003d000001AbCdEAAV", "003d000001AbCdF"], "id_prefix:003"),
    "greeting": (["Mr.", "Frau", "Dr."], "salutation"),
    "job": (["VP Sales", "Senior Engineer", "Geschäftsführerin"], "job_title"),
    "person": (["Ann van der Berg", "Hans Müller"], "person_name"),
    "given": (["Hans", "Maria"], "first_name"),
    "family": (["Müller", "Smith"], "last_name"),
    "firm": (["Acme GmbH", "Foo Inc."], "company_suffix"),
    "nation": (["Germany", "USA"], "country"),
    "region": (["California", "Bayern"], "state"),
    "town": (["Berlin", "San Francisco"], "city"),
    "zip": (["94105", "SW1A 1AA", "10115"], "postcode"),
    "zone": (["America/Los_Angeles", "Europe/Berlin"], "timezone"),
    "road": (["12 Main St", "Hauptstraße 5", "5, rue de la Paix"], "street"),
    "heat": (["hot", "Cold"], "picklist:Rating"),
    "price": (["$1,200.50", "€ 3"], "money"),
}


@pytest.fixture(scope="module")
def made():
    with duckdb.connect() as con:
        cells = ", ".join(f"{values!r}[1 + i % {len(values)}] AS {name}" for name, (values, _) in COLUMNS.items())
        con.execute(f"CREATE TABLE t AS SELECT {cells} FROM range(60) r(i)")
        yield profile(con, "t", list(COLUMNS), standard("Lead"))


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_is_known_by_its_values(made, name):
    """Every pattern fits all values that are of its kind."""
    assert made[name].shares.get(COLUMNS[name][1]) == 1.0, made[name].shares


def test_kinds_that_look_alike_are_told_apart(made):
    """A job is no person, a firm is no person, a date is no telephone number, a title is no salutation."""
    assert "person_name" not in made["job"].shares
    assert "person_name" not in made["firm"].shares
    assert "phone" not in made["day"].shares
    assert "salutation" not in made["job"].shares
    assert made["greeting"].shares.get("job_title") is None
    assert "mobile" not in made["phone"].shares


def test_figures_and_few_values():
    """Rows, filled, lengths and the distinct values are right; empty and blank cells are not filled."""
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE t AS SELECT ['a', 'bbb', ' ', NULL, 'a'][1 + i % 5] AS x, NULL AS nothing FROM range(10) r(i)"
        )
        found = profile(con, "t", ["x", "nothing"])
    assert (found["x"].rows, found["x"].filled, found["x"].shortest, found["x"].longest) == (10, 6, 1, 3)
    assert found["x"].distinct == ("a", "bbb")
    assert found["nothing"] == ValueProfile(10, 0, 0.0, 0, 0, 0.0)


def test_a_sample_stands_for_all_rows():
    """A large table is sampled evenly: the figures are those of the whole, the same in every run."""
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t AS SELECT if(i % 4 = 0, NULL, 'v' || i % 7) AS x, i AS n FROM range(350_000) r(i)")
        first, again = profile(con, "t", ["x", "n"]), profile(con, "t", ["x", "n"])
    assert first == again
    assert first["x"].rows == 350_000
    assert first["x"].filled == pytest.approx(262_500, rel=0.01)
    assert len(first["x"].distinct) == 7


def test_five_thousand_columns():
    """A very wide table is profiled, odd names and all."""
    names = [f'col "{number}"' for number in range(5_000)]
    with duckdb.connect() as con:
        quoted = ", ".join("'x@example.com' AS \"" + name.replace('"', '""') + '"' for name in names)
        con.execute(f"CREATE TABLE t AS SELECT {quoted} FROM range(20)")
        found = profile(con, "t", names)
    assert len(found) == 5_000
    assert found['col "4999"'].shares["email"] == 1.0


def test_own_values_of_the_org():
    """A picklist-like field of the org lends its values: a column with the same ones overlaps."""
    with duckdb.connect() as con:
        con.execute("CREATE TABLE org AS SELECT ['Gold', 'Silver'][1 + i % 2] AS Tier__c FROM range(40) r(i)")
        con.execute("CREATE TABLE t AS SELECT ['gold', 'silver', 'tin'][1 + i % 3] AS level FROM range(30) r(i)")
        (target,) = profiled(con, "org", [TargetField("Tier__c", "Tier", "string", 40)], ["Id", "Tier__c"])
        found = profile(con, "t", ["level"], [target])
    assert found["level"].shares["values:Tier__c"] == pytest.approx(2 / 3)


def test_cells_of_bytes_and_of_other_types():
    """Numbers, times, lists and bytes are looked at as text and break nothing."""
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE t AS SELECT 'ab\\xFF'::BLOB AS b, 1.5 AS d, [1, 2] AS l, DATE '2024-01-02' AS day, true AS v"
        )
        found = profile(con, "t", ["b", "d", "l", "day", "v"])
    assert found["day"].shares["date"] == 1.0
    assert found["v"].shares["boolean"] == 1.0
    assert found["b"].filled == 1
