"""Word tables for the heavily damaged test tables: names, places, trades, keyboards and look-alikes."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A town with the region, the postal prefix and the dialling code that belong to it."""

    city: str
    state: str
    postal: str
    area: str


class Land(NamedTuple):
    """Everything that differs by country; `#` is a digit and `@` a capital in patterns."""

    country: str
    iso: str
    dial: str
    men: tuple[str, ...]
    women: tuple[str, ...]
    common: tuple[str, ...]
    stems: tuple[str, ...]
    tails: tuple[str, ...]
    places: tuple[Place, ...]
    roads: tuple[str, ...]
    road_forms: tuple[str, ...]
    postal: str
    local: str
    legal: tuple[str, ...]
    tld: str


def _places(cities: str, stems: str, tails: str) -> tuple[Place, ...]:
    """Real cities first (they are drawn most), then villages built of stems and tails."""
    found = [Place(*entry.split("|")) for entry in cities.split(";")]
    base = len(found)
    for number, stem in enumerate(stems.split()):
        for step, tail in enumerate(tails.split()):
            near = found[(number * 7 + step * 3) % base]
            # A village has its region's leading digits but a code of its own.
            area = near.area[:-1] + str((number + step) % 10)
            postal = near.postal[:-1] + (
                str((number * 3 + step) % 10) if near.postal[-1].isdigit() else near.postal[-1]
            )
            found.append(Place((stem + tail).replace("_", " "), near.state, postal, area))
    return tuple(found)


def _land(
    head: str, names: tuple[str, str, str, str, str], places: tuple[str, str, str], roads: tuple[str, str], form: str
) -> Land:
    """Unpack the compact text tables of one country."""
    country, iso, dial, tld = head.split("|")
    postal, local, legal = form.split("|")
    men, women, common, stems, tails = (tuple(text.split()) for text in names)
    return Land(
        country, iso, dial, men, women, tuple(name.replace("_", " ") for name in common), stems, tails,
        _places(*places), tuple(road.replace("_", " ") for road in roads[0].split()), tuple(roads[1].split(";")),
        postal, local, tuple(legal.split(";")), tld,
    )  # fmt: skip


