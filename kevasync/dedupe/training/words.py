"""Words that made-up records are built from: names, places, streets, trades. Facts, and syllables for the rest."""

from __future__ import annotations

import random
from functools import cache

from kevasync.dedupe.nicknames import GROUPS

__all__ = [
    "CITIES",
    "FUNCTIONS",
    "LEVELS",
    "NOUNS",
    "STATES",
    "STREETS",
    "TRADES",
    "families",
    "givens",
    "nicknames",
    "place",
    "syllables",
]

_FAMILIES = """
smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson anderson thomas taylor moore jackson martin lee perez
thompson white harris sanchez clark ramirez lewis robinson walker young allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera
campbell mitchell carter roberts gomez phillips evans turner diaz parker cruz edwards collins reyes stewart morris morales murphy cook rogers gutierrez ortiz
morgan cooper peterson bailey reed kelly howard ramos kim cox ward richardson watson brooks chavez wood james bennett gray mendoza ruiz hughes price alvarez
castillo sanders patel myers long ross foster jimenez powell jenkins perry russell sullivan bell coleman butler henderson barnes gonzales fisher vasquez simmons
romero jordan patterson alexander hamilton graham reynolds griffin wallace moreno west cole hayes bryant herrera gibson ellis tran medina aguilar stevens murray
ford castro marshall owens harrison fernandez mcdonald woods washington kennedy wells vargas henry chen freeman webb tucker guzman burns crawford olson simpson
porter hunter gordon mendez silva shaw snyder mason dixon munoz hunt hicks holmes palmer wagner black robertson boyd rose stone salazar fox warren mills meyer rice
schmidt garza daniels ferguson nichols stephens soto weaver ryan gardner payne grant dunn kelley spencer hawkins arnold pierce hansen peters santos hart bradley
knight elliott cunningham duncan armstrong hudson carroll lane riley andrews alvarado ray delgado berry perkins hoffman johnston matthews pena richards contreras
willis carpenter lawrence sandoval guerrero george chapman rios estrada ortega watkins greene nunez wheeler valdez harper burke larson santiago maldonado morrison
franklin carlson austin dominguez carr lawson jacobs obrien lynch singh vega bishop montgomery oliver jensen harvey williamson gilbert dean sims espinoza howell
wong reid hanson le mccoy garrett burton fuller wang weber welch rojas lucas marquez fields park yang little banks padilla day walsh bowman schultz luna fowler mejia
muller schneider fischer becker schulz koch bauer richter klein wolf schroder neumann schwarz zimmermann braun kruger hofmann hartmann lange werner lehmann kaiser
rossi russo ferrari esposito bianchi romano colombo ricci marino greco bruno gallo conti costa giordano mancini rizzo lombardi moretti dubois durand leroy moreau
laurent simon michel lefebvre bertrand roux fournier morel girard andre mercier dupont bonnet lambert fontaine rousseau vincent devries jansen bakker visser smit
meijer degroot bos mulder vandenberg vandijk vanderlinden nowak kowalski wisniewski wojcik kaminski lewandowski zielinski szymanski ivanov petrov sidorov volkov
kuznetsov popov sokolov johansson andersson karlsson nilsson eriksson larsson olsson persson svensson hansen olsen larsen nielsen pedersen andersen kristensen
tanaka suzuki sato watanabe ito yamamoto nakamura kobayashi kato yoshida li zhang liu zhao huang zhou wu xu sun zhu lin guo he gao luo zheng khan ahmed ali hussain
sharma verma gupta kumar mehta shah reddy rao iyer nair chatterjee banerjee das kaur gill okafor adeyemi mensah nkosi dlamini abdi hassan ibrahim mohamed
mcarthur mcbride mccann mccarthy mcconnell mccormick mccullough mcdowell mcgee mcgrath mcguire mcintyre mckay mckenna mckenzie mclaughlin mclean mcmahon mcmillan
mcneil mcpherson oconnor odonnell ohara oneal oneill osullivan macdonald mackenzie maclean abbott atkinson barker barlow bartlett bateman baxter beaumont bird
blackburn booth bowen brady briggs byrne cameron chambers cartwright clayton coates connolly cross davenport dawson dobson doyle drew eastwood farrell finch fitzgerald
fleming fletcher forrest frost gallagher gibbs goddard godfrey goodwin gould greenwood hale hancock harding hargreaves haywood heath higgins hobbs hodgson holland holt
hooper hopkins houghton hutchinson ingram jarvis jennings kay kerr kirby kirk knowles lamb leach lowe marsden marsh mead middleton milne naylor newman newton nicholson
norman north norton oakley page parkinson parry parsons pearce pearson pickering pollard poole pratt preston pritchard pugh randall rhodes rowe rowley saunders savage
schofield shepherd slater sutton swift talbot tate thorne thornton townsend tyler vaughan wade waters webster wells whitaker whitehead wilkins wilkinson winter wyatt yates
"""

