"""Word tables for made registers: names with their variants, places, occupations, slips."""

import random
from datetime import date, timedelta
from typing import NamedTuple

CULTURES = ("en", "de", "fr", "no", "it")


class Given(NamedTuple):
    """A given name with its pet forms and its forms in other languages."""

    name: str
    nicks: tuple[str, ...]
    forms: tuple[str, ...]


class Surname(NamedTuple):
    """A family name with other spellings in use."""

    name: str
    variants: tuple[str, ...]


class Town(NamedTuple):
    """A town with older or foreign names, its county and the start of its postcodes."""

    name: str
    others: tuple[str, ...]
    county: str
    short: str
    post: str


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.replace("_", " ") for part in text.split(",") if part)


def _given(text: str) -> list[Given]:
    rows = [row.split("=") for row in text.split()]
    return [Given(row[0], _list(row[1]), _list(row[2])) for row in rows]


def _surnames(text: str) -> list[Surname]:
    rows = [row.partition("=") for row in text.split()]
    return [Surname(row[0].replace("_", " "), _list(row[2])) for row in rows]


def _towns(text: str) -> list[Town]:
    rows = [row.replace("_", " ").split("=") for row in text.split()]
    return [Town(row[0], _list(row[1]), row[2], row[3], row[4]) for row in rows]


