"""Words for the worlds of a lab: names by culture, countries, kinds of tables, levels of difficulty, what sounds alike."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

__all__ = [
    "CASES", "COUNTRIES", "CULTURES", "FEW", "HEADS", "JOBS", "KIN", "KNOBS", "LAYOUTS", "LEVELS", "LOOKALIKES", "MIDS", "NEAR",
    "NICK", "NULLS", "OCR", "PHONETICS", "SAME", "TRADES", "TYPES", "WORK",
]  # fmt: skip


def _groups(text: str, cell: str | None) -> dict[str, list[str]]:
    """Each member of a group, in lower case, with the other members."""
    rows = [[word.strip() for word in row.split(cell)] for row in text.split(";")]
    return {word.lower(): [other for other in row if other != word] for row in rows for word in row}


CULTURES: dict[str, str] = {
    "anglo": """Mary Elizabeth Sarah Emily Jessica Jennifer Margaret Patricia Susan Emma Olivia Charlotte Katherine
        Chloe Rebecca Amy Victoria Alexandra Samantha Sophie|James John William Thomas Michael Robert David Daniel
        Joshua Matthew Benjamin Samuel Andrew Christopher Joseph Alexander Edward Anthony Steven|Smith Jones Williams
        Brown Taylor Wilson Johnson Davies Anderson Thompson White Evans Walker Clark Green Harris Jackson Wood Cooper
        King Scott Campbell Stewart MacDonald McKenzie O'Brien O'Connor Murphy|a ie elle|n ck den|ton ford ley""",
    "germanic": """Anna Sabine Petra Julia Käthe|Hans Peter Thomas Jürgen Günther Jörg Björn Johannes|Müller Schmidt
        Weber Fischer Meyer Hoffmann Schäfer Krüger Meier König Weiß|a ke lind|bert win mar|mann stein berg hoff""",
    "latin": """María Carmen Ana Sofía Lucía Élodie|José Antonio Luis Francisco Giuseppe François João Jesús|García
        López Rodríguez González Sánchez Rossi Silva Dubois Lefèvre Núñez|ina ela ita|io ano aldo|ez ini ard eau""",
    "asian": """Priya Anjali Mei Fatima Aisha Linh|Mohammed Ahmed Wei Rahul Ali Chen Rajesh|Nguyen Singh Patel Wang Li
        Khan Sharma Chen Kumar Tran Lee Kim Ali Hussain Shah Wong Hussein Kaur|i ita een|esh an eem|wala kar ani""",
}
"""By culture, most frequent first: women, men, surnames, endings of rare women's, men's and family names."""
HEADS = "Al Ar Bel Bran Cal Cor Dal Dor El Fal Fen Gal Har Jas Ker Lan Mal Mor Nor Pel Quin Ros Ser Tal Ul Win".split()
MIDS = [start + end for start in " a ba de e ga i li mo na o te vi".split(" ") for end in ("", "n", "r", "s")]
COUNTRIES: dict[str, str] = {
    "AU": "Australia/61/8/##/04/75 5 7 13|Sydney/NSW/20/02,Melbourne/VIC/30/03,Brisbane/QLD/40/07,Perth/WA/60/08,"
    "Newcastle/NSW/23/02,Mount Isa/QLD/48/07,Hobart/TAS/70/03|ton,ville,vale,bah,more|Pty Ltd,Limited,,Group",
    "US": "United States/1/7/##/7##/65 6 18 11|New York/NY/100/212,Los Angeles/CA/900/213,Chicago/IL/606/312,Houston/"
    "TX/770/713,Saint Louis/MO/631/314,Boston/MA/021/617|ton,ville,field,burg|Inc,LLC,Corporation,",
    "UK": "United Kingdom/44/7/## #@@/07##/74 5 6 15|London/England/SW/020,Leeds/England/LS/0113,Glasgow/Scotland/GL/"
    "0141,Bristol/England/BS/0117,Cardiff/Wales/CF/029|ton,ham,bury,wick,ford,thorpe|Ltd,Limited,PLC,LLP,",
    "DE": "Germany/49/7/###/01##/8 76 9 7|Berlin/BE/10/030,Hamburg/HH/20/040,München/BY/80/089,Köln/NW/50/0221,Leipzig/"
    "SN/04/0341,Frankfurt am Main/HE/60/069|hausen,dorf,heim,bach|GmbH,AG,KG,e.K.,GmbH & Co. KG",
}
"""Facts of a country, then cities as name/state/beginning of the postcode/area code, endings of towns, and legal forms.