LANDS: tuple[Land, ...] = (
    _land(
        "United States|US|1|com",
        (
            "James Robert Michael David William Richard Joseph Thomas Christopher Daniel Matthew Anthony Steven Andrew Joshua Kevin Brian Tyler Jason Ryan Jacob Nathan Caleb Marcus Derek Trevor Elijah Wyatt Darnell Desmond Terrence Clayton Garrett Roscoe",
            "Mary Patricia Jennifer Linda Elizabeth Susan Jessica Karen Sarah Nancy Ashley Kimberly Emily Donna Michelle Amanda Melissa Rebecca Laura Brittany Heather Amber Crystal Tiffany Kayla Savannah Latoya Shanice Mckenzie Harper Autumn Paige Loretta Dolores",
            "Smith Johnson Williams Brown Jones Garcia Miller Davis Martinez Anderson Taylor Jackson Lee Thompson White Harris Clark Lewis Walker Young Allen King Hill Nguyen Rivera Carter",
            "Hal Wins Bran Lock Mar Car Thorn Wil Hens Al Cal Dun Ever Fair Good Har Jeff King Lang Mill Nor Pres Red Stan Tol Under Van Wake Wheat Whit Bux Cros Dray Eld Gran Hol",
            "ley ton son field wood ford man well worth ing er land ridge den by shaw leigh bert more stead",
        ),
        (
            "New York|NY|100|212;Los Angeles|CA|900|213;Chicago|IL|606|312;Houston|TX|770|713;Phoenix|AZ|850|602;Philadelphia|PA|191|215;San Diego|CA|921|619;Dallas|TX|752|214;Columbus|OH|432|614;Charlotte|NC|282|704;Seattle|WA|981|206;Denver|CO|802|303;Nashville|TN|372|615;Portland|OR|972|503;Omaha|NE|681|402;Tulsa|OK|741|918;Buffalo|NY|142|716;Boise|ID|837|208",
            "Cedar Oak Maple River Lake Spring Fair Green Clear Stone Eagle Mill Pleasant Sandy Willow Glen",
            "ville ton _Falls field _Heights wood dale _Springs _Grove burg",
        ),
        (
            "Main Oak Maple Washington Park Cedar Elm Lincoln Sunset Jefferson Hickory Walnut Ridge Church Highland Mill Chestnut Franklin Dogwood Magnolia Prairie Sycamore Juniper Old_Mill Fox_Run Deer_Creek Quail_Hollow Harvest",
            "{n} {r} St;{n} {r} Ave;{n} {r} Dr;{n} {r} Rd;{n} {r} Ln;{n} {r} Ct;{n} {r} Blvd;{n} {r} St Apt {a};{n} {r} Ave Unit {a}",
        ),
        "##|###-####|Inc;LLC;Corp;Co;Group",
    ),
    _land(
        "United Kingdom|GB|44|co.uk",
        (
            "Oliver George Harry Jack Arthur Alfie Graham Nigel Colin Stuart Duncan Callum Ewan Gareth Rhys Simon Neil Trevor Keith Barry Craig Dominic Rupert Toby Hamish Alistair Clive Lewis Angus Gethin",
            "Olivia Amelia Isla Poppy Freya Charlotte Gillian Hazel Fiona Moira Eilidh Bronwen Carys Sian Tracey Sharon Joanne Beverley Philippa Harriet Imogen Gemma Kirsty Lorna Maureen Rosalind Tamsin Nia Elspeth Verity",
            "Smith Jones Taylor Davies Evans Roberts Hughes Patel Wright Robinson Green Hall Wood Khan Campbell Stewart Murray Fraser Morgan Griffiths Begum Shah Mason Hunt",
            "Ash Brad Chat Dal Elling Fen Gos Hart Ingle Kirk Leigh Marl Nether Oaken Pem Quin Ras Sed Thirl Up Whar Wolver Hather Hunt Staf Birken Cul Hol Ruther Bram",
            "by thorpe ton ham wick ford well croft worth ley shaw combe hurst bury gate stone bourne dale",
        ),
        (
            "London|Greater London|SW|20;Manchester|Lancashire|M|161;Birmingham|West Midlands|B|121;Leeds|Yorkshire|LS|113;Glasgow|Scotland|G|141;Bristol|Avon|BS|117;Cardiff|Wales|CF|29;Edinburgh|Scotland|EH|131;Norwich|Norfolk|NR|160;Exeter|Devon|EX|139;York|Yorkshire|YO|190;Derby|Derbyshire|DE|133;Swansea|Wales|SA|179;Oxford|Oxfordshire|OX|186",
            "Ash Brook Cod Dun East Fare Great Hamp Inver Kings Long Mar New Pen Stow Wood",
            "ham bridge ford _Magna ton mouth bury _Cross stead wick",
        ),
        (
            "High Station Church Victoria Mill London Queens Albert Grange Manor Chapel Priory Windmill Orchard Bakers Cromwell Rectory Meadow Castle Bridge Kestrel Heron Thistle Blacksmith",
            "{n} {r} Street;{n} {r} Road;{n} {r} Lane;{n} {r} Close;{n} {r} Avenue;{n} {r} Gardens;Flat {a}, {n} {r} Road",
        ),
        "# #@@|### ####|Ltd;plc;LLP;& Sons Ltd;Holdings Ltd",
    ),
    _land(
        "Germany|DE|49|de",
        (
            "Thomas Michael Andreas Stefan Jürgen Wolfgang Klaus Uwe Matthias Sebastian Florian Lukas Jonas Felix Maximilian Tobias Dieter Günter Heinz Ralf Holger Torsten Jörg Björn Detlef Henning Lennart Till Veit Korbinian",
            "Ursula Sabine Monika Petra Andrea Claudia Susanne Birgit Heike Anja Katrin Stefanie Julia Lena Hannah Leonie Renate Ingrid Gisela Jutta Silke Ulrike Dörte Wiebke Annika Friederike Gudrun Mechthild Svenja Almut",
            "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Krüger Yilmaz Braun Zimmermann Hofmann Lange",
            "Acker Berg Brand Diet Eich Feld Gruber Hasel Heide Holz Kalt Kirch Linden Mühl Nieder Ober Rauch Rosen Schön Stein Tann Uhl Vogel Wald Weiss Winter Ziegel Lauter Grün Eber",
            "mann bach er berger hauer meier hofer stein müller rich gärtner burg ner brecht wald feld thaler moser",
        ),
        (
            "Berlin|Berlin|101|30;Hamburg|Hamburg|202|40;München|Bayern|803|89;Köln|Nordrhein-Westfalen|506|221;Frankfurt|Hessen|603|69;Stuttgart|Baden-Württemberg|701|711;Leipzig|Sachsen|041|341;Bremen|Bremen|281|421;Hannover|Niedersachsen|301|511;Nürnberg|Bayern|904|911;Kiel|Schleswig-Holstein|241|431;Mainz|Rheinland-Pfalz|551|613;Erfurt|Thüringen|990|361;Görlitz|Sachsen|028|358",
            "Alt Bad_Ehren Burg Eber Frei Grün Heil Königs Lauter Mark Neu Ober Rosen Schwarz Unter Weil",
            "dorf hausen bach feld heim stadt brück kirchen walde au",
        ),
        (
            "Haupt Bahnhof Garten Schul Dorf Berg Linden Wiesen Kirch Birken Wald Mühlen Rosen Goethe Schiller Ring Amsel Buchen Jahn Tannen Ufer Brunnen Sonnen Kapellen",
            "{r}straße {n};{r}weg {n};{r}str. {n};{r}allee {n};{r}gasse {n};{r}straße {n}a",
        ),
        "##|#######|GmbH;AG;KG;GmbH & Co. KG;e.K.",
    ),
    _land(
        "France|FR|33|fr",
        (
            "Jean Pierre Michel Philippe Alain Nicolas Christophe Laurent Julien Thierry Sébastien François Olivier Frédéric Antoine Hugo Théo Mathieu Guillaume Gaël Yannick Cédric Rémi Loïc Bastien Étienne Fabrice Gilles",
            "Marie Nathalie Isabelle Sylvie Catherine Françoise Valérie Céline Sandrine Stéphanie Aurélie Émilie Camille Chloé Manon Léa Hélène Brigitte Corinne Véronique Mathilde Clémence Solène Maëlle Ghislaine Odile Noémie Lucile",
            "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Garcia David Bertrand Roux Vincent Fournier Girard Benali Traoré Diallo",
            "Beau Bois Chap Char Cor Dela Des Fer Gau Gui Hau Jour Lam Lar Mar Mont Pel Per Rous Sau Tour Val Ver Vil Bru Cour Del Four",
            "champ mont dier tier pelle rier lain vier court dain fort sard neau cour quet bert lard main",
        ),
        (
            "Paris|Île-de-France|750|1;Lyon|Auvergne-Rhône-Alpes|690|4;Marseille|Provence|130|4;Toulouse|Occitanie|310|5;Nantes|Pays de la Loire|440|2;Lille|Hauts-de-France|590|3;Rennes|Bretagne|350|2;Bordeaux|Nouvelle-Aquitaine|330|5;Dijon|Bourgogne|210|3;Nice|Provence|060|4;Brest|Bretagne|292|2;Reims|Grand Est|511|3",
            "Saint-Aubin Ville Château Mont Beau Roche Belle Champ Fontaine Pont Neuf Haute",
            "neuve -sur-Loire ville -les-Bains mont -en-Forez court fort -le-Roi",
        ),
        (
            "de_la_Paix Victor_Hugo des_Lilas de_l'Église du_Moulin Pasteur des_Écoles de_la_Gare Jean_Jaurès des_Acacias du_Stade de_Verdun des_Tilleuls du_Lavoir des_Vignes de_la_Fontaine du_Général_Leclerc des_Peupliers",
            "{n} rue {r};{n} avenue {r};{n} bis rue {r};{n} place {r};{n} chemin {r};{n} boulevard {r}",
        ),
        "##|## ## ## ##|SARL;SA;SAS;& Fils;EURL",
    ),
    _land(
        "Spain|ES|34|es",
        (
            "Antonio Manuel José Francisco Javier Carlos Miguel Alejandro Pablo Sergio Fernando Álvaro Rubén Iván Raúl Gonzalo Ignacio Joaquín Ramón Andrés Héctor Iker Unai Jordi Emilio Tomás",
            "María Carmen Ana Isabel Dolores Pilar Teresa Lucía Marta Elena Cristina Raquel Sara Paula Rocío Beatriz Inés Nuria Silvia Mercedes Montserrat Ainhoa Itziar Noelia Encarnación Consuelo",
            "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno Muñoz Álvarez Romero Torres Navarro Vázquez Ramos Castillo Ortega",
            "Alba Are Bar Ber Cal Cam Car Cas Ces Ech Esco Fuen Gal Her Ibar Lan Leg Mal Men Mora Nav Olm Pal Que Ria Sal Sar Urri Val Zar",
            "rra dal nas eda gas tega bal lanos rez cedo ndo tes rraga lles cón mar ñano guren",
        ),
        (
            "Madrid|Madrid|280|91;Barcelona|Cataluña|080|93;Valencia|Valencia|460|96;Sevilla|Andalucía|410|95;Zaragoza|Aragón|500|97;Málaga|Andalucía|290|95;Bilbao|País Vasco|480|94;Murcia|Murcia|300|96;Vigo|Galicia|362|98;Gijón|Asturias|332|98;Granada|Andalucía|180|95;León|Castilla y León|240|98",
            "Villa Torre Puebla_ Fuente Monte Campo Rio Al Peña Castro",
            "nueva frío _del_Rey mayor seco blanca verde _de_Arriba rubio",
        ),
        (
            "Mayor Real del_Sol de_la_Constitución San_Juan Nueva de_Cervantes del_Carmen Goya Colón de_la_Iglesia del_Olivo de_los_Reyes Alta del_Prado San_Isidro de_las_Flores Miramar",
            "Calle {r} {n};Avenida {r} {n};C/ {r}, {n};Plaza {r} {n};Paseo {r} {n}, {a}",
        ),
        "##|### ####|SL;SA;SLU;e Hijos SL;Coop",
    ),
    _land(
        "Italy|IT|39|it",
        (
            "Giuseppe Giovanni Antonio Mario Luigi Francesco Angelo Marco Alessandro Andrea Luca Matteo Lorenzo Davide Stefano Paolo Roberto Simone Riccardo Nicolò Salvatore Vincenzo Ettore Ivano Fabrizio Gianluca",
            "Maria Anna Giuseppina Rosa Angela Giovanna Teresa Lucia Francesca Laura Giulia Chiara Sara Martina Alessia Elisa Federica Silvia Valentina Paola Ornella Graziella Ilaria Nunzia Donatella Fiorenza",
            "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti De_Luca Mancini Costa Giordano Rizzo Lombardi Moretti Barbieri Fontana",
            "Bar Bel Ber Bor Cal Cam Can Car Cast Col Fal Far Fer Gar Gri Lan Mal Man Mar Mon Pal Par Pel Sal San Tam Tor Ven Vi Zan",
            "telli dini bardi tucci noni setti doni ghetti rini celli gamo zani vaschi mazzi boni ratti nato llo",
        ),
        (
            "Roma|Lazio|001|06;Milano|Lombardia|201|02;Napoli|Campania|801|081;Torino|Piemonte|101|011;Palermo|Sicilia|901|091;Genova|Liguria|161|010;Bologna|Emilia-Romagna|401|051;Firenze|Toscana|501|055;Bari|Puglia|701|080;Verona|Veneto|371|045;Trieste|Friuli|341|040;Perugia|Umbria|061|075",
            "Castel Monte Villa Borgo_ San_ Rocca Ponte Torre Campo Serra",
            "vecchio novo franco lungo _Marina alto bello _Terme rosso",
        ),
        (
            "Roma Garibaldi Mazzini Verdi Dante Cavour Marconi Matteotti della_Repubblica San_Marco dei_Mille Leopardi delle_Rose del_Lavoro Manzoni della_Stazione Bixio degli_Ulivi",
            "Via {r} {n};Via {r}, {n};Corso {r} {n};Piazza {r} {n};Viale {r} {n}/{a};Vicolo {r} {n}",
        ),
        "##|#######|SRL;SpA;SNC;& Figli SNC;SAS",
    ),
    _land(
        "Netherlands|NL|31|nl",
        (
            "Jan Pieter Kees Willem Hendrik Johan Daan Sem Lars Bram Thijs Ruud Sjoerd Jeroen Maarten Wouter Joost Gijs Niels Bas Mark Sander Koen Rutger Teun Douwe",
            "Johanna Maria Anneke Sanne Femke Lotte Fleur Marieke Ingrid Wilma Saskia Esther Monique Tessa Iris Roos Anouk Hanneke Jolanda Petra Mirjam Liesbeth Nienke Margriet Ilse Trijntje",
            "de_Jong Jansen de_Vries van_den_Berg Bakker van_Dijk Visser Smit Meijer de_Boer Mulder de_Groot Bos Vos Peters Hendriks van_Leeuwen Dekker Kok Vermeer El_Amrani",
            "Aker Beek Berk Blom Bosch Brou Dal Dijk Doorn Es Groen Haver Heu Hoek Hooi Kamp Koe Kuip Land Meer Noor Ooster Pol Rijn Schaap Steen Veen Water Wester Zand",
            "man stra huis veld kamp ma haar mans link ink hof berg laar ers horst broek wijk sma",
        ),
        (
            "Amsterdam|Noord-Holland|10|20;Rotterdam|Zuid-Holland|30|10;Utrecht|Utrecht|35|30;Eindhoven|Noord-Brabant|56|40;Groningen|Groningen|97|50;Tilburg|Noord-Brabant|50|13;Breda|Noord-Brabant|48|76;Zwolle|Overijssel|80|38;Arnhem|Gelderland|68|26;Leeuwarden|Friesland|89|58",
            "Ooster Wester Nieuw Oud Broek Heem Lim Veen Zuid Dal",
            "dijk veen wijk horst beek _aan_Zee dam hout burg",
        ),
        (
            "Dorps Kerk Molen Stations Beatrix Juliana Eiken Linden Prins_Hendrik Wilhelmina Water Hoge Nieuw Oranje Schans Beuken Tulpen Merel Vijver",
            "{r}straat {n};{r}weg {n};{r}laan {n};{r}straat {n}-{a};{r}plein {n};{r}kade {n}",
        ),
        "## @@|### ####|BV;NV;VOF;Groep BV;Beheer BV",
    ),
    _land(
        "Poland|PL|48|pl",
        (
            "Piotr Krzysztof Andrzej Tomasz Jan Paweł Michał Marcin Jakub Adam Łukasz Grzegorz Mateusz Wojciech Mariusz Dariusz Zbigniew Rafał Kamil Sławomir Bartosz Przemysław Ryszard Zdzisław Wiesław Bogdan",
            "Anna Katarzyna Małgorzata Agnieszka Barbara Ewa Krystyna Elżbieta Magdalena Joanna Monika Zofia Teresa Dorota Beata Aleksandra Grażyna Bożena Danuta Halina Justyna Wiesława Jadwiga Urszula Stanisława Żaneta",
            "Nowak Kowalski Wójcik Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski Mazur Jankowski Krawczyk Piotrowski Grabowski Pawłowski Król Wieczorek Wróbel Stępień",
            "Bar Bor Brze Chmiel Czar Dem Dru Gaj Gło Gór Jab Jawor Kal Kli Kras Kul Lip Mal Mir Ole Ost Pio Prze Rad Sado Sien Sob Wit Zar Żuk",
            "owski ecki czyk ak ewicz iński nik ola czak arski acz kiewicz oń wicz ek ula",
        ),
        (
            "Warszawa|Mazowieckie|00|22;Kraków|Małopolskie|30|12;Łódź|Łódzkie|90|42;Wrocław|Dolnośląskie|50|71;Poznań|Wielkopolskie|60|61;Gdańsk|Pomorskie|80|58;Lublin|Lubelskie|20|81;Katowice|Śląskie|40|32;Rzeszów|Podkarpackie|35|17;Olsztyn|Warmińsko-Mazurskie|10|89",
            "Nowy_ Stary_ Biało Czarno Dębo Jasno Koto Lipo Zielo Wysoko",
            "wiec brzeg górka wola grad staw wice lin łęka",
        ),
        (
            "Polna Leśna Słoneczna Krótka Szkolna Ogrodowa Lipowa Łąkowa Brzozowa Kwiatowa Kościelna Mickiewicza Słowackiego Kolejowa Sosnowa Długa Żeromskiego Wiśniowa",
            "ul. {r} {n};ul. {r} {n}/{a};al. {r} {n};{r} {n};os. {r} {n}/{a}",
        ),
        "-###|### ## ##|Sp. z o.o.;S.A.;Sp. j.;s.c.",
    ),
    _land(
        "India|IN|91|in",
        (
            "Rahul Amit Suresh Rajesh Vijay Sanjay Arjun Rohan Anil Sunil Manoj Deepak Vikram Karthik Ravi Ashok Imran Harpreet Gurpreet Naveen Prakash Mahesh Sandeep Ganesh Venkatesh Faisal",
            "Priya Anjali Sunita Kavita Pooja Neha Lakshmi Deepa Rekha Meena Divya Shreya Aishwarya Fatima Simran Geeta Radha Swati Nisha Usha Padma Harleen Ishita Revathi Shabana Tanvi",
            "Sharma Singh Kumar Patel Gupta Reddy Verma Iyer Nair Khan Das Joshi Mehta Rao Mishra Chatterjee Kaur Shah Pillai Ansari Yadav Menon",
            "Ag Bal Bhat Chak Chan Deo Dhar Gan Gir Har Jag Kal Kam Kri Mad Man Mukh Nag Nar Pad Raj Ram Sad Shiv Sri Sub Thak Upa Vel Ven",
            "wal kar dhyay krishnan murthy nathan puri raman swamy deo lal jee pal want ani esan",
        ),
        (
            "Mumbai|Maharashtra|400|22;Delhi|Delhi|110|11;Bengaluru|Karnataka|560|80;Hyderabad|Telangana|500|40;Chennai|Tamil Nadu|600|44;Kolkata|West Bengal|700|33;Pune|Maharashtra|411|20;Jaipur|Rajasthan|302|14;Lucknow|Uttar Pradesh|226|52;Kochi|Kerala|682|48",
            "Ram Krishna Chandra Raj Dev Shiv Gopal Hari Jai Vel",
            "pur nagar garh abad puram kot palli wadi ganj",
        ),
        (
            "MG Gandhi Nehru Station Temple Lake Residency Park Ashoka Brigade Market Church Tilak Subhash Mahatma_Phule Patel Shivaji Link",
            "{n} {r} Road;{n}/{a} {r} Road;Plot {n}, {r} Nagar;Flat {a}, {n} {r} Marg;{n} {r} Street;House {n}, {r} Colony",
        ),
        "###|#### ####|Pvt Ltd;Ltd;Enterprises;& Sons;LLP",
    ),
    _land(
        "Turkey|TR|90|com.tr",
        (
            "Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim Murat Ömer Yusuf Emre Burak Serkan Kemal Orhan Tolga Volkan Cem Barış Selim Erdem Oğuz Kaan Levent",
            "Fatma Ayşe Emine Hatice Zeynep Elif Meryem Şerife Sultan Özlem Derya Esra Büşra Gülsüm Sevgi Aylin Ebru Pınar Nurcan Songül Çiğdem Feride Melek Yeliz",
            "Yılmaz Kaya Demir Çelik Şahin Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç Kurt Özkan Şimşek",
            "Ak Alt Bay Boz Cey Dağ Dem Er Gök Gün Kara Kay Kır Koç Kor Öz Sar Soy Taş Tek Top Tun Uç Yal Yel Yur",
            "han bey soy demir oğlu kaya taş gül man türk er alp bulut doğan süt bağ",
        ),
        (
            "İstanbul|Marmara|340|212;Ankara|İç Anadolu|060|312;İzmir|Ege|350|232;Bursa|Marmara|160|224;Antalya|Akdeniz|070|242;Adana|Akdeniz|010|322;Konya|İç Anadolu|420|332;Trabzon|Karadeniz|610|462",
            "Ak Kara Yeni Gök Kızıl Sarı Boz Güzel",
            "hisar köy su pınar tepe dere ova kent",
        ),
        (
            "Atatürk Cumhuriyet İnönü Gazi Fatih Barbaros Lale Gül Çınar Bahçe İstiklal Zafer Menekşe Okul Deniz Kavak",
            "{r} Cad. No:{n};{r} Sok. No:{n}/{a};{r} Mah. {n}. Sok. {a};{r} Caddesi {n}",
        ),
        "##|### ## ##|A.Ş.;Ltd. Şti.;Tic. A.Ş.",
    ),
    _land(
        "Sweden|SE|46|se",
        (
            "Lars Anders Johan Erik Per Karl Mikael Jan Peter Björn Gustav Oskar Nils Mattias Fredrik Håkan Göran Stefan Axel Viktor Sven Ingemar Torbjörn Rasmus",
            "Anna Eva Karin Kristina Lena Sara Emma Malin Ingrid Birgitta Åsa Linnea Elsa Maja Ulla Gunilla Annika Helena Märta Ebba Astrid Siv Gunnel Hedvig",
            "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Pettersson Jonsson Hansson Bengtsson Jönsson Hassan Magnusson",
            "Ahl Alm Berg Björk Blom Dal Ek Eng Fors Gran Hag Hed Holm Kjell Kron Lind Ljung Lund Mal Ny Ros Sand Sjö Ström Söder Vik Wall Åker Ång Öst",
            "ström berg gren qvist lund man dahl stedt blad holm ell ing vall mark sten sjö",
        ),
        (
            "Stockholm|Stockholm|11|8;Göteborg|Västra Götaland|41|31;Malmö|Skåne|21|40;Uppsala|Uppsala|75|18;Västerås|Västmanland|72|21;Örebro|Örebro|70|19;Umeå|Västerbotten|90|90;Luleå|Norrbotten|97|920",
            "Alings Björk Eks Furu Gran Hag Karl Lindes Norr Söder",
            "ås hamn stad köping sund by torp vik",
        ),
        (
            "Stor Kungs Drottning Skol Kyrko Björk Ring Järnvägs Strand Kvarn Ängs Hantverkar Norra_ Skogs Slotts Trädgårds",
            "{r}gatan {n};{r}vägen {n};{r}gatan {n} lgh {a};{r}stigen {n};{r}backen {n}",
        ),
        "# ##|### ## ##|AB;HB;KB;Gruppen AB",
    ),
    _land(
        "Brazil|BR|55|com.br",
        (
            "João José Antônio Francisco Carlos Paulo Pedro Lucas Luiz Marcos Gabriel Rafael Daniel Marcelo Bruno Eduardo Felipe Rodrigo Thiago Anderson Wesley Diego Vinícius Caio Otávio Edson",
            "Maria Ana Francisca Antônia Adriana Juliana Márcia Fernanda Patrícia Aline Sandra Camila Amanda Bruna Jéssica Letícia Vanessa Luciana Beatriz Larissa Simone Tatiane Rosângela Conceição Eliane Iara",
            "Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro Martins Carvalho Almeida Lopes Soares Vieira Barbosa Rocha Dias Nascimento",
            "Abr Alm Ara Bar Bit Bra Cam Car Cav Cor Cou Dam Fag Far Fon Gal Gui Lac Mac Mag Men Mor Nog Pac Per Pin Que Sar Tav Vas",
            "eira ães ado ento anha oso ari ano edo ueira alho osta inho eda ante unda",
        ),
        (
            "São Paulo|SP|010|11;Rio de Janeiro|RJ|200|21;Belo Horizonte|MG|301|31;Salvador|BA|400|71;Fortaleza|CE|600|85;Curitiba|PR|800|41;Recife|PE|500|81;Porto Alegre|RS|900|51;Belém|PA|660|91;Goiânia|GO|740|62",
            "Nova_ Santa_ Campo_ Barra_ Monte_ Porto_ Lagoa_ Serra_",
            "Esperança Verde Alta Clara do_Sul Real Bonita das_Flores",
        ),
        (
            "das_Flores XV_de_Novembro Sete_de_Setembro São_José Tiradentes Bahia Paraná da_Paz Dom_Pedro_II do_Comércio Santos_Dumont das_Palmeiras Castro_Alves dos_Andradas Amazonas Boa_Vista",
            "Rua {r}, {n};Av. {r}, {n};Rua {r} {n} apto {a};Travessa {r}, {n};R. {r}, {n}",
        ),
        "##-###|9####-####|Ltda;S.A.;ME;EPP;e Filhos Ltda",
    ),
)