# name=pet forms=Latin and translated forms, most frequent first
GIVEN: dict[str, list[Given]] = {
    "enm": _given("""
John=Jack,Johnny,Jno,Jon=Johannes,Joannes,Jean,Johann William=Bill,Will,Wm,Willie=Gulielmus,Wilhelm,Guillaume
Thomas=Tom,Tommy,Thos=Thomas,Tommaso George=Geo,Georgie=Georgius,Georg,Georges James=Jim,Jas,Jamie,Jem=Jacobus,Jacques,Jakob
Robert=Bob,Rob,Robt,Bobby=Robertus,Roberto Charles=Charlie,Chas,Chuck=Carolus,Karl,Carl Henry=Harry,Hal,Hy=Henricus,Heinrich,Henri
Edward=Ned,Ted,Edwd,Eddie=Eduardus,Eduard Joseph=Joe,Jos,Joey=Josephus,Josef,Giuseppe Richard=Dick,Rich,Richd,Rick=Ricardus,Riccardo
Samuel=Sam,Saml,Sammy=Samuel David=Dave,Davy,Dai=Davidus,Davide Peter=Pete=Petrus,Pierre,Pietro Daniel=Dan,Danl,Danny=Daniel
Alfred=Alf,Alfie,Fred=Aluredus Frederick=Fred,Fredk,Freddie=Fridericus,Friedrich Arthur=Art,Artie=Arturus,Arturo Walter=Walt,Wat=Gualterus,Walther
Benjamin=Ben,Benj=Benjamin Francis=Frank,Fras=Franciscus,Franz,Francois Stephen=Steve,Steven=Stephanus,Stefan,Etienne Michael=Mike,Mick=Michaelis,Michel
Matthew=Matt,Mat=Matthaeus,Matthias Andrew=Andy,Drew=Andreas,Andre Hugh=Hughie,Huw=Hugo Ralph=Rafe=Radulphus Albert=Bert,Al=Albertus,Alberto
Isaac=Ike,Zac=Isaacus Christopher=Chris,Kit,Xpher=Christophorus,Christoph Alexander=Alex,Sandy,Alec=Alexander,Alessandro Patrick=Pat,Paddy=Patricius
Nicholas=Nick,Nic=Nicolaus,Nikolaus,Nicolas Philip=Phil,Pip=Philippus,Philippe Anthony=Tony,Ant=Antonius,Anton Simon=Sim=Simon Edmund=Ned,Edm=Edmundus
Lawrence=Larry,Laurie,Laurence=Laurentius,Lorenz Josiah=Jos,Sy=Josias Ebenezer=Eben=Ebenezer Reginald=Reg,Rex=Reginaldus Gilbert=Gil,Bert=Gilbertus
"""),
    "enf": _given("""
Mary=Polly,Molly,May,Mamie=Maria,Marie Elizabeth=Betty,Eliza,Lizzie,Bess,Eliz=Elisabetha,Elisabeth,Elisabetta Sarah=Sally,Sadie,Sara=Sara
Ann=Annie,Nancy,Anne,Hannah=Anna Jane=Jenny,Janet,Jean=Johanna,Jeanne Margaret=Peggy,Maggie,Meg,Margt=Margareta,Marguerite Alice=Allie,Elsie=Alicia
Hannah=Anna,Nan=Johanna Martha=Patty,Mattie=Martha Ellen=Nell,Nellie,Helen=Helena Emma=Em,Emmie=Emma Charlotte=Lottie,Char=Carola Harriet=Hattie,Harriot=Henrica
Catherine=Kate,Kitty,Katherine,Cath=Catharina,Katharina Frances=Fanny,Fran=Francisca,Francoise Susan=Sue,Susanna,Sukey=Susanna Isabella=Bella,Isabel=Isabella
Eleanor=Nell,Nora,Ellen=Eleonora Rebecca=Becky,Becca=Rebecca Caroline=Carrie,Lina=Carolina Louisa=Lou,Louise=Ludovica Florence=Flo,Flossie=Florentia
Edith=Edie=Editha Agnes=Aggie,Nancy=Agneta Lucy=Lu=Lucia Rachel=Rae=Rachel Esther=Hester,Essie=Hester Amelia=Millie,Emily=Aemilia
Victoria=Vicky,Vic=Victoria Matilda=Tilly,Maud=Mathilde Barbara=Babs,Barb=Barbara Dorothy=Dolly,Dot,Dora=Dorothea Grace=Gracie=Gratia Phoebe=Phebe=Phoebe
Georgiana=Georgie,Georgina=Georgia Julia=Jule,Juliet=Juliana Clara=Clare=Clara Ruth=Ruthie=Ruth Winifred=Winnie,Freda=Winefrida
"""),
    "dem": _given("""
Johann=Hans,Johannes,Joh.=Joannes,Jean,John Heinrich=Heinz,Hinrich,Heiner=Henricus,Henry Friedrich=Fritz,Friedr.,Frieder=Fridericus,Frederick
Wilhelm=Willi,Willy,Wilh.=Guilielmus,William Karl=Carl,Kalle=Carolus,Charles Georg=Jörg,Jürgen=Georgius,George Peter=Peer,Pitt=Petrus,Pierre
Christian=Christ.,Chris=Christianus Michael=Michel=Michaelis Jakob=Jacob,Jockel=Jacobus,James Andreas=Andres,Endres=Andrew Martin=Mertin,Merten=Martinus
Matthias=Mathis,Hias,Mathias=Matthaeus Josef=Joseph,Sepp,Jupp=Josephus,Joseph Franz=Franzl,Frz.=Franciscus,Francis Anton=Toni,Thon=Antonius,Anthony
Joachim=Jochen,Achim,Jochim=Joachimus Philipp=Lips,Phil.=Philippus Konrad=Conrad,Kunz,Kurt=Conradus Ludwig=Lutz,Louis=Ludovicus,Lewis Adam=Ad.=Adamus
Otto=Odo=Otto Hermann=Harm,Herm.=Arminius Ernst=Ernestus=Ernestus,Ernest August=Gustel,Aug.=Augustus Kaspar=Caspar,Kasper=Casparus Balthasar=Balzer,Baltzer=Balthasar
Sebastian=Bastian,Wastl=Sebastianus Nikolaus=Klaus,Claus,Niklas=Nicolaus,Nicholas Ulrich=Uli,Utz=Ulricus Bernhard=Bernd,Bernd=Bernardus Gottfried=Götz,Friedel=Godefridus,Godfrey
Albrecht=Albert=Albertus Lorenz=Lenz=Laurentius Tobias=Tobi=Tobias Walter=Walther=Gualterus
"""),
    "def": _given("""
Anna=Anne,Anni,Änne=Anna Maria=Marie,Mia,Mariechen=Maria,Mary Elisabeth=Else,Elsbeth,Liesbeth,Lisa=Elisabetha,Elizabeth Margarethe=Grete,Margareta,Gretchen=Margareta,Margaret
Katharina=Käthe,Catharina,Trine,Trina=Catharina,Catherine Barbara=Bärbel,Babette=Barbara Magdalena=Lena,Magda,Leni=Magdalena Dorothea=Dora,Dorthe,Thea=Dorothea
Sophie=Sofie,Fieke=Sophia Christina=Stina,Christine=Christina Johanna=Hanna,Hanne=Joanna,Jane Susanna=Susi,Sanna=Susanna Ursula=Ursel,Orschel=Ursula
Eva=Evchen=Eva Wilhelmine=Minna,Mine,Helmine=Guilielma Friederike=Rike,Fritzi=Friderica Luise=Louise,Lulu=Ludovica Charlotte=Lotte,Lotti=Carola
Helene=Lene,Helena=Helena Auguste=Guste,Augusta=Augusta Bertha=Berta=Bertha Emma=Em=Emma Gertrud=Trude,Gertraud=Gertrudis Agnes=Agnes=Agneta Regina=Regine,Gina=Regina
Sabina=Bine,Sabine=Sabina Rosina=Rosine,Rosa=Rosina Apollonia=Plonia=Apollonia Walburga=Burgl,Wally=Walpurgis Therese=Resi,Theresia=Theresia
"""),
    "frm": _given("""
Jean=Jeannot,Jehan=Joannes,John,Johann Pierre=Pierrot=Petrus,Peter Jacques=Jacquot,Jacq.=Jacobus,James Louis=Loys,Louison=Ludovicus,Ludwig François=Françoys,Fanchon=Franciscus,Francis
Antoine=Anthoine,Toine=Antonius,Anthony Charles=Charlot=Carolus Nicolas=Colas,Colin=Nicolaus Guillaume=Guilhem=Guilielmus,William Étienne=Estienne,Thienot=Stephanus,Stephen
Claude=Glaude=Claudius Michel=Michau=Michaelis Henri=Henry,Riquet=Henricus Joseph=Josse,Jo=Josephus Joachim=Joa=Joachimus Philippe=Phelipe,Philipot=Philippus
Gabriel=Gaby=Gabriel René=Renatus=Renatus Mathieu=Mahieu,Matthieu=Matthaeus Laurent=Laurens=Laurentius Benoît=Benoist=Benedictus Thomas=Thomé=Thomas
Georges=Jorge,Georget=Georgius Simon=Symon=Simon André=Andrieu,Dédé=Andreas Gilles=Gille=Aegidius Denis=Denys=Dionysius Julien=Jullien=Julianus
Barthélemy=Bartholomé,Berthomieu=Bartholomaeus Augustin=Gustin=Augustinus Émile=Mile=Aemilius Lucien=Lulu=Lucianus
"""),
    "frf": _given("""
Marie=Manon,Mariette=Maria,Mary Jeanne=Jehanne,Jeannette=Joanna,Jane Anne=Annette,Nanon=Anna Françoise=Fanchon,Francine=Francisca,Frances Marguerite=Margot,Magui=Margareta,Margaret
Catherine=Cathon,Catin=Catharina Madeleine=Magdeleine,Madelon=Magdalena Louise=Loyse,Louison=Ludovica Élisabeth=Babette,Lisette,Isabeau=Elisabetha Charlotte=Lolotte=Carola
Antoinette=Toinette,Thoinette=Antonia Claudine=Glaudine=Claudia Suzanne=Suzon=Susanna Thérèse=Thérésa=Theresia Geneviève=Ginette=Genovefa Barbe=Barbara=Barbara
Perrine=Pierrette=Petra Jacqueline=Jacquette=Jacoba Julie=Julienne=Julia Sophie=Sophie=Sophia Rose=Rosalie=Rosa Michelle=Michèle=Michaela Hélène=Hellène=Helena
Agathe=Agatha=Agatha Cécile=Cécilia=Caecilia Mathilde=Mahaut=Matilda Adèle=Adélaïde=Adela Eugénie=Génie=Eugenia Blanche=Blanchette=Blanca
"""),
    "nom": _given("""
Hans=Hannes,Hanz=Johannes,John Ole=Ola,Olle,Olav=Olaus Peder=Per,Peter,Petter=Petrus,Peter Lars=Lasse,Laurs=Laurentius,Lawrence Niels=Nils,Nis=Nicolaus,Nicholas
Jens=Jens,Jøns=Johannes Anders=Andreas,Ander=Andreas,Andrew Knud=Knut,Kanut=Canutus Christen=Kristen,Kresten=Christianus Jakob=Jacob,Jeppe=Jacobus,James
Søren=Severin,Sørn=Severinus Johan=Johannes,Jo=Joannes Erik=Eric,Erich=Ericus Rasmus=Asmus=Erasmus Mads=Mats,Mathias=Matthaeus,Matthew Nicolai=Nikolaj,Klaus=Nicolaus
Thomas=Tomas=Thomas Gunnar=Gunder=Gunnarus Halvor=Halvar=Halvardus Sven=Svend=Sveno Tollef=Thorleif,Tolv=Torlavus Ivar=Iver=Ivarus Carl=Karl=Carolus,Charles
Poul=Paul,Pål=Paulus Jørgen=Jürgen,Jorgen=Georgius,George Mikkel=Michel=Michaelis Henrik=Hendrik=Henricus,Henry Sivert=Sigurd=Sivardus Even=Eivind=Eventius Gustav=Gösta=Gustavus
"""),
    "nof": _given("""
Anne=Ane,Anna=Anna Maren=Marn,Marin=Maria Karen=Kari,Karn=Catharina,Catherine Kirsten=Kirsti,Stine=Christina Marie=Mari,Maria=Maria,Mary Margrethe=Grethe,Marit=Margareta,Margaret
Ingeborg=Inger,Inga=Ingeburgis Johanne=Hanne,Johanna=Joanna,Jane Else=Ellisabeth,Elsebeth=Elisabetha,Elizabeth Birgitte=Berit,Birte=Brigitta,Bridget Dorthe=Dorothea,Dorte=Dorothea
Sidsel=Sissel,Cecilie=Caecilia Mette=Mätta=Mathilde Bodil=Botilla=Botilda Ragnhild=Ragna=Ragnilda Gunhild=Gunilla,Gun=Gunilda Olena=Oline,Lena=Helena Sofie=Sophie=Sophia
Kristine=Christine,Stina=Christina Helene=Lene=Helena Ellen=Eli,Elin=Helena Randi=Ragndid=Ragnilda Guri=Gudrid=Gudrida Brita=Brit=Brigitta Sigrid=Siri=Sigrida Astrid=Asta=Astrida
"""),
    "itm": _given("""
Giovanni=Gianni,Nanni,Zuane=Joannes,John Giuseppe=Beppe,Peppe,Iseppo=Josephus,Joseph Antonio=Tonio,Totò=Antonius,Anton Francesco=Cecco,Franco=Franciscus,Francis Pietro=Piero=Petrus,Peter
Domenico=Mimmo,Menico=Dominicus Luigi=Gigi,Alvise=Aloysius,Louis Giacomo=Jacopo,Mino=Jacobus,James Angelo=Lino=Angelus Carlo=Carletto=Carolus,Charles Vincenzo=Enzo,Cenzo=Vincentius
Michele=Michiel=Michaelis Paolo=Polo=Paulus Andrea=Drea=Andreas Lorenzo=Renzo=Laurentius Matteo=Mattia=Matthaeus Nicola=Nicolò,Cola=Nicolaus Salvatore=Turi,Totore=Salvator
Filippo=Lippo=Philippus Stefano=Steva=Stephanus Bartolomeo=Bartolo,Meo=Bartholomaeus Bernardo=Nardo=Bernardus Marco=Marchetto=Marcus Gaetano=Tano=Cajetanus Agostino=Tino=Augustinus
"""),
    "itf": _given("""
Maria=Mariuccia,Marietta=Maria,Mary Anna=Annetta,Nina=Anna Caterina=Rina,Cattarina=Catharina Margherita=Rita,Ghita=Margareta Lucia=Luzia=Lucia Angela=Angiola=Angela
Teresa=Resina,Gegia=Theresia Giovanna=Vanna,Zuana=Joanna,Jane Francesca=Checca,Cecca=Francisca Rosa=Rosina=Rosa Domenica=Menica,Mimma=Dominica Elisabetta=Betta,Lisa=Elisabetha
Antonia=Tonia=Antonia Maddalena=Lena=Magdalena Giuseppa=Peppina,Giuseppina=Josepha Carolina=Lina=Carolina Luigia=Gigia,Luisa=Aloysia Isabella=Bella=Isabella Paola=Paolina=Paula
Vincenza=Cenza=Vincentia Orsola=Orsolina=Ursula Barbara=Barbera=Barbara Camilla=Milla=Camilla Filomena=Mena=Philomena
"""),
}