The facts: name, dialling code, digits after the area code, end of the postcode (# digit, @ letter), beginning of mobile
numbers, and cultures in per cent.
"""
TYPES = "Street Street Street Road Road Avenue Avenue Drive Lane Place Court Crescent Close Boulevard".split()
TRADES = """Logistics Consulting Engineering Services Solutions Electrical Plumbing Foods Software Insurance Motors
    Legal Pharmacy Construction Travel Catering Media Energy Security Bakery Trading Partners Technologies""".split()
JOBS = [" ".join(pair) for pair in product(["Sales", "Project", "Data", "HR"], ["Manager", "Director", "Analyst"])]
WORK = """farmer teacher clerk nurse labourer carpenter electrician driver accountant housewife retired student baker
    lawyer engineer salesman cook tailor physician mechanic plumber gardener waiter painter librarian""".split()
NICK = _groups(
    """William Will Bill Billy;Robert Rob Bob;Elizabeth Liz Beth;Thomas Tom;Katherine Kate Kathy;Michael Mike;
    James Jim;John Jack Johnny;Christopher Chris;Alexander Alex;Jennifer Jen;Patricia Pat;Benjamin Ben;Daniel Dan;
    Matthew Matt;Joseph Joe;Andrew Andy;Edward Ed Ted;Steven Steve;David Dave;José Pepe;Mohammed Muhammad Mohd""",
    None,
)
"""Forms of first names."""
SAME = _groups(
    """Street|St|St.|Str;Road|Rd;Avenue|Ave|Av;Drive|Dr;Lane|Ln;Place|Pl;Boulevard|Blvd;Mount|Mt;Saint|St|St.;
    Limited|Ltd|Ltd.;Inc|Incorporated;Corporation|Corp;International|Intl;M|male|1;Services|Svcs;Technologies|Tech;
    Group|Grp;Engineering|Eng;&|and|+;Manager|Mgr;HR|Human Resources;United States|USA|US|U.S.A.;
    United Kingdom|UK|Great Britain;Germany|DE|Deutschland;Australia|AU|AUS;NSW|New South Wales;F|female|2;
    München|Munich|Muenchen;Köln|Cologne|Koeln;housewife|homemaker;physician|doctor""",
    "|",
)
"""Words that mean the same."""
PHONETICS = """ph>f f>ph ck>k th>t ie>y y>ie ou>u ei>ai ai>ay sch>sh mb>m ll>l tt>t nn>n ee>ea ea>ee z>s v>w dt>t x>ks
    mac>mc sen>son c>k k>c mm>m ss>s rr>r er>ar or>er i>y ey>y au>ow ä>ae ö>oe ü>ue ß>ss oo>u j>y q>k"""
"""What sounds alike."""
OCR = "rn>m m>rn cl>d d>cl li>h h>li vv>w w>vv 0>o o>0 1>l l>1 i>l 5>s s>5 8>b b>8 2>z z>2 6>g e>c c>e u>v n>ri f>t t>f"
"""What a scanner misreads."""
LOOKALIKES = "a>а e>е o>о p>р c>с x>х i>і y>у s>ѕ j>ј h>һ k>κ"
"""Letters of other scripts that look the same."""
NULLS = ["N/A", "n/a", "NULL", "-", "unknown", "?", "none", "TBD"]
CASES: dict[str, Callable[[str], str]] = {"title": str, "lower": str.lower, "upper": str.upper}
FEW = ("dob", "year", "phone", "postcode", "number", "ssn", "email", "sex")
"""Attributes without words."""
LAYOUTS: dict[str, str] = {
    "febrl": "given_name:given surname street_number:number address_1:street suburb:city postcode state "
    "date_of_birth:dob soc_sec_id:ssn phone_number:phone",
    "crm": "first_name:given last_name:surname email phone company city state country job_title:job",
    "civil": "full_name:full dob birth_place occupation gender:sex",
    "contacts": "name:full email phone company city",
    "organisations": "company address city postcode phone",
    "voters": "last_name:surname first_name:given middle_name:middle sex birth_year:year address city zip:postcode",
    "patients": "patient_name:full date_of_birth:dob sex address city postcode health_no:ssn",
}
"""Columns of a kind of table; column:attribute where the names differ."""
KNOBS = "exact mods every per_field lost replaced swapped event missing dirt originals".split()
"""What makes a table difficult.

Of duplicates: share of exact ones, mean modifications, share of fields damaged anyway, most modifications of a field,
shares of fields lost and replaced, of records with swapped fields and of those after an event in life. Then the rate of
missing values, the weight of dirt, and the share of dirty originals.
"""
LEVELS: dict[str, tuple[float, ...]] = {
    "clean": (0.30, 1.0, 0.00, 1, 0.010, 0.002, 0.005, 0.02, 0.01, 0.2, 0.00),
    "mild": (0.12, 2.2, 0.00, 1, 0.040, 0.012, 0.020, 0.06, 0.03, 0.4, 0.02),
    "moderate": (0.04, 2.8, 0.08, 2, 0.060, 0.022, 0.040, 0.09, 0.05, 0.7, 0.05),
    "hard": (0.01, 3.5, 0.35, 2, 0.085, 0.040, 0.070, 0.12, 0.06, 1.0, 0.12),
    "hell": (0.00, 2.0, 0.88, 3, 0.120, 0.070, 0.120, 0.16, 0.07, 1.5, 0.30),
}
_HOME = "code country place city state postcode number street address"
KIN: dict[str, str] = {
    "family": f"surname birth_place phone {_HOME}",
    "twin": f"surname birth_place dob phone {_HOME}",
    "neighbour": _HOME,
    "junior": f"surname birth_place given sex {_HOME}",
    "namesake": "given surname sex",
    "branch": "company",
    "colleague": "company domain phone code country place city state",
    "chain": "company phone",
}
"""What a decoy shares with the entity that it resembles."""
NEAR = {
    key: row[max(0, i - 1) : i] + row[i + 1 : i + 2]
    for row in ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
    for i, key in enumerate(row)
}
"""Neighbours of a key."""