NICKNAMES: dict[str, str] = dict(
    pair.split(":")
    for pair in "James:Jim Robert:Bob Michael:Mike David:Dave William:Bill Richard:Dick Joseph:Joe Thomas:Tom Christopher:Chris Daniel:Dan Matthew:Matt Anthony:Tony Steven:Steve Andrew:Andy Joshua:Josh Nathan:Nate Patricia:Pat Jennifer:Jen Elizabeth:Liz Susan:Sue Jessica:Jess Kimberly:Kim Rebecca:Becky Amanda:Mandy Melissa:Missy Philippa:Pip Joanne:Jo Maximilian:Max Sebastian:Basti Katrin:Kati Stefanie:Steffi Wolfgang:Wolfi José:Pepe Francisco:Paco Manuel:Manolo Ignacio:Nacho Dolores:Lola Isabel:Isa Giuseppe:Beppe Francesco:Franco Giovanni:Gianni Alessandro:Sandro Hendrik:Henk Johanna:Hanna Willem:Wim Katarzyna:Kasia Małgorzata:Gosia Agnieszka:Aga Aleksandra:Ola Krzysztof:Krzysiek Tomasz:Tomek Rajesh:Raj Lakshmi:Laxmi Fernanda:Nanda Eduardo:Edu Luciana:Lu Frédéric:Fred Nicolas:Nico Nathalie:Nat Véronique:Véro Gustav:Gurra Kristina:Stina".split()
)