SURNAMES: dict[str, list[Surname]] = {
    "en": _surnames("""
Smith=Smyth,Smythe,Smithe Jones=Johns,Joanes Taylor=Tayler,Tailor,Tayleur Brown=Browne,Broun Williams=Wms,William,Williems Wilson=Willson,Wilsone Johnson=Johnston,Jonson,Johnstone
Davies=Davis,Davys,Davie Robinson=Robison,Robeson Wright=Wryght,Right,Write Thompson=Thomson,Tompson,Thomasson Evans=Evens,Evance Walker=Waulker Hughes=Hewes,Hews,Hughs Clarke=Clark,Clerk,Clerke
Green=Greene,Grene Hall=Haul,Halle Wood=Woods,Woode Harris=Harries,Herris Martin=Martyn,Marten Cooke=Cook,Coke Turner=Tourner Moore=More,Moor,Muir Baker=Bakere,Backer Allen=Allan,Alleyn,Alan
Phillips=Philips,Philipps,Phelps Lee=Leigh,Lea,Legh Parker=Parcker Bennett=Bennet,Benet Shaw=Shawe,Schaw Griffiths=Griffith,Gryffyth Mitchell=Mitchel,Michell Stewart=Stuart,Steward
Marshall=Marshal,Martial Read=Reid,Reade,Reed Knight=Knyght,Night Palmer=Paulmer Mills=Milles,Mylls Rogers=Rodgers,Roger Stevens=Stephens,Steevens Pierce=Pearce,Peirce,Pearse Webb=Webbe
Foster=Forster,Forester Barnes=Barns Holmes=Homes,Holms Matthews=Mathews,Mathew Fisher=Fysher,Fischer Dixon=Dickson,Dicksen Harvey=Hervey,Harvie Grey=Gray,Graye Kelly=Kelley,O'Kelly
Murphy=Murphey,Morphy MacDonald=McDonald,Macdonell,M'Donald Campbell=Cambell,Campbel McKenzie=Mackenzie,MacKinzie O'Brien=Obrien,O'Bryan,Bryan Burke=Bourke,Burk Cavendish=Candish Nevill=Neville,Nevile
Sinclair=St_Clair,Sinkler Beauchamp=Beecham,Beacham Howarth=Haworth,Howorth Whitaker=Whittaker,Whiteacre Tollemache=Talmash,Talmage Pepper=Pepper,Peppar Gough=Goffe,Goff Jervis=Jarvis,Jervois
"""),
    "de": _surnames("""
Müller=Mueller,Muller,Möller,Miller Schmidt=Schmitt,Schmid,Smidt,Schmied Schneider=Schnieder,Snyder,Schneyder Fischer=Vischer,Fisher Meyer=Meier,Maier,Mayr,Mayer,Meir Weber=Weeber,Wäber
Schulz=Schultz,Schulze,Scholz,Schultze Wagner=Wagener,Waagner,Wegner Becker=Beckert,Bäcker Hoffmann=Hofmann,Hofman,Hoffman Schäfer=Schaefer,Scheffer,Schaffer Koch=Kock,Coch Bauer=Baur,Pauer,Bower
Richter=Rychter Klein=Cleyn,Kleine,Kline Wolf=Wolff,Wulf,Wolffe Schröder=Schroeder,Schroter,Schreuder Neumann=Naumann,Neuman,Newman Schwarz=Schwartz,Swarz Zimmermann=Zimmerman,Cimmermann
Braun=Brauhn,Bruhn Krüger=Krueger,Kruger,Krieger Hartmann=Hardtmann,Hartman Lange=Lang,Langen Krause=Kraus,Krauss,Krauße Lehmann=Leman,Lemann Köhler=Koehler,Kohler,Köler Kaiser=Kayser,Keiser
Fuchs=Fux,Fuchß Peters=Petersen,Peter Scholl=Schol Jung=Junge,Jungk,Young Keller=Kellner,Köller Vogel=Vogl,Fogel Frank=Franck,Franke Berger=Perger,Bergere Winkler=Winckler,Wingler Roth=Rot,Rodt
Beck=Böck,Peck Lorenz=Lorentz Baumann=Bauman,Paumann Franke=Franck,Francke Albrecht=Albrich Simon=Simmon Ludwig=Ludewig Böhm=Boehm,Behm,Böhme Winter=Wynter Kramer=Krämer,Cramer Haas=Haase,Has
Graf=Graff,Graffe Dietrich=Diettrich,Dieterich Ziegler=Zigler,Ziegeler Kuhn=Kuhne,Cuhn Pohl=Poll,Pohle Huber=Hueber,Hober von_Bredau=Bredau,v._Bredau von_Osten=Osten,v.d._Osten Seidel=Seydel,Seidl Thoma=Thomae
"""),
    "fr": _surnames("""
Martin=Marthin Bernard=Besnard,Bernart Dubois=du_Bois,Duboys Thomas=Thomat Robert=Robbert Richard=Ricard Petit=Le_Petit,Petyt Durand=Durant,Duran Leroy=Le_Roy,Leroi Moreau=Moreaux,Morel,Moreault
Laurent=Laurens,Lorent Simon=Symon Michel=Micheau Lefebvre=Lefèvre,Le_Fevre,Lefeuvre,Lefebure Garnier=Garnyer Fournier=Fornier Girard=Girart,Gérard Bonnet=Bonet Dupont=du_Pont,Dupond Lambert=Lembert
Fontaine=Fontayne,La_Fontaine Rousseau=Rousseaux,Rouxel Vincent=Vincens Boyer=Boier,Bouyer Blanc=Leblanc,Le_Blanc Guérin=Guerin,Garin Chevalier=Chevallier,Le_Chevalier Gauthier=Gautier,Gaultier,Galtier
Perrin=Périn Morin=Maurin Mathieu=Matthieu Clément=Clemens,Clement Renaud=Renault,Reynaud Picard=Picart Arnaud=Arnault,Arnauld Meunier=Mounier,Lemonnier de_la_Tour=Delatour,La_Tour Brunet=Brunnet
Benoît=Benoist,Benoit Lemaire=Le_Maire,Lemère Marchand=Marchant Hubert=Huber Charpentier=Carpentier Roche=Desroches,Laroche Baudouin=Baudoin,Beaudoin Huet=Huette Poulain=Poullain,Polin Thibault=Thibaut,Thiébaud
"""),
    "no": _surnames("""
Bakke=Bache,Bakken Lund=Lunde,Lundt Holm=Holme,Holmb Berg=Bergh,Berge Dahl=Dal,Dahle Moe=Mo,Moen Haugen=Hauge,Hougen Solberg=Soelberg Lie=Li,Lien Vik=Wiik,Wich Strand=Strande Nygaard=Nygård,Nygord
Rasmussen=Rasmusen Lindqvist=Lindquist,Lindkvist Bergström=Bergstrom,Bergstroem Krogh=Krog,Kroch Skov=Schou,Skou Kjær=Kier,Kjer,Kiær Friis=Fris,Frijs Bang=Bangh Munk=Munch,Munck Winther=Winter,Vinter
Brandt=Brand,Brant Thorup=Torup Ekeland=Egeland,Eikeland Rønning=Ronning,Rönning Sørlie=Sørli,Sorlie Hagen=Haagen,Hage Tveit=Tvedt,Tveten Aas=Ås,Aaser Fosse=Foss,Fossen Myhre=Myre,Myhr
"""),
    "it": _surnames("""
Rossi=Rosso,de_Rossi,Rossy Russo=Ruzzo,Lo_Russo Ferrari=Ferraro,Ferrario Bianchi=Bianco,Bianchy Romano=Romani,Roman Colombo=Colombi Ricci=Rizzi,Riccio Marino=Marini Greco=Grecho,del_Greco
Bruno=Bruni,Brun Gallo=Galli,Gallus Conti=Conte,de_Conti Costa=Della_Costa,Cossta Giordano=Jordano,Zordan Mancini=Mancino Rizzo=Riccio,Rizo Lombardi=Lombardo,Lombard Moretti=Moretto,Moret
Barbieri=Barbiero,Barbier Fontana=Fontanna,dalla_Fontana Santoro=Santori Mariani=Mariano Rinaldi=Rinaldo,Rainaldi Caruso=Carusi Leone=Leoni,de_Leone Longo=Longhi,Lungo Gentile=Gentili Vitale=Vitali
Villa=Villani Serra=Serri,della_Serra Ferri=Ferro,Fer Zanetti=Zannetti,Gianetti Pellegrini=Pelegrini,Pellegrino Bellini=Belin,Belino
"""),
}