_MORE_GIVENS = """
liam noah olivia emma ava sophia isla mia amelia harper luna mila aria layla chloe grace hazel aurora savannah brooklyn skylar paisley kinsley
mateo diego luis carlos miguel jorge javier alejandra camila lucia sofia paula marta ines pablo hector raul oscar sergio ivan dmitri olga irina svetlana tatiana
hans jurgen klaus dieter uwe wolfgang heike sabine petra monika ursula anja silke jens lars sven ingrid astrid bjorn freya pierre jean luc francois camille margaux
giulia matteo chiara luca elena marco francesca paolo alessandro hiroshi yuki kenji akira haruto sakura wei ming jing li xin hui mei chen raj priya amit anil sunita
deepak vijay sanjay neha pooja arjun rohan ananya fatima aisha omar yusuf ali hassan zainab amina kwame kofi ama chidi ngozi thabo lindiwe sipho tariq leila
shane brett kylie lachlan jarrod brooke tahlia jayden bailey zali harrison riley mikayla caitlin tyrone darnell keisha latoya jamal tremaine ashley courtney
kayla brianna destiny crystal tiffany amber heather misty dawn robin stacy kerry leslie shannon dale lynn jordan taylor casey jamie morgan reese quinn avery blake
"""

CITIES = """
london bristol leeds manchester birmingham liverpool sheffield newcastle nottingham cardiff edinburgh glasgow belfast plymouth norwich york bath exeter oxford
cambridge chicago houston phoenix dallas austin denver seattle boston portland atlanta miami detroit memphis baltimore milwaukee tucson fresno sacramento omaha oakland
tulsa cleveland wichita arlington tampa honolulu anaheim aurora stockton riverside lexington newark toledo plano orlando madison durham buffalo laredo chandler norfolk
sydney melbourne brisbane perth adelaide hobart geelong ballarat bendigo cairns toowoomba penrith parramatta auckland wellington toronto montreal vancouver calgary
ottawa winnipeg berlin hamburg munich cologne frankfurt stuttgart dortmund essen leipzig dresden paris lyon marseille toulouse nice nantes madrid barcelona valencia
seville milan rome turin naples amsterdam rotterdam utrecht vienna zurich geneva dublin cork oslo stockholm copenhagen helsinki warsaw prague budapest lisbon porto
""".split()
STREETS = """
main oak pine maple cedar elm washington lake hill park walnut spring north ridge church willow mill sunset railroad jackson river highland jefferson forest center
lincoln meadow broadway dogwood hickory victoria station albert queen king george york clarence regent grove chestnut cherry birch poplar magnolia franklin madison
monroe adams wellington churchill windsor harbour bridge market high school college garden orchard valley mountain ocean bay beach island eagle fox deer bear
""".split()
SUFFIXES = "street st road rd avenue ave lane drive place court crescent close way boulevard terrace square circuit parade".split()
STATES = "al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy nsw vic qld sa tas".split()
LEVELS = [
    "",
    "senior",
    "junior",
    "lead",
    "chief",
    "head of",
    "vp",
    "director of",
    "assistant",
    "regional",
    "deputy",
    "principal",
]
FUNCTIONS = (
    """
sales|marketing|finance|operations|engineering|software engineer|accountant|data analyst|product manager|project manager|hr manager|office manager|buyer|procurement
account executive|consultant|designer|nurse|teacher|attorney|recruiter|technician|architect|customer success|support specialist|logistics coordinator|business analyst
painter|politician|cricketer|author|composer|sculptor|physician|clergyman|actor|naval officer|botanist|engraver|merchant|judge|historian|journalist|photographer
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
NOUNS = """
summit atlas pioneer horizon blue river evergreen delta apex vertex orion nova stellar granite cobalt harbor anchor beacon cedar falcon phoenix titan quantum fusion
prime global united national american pacific atlantic northern southern central metro first golden silver crystal bright clear smart rapid solid noble royal crown liberty
heritage legacy keystone cornerstone gateway bridge tower castle garden meadow forest mountain valley ocean sunrise sunset star moon sky cloud thunder wind rose lotus
little angel sunshine rainbow hope grace trinity mercy saint community neighborhood lakeview hillside parkside brookside westside northside kids happy learning
""".split()
TRADES = (
    """
systems|technologies|solutions|consulting|partners|industries|manufacturing|logistics|media|labs|software|foods|energy|capital|health|pharma|construction|design|travel
motors|electric|plumbing|insurance|realty|bank|school|academy|day care|child care center|head start|clinic|hospital|church|foundation|association|services|supply
hotel|restaurant|bakery|brewing|law|dental|fitness|studio|networks|security|robotics|textiles|chemicals|engineering|holdings|advisors|analytics|university|society
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
_SYLLABLES = "ba be bi bo bu ka ke ki ko ku da de di do du fa fe fi fo ga ge go gu ha he hi ho ja je jo la le li lo lu ma me mi mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo wa we wi ya yo za ze zo bra cre dra fre gra kle pla ste tri sha tho".split()
_ENDS = [
    "",
    "n",
    "s",
    "r",
    "l",
    "m",
    "t",
    "k",
    "son",
    "man",
    "ton",
    "ley",
    "ski",
    "ez",
    "berg",
    "ford",
    "well",
    "ov",
    "ini",
    "ard",
    "sen",
]


@cache
def nicknames() -> dict[str, tuple[str, ...]]:
    """Name to its short forms."""
    return {words[0]: tuple(words[1:]) for group in GROUPS.replace("\n", "|").split("|") if (words := group.split())}


@cache
def givens() -> tuple[str, ...]:
    """First names."""
    return tuple(dict.fromkeys([*nicknames(), *_MORE_GIVENS.split()]))


@cache
def families() -> tuple[str, ...]:
    """Family names, roughly the common ones first."""
    return tuple(dict.fromkeys(_FAMILIES.split()))


def syllables(rng: random.Random) -> str:
    """A word that sounds like a name, for the long tail that no list holds."""
    return "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(1, 3))) + rng.choice(_ENDS)


def place(rng: random.Random) -> str:
    """A town: a real one, or one that could be."""
    draw = rng.random()
    if draw < 0.35:
        return rng.choice(CITIES)
    stem = rng.choice(families()) if rng.random() < 0.5 else syllables(rng)
    if draw < 0.6:
        return f"{rng.choice(['west', 'east', 'north', 'south', 'new', 'port', 'lake', 'upper', 'great', 'saint', 'mount'])} {stem}"
    return stem + rng.choice(
        [
            "ville",
            "ton",
            "burg",
            "bury",
            "mouth",
            "field",
            "ham",
            "stad",
            "wood",
            " city",
            "shire",
            "berg",
            "port",
            "dale",
        ]
    )