TRADES: tuple[str, ...] = tuple(
    "Logistics Foods Software Consulting Plumbing Dental Motors Textiles Printing Catering Roofing Optics Robotics Farms Bakery Electrical Insurance Travel Freight Pharmacy Furniture Nurseries Analytics Metals Media Security Interiors Cleaning Architects Legal Flooring Cycles Brewing Marine Packaging Instruments Ceramics Glassworks Recycling Tutoring Vision Timber".split()
)
BRANDS: tuple[str, ...] = tuple(
    "Alder Birch Summit Harbor Falcon Beacon Copper Delta Ember Granite Horizon Ivory Juniper Keystone Lantern Meridian Nimbus Orchid Pioneer Quartz Raven Sterling Tidal Umbra Vertex Willow Zenith Anchor Bluebird Cobalt Drift Everest Foxglove Gable Heron Indigo Jade Kite Lumen Mosaic North Onyx Prism Ridge Saffron Thistle Union Velvet Wren Yarrow".split()
)
BRAND_TAILS: tuple[str, ...] = tuple("ex ora line works tec io mark way core ium stone point fleet gate nova".split())

POSTS: tuple[str, ...] = tuple(
    "Accountant;Sales Representative;Software Engineer;Nurse;Teacher;Project Manager;Electrician;Marketing Manager;Data Analyst;Office Clerk;Truck Driver;Pharmacist;Architect;Graphic Designer;HR Officer;Lawyer;Purchasing Agent;Warehouse Supervisor;Chef;Civil Engineer;Consultant;Lab Technician;Quality Inspector;Receptionist;Product Owner;Machinist;Dental Hygienist;Translator;Surveyor;Veterinarian;Auditor;Librarian;Controller;Plant Manager;Copywriter;Network Administrator;Beekeeper;Choir Director;Crane Operator;Optician;Tax Adviser;Piano Tuner".split(
        ";"
    )
)
RANKS: tuple[str, ...] = tuple(
    ";;;;;;;Senior ;Junior ;Assistant ;Deputy ;Head ;Chief ;Lead ;Regional ;Trainee ;Interim ".split(";")
)