# starts and ends from which the long tail of surnames and villages is put together
TAIL: dict[str, tuple[list[str], list[str]]] = {
    "en": (
        "Ash Bar Black Brad Bram Brid Broad Burn Cald Car Chad Clay Cor Cran Crow Dal Den Dray East El Fair Fen Gar Gold Grim Had Hal Har Hazel Hol Horn Kel Kirk Lang Law Lin Lock Mar Mel Nor Oak Pen Pick Rad Red Row Rush Sand Sel Shel Stan Stock Swin Thorn Tid Tre Wal Whit Win Wool".split(),
        "beck borne bourne bridge brook bury by cliffe combe cott croft dale den don field ford gate grave ham hurst kin land leigh ley low man mere more ridge row shaw stead stone stow ton thwaite tree wick well wood worth".split(),
    ),
    "de": (
        "Acker Alten Arn Bach Bern Birken Blum Brand Breiten Buch Dier Dorn Eber Eichen Eisen Erl Falken Feld Fried Gers Gold Gross Grün Haber Hagen Hart Heiden Hell Hohen Holz Kalten Kirch Kupfer Lauter Lichten Linden Mar Neu Ober Oster Rauh Reichen Rosen Sand Schön Schwar Stein Stolz Tann Unter Wald Weiden Weiss Wester Wiesen Zell".split(),
        "acher au bach bauer beck berg berger born brink bruch burg dorf eck egger feld felder garten hagen hammer hard haus hauser heim hof hofer holz horn kamp lein ling mann meister müller reiter ried rode roth schlag stedt stein stetter tal thaler wald wang weg weiler wies".split(),
    ),
    "fr": (
        "Aub Bar Beau Bel Ber Blan Bois Bon Bour Bre Cha Char Cler Cor Cour Dam Des Du Fau Fer Fleur Fon Gar Gran Gri Hau La Lan Lau Mal Mar Mau Mon Mont Neuf Or Par Per Pi Plan Pont Pré Ri Ro Roc Rouge Sal Sau Ser Tour Val Ver Vi Ville".split(),
        "aille ais ard atte aud ault beau bert bois court dier eau elet elle ennes eret eron ert et eux fort gnac gny ier in igny lac let lier lon mont neuf net oire oux pierre rand ret ron sac son tain teau tier val villiers vin".split(),
    ),
    "no": (
        "Alm As Bek Berg Birke Bjer Bjørk Bra Bre Dal Ek El Es Fager Fjeld Fur Gran Grøn Gul Hau Hav Hede Hel Hol Hov Kirke Klit Kvam Lang Lil Lin Lund Mar Mel Myr Nord Ny Oppe Ros Sand Sjø Skar Skog Sol Sten Stor Sve Sør Tor Ul Vang Ves Vin Øster Åker".split(),
        "aa bak bek berg bo bro by bø dahl eng felt foss gaard gren haug heim holm holt hus kjær land lund lid mark mo moen nes rud sen skov stad sten strøm sund tveit ud vand vang vik vold ås".split(),
    ),
    "it": (
        "Al Am Bal Bar Bas Bel Ber Bo Bor Cal Cam Can Car Cas Ce Col Cor Da Do Fa Fal Fer Fio Gar Gra Gui La Lan Lo Mag Mal Mar Mon Mor Na Or Pa Pel Per Pi Po Ra Re Ron Sal San Sar Ser So Ta Tes To Tra Val Ven Vi Za Zam".split(),
        "aldi ani anti archi ari aro asso atti azzo bardi bello betti boni brini cchi celli chetti ciani deri doro elli ello erini essi ffi gamo gini gnani hetti landi letti liani magno mani marchi melli nari nelli nesi novo randi ratti renzi rini sano setti tini tore valli vani zoli".split(),
    ),
}

TOWNS: dict[str, list[Town]] = {
    "en": _towns("""
York=Eboracum,Yorke=Yorkshire=Yorks=YO Bath=Aquae_Sulis,Bathe=Somerset=Soms=BA Bristol=Bristowe,Bristoll=Gloucestershire=Glos=BS Kingston_upon_Hull=Hull,Kingston-on-Hull=East_Yorkshire=E_Yorks=HU
Newcastle_upon_Tyne=Newcastle,Monkchester=Northumberland=Nthbd=NE Chester=Deva,Westchester=Cheshire=Ches=CH Salisbury=New_Sarum,Sarum=Wiltshire=Wilts=SP Norwich=Norwiche,Northwic=Norfolk=Norf=NR
Dublin=Baile_Atha_Cliath,Dublyn=County_Dublin=Co_Dublin=D Cobh=Queenstown,Cove=County_Cork=Co_Cork=T Edinburgh=Edinburg,Auld_Reekie=Midlothian=Midl=EH Shrewsbury=Salop,Shrowsbury=Shropshire=Salop=SY
Leeds=Leedes,Loidis=West_Yorkshire=W_Yorks=LS Manchester=Mancunium,Manchr=Lancashire=Lancs=M Caernarfon=Carnarvon,Caernarvon=Gwynedd=Gwyn=LL Lyme_Regis=Lyme,King's_Lyme=Dorset=Dors=DT
Bury_St_Edmunds=Bury,St_Edmundsbury=Suffolk=Suff=IP Stoke-on-Trent=Stoke,Stoke_upon_Trent=Staffordshire=Staffs=ST London=Londinium,Lond.=Middlesex=Mddx=EC Southwark=St_Saviour_Southwark,Borough=Surrey=Sy=SE
"""),
    "de": _towns("""
Breslau=Wrocław,Vratislavia=Schlesien=Schles.=50 Danzig=Gdańsk,Gedanum=Westpreußen=Westpr.=80 Königsberg=Kaliningrad,Regiomontum=Ostpreußen=Ostpr.=23 Stettin=Szczecin,Sedinum=Pommern=Pom.=70
Köln=Cöln,Cologne,Colonia=Rheinland=Rhld.=50 Aachen=Aix-la-Chapelle,Aquisgranum=Rheinland=Rhld.=52 Chemnitz=Karl-Marx-Stadt,Kemnitz=Sachsen=Sa.=09 Leipzig=Lipsia,Leiptzig=Sachsen=Sa.=04
Nürnberg=Nuremberg,Norimberga=Bayern=Bay.=90 München=Munich,Monachium=Bayern=Bay.=80 Wien=Vienna,Vindobona=Niederösterreich=N.Ö.=10 Pressburg=Bratislava,Pozsony,Posonium=Ungarn=Ung.=81
Posen=Poznań,Posnania=Posen=Pos.=60 Straßburg=Strasbourg,Argentoratum=Elsass=Els.=67 Halle_an_der_Saale=Halle,Halle/S.=Sachsen-Anhalt=S.-A.=06 Frankfurt_am_Main=Frankfurt,Frankfurt/M.=Hessen=Hess.=60
Lübeck=Lubeca,Lubeck=Holstein=Holst.=23 Memel=Klaipėda,Memela=Ostpreußen=Ostpr.=91 Görlitz=Zgorzelec,Gorlitium=Schlesien=Schles.=02 Regensburg=Ratisbona,Ratisbon=Oberpfalz=Opf.=93
"""),
    "fr": _towns("""
Lyon=Lugdunum,Lyons=Rhône=Rhône=69 Rouen=Rothomagus,Roüen=Normandie=Norm.=76 Reims=Rheims,Durocortorum=Marne=Mne=51 Lille=Rijsel,L'Isle=Nord=Nd=59 Marseille=Marseilles,Massilia=Provence=Prov.=13
Châlons-en-Champagne=Châlons-sur-Marne,Chalons=Marne=Mne=51 Saint-Étienne=Armeville,St-Etienne=Loire=Lre=42 Tours=Turones,Caesarodunum=Touraine=Tour.=37 Bordeaux=Burdigala,Bourdeaux=Gironde=Gir.=33
Toulouse=Tolosa,Tholose=Languedoc=Lgd.=31 Dunkerque=Dunkirk,Duinkerke=Nord=Nd=59 Metz=Divodurum,Mets=Moselle=Mos.=57 Nantes=Namnetum,Nantz=Bretagne=Bret.=44 Versailles=Versaille=Seine-et-Oise=S.-et-O.=78
"""),
    "no": _towns("""
Oslo=Christiania,Kristiania=Akershus=Akh=02 Trondheim=Trondhjem,Nidaros=Trøndelag=Trl=70 Bergen=Bjørgvin,Berghen=Hordaland=Hord=50 København=Kjøbenhavn,Copenhagen,Hafnia=Sjælland=Sj=10
Aarhus=Århus,Arhusia=Jylland=Jyl=80 Helsingør=Elsinore,Helsingoer=Sjælland=Sj=30 Göteborg=Gothenburg,Göteborgh=Västergötland=Vg=41 Stockholm=Holmia,Stockholms_stad=Uppland=Upl=11 Turku=Åbo,Aboa=Finland=Fi=20
Viborg=Wiborg,Viburgum=Jylland=Jyl=88 Odense=Othinia,Odensee=Fyn=Fyn=50 Halden=Fredrikshald,Frederikshald=Østfold=Østf=17 Ribe=Ripen,Ripa=Jylland=Jyl=67
"""),
    "it": _towns("""
Venezia=Venice,Venetia,Venedig=Veneto=Ven.=30 Firenze=Florence,Fiorenza,Florentia=Toscana=Tosc.=50 Milano=Milan,Mediolanum=Lombardia=Lomb.=20 Napoli=Naples,Neapolis=Campania=Camp.=80
Torino=Turin,Augusta_Taurinorum=Piemonte=Piem.=10 Agrigento=Girgenti,Agrigentum=Sicilia=Sic.=92 Genova=Genoa,Genua=Liguria=Lig.=16 Trieste=Triest,Tergeste=Küstenland=Küst.=34 Bolzano=Bozen,Bauzanum=Tirolo=Tir.=39
Lucca=Luca,Luccha=Toscana=Tosc.=55 Palermo=Panormus,Palermu=Sicilia=Sic.=90 Enna=Castrogiovanni,Henna=Sicilia=Sic.=94
"""),
}