ODD_WORDS: tuple[str, ...] = tuple(
    "otter lamp velvet cactus pixel marble turbo walnut comet biscuit panda thunder pickle saddle nebula ginger tiger bubble anvil raptor cobweb mango puzzle salsa wizard noodle falcon bamboo muffin rocket pepper shadow banjo lotus meteor kayak zebra candle teapot drizzle igloo sprocket lemon gravel hammock quokka tundra vortex waffle yodel crumpet dynamo fiddle gadget hobbit jigsaw kettle lizard magnet nutmeg".split()
)
# Invented providers: nobody's real mailbox can be hit, and the first ones are drawn far more often.
MAILERS: tuple[str, ...] = tuple(
    "gmoil.example inboxly.example hotpost.example yamail.example webpost.example mailoro.example quickmail.example postbox24.example letterhub.example skymailer.example netbrief.example freepost.example airmail.example".split()
)
SOURCES: tuple[str, ...] = tuple(
    "crm webshop import_2009 newsletter call_center fax_scan trade_fair legacy_erp partner_feed helpdesk loyalty paper_forms".split()
)

KEYS: dict[str, str] = dict(
    pair.split(":")
    for pair in "q:wa w:qes e:wrd r:etf t:ryg y:tuh u:yij i:uok o:ipl p:ol a:qsz s:awdx d:sefc f:drgv g:fthb h:gyjn j:hukm k:jil l:kop z:asx x:zsdc c:xdfv v:cfgb b:vghn n:bhjm m:njk 0:9 1:2 2:13 3:24 4:35 5:46 6:57 7:68 8:79 9:80".split()
)
HEARD: tuple[tuple[str, str], ...] = tuple(
    (a, b)
    for a, _, b in (
        pair.partition(":")
        for pair in "ph:f f:ph ck:k c:k k:c ei:ai ie:ee y:i i:y sch:sh sh:sch th:t t:d d:t b:p p:b v:f w:v z:s s:z ou:oo ll:l nn:n tt:t ss:s mm:m au:ow ks:x x:ks qu:kw g:k dt:t ough:o ae:e ö:o ü:u ä:e ł:w cz:ch sz:sh rz:zh j:y".split()
    )
)
SCANNED: tuple[tuple[str, str], ...] = tuple(
    (a, b)
    for a, _, b in (
        pair.partition(":")
        for pair in "m:rn rn:m l:1 i:l o:0 O:0 S:5 B:8 g:9 cl:d d:cl w:vv e:c c:e h:b n:ri I:l Z:2 G:6 t:f u:ii a:o q:g 0:O 1:l 5:S 8:B 6:b 2:Z 9:g".split()
    )
)
LEET: dict[str, str] = dict(zip("aeiostbglzAEIOSTBGLZ", "43105789124310578912", strict=True))
LOOKALIKE: dict[str, str] = dict(zip("aceopxyijsABCEHIKMOPTXYuvn", "асеорхуіјѕАВСЕНІКМОРТХУυνп", strict=True))
ACCENTS: str = "\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0327"
INVISIBLE: str = "\u200b\u200c\u200d\ufeff\u00ad\u2060\u200e\u00a0"
STICKERS: tuple[str, ...] = tuple("😀 🔥 ✅ ⭐ 💼 📞 ❗ ~ ;; ... !! \\ | ` ^ ?? _ # .. ,, '' « §".split())
PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    "text": ("N/A", "-", "null", "unknown", "xxx", "TBD", "?", "none", "#REF!", "undefined", "test", ""),
    "email": ("none@none.example", "test@test.example", "noreply@inboxly.example", "n/a", "-", "@", ""),
    "phone": ("0000000000", "123456789", "n/a", "-", "+", "999-999-9999", "unknown", ""),
    "date": ("1900-01-01", "0000-00-00", "01/01/1970", "?", "n/a", ""),
    "code": ("00000", "99999", "XXXXX", "n/a", "-", ""),
}
LEGAL_WORDS: tuple[str, ...] = tuple("Inc LLC Ltd GmbH AG SA SRL BV AB Group Holding International".split())
SHORT_ROADS: tuple[tuple[str, str], ...] = tuple(
    (a, b)
    for a, _, b in (
        pair.partition(":")
        for pair in "Street:St Road:Rd Avenue:Av Lane:Ln Close:Cl St:Street Ave:Avenue Dr:Drive Rd:Road Blvd:Boulevard straße:str. str.:strasse weg:wg avenue:av. boulevard:bd Calle:C/ Avenida:Avda. Via:V. Piazza:P.za straat:str ul.:ulica Rua:R. Av.:Avenida Cad.:Caddesi gatan:g. vägen:v. Apt:#".split()
    )
)