PARISHES = {
    "en": "St Mary,St Peter,All Saints,St Giles,St Michael,Holy Trinity,St Nicholas,St Andrew,St Leonard,St James".split(
        ","
    ),
    "de": "St. Marien,St. Petri,St. Johannis,St. Nikolai,St. Jakobi,Dom,St. Michael,Heilig Geist,St. Georg".split(","),
    "fr": "St-Pierre,Notre-Dame,St-Martin,St-Jean,St-Nicolas,St-Sulpice,Ste-Croix,St-Denis".split(","),
    "no": "Vor Frue,Domsogn,St. Olai,Hellig Kors,Nikolai sogn,St. Knud,Trinitatis".split(","),
    "it": "S. Maria,S. Pietro,S. Giovanni,S. Marco,SS. Trinità,S. Stefano,S. Lorenzo".split(","),
}
STREETS = {
    "en": "Church,High,Mill,Station,Victoria,King,Queen,Market,Castle,Park,Bridge,London,Green,School,North,West,George,Albert,Chapel,Garden,Meadow,Orchard".split(
        ","
    ),
    "de": "Kirch,Haupt,Mühlen,Bahnhof,Schul,Garten,Berg,Linden,Markt,Schloss,Brücken,Dorf,Wald,Kaiser,Post,Ring,Feld,Rosen".split(
        ","
    ),
    "fr": "de l'Église,du Moulin,de la Gare,du Château,des Écoles,du Marché,de la République,du Pont,Neuve,des Jardins,St-Jacques,de la Paix".split(
        ","
    ),
    "no": "Kirke,Stor,Mølle,Stasjons,Skole,Torv,Strand,Bro,Nygårds,Hav,Slotts,Dronningens,Kongens".split(","),
    "it": "Roma,Garibaldi,della Chiesa,del Mulino,San Marco,Dante,Vecchia,Nuova,dei Mille,Mazzini,Cavour".split(","),
}
# kind of street in full and short, in the way of each language
STREET_KINDS = {
    "en": (("Street", "St"), ("Road", "Rd"), ("Lane", "La"), ("Terrace", "Terr"), ("Avenue", "Ave")),
    "de": (("straße", "str."), ("gasse", "g."), ("weg", "wg"), ("platz", "pl.")),
    "fr": (("rue", "r."), ("avenue", "av."), ("place", "pl."), ("chemin", "ch.")),
    "no": (("gata", "gt."), ("veien", "vn."), ("gade", "gd.")),
    "it": (("via", "v."), ("piazza", "p.za"), ("corso", "c.so")),
}

# one trade a line: words for the same work
JOBS = [
    tuple(row.split("/"))
    for row in "farmer/yeoman/husbandman/agriculturist/Landwirt;agricultural labourer/ag lab/farm labourer/labourer/farm servant;blacksmith/smith/farrier/Schmied;weaver/linen weaver/webster/Weber;tailor/taylor/master tailor/Schneider;carpenter/joiner/cabinet maker/wright/Zimmermann;miner/collier/coal miner/pitman;merchant/trader/dealer/Kaufmann/mercator;grocer/shopkeeper/general dealer;innkeeper/publican/licensed victualler/vintner;clergyman/priest/vicar/clerk in holy orders/Pfarrer/curate;teacher/school teacher/schoolmaster/Lehrer;physician/doctor/surgeon/MD/Arzt;lawyer/solicitor/barrister/attorney/Advokat;soldier/private/pensioner/Soldat;officer/army officer/captain/military officer;sailor/mariner/seaman/Matrose;ship's captain/master mariner/shipmaster;politician/statesman/member of parliament/MP;painter/artist/portrait painter/Maler;writer/author/novelist/poet/journalist;composer/musician/organist/violinist;actor/actress/comedian/stage player;scientist/naturalist/botanist/chemist;engineer/civil engineer/mechanical engineer;clerk/bookkeeper/accountant/Schreiber;servant/domestic servant/housemaid/general servant;dressmaker/seamstress/milliner/needlewoman;midwife/nurse/sick nurse;miller/flour miller/Müller;butcher/meat dealer/Metzger;baker/bread baker/Bäcker;shoemaker/cordwainer/bootmaker/Schuster;mason/stonemason/bricklayer/Maurer;landowner/gentleman/esquire/independent means/Gutsbesitzer;banker/banking/financier;printer/compositor/bookbinder;historian/antiquary/scholar/professor;diplomat/ambassador/envoy;gardener/nurseryman/market gardener;fisherman/fisher/Fischer;cooper/barrel maker/Küfer;cricketer/sportsman/athlete;judge/magistrate/justice of the peace".split(
        ";"
    )
]

# trades women are mostly entered with
WOMEN = [
    row
    for row in JOBS
    if row[0]
    in "farmer weaver grocer innkeeper teacher painter writer actor servant dressmaker midwife landowner".split()
]
RANKS = ("Sir", "Bt", "Baron", "Earl", "Viscount", "Dr", "Rev", "Capt", "Hon")
DIAL = {"en": "+44", "de": "+49", "fr": "+33", "no": "+47", "it": "+39"}
DOMAINS = "postbox.example mail.example webpost.example inbox.example brief.example example.org example.net example.com".split()
# what a scanner, an ear and a keyboard take for each other
OCR = tuple(
    (a, b)
    for a, _, b in (
        p.partition(">")
        for p in "rn>m m>rn cl>d li>h h>b b>h e>c c>e l>1 I>l l>I o>0 S>5 u>n n>u ri>n ii>u f>t t>f s>f a>o o>a J>I H>N B>R R>K M>N g>y vv>w w>vv nn>m in>m U>V T>F C>G G>C E>F ü>ii ö>o ä>a é>e ß>B i>j k>h".split()
    )
)
HEAR = tuple(
    (a, b)
    for a, _, b in (
        p.partition(">")
        for p in "ph>f f>v v>f ei>ai ai>ay ey>y y>ie ie>y th>t t>d d>t p>b b>p ck>k k>ck c>k k>c g>k ch>sh sch>sh s>z z>s tz>z x>ks qu>kw w>v oo>u ou>u ow>ou ea>ee ee>i e>a a>e o>u u>o er>ar ar>er ll>l l>ll tt>t t>tt nn>n n>nn ss>s mm>m rr>r r>rr au>o eau>o ough>uff gh>g kn>n wr>r mb>m ä>e ö>e ü>i".split()
    )
)
SPELL = tuple(
    (a, b)
    for a, _, b in (
        p.partition(">")
        for p in "i>y y>i ei>ey ai>ay ey>ei f>ff ff>f t>th th>t k>ck ck>k z>tz tz>z ss>s ll>l l>ll n>nn nn>n tt>t e>ee ee>ea ea>ee oo>o o>oo ou>ow ow>ou ä>ae ö>oe ü>ue ø>ö å>aa æ>ä au>aw s>ss d>dt t>tt m>mm w>v v>w c>k ie>i ch>gh gh>g ley>leigh ton>tone wick>wyck berg>bergh".split()
    )
)
KEYS = dict(
    row.split(":")
    for row in "a:sqz b:vn c:xv d:sf e:wr f:dg g:fh h:gj i:uo j:hk k:jl l:k m:n n:bm o:ip p:o q:wa r:et s:ad t:ry u:yi v:cb w:qe x:zc y:tu z:xa".split()
)
DIGITS = dict(row.split(":") for row in "0:689 1:747 2:73 3:85 4:91 5:638 6:058 7:12 8:360 9:407".split())
FOLD = str.maketrans(
    dict(
        row.split(":")
        for row in "ä:ae ö:oe ü:ue ß:ss é:e è:e ê:e ç:c ø:o å:aa æ:ae É:E Ä:Ae Ö:Oe Ü:Ue Ø:O Å:Aa â:a î:i ï:i ò:o à:a ł:l ń:n ė:e ñ:n".split()
    )
)
BARE = str.maketrans("äöüéèêçøåÉâîïòàłńėÖÜÅØ", "aoueeecoaEaiioalneOUAO")


def respell(rng: random.Random, text: str) -> str:
    """Writes a word as another clerk of an unsettled spelling would."""
    fits = [pair for pair in SPELL if pair[0] in text]
    if not fits:
        return text + "e" if text[-1:] not in "aeiou. " else text
    old, new = fits[int(rng.random() * len(fits))]
    return text.replace(old, new, 1)


def slip(rng: random.Random, text: str, lean: str) -> str:
    """Damages a text once: o read wrongly, h heard wrongly, k mistyped, c cut off."""
    if len(text) < 3:
        return text
    if lean in "oh":
        fits = [pair for pair in (OCR if lean == "o" else HEAR) if pair[0] in text]
        if fits:
            old, new = fits[int(rng.random() * len(fits))]
            at = text.find(old, int(rng.random() * len(text)))
            return text.replace(old, new, 1) if at < 0 else text[:at] + new + text[at + len(old) :]
    elif lean == "c" and len(text) > 5:
        keep = max(4, int(len(text) * (0.5 + 0.45 * rng.random())))
        return text[:keep].strip() + ("." if rng.random() < 0.2 else "")
    return _mistype(rng, text)


def _mistype(rng: random.Random, text: str) -> str:
    at = int(rng.random() * len(text))
    letter, kind = text[at], rng.random()
    if kind < 0.25:
        return text[:at] + text[at + 1 :]
    if kind < 0.45:
        return text[: at + 1] + letter + text[at + 1 :]
    if kind < 0.65 and at:
        return text[: at - 1] + letter + text[at - 1] + text[at + 1 :]
    near = KEYS.get(letter.lower()) or DIGITS.get(letter)
    if not near:
        return text[:at] + text[at + 1 :]
    new = near[int(rng.random() * len(near))]
    return text[:at] + (new.upper() if letter.isupper() else new) + text[at + (kind < 0.9) :]


def misread(rng: random.Random, text: str) -> str:
    """Misreads one digit, or swaps two neighbouring ones."""
    places = [at for at, letter in enumerate(text) if letter in DIGITS]
    if not places:
        return _mistype(rng, text) if text else text
    at = places[int(rng.random() * len(places))]
    if rng.random() < 0.25 and text[at + 1 : at + 2].isdigit():
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    near = DIGITS[text[at]]
    return text[:at] + near[int(rng.random() * len(near))] + text[at + 1 :]


def mistaken(rng: random.Random, birth: tuple[int, int, int], julian: bool) -> tuple[str, int, int, int]:
    """Makes one of the usual mistakes in a date; returns how it must be written, if it matters."""
    (year, month, day), chance = birth, rng.random()
    if chance < 0.16:
        return "year", year, month, day
    if chance < 0.38:
        return "", year + rng.choice((-1, 1) if chance < 0.3 else (-10, 10)), month, day
    if chance < 0.5 and day <= 12:
        return "", year, day, month
    if chance < 0.6:
        return "", year, 1, 1
    if chance < 0.7 and julian:
        moved = date(year, month, day) + timedelta(rng.choice((10, 11, 12, 13)))
        return "", moved.year, moved.month, moved.day
    if chance < 0.76:
        return "about", year + rng.randint(-2, 2), month, day
    if chance < 0.88:
        return "", year, month, max(1, min(28, day + rng.choice((-10, -2, -1, 1, 2, 10))))
    if chance < 0.94:
        return "", year, max(1, min(12, month + rng.choice((-1, 1)))), min(day, 28)
    return "misread", year, month, day


def lettered(text: str, letters: str) -> str:
    """Writes a text in a register's letters: all capitals, or with no accents."""
    if letters == "upper":
        return text.upper()
    return text.translate(FOLD if letters == "fold" else BARE) if letters != "as is" else text
