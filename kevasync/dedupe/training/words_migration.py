"""Word tables for the made-up contact tables of merged CRM systems: names, places, firms, titles, quirks."""

import random
import unicodedata
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

FIRST_M = {
    "en": "James Michael John Robert David William Richard Thomas Christopher Daniel Matthew Andrew Mark Steven Joseph Charles Anthony Paul Kevin Brian George Edward Timothy Jason Jeffrey Ryan Gary Nicholas Eric Stephen Jonathan Larry Scott Benjamin Samuel Gregory Patrick Alexander Jack Dennis Peter Douglas Nathan Zachary Kyle Ethan Graham Nigel Callum Darren Simon Stuart Lawrence Raymond Philip Theodore Vincent".split(),
    "de": "Thomas Michael Andreas Peter Stefan Christian Markus Martin Frank Klaus Jürgen Wolfgang Alexander Matthias Bernd Tobias Jan Sebastian Florian Hans-Peter Karl-Heinz Günther Dieter Uwe Ralf Jörg Daniel Philipp Maximilian Johannes Lukas Felix Jonas Hans Helmut Manfred Rainer Holger Joachim Torsten Björn Sven Dirk Volker Heinz Christoph Franz Josef Simon Benedikt".split(),
    "fr": "Jean Pierre Michel Philippe Nicolas Christophe Laurent Stéphane Julien Thomas François Jean-Pierre Jean-Luc Olivier Frédéric Éric Alain Patrick Pascal Guillaume Sébastien Antoine Mathieu Vincent David Thierry Bruno Jérôme Rémi Benoît Hervé Gérard Yves Maxime Clément Jean-Baptiste Étienne Loïc".split(),
    "es": "José Antonio Manuel Francisco Juan David Javier Carlos Miguel Jesús Alejandro Pedro Daniel Rafael Luis Fernando Ángel Pablo Sergio Alberto Jorge Diego Álvaro Raúl Enrique Ramón Vicente Andrés Joaquín Óscar Rubén Iván Ignacio Víctor Jaime Eduardo".split(),
    "it": "Marco Andrea Giuseppe Francesco Alessandro Luca Antonio Giovanni Roberto Stefano Paolo Matteo Davide Massimo Fabio Mario Simone Claudio Riccardo Lorenzo Salvatore Vincenzo Nicolò Gianluca Daniele Maurizio Pietro Enrico Giorgio Emanuele Filippo Federico Niccolò".split(),
    "nl": "Jan Peter Johannes Hendrik Willem Cornelis Pieter Erik Marcel Rob Jeroen Mark Bart Maarten Sander Wouter Dirk Gerrit Hans Frank Kees Thijs Ruben Joost Michiel Martijn Ronald Bas Koen Lars Jacobus Sjoerd".split(),
    "pl": "Piotr Krzysztof Andrzej Tomasz Paweł Jan Michał Marcin Jakub Adam Marek Grzegorz Łukasz Zbigniew Jerzy Rafał Mateusz Stanisław Wojciech Maciej Dariusz Kamil Robert Sławomir Przemysław Bartosz Jacek".split(),
    "se": "Lars Anders Johan Per Erik Mikael Karl Jan Peter Thomas Fredrik Magnus Mats Stefan Björn Henrik Göran Håkan Niklas Jonas Andreas Mattias Jens Søren Åke Oskar Gustav Lennart Ola Kjell".split(),
    "tr": "Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim Murat Osman Yusuf Ömer Emre Burak Can Serkan Hakan Kemal Cem Selim Volkan Tolga Barış Onur Erdem".split(),
    "in": "Rajesh Amit Sanjay Vijay Rahul Suresh Anil Sunil Ravi Manoj Ashok Deepak Arun Vikram Prakash Ramesh Kumar Srinivas Karthik Ajay Venkatesh Mukesh Nikhil Rohit Gaurav Harish Subramaniam Anand Vivek".split(),
    "cn": "Wei Jun Lei Yong Jie Ming Qiang Tao Hao Bin Peng Feng Gang Xiaoming Jianguo Zhiwei Guoqiang Yifan Haoran Wenbo Chun-Hung Kai Zhigang Jianhua Shiming".split(),
    "jp": "Hiroshi Takashi Kenji Satoshi Kazuo Makoto Daisuke Yuichi Kenta Shota Akira Naoki Takeshi Tetsuya Ryo Koichi Shinichi Yosuke Haruto Masashi".split(),
    "ar": "Mohammed Ahmed Ali Omar Khalid Hassan Youssef Ibrahim Abdullah Mahmoud Tariq Karim Samir Nasser Faisal Hussein Rashid Sami Walid Bilal Abdulrahman Ziad Hamza".split(),
    "ru": "Alexander Sergey Dmitry Andrey Alexey Vladimir Mikhail Nikolay Ivan Evgeny Pavel Maxim Yuri Igor Oleg Viktor Konstantin Anton Denis Roman Vyacheslav Ilya".split(),
    "br": "José João Antônio Carlos Paulo Pedro Lucas Luiz Marcos Gabriel Rafael Daniel Marcelo Bruno Eduardo Felipe Rodrigo Gustavo Fernando Thiago Márcio André Fábio Sérgio César Vinícius".split(),
}
FIRST_F = {
    "en": "Mary Jennifer Linda Patricia Elizabeth Susan Jessica Sarah Karen Nancy Lisa Margaret Sandra Ashley Emily Kimberly Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Laura Sharon Cynthia Kathleen Amy Angela Shirley Anna Brenda Pamela Emma Nicole Helen Samantha Katherine Christine Rachel Carolyn Janet Catherine Heather Victoria Judith Gemma Fiona Charlotte Abigail Jacqueline Theresa".split(),
    "de": "Sabine Susanne Petra Andrea Claudia Anna Martina Julia Katharina Stefanie Nicole Monika Birgit Karin Ursula Renate Christina Sandra Melanie Anja Silke Heike Kerstin Anke Barbara Eva Anne-Marie Jutta Gabriele Ute Bärbel Lena Laura Sophie Franziska Elisabeth Marie-Luise Annegret Daniela Ulrike Simone Cornelia Käthe Johanna".split(),
    "fr": "Marie Nathalie Isabelle Sylvie Catherine Sophie Sandrine Céline Christine Valérie Stéphanie Julie Anne Camille Aurélie Hélène Marie-Claude Anne-Sophie Françoise Véronique Émilie Élodie Corinne Chloé Brigitte Laurence Monique Delphine Agnès Marie-Thérèse Léa".split(),
    "es": "María Carmen Ana Isabel Laura Cristina Marta Lucía Elena Pilar Dolores Raquel Sara Paula Mercedes Rosa Beatriz Silvia Patricia Mónica Sonia Inés Rocío Verónica Nuria Teresa Begoña Concepción Andrea".split(),
    "it": "Maria Anna Francesca Laura Giulia Elena Chiara Paola Sara Alessandra Valentina Silvia Federica Roberta Martina Giovanna Elisa Cristina Barbara Daniela Monica Ilaria Simona Giorgia Raffaella Antonella Lucia".split(),
    "nl": "Maria Johanna Anna Anneke Ingrid Marieke Saskia Monique Esther Linda Femke Sanne Wilma Petra Marloes Annemarie Elisabeth Ellen Lotte Karin Yvonne Nienke Hanneke Judith Renée".split(),
    "pl": "Anna Maria Katarzyna Małgorzata Agnieszka Barbara Ewa Krystyna Elżbieta Magdalena Joanna Monika Aleksandra Zofia Teresa Beata Dorota Grażyna Paulina Justyna Iwona Natalia Karolina".split(),
    "se": "Anna Maria Karin Eva Kristina Lena Birgitta Ingrid Sara Emma Elisabeth Marie Kerstin Annika Helena Malin Åsa Jenny Linnea Susanne Camilla Ulrika Gunilla Solveig".split(),
    "tr": "Fatma Ayşe Emine Zeynep Elif Hatice Merve Özlem Esra Gül Selin Derya Sevgi Büşra Pınar Ebru Deniz Tuğba Gülşen Aslı".split(),
    "in": "Priya Sunita Anita Kavita Pooja Neha Deepa Lakshmi Anjali Rekha Swati Meena Shreya Divya Nisha Sangeeta Ritu Radhika Aishwarya Padma Usha".split(),
    "cn": "Li Fang Xiu Ying Jing Min Yan Juan Xia Ling Mei Na Hui Xiaoyan Yuting Jiayi Lihua Shu-Fen Xinyi Meiling Yun".split(),
    "jp": "Yuko Keiko Tomoko Yumi Naoko Megumi Akiko Mika Aya Haruka Emi Sachiko Mayumi Kaori Rie Chiyo Noriko Yoko".split(),
    "ar": "Fatima Aisha Mariam Layla Noor Amina Sara Hanan Salma Rania Huda Yasmin Zainab Dina Khadija Nadia Samira Reem Lubna".split(),
    "ru": "Elena Olga Natalia Tatiana Irina Svetlana Anna Ekaterina Maria Yulia Marina Galina Anastasia Ludmila Oksana Ksenia Daria Nadezhda Vera".split(),
    "br": "Maria Ana Juliana Fernanda Patrícia Adriana Camila Mariana Aline Luciana Letícia Beatriz Sandra Cláudia Márcia Renata Débora Simone Vanessa Bruna Larissa Tatiane".split(),
}
LAST = {
    "en": "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Martin Jackson Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Hill Green Adams Baker Nelson Hall Campbell Mitchell Carter Roberts Phillips Evans Turner Parker Collins Edwards Stewart Morris Murphy Cook Rogers Morgan Cooper Peterson Reed Bailey Kelly Howard Ward Cox Richardson Watson Brooks Wood Bennett Gray Hughes Price Myers Long Foster Sanders Ross Powell Sullivan Russell O'Brien O'Connor McDonald MacLeod McCarthy Fitzgerald Jenkins Perry Barnes Fisher Henderson Coleman Simmons Patterson Reynolds Griffin Wallace Hayes Ellis Stevenson Whitaker Pemberton Ashworth St.Clair".replace(
        "St. Clair", "St.Clair"
    ).split(),
    "de": "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Wolff Pfeiffer Gruber Steiner Moser Pichler Egger".split(),
    "fr": "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Garcia David Bertrand Roux Vincent Fournier Morel Girard André Lefèvre Mercier Dupont Lambert Bonnet François Martinez Legrand Garnier Faure Rousseau Blanc Guérin Muller Henry Roussel Nicolas Perrin Morin Mathieu Clément Gauthier Dumont Lopez Fontaine Chevalier Robin Masson Sanchez Gérard Nguyen Boyer Denis Lemaire Duval Joly Gautier Roger Roche Noël Meunier Le_Goff de_La_Tour d'Aubigny Lacroix".split(),
    "es": "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco Molina Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Núñez Iglesias Medina Garrido Cortés Castillo Santos Lozano Guerrero Cano Prieto Méndez Cruz Calvo Gallego Vidal León Herrera Peña de_la_Fuente del_Río Ibáñez".split(),
    "it": "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti De_Luca Mancini Costa Giordano Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara Galli Martini Leone Longo Gentile Martinelli Vitale Lombardo Serra Coppola De_Santis D'Angelo Marchetti Parisi Villa Conte Ferraro Ferri Fabbri Bianco Marini Grasso Valentini Messina Sala De_Angelis Gatti Dell'Acqua".split(),
    "nl": "de_Jong Jansen de_Vries van_den_Berg Bakker van_Dijk Visser Smit Meijer de_Boer Mulder de_Groot Bos Vos Peters Hendriks van_Leeuwen Dekker Brouwer de_Wit Dijkstra Smits de_Graaf van_der_Meer Kok Jacobs de_Haan Vermeulen van_den_Heuvel van_der_Veen van_den_Broek Schouten van_Beek van_der_Linden Willems van_Vliet Hoekstra Maas Verhoeven Koster van_Dam van_der_Wal Prins Blom Huisman Kuipers Post Veenstra Janssens van_de_Ven ten_Brink".split(),
    "pl": "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski Jankowski Mazur Kwiatkowski Wojciechowski Krawczyk Kaczmarek Piotrowski Grabowski Zając Pawłowski Michalski Król Wieczorek Jabłoński Wróbel Nowakowski Majewski Olszewski Stępień Malinowski Jaworski Adamczyk Dudek Pawlak Górski Sikora".split(),
    "se": "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Pettersson Jonsson Jansson Hansson Bengtsson Jönsson Lindberg Jakobsson Magnusson Lindström Olofsson Lindqvist Lindgren Berg Axelsson Bergström Lundberg Lind Lundgren Mattsson Berglund Fredriksson Sandberg Henriksson Sjöberg Hansen Nielsen Jensen Sørensen Rasmussen Forsberg Wallin Engström Holm Öberg Ekström".split(),
    "tr": "Yılmaz Kaya Demir Çelik Şahin Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç Kurt Özkan Şimşek Polat Korkmaz Çakır Erdoğan Acar Güneş Aksoy Tekin Bulut Yavuz Karaca".split(),
    "in": "Kumar Singh Sharma Patel Gupta Shah Reddy Rao Nair Iyer Verma Joshi Mehta Mishra Das Agarwal Desai Jain Khan Chatterjee Mukherjee Banerjee Pillai Menon Krishnan Subramanian Venkataraman Choudhary Kapoor Malhotra Bhat Naidu Srinivasan Thakur Kulkarni Bose Ramachandran".split(),
    "cn": "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Song Tang Deng Han Feng Cao Peng Zeng Xiao Tian Dong Pan Yuan Cai Jiang Yu Ye Lü Ouyang Wong Chan Lee Cheung".split(),
    "jp": "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Yamaguchi Matsumoto Inoue Kimura Hayashi Shimizu Saito Mori Abe Ikeda Hashimoto Ishikawa Ogawa Okada Hasegawa Fujita Goto Kondo Ono Ota".split(),
    "ar": "Hassan Ali Ahmed Khan Ibrahim Al-Rashid Al-Sayed Mansour El-Masri Haddad Khoury Saleh Nasser Hamdan Abdallah Farouk Al-Farsi Qureshi Aziz Karimi Bakr Al-Hashimi Said Younis Darwish Mahmoud Shaheen Ben_Salah El_Amrani Bennani Benali Al-Mutairi".split(),
    "ru": "Ivanov Smirnov Kuznetsov Popov Vasiliev Petrov Sokolov Mikhailov Novikov Fedorov Morozov Volkov Alekseev Lebedev Semenov Egorov Pavlov Kozlov Stepanov Nikolaev Orlov Andreev Makarov Nikitin Zakharov Zaitsev Soloviev Borisov Yakovlev Grigoriev Romanov Vorobiev Shevchenko Kovalenko Bondarenko".split(),
    "br": "da_Silva dos_Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro Martins Carvalho Almeida Lopes Soares Fernandes Vieira Barbosa Rocha Dias Nascimento Andrade Moreira Nunes Marques Machado Mendes Freitas Cardoso Ramos Gonçalves Santana Teixeira Araújo Pinto Correia".split(),
}
# Beginnings, middles and ends of the long tail of rare surnames.
_TAIL_ROWS = """
en~Ash Black Brad Clif Dun Elms Farn Had Hol Kirk Lang Mars Nor Oak Pen Rad Shel Thorn Wal Whit Win Yar Stan Bur Chal~|er|ing|le|s|en|ber|cot~ton ley ford wood man worth field by ham combe wick shaw well croft
de~Alt Bier Brand Dorn Eich Feld Gold Hag Ker Kor Lind Mühl Nied Ober Rau Reh Schön Stein Tann Unter Vogel Wald Weiß Zell Böck Grün~|en|er|el|ing|els~mann bauer berger hofer müller brink huber bach hausen kamp mayr scheid städt meier schläger
fr~Beau Bel Bois Cham Char Des Du Font Gran Lab Mal Mont Per Ram Saint- Ter Val Vil Bour Cler~|e|il|ar|on|au~champs mont fort vais lard bois nier teau quet celin gny court ville
es~Arr Bal Cal Car Esc Gal Lar Man Mon Olm Pal Quin Sal Tor Ur Val Zub Echev~|a|e|i|am|er~rreta duero bano ñez stilla llanos rrubia ndía edo iza goitia cedo
it~Al Bar Bel Cal Can Cas Fal Gar Lan Mal Mon Pal Per San Tar Val Ver Zan~|a|e|i|o|ta~dini rello zoni tti llucci gnoli cchi ssari betta gini volta ttari
nl~van_Ber ter_Horst Blok Dij Groen Hoog Kalk Lind Mole Noor Oos Ruit Slui Ster Veld Wes Zand~|en|er|e|s~kamp huis man stra ema berg veld sma brink hof dijk
pl~Bar Bor Brz Czar Dra Gaj Gór Jas Kal Kras Lis Łaz Mał Ol Pod Rad Sos Tar Wit Zał~|o|a|i|e|u~czyński wicz szewski niak lik ński bowski czak rek
se~Alm Björk Dal Ek Fors Gran Hag Kvarn Lind Lund Mal Nor Ros Sand Sjö Strand Vik Åker Öst~|a|e|s~mark blad kvist dahl hed vall stedt lund feldt holm gård
tr~Ak Al Bay Boz Can Dur Er Gök Gün Kara Kır Öz Sar Taş Tun Uz Yal~|a|ı|e|u~kan taş soy demir oğlu bay gül türk maz çin
in~Ambal Bala Chandra Deva Gopal Hari Jaya Maha Nara Pad Raj Shiv Sund Vasu Venk~|a|e|i|ana~krishna murthy swamy rajan than kar walla nathan mani gowda
cn~Zh Sh X Q Ch L M G B T~~uang iang en ian ai ao ei uo ong ing
jp~Aka Fuku Hira Ino Kawa Kita Kuro Mae Mina Miya Naka Nishi Oku Shima Taka Uchi Yoko~~moto mura da yama zaki gawa no shita hara bayashi tani
ar~Abu Al-Bar Al-Dos Al-Kha Bou El-Ha Hab Jab Mus Nab Sab Tah Zah~|a|i|ou~lidi sari rani wani tari midi bbar khri jjar ssan
ru~Bar Bel Cher Dol Gor Kar Kras Leb Mal Pol Rya Sam Shch Tum Ush Zhel Zub~|a|i|o|e~rinov kovsky tsev nenko chenko shkin sov bin donov
br~Ar Bal Bit Cas Cav Fag Gui Laz Mal Mag Nog Pac Quei Sal Tav Vas~|a|e|i|o~ncourt rães lhães roz ndes nheiro canti tello ueira des
"""
TAIL = {
    code: (a.split(), b.split("|"), c.split())
    for code, a, b, c in (row.split("~") for row in _TAIL_ROWS.strip().split("\n"))
}
NICKS = {
    pair.split(":")[0]: pair.split(":")[1].split(",")
    for pair in "Robert:Bob,Rob,Bobby William:Bill,Will,Billy Richard:Rick,Dick,Rich James:Jim,Jimmy,Jamie Michael:Mike,Mick,Michi John:Jack,Johnny Thomas:Tom,Tommy Christopher:Chris,Topher Daniel:Dan,Danny Matthew:Matt Andrew:Andy,Drew Steven:Steve Stephen:Steve Joseph:Joe,Joey Charles:Charlie,Chuck Anthony:Tony Edward:Ed,Ted,Eddie Timothy:Tim Jeffrey:Jeff Nicholas:Nick Jonathan:Jon,Jonny Lawrence:Larry Benjamin:Ben Samuel:Sam Gregory:Greg Patrick:Pat,Paddy Alexander:Alex,Sascha,Xander Theodore:Ted,Theo Raymond:Ray Philip:Phil Vincent:Vince Kevin:Kev Elizabeth:Liz,Beth,Betty,Lisa Jennifer:Jen,Jenny Patricia:Pat,Trish,Patty Susan:Sue,Susie Jessica:Jess Margaret:Maggie,Peggy,Meg Kimberly:Kim Deborah:Deb,Debbie Stephanie:Steph Rebecca:Becky,Becca Katherine:Kate,Kathy,Katie Catherine:Cathy,Kate Kathleen:Kathy Christine:Chris,Tina Pamela:Pam Samantha:Sam Victoria:Vicky,Tori Cynthia:Cindy Jacqueline:Jackie Abigail:Abby Amanda:Mandy Judith:Judy Theresa:Terry,Tess "
    "Andreas:Andi Stefan:Steff,Stephan Markus:Mark Wolfgang:Wolf Matthias:Matze,Hias Tobias:Tobi Sebastian:Basti Florian:Flo Maximilian:Max Johannes:Hannes,Jo,Hans,Joop Hans-Peter:Hans,HP Karl-Heinz:Heinz,Kalle Joachim:Achim,Jo Philipp:Phil Christoph:Chris Josef:Sepp,Jupp Susanne:Susi,Sanne Katharina:Kathi,Katja,Käthe Stefanie:Steffi Christina:Tina,Chrissi Franziska:Franzi Elisabeth:Lisa,Sissi,Elli Gabriele:Gabi Martina:Tina Ursula:Uschi,Ulla Monika:Moni Marie-Luise:Marlies Anne-Marie:Anne Barbara:Babsi,Basia Ulrike:Uli Johanna:Hanna Francisco:Paco,Fran,Curro José:Pepe,Zé Antonio:Toni,Toño Manuel:Manolo Ignacio:Nacho Jesús:Chus Javier:Javi Dolores:Lola Concepción:Concha Mercedes:Merche Pilar:Pili Isabel:Isa Enrique:Quique Alejandro:Álex Giuseppe:Beppe,Pino Francesco:Franco,Checco Alessandro:Sandro,Ale Giovanni:Gianni,Nino Salvatore:Totò,Salvo Vincenzo:Enzo Francesca:Franca Alessandra:Sandra "
    "Hendrik:Henk Cornelis:Kees,Cor Willem:Wim Jacobus:Koos,Jaap Pieter:Piet Gerrit:Ger Maarten:Marten Krzysztof:Krzysiek,Chris Tomasz:Tomek Paweł:Pawel Piotr:Piotrek,Peter Małgorzata:Gosia Katarzyna:Kasia Agnieszka:Aga Aleksandra:Ola Joanna:Asia Wojciech:Wojtek Stanisław:Staszek Mikael:Micke Fredrik:Fredde Birgitta:Gittan Mehmet:Memo Mustafa:Musti İbrahim:Ibo Rajesh:Raj,Raju Venkatesh:Venkat,Venky Srinivas:Srini Subramaniam:Subbu Vikram:Vik Lakshmi:Laxmi Aishwarya:Aish Mohammed:Mo Abdulrahman:Abdul Dmitry:Dima Sergey:Serge Mikhail:Misha Ekaterina:Katya Anastasia:Nastya Vladimir:Vova Nikolay:Kolya Natalia:Natasha Maria:Masha,Mia Jean-Baptiste:JB Jean-Pierre:JP Jean-Luc:Luc Frédéric:Fred Sébastien:Seb Christophe:Chris Stéphanie:Steph Marie-Claude:Marie Anne-Sophie:Anne Luiz:Luizinho Eduardo:Edu Rafael:Rafa Gustavo:Guga Fernanda:Nanda Guillaume:Will Nicolas:Nico".split()
}
# Spellings that people who hear a name, or who transcribe it, take for one another.
SPELLINGS = [
    group.split(",")
    for group in "Meyer,Meier,Maier,Mayer,Meijer Schmidt,Schmitt,Schmid,Smith Schulz,Schulze,Schultz,Scholz Hoffmann,Hofmann,Hoffman Thompson,Thomson Kraus,Krauss,Krause Muller,Müller,Mueller,Miller Stephen,Steven,Stephan,Stefan Mohammed,Muhammad,Mohamed,Mohamad Sergey,Sergei,Serguei Dmitry,Dmitri,Dimitri Alexey,Aleksei,Alexei Evgeny,Yevgeny,Evgeni Yuri,Juri,Yury Ahmed,Ahmad,Achmed Youssef,Yusuf,Yousef,Josef Hussein,Husain,Hossein Katherine,Catherine,Kathryn,Katharine Philip,Phillip,Philipp Jeffrey,Geoffrey Mikhail,Michail Alexander,Aleksandr,Alexandre Andersson,Anderson,Andersen Eriksson,Ericsson,Erikson Jansen,Janssen,Jansson Petersen,Peterson,Petersson,Pettersson Nielsen,Nilsen,Nilsson Kuznetsov,Kusnezow Chatterjee,Chatterji Vasiliev,Vasilyev,Wassiljew Ivanov,Iwanow Reynolds,Renolds Stewart,Stuart Allen,Alan,Allan Clark,Clarke Brown,Browne,Braun Gray,Grey Reed,Reid,Read MacLeod,McLeod Pfeiffer,Pfeifer Schäfer,Schaefer,Schaffer Zhang,Chang Zhou,Chow Wang,Wong Li,Lee Sarah,Sara Ann,Anne,Anna Christina,Kristina,Christine Karin,Carin,Karen Claudia,Klaudia Martin,Marten Lefebvre,Lefèvre,Lefebre Sørensen,Sorensen,Soerensen Ito,Itoh Sato,Satoh,Satou Ono,Ohno Saito,Saitoh Watanabe,Vatanabe".split()
]
SOUNDS = [
    tuple(pair.split(">"))
    for pair in "ph>f ck>k tt>t ei>ai ie>i th>t dt>t nn>n ll>l ss>s mm>m sch>sh tz>z ou>u ai>ay gh>g cz>tch sz>sh w>v v>f c>k z>s y>i j>y ae>e oe>o b>p d>t m>n".split()
]
SCANS = [
    tuple(pair.split(">"))
    for pair in "rn>m m>rn l>1 O>0 I>l cl>d e>c S>5 B>8 g>q vv>w w>vv ü>ii ü>u ö>o ä>a é>e ç>c i>l t>f h>b a>o n>ri li>h o>0".split()
]


class Country(NamedTuple):
    """What addresses, numbers and firms of one country look like."""

    names: str
    dial: str
    trunk: str
    cultures: str
    legal: str
    tlds: str
    postcode: str
    streets: str
    cities: str
    roles: str
    mails: str


# One country a line; fields apart by ~, in the order of Country.
_COUNTRY_ROWS = """
US~United States|USA|US|U.S.A.|United States of America~1~~en*9 es in cn br ar it ru~Inc.|LLC|Corp.|Inc|Co.|L.P.|Incorporated~com com com net us~###~# Main Street|# Oak Avenue|# Industrial Parkway|# W Lake Drive|# Commerce Boulevard|# Elm Road|# Park Avenue, Suite #|# Washington Street|# Airport Road|# NE 4th Avenue~New York/NYC/New York City|NY/New York|10|212;Chicago|IL/Illinois|60|312;Houston|TX/Texas|77|713;Los Angeles/LA/L.A.|CA/California|90|213;Atlanta|GA/Georgia|30|404;Saint Louis/St. Louis|MO/Missouri|63|314;Boston|MA/Massachusetts|02|617;Denver|CO/Colorado|80|303;Minneapolis/Mpls|MN/Minnesota|55|612;Columbus|OH/Ohio|43|614;Charlotte|NC/North Carolina|28|704;Springfield|IL/Illinois|62|217;Fort Worth/Ft. Worth|TX/Texas|76|817;Portland|OR/Oregon|97|503;Grand Rapids|MI/Michigan|49|616~info sales office purchasing ap contact orders~gmail.com yahoo.com hotmail.com aol.com outlook.com comcast.net icloud.com
GB~United Kingdom|UK|GB|Great Britain|England~44~0~en*12 in*2 ar pl cn~Ltd|Limited|PLC|LLP|Ltd.~co.uk co.uk com uk~# #@@~# High Street|# Station Road|# Church Lane|# Victoria Road|Unit #, Mill Lane|# King's Road|# The Green|# Park Avenue~London|Greater London|EC|20;Manchester|Lancashire/Greater Manchester|M|161;Birmingham/B'ham|West Midlands|B|121;Leeds|West Yorkshire|LS|113;Bristol|Avon|BS|117;Newcastle upon Tyne/Newcastle|Tyne and Wear|NE|191;Edinburgh|Scotland|EH|131;Reading|Berkshire|RG|118;Kingston upon Hull/Hull|East Yorkshire|HU|148~info sales office accounts enquiries purchasing~gmail.com hotmail.co.uk btinternet.com yahoo.co.uk outlook.com
DE~Germany|Deutschland|DE|D|GER~49~0~de*14 tr*2 pl ru it ar~GmbH|GmbH & Co. KG|AG|KG|e.K.|OHG|SE|UG (haftungsbeschränkt)~de de de com eu~###~Hauptstraße #|Bahnhofstraße #|Industriestraße #|Gartenweg #|Am Markt #|Schillerstraße #|Siemensring #|Lindenallee #|Im Gewerbepark #|Mühlweg #a|Goethestraße #~München/Munich/Muenchen|Bayern/BY|80|89;Berlin|Berlin|10|30;Hamburg|Hamburg/HH|20|40;Köln/Cologne/Koeln|Nordrhein-Westfalen/NRW|50|221;Frankfurt am Main/Frankfurt/Frankfurt a.M.|Hessen|60|69;Stuttgart|Baden-Württemberg/BW|70|711;Düsseldorf/Duesseldorf|Nordrhein-Westfalen/NRW|40|211;Nürnberg/Nuremberg/Nuernberg|Bayern/BY|90|911;Hannover/Hanover|Niedersachsen|30|511;Bielefeld|Nordrhein-Westfalen/NRW|33|521;Freiburg im Breisgau/Freiburg|Baden-Württemberg/BW|79|761;Würzburg|Bayern/BY|97|931;Leipzig|Sachsen|04|341;Rosenheim|Bayern/BY|83|8031~info einkauf vertrieb kontakt buchhaltung mail zentrale~gmx.de web.de t-online.de gmail.com freenet.de googlemail.com outlook.de
AT~Austria|Österreich|AT|A~43~0~de*10 tr pl~GmbH|AG|KG|GesmbH|e.U.~at at com~##~Hauptstraße #|Ringstraße #|Dorfplatz #|Wiener Straße #|Mariahilfer Gasse #~Wien/Vienna|Wien|10|1;Graz|Steiermark|80|316;Linz|Oberösterreich|40|732;Salzburg|Salzburg|50|662;Innsbruck|Tirol|60|512~office info einkauf verkauf~gmx.at gmail.com aon.at chello.at
CH~Switzerland|Schweiz|CH|Suisse~41~0~de*6 fr*3 it*2~AG|GmbH|SA|Sàrl~ch ch com swiss~##~Bahnhofstrasse #|Seestrasse #|Rue du Lac #|Dorfstrasse #|Industriestrasse #~Zürich/Zurich/Zuerich|ZH|80|44;Basel/Bâle|BS|40|61;Genève/Geneva/Genf|GE|12|22;Bern/Berne|BE|30|31;Lausanne|VD|10|21;Winterthur|ZH|84|52~info office kontakt einkauf~bluewin.ch gmx.ch gmail.com
FR~France|FR|F|Frankreich~33~0~fr*12 ar*2 es it~SA|SARL|SAS|EURL|S.A.S.|SNC~fr fr com~0##~# rue de la République|# avenue Victor Hugo|# boulevard Saint-Michel|ZI Nord, # rue des Artisans|# place du Marché|# chemin des Vignes|# rue Pasteur~Paris|Île-de-France|75|14;Lyon|Rhône|69|47;Marseille|Bouches-du-Rhône|13|49;Toulouse|Haute-Garonne|31|56;Nantes|Loire-Atlantique|44|24;Strasbourg/Straßburg|Bas-Rhin|67|38;Saint-Étienne/St Etienne|Loire|42|47;Lille|Nord|59|32~contact info achats commercial compta~orange.fr free.fr gmail.com wanadoo.fr laposte.net hotmail.fr
ES~Spain|España|ES|Espana~34~~es*12 ar~S.L.|S.A.|SL|SA|S.L.U.~es es com~0##~Calle Mayor #|Avenida de la Constitución #|Calle de Alcalá #|Polígono Industrial Sur, nave #|Plaza de España #|Paseo de Gracia #~Madrid|Madrid|28|91;Barcelona/BCN|Cataluña|08|93;Valencia|Comunidad Valenciana|46|96;Sevilla/Seville|Andalucía|41|95;Zaragoza/Saragossa|Aragón|50|97;Bilbao|País Vasco|48|94;Málaga|Andalucía|29|95;A Coruña/La Coruña|Galicia|15|98~info compras ventas administracion comercial~gmail.com hotmail.es yahoo.es telefonica.net
IT~Italy|Italia|IT|I~39~~it*13 ar~S.r.l.|S.p.A.|Srl|SpA|S.n.c.|di F.lli~it it it com~1##~Via Roma #|Via Garibaldi #|Corso Italia #|Piazza Dante #|Viale dell'Industria #|Via dei Mille #/A~Milano/Milan|Lombardia/MI|20|02;Roma/Rome|Lazio/RM|00|06;Torino/Turin|Piemonte/TO|10|011;Bologna|Emilia-Romagna/BO|40|051;Napoli/Naples|Campania/NA|80|081;Verona|Veneto/VR|37|045;Firenze/Florence|Toscana/FI|50|055;Bergamo|Lombardia/BG|24|035~info acquisti vendite amministrazione ordini~libero.it gmail.com virgilio.it tiscali.it hotmail.it alice.it
NL~Netherlands|Nederland|NL|The Netherlands|Holland~31~0~nl*10 tr ar fr~B.V.|BV|N.V.|VOF~nl nl com~## @@~Kerkstraat #|Stationsweg #|Industrieweg #|Keizersgracht #|Dorpsstraat #|Prins Bernhardlaan #~Amsterdam/A'dam|Noord-Holland|10|20;Rotterdam/R'dam|Zuid-Holland|30|10;Den Haag/The Hague/'s-Gravenhage|Zuid-Holland|25|70;Utrecht|Utrecht|35|30;Eindhoven|Noord-Brabant|56|40;Groningen|Groningen|97|50;'s-Hertogenbosch/Den Bosch|Noord-Brabant|52|73~info inkoop verkoop administratie~gmail.com hotmail.nl ziggo.nl kpnmail.nl xs4all.nl
PL~Poland|Polska|PL|Polen~48~~pl*14 ru~Sp. z o.o.|S.A.|sp. j.|Sp.k.~pl pl com.pl~-###~ul. Długa #|ul. Kościuszki #|al. Jerozolimskie #|ul. Przemysłowa #|ul. Polna #/#~Warszawa/Warsaw|mazowieckie|00|22;Kraków/Krakow/Cracow|małopolskie|30|12;Wrocław/Wroclaw/Breslau|dolnośląskie|50|71;Poznań/Poznan|wielkopolskie|60|61;Gdańsk/Gdansk|pomorskie|80|58;Łódź/Lodz|łódzkie|90|42~biuro info zakupy kontakt sekretariat~wp.pl onet.pl gmail.com o2.pl interia.pl
SE~Sweden|Sverige|SE|Schweden~46~0~se*12 ar pl~AB|HB|AB (publ)~se se com~# ##~Storgatan #|Kungsgatan #|Industrivägen #|Skolvägen #|Box #~Stockholm/Sthlm|Stockholms län|11|8;Göteborg/Gothenburg/Goteborg|Västra Götaland|41|31;Malmö/Malmo|Skåne|21|40;Uppsala|Uppsala län|75|18;Västerås/Vasteras|Västmanland|72|21~info order inkop kontakt~gmail.com telia.com hotmail.se bredband.net
BR~Brazil|Brasil|BR~55~0~br*12 it jp de~Ltda.|S.A.|ME|Ltda|EIRELI~com.br com.br com~###-###~Rua das Flores, #|Avenida Paulista, #|Rua XV de Novembro, #|Avenida Brasil, #~São Paulo/Sao Paulo/SP|SP|01|11;Rio de Janeiro/Rio|RJ|20|21;Belo Horizonte/BH|MG|30|31;Curitiba|PR|80|41;Porto Alegre|RS|90|51~contato compras vendas financeiro~gmail.com hotmail.com uol.com.br terra.com.br bol.com.br
IN~India|IN|IND~91~0~in*14 ar~Pvt. Ltd.|Private Limited|Ltd.|LLP|Pvt Ltd~in co.in com~####~# MG Road|Plot #, MIDC Phase II|#/2 Nehru Nagar|# Anna Salai|# Park Street~Bengaluru/Bangalore|Karnataka|56|80;Mumbai/Bombay|Maharashtra|40|22;Chennai/Madras|Tamil Nadu|60|44;New Delhi/Delhi|Delhi|11|11;Pune/Poona|Maharashtra|41|20;Hyderabad|Telangana|50|40;Kolkata/Calcutta|West Bengal|70|33~info sales purchase accounts hr~gmail.com yahoo.co.in rediffmail.com yahoo.com
TR~Turkey|Türkiye|TR|Turkiye~90~0~tr*14~A.Ş.|Ltd. Şti.|San. ve Tic. A.Ş.~com.tr com.tr com~###~Atatürk Caddesi No: #|Cumhuriyet Bulvarı #|OSB 3. Cadde No: #|Bağdat Caddesi #~İstanbul/Istanbul|İstanbul|34|212;Ankara|Ankara|06|312;İzmir/Izmir|İzmir|35|232;Bursa|Bursa|16|224~info satis satinalma muhasebe~gmail.com hotmail.com mynet.com yandex.com
CN~China|CN|PRC|P.R. China~86~0~cn*14~Co., Ltd.|Co. Ltd|Group Co., Ltd.|Limited~cn com.cn com~####~No. # Nanjing Road|# Zhongshan Rd|Bldg. #, Science Park|# Jianguo Road~Shanghai|Shanghai|20|21;Beijing/Peking|Beijing|10|10;Shenzhen|Guangdong|51|755;Guangzhou/Canton|Guangdong|51|20;Suzhou|Jiangsu|21|512~info sales export service~qq.com 163.com 126.com gmail.com
JP~Japan|JP|JPN~81~0~jp*14~K.K.|Co., Ltd.|Corporation|G.K.~co.jp co.jp jp~#-####~#-#-# Marunouchi|#-# Umeda|#-#-# Sakae|#-# Nishi-Shinjuku~Tokyo|Tokyo|10|3;Osaka|Osaka|53|6;Nagoya|Aichi|46|52;Yokohama|Kanagawa|22|45;Fukuoka|Fukuoka|81|92~info sales contact soumu~gmail.com yahoo.co.jp docomo.ne.jp
AE~United Arab Emirates|UAE|AE|U.A.E.~971~0~ar*8 in*4 en*2 ru~LLC|FZE|L.L.C.|FZ-LLC~ae ae com~~P.O. Box #|Sheikh Zayed Road, Tower #|Office #, Business Bay|Warehouse #, Al Quoz~Dubai/Dubayy|Dubai|0|4;Abu Dhabi/Abudhabi|Abu Dhabi|0|2;Sharjah|Sharjah|0|6~info sales admin procurement~gmail.com yahoo.com hotmail.com eim.ae
"""
COUNTRIES = {row.split("~")[0]: Country(*row.split("~")[1:]) for row in _COUNTRY_ROWS.strip().split("\n")}
BRAND_A = "Nova Syn Alt Ver Inno Quan Cor Axo Lumi Heli Sola Omni Zen Vec Ori Bri Fen Kal Tri Delta Ari Mono Pro Uni Eco Hydro Agri Termo Opti Mega Iso Bio Cera Ferro Petro Vita Duro Geo Lino Kron".split()
BRAND_B = "tek ron dyne via sys tis mark lon nex flow ware med form gen plast chem tron lux mat fix dor pack san cast vent quip mont tech line zon cell tex rix va lab".split()
BRAND_C = "North South Blue Red Silver Golden Green Iron Stone East West Great Summit Pioneer Harbor Granite Cedar Crown Liberty Prime Sterling Falcon Eagle Atlas Phoenix Beacon".split()
BRAND_D = "Ridge Harbor Valley River Point Bridge Field Lake Star Peak Gate Coast Rock Wing Forest Creek Mill Tower Mountain Bay".split()
ACTIVITY = {
    "en": "Systems|Industries|Consulting|Logistics|Manufacturing|Foods|Software|Group|Engineering|Partners|Medical|Holdings|Solutions|Construction|Insurance Brokers|Packaging|Technologies|Services|Supply|Financial".split(
        "|"
    ),
    "de": "Maschinenbau|Systeme|Logistik|Metallbau|Bau|Consulting|Software|Elektrotechnik|Lebensmittel|Holding|Medizintechnik|Werkzeugbau|Spedition|Kunststofftechnik|Ingenieurbüro|Immobilien|Möbel|Getränke".split(
        "|"
    ),
    "fr": "Industrie|Conseil|Logistique|Distribution|Ingénierie|Services|Bâtiment|Électronique|Agroalimentaire|Groupe|Informatique|Emballages".split(
        "|"
    ),
    "es": "Industrias|Consultores|Logística|Construcciones|Alimentación|Servicios|Sistemas|Grupo|Distribuciones|Ingeniería|Instalaciones".split(
        "|"
    ),
    "it": "Meccanica|Costruzioni|Alimentari|Impianti|Consulenza|Logistica|Arredamenti|Sistemi|Gruppo|Officine|Elettronica|Plastica".split(
        "|"
    ),
    "nl": "Bouw|Logistiek|Techniek|Advies|Transport|Groep|Installaties|Software|Voeding|Metaal".split("|"),
}
PARTS = "Purchasing Dept.|Abt. Einkauf|Plant 2|Werk Süd|IT Department|Head Office|Accounts Payable|Zentrale|Sales Office|Vertrieb|HR|R&D|Warehouse|Niederlassung|Division Automotive|Business Unit Energy|Service".split(
    "|"
)
WHOLE_TITLES = [
    line.split("|")
    for line in "Chief Executive Officer|CEO|C.E.O.|President & CEO|Chief Exec. Officer;Managing Director|MD|Geschäftsführer|GF|Managing Dir.|General Manager;Owner|Inhaber|Owner/Founder|Proprietor|Founder;Chief Financial Officer|CFO|Finance Director|Kaufm. Leiter|C.F.O.;Chief Technology Officer|CTO|Technical Director|Technischer Leiter;Chief Operating Officer|COO|Director Operations;Executive Assistant|EA to CEO|PA|Assistentin GF|Exec. Asst.|Sekretariat;Office Manager|Office Mgr|Office Administration|Büroleitung;Authorised Signatory|Prokurist|Authorized Officer;Accountant|Bookkeeper|Buchhaltung|Senior Accountant|Comptable;Software Engineer|Developer|SW Engineer|Sr. Software Engineer|Entwickler;Project Engineer|Proj. Eng.|Projektingenieur|Engineer;Account Executive|AE|Acct Exec|Account Manager|Key Account Manager|KAM;Plant Manager|Werkleiter|Factory Manager|Site Manager;Consultant|Senior Consultant|Berater|Sr Consultant;Buyer|Senior Buyer|Einkäufer|Purchaser|Acheteur;Administrator|Admin|System Administrator|SysAdmin".split(
        ";"
    )
]
FUNCTIONS = [
    line.split("|")
    for line in "Purchasing|Procurement|Sourcing|Einkauf|Achats;Sales|Vertrieb|Ventes|Commercial|Verkauf;Marketing|Mktg|Marketing & Communications|Marcom;Finance|Finanzen|Fin. & Controlling|Finance & Accounting;Human Resources|HR|Personal|People;IT|Information Technology|Information Systems|EDV;Operations|Ops|Betrieb;Production|Manufacturing|Produktion|Fertigung;Logistics|Supply Chain|Logistik|Supply Chain & Logistics;Quality|QA|Quality Assurance|Qualität|QM;Engineering|Eng.|Technik|Konstruktion;Research & Development|R&D|Entwicklung|F&E;Customer Service|Customer Care|Kundendienst|Support;Business Development|BD|Biz Dev|Bus. Development;Legal|Legal Affairs|Recht;Maintenance|Facility|Instandhaltung;Export|International Sales|Export Sales".split(
        ";"
    )
]
LEVELS = [
    line.split("|")
    for line in "Head of {}|{} Head|Leiter {}|Ltg. {}|Head {}|Group Lead {};VP {}|Vice President {}|Vice Pres., {}|VP of {}|V.P. {};{} Manager|Manager {}|{} Mgr.|Mgr {}|Senior {} Manager|{} Mngr;Director of {}|{} Director|Dir. {}|Direktor {}|Director, {};{} Specialist|{} Spec.|Referent {}|Sachbearbeiter {};{} Assistant|Asst. {}|Assistenz {}|{} Asst;{} Coordinator|Coord. {}|{} Coord.;Senior {} Analyst|{} Analyst|Sr. {} Analyst".split(
        ";"
    )
]
BEFORE = "Dr.|Dr.|Dr.|Prof. Dr.|Dipl.-Ing.|Ing.|Dr.-Ing.|Prof.|Mag.|Dott.|Eng.|Rev.|Lt. Col.".split("|")
AFTER = "PhD|MBA|MBA|CPA|M.Sc.|P.E.|MD|Esq.|LL.M.|PMP|Ph.D.|CPSM|B.Eng.".split("|")
CIVIL = {
    "M": "Mr.|Mr|Herr|M.|Sr.|Hr.|Sig.|Dhr.|Mr".split("|"),
    "F": "Ms.|Mrs|Frau|Mme|Sra.|Fr.|Sig.ra|Mevr.|Ms".split("|"),
}
PLACEHOLDERS = {
    "email": "n/a|-|none|test@test.com|noemail@noemail.com|unknown@unknown.com|keine|x@x.com|no@mail.com|asdf@asdf.de|info@example.com".split(
        "|"
    ),
    "phone": "n/a|-|555-0100|000000|0|123456789|unknown|+49|99999999|tbd|(000) 000-0000".split("|"),
    "company": "n/a|-|unknown|none|private|Privat|self|Self-employed|.|TBD|test|various".split("|"),
    "title": "n/a|-|unknown|Other|Sonstige|Please select|x|Employee|Contact|.".split("|"),
    "first_name": "n/a|-|unknown|Hr.|Fr.|.|x|Unbekannt|Info|N.N.".split("|"),
    "last_name": "n/a|-|unknown|.|x|[not provided]|Unbekannt|NN|Contact".split("|"),
    "name": "n/a|-|unknown|.|[not provided]|Einkauf|Purchasing|N.N.|Sir/Madam|Accounts Payable".split("|"),
}
OTHER_PLACEHOLDERS = "n/a|-|unknown|.|x|NULL|#N/A".split("|")
SLIPS = [
    tuple(pair.split(">"))
    for pair in "gmail.com>gmial.com gmail.com>gmail.con gmail.com>gmai.com gmail.com>googlemail.com hotmail>hotmial yahoo>yaho .com>.con .com>.co .de>.d .com>,com .de>.com outlook>outlok .co.uk>.couk t-online>tonline .com>.cm .fr>.com .it>.com @>@@ .>, .>_ @>(at) @>.".split()
]
FANCY = "sunny tiger bluesky mountainbiker golfer mausi rocky starlight chef capitano bigdog skipper moonchild garfield rider papillon fuchsi guitarman nightowl redsox".split()
LONG_SHORT = [
    tuple(pair.split(">"))
    for pair in "Street>St Avenue>Ave Boulevard>Blvd Road>Rd Drive>Dr Parkway>Pkwy straße>str. strasse>str. Straße>Str. Calle>C/ Avenida>Avda. avenue>av. boulevard>bd Via>V. Corso>C.so Lane>Ln Suite>Ste Rua>R. Caddesi>Cad. gatan>g. Manager>Mgr Director>Dir Assistant>Asst Senior>Sr Engineer>Eng International>Intl Department>Dept Industries>Ind. Manufacturing>Mfg Technologies>Tech Services>Svcs Maschinenbau>Masch.bau Consulting>Cons. Construction>Constr. Group>Grp Systems>Sys. Logistics>Log. Associates>Assoc.".split()
]

_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_SPECIAL = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "æ": "ae"})
_CUMS = {n: list(accumulate(1 / (i + 2.5) ** 0.85 for i in range(n))) for n in range(1, 160)}


class Phone(NamedTuple):
    """A number by country code, trunk digit, area, subscriber number and extension."""

    dial: str
    trunk: str
    area: str
    number: str
    ext: str = ""


class Place(NamedTuple):
    """A postal address, with the other spellings of its city and its state."""

    country: str
    cities: tuple[str, ...]
    states: tuple[str, ...]
    postcode: str
    street: str
    area: str


class Title(NamedTuple):
    """A position: rows of the title tables, and the wording its holder prefers."""

    level: int
    function: int
    wording: int


@lru_cache(maxsize=200_000)
def fold(text: str, german: bool = False) -> str:
    """Lower-case a text and take off its accents, with ae for a-umlaut where german."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", (text.translate(_GERMAN) if german else text).translate(_SPECIAL))
        text = "".join(c for c in text if not unicodedata.combining(c))
    return text.lower()


def slug(text: str, german: bool = False) -> str:
    """Only the letters and digits of a text, folded."""
    return "".join(c for c in fold(text, german) if c.isalnum() and c.isascii())


def ranked(rng: random.Random, items: list[str]) -> str:
    """One of a list whose early items are far more frequent."""
    return rng.choices(items, cum_weights=_CUMS[len(items)])[0]


class Kind(NamedTuple):
    """How one kind of system sees people; the tuples are weights of the forms it holds."""

    style: str
    names: tuple[str, ...]
    share: float
    old: float
    reworded: float
    honors: float
    firsts: tuple[float, ...]
    mails: tuple[float, ...]
    phones: tuple[float, ...]
    firms: tuple[float, ...]
    lacks: dict[str, float]


# firsts: full, nickname, initial, middle, initials; mails: work, other domain, private, role, shared, guessed;
# phones: direct, switchboard, mobile, home; firms: brand, full, legal, short, department, subsidiary.
# A row: style~names~share, old, reworded, honors~firsts~mails~phones~firms~what it lacks.
_KIND_ROWS = """
export~old_crm crm_2009 act_export goldmine~3 0.8 0.25 0.5~10 1 1.2 2 0.3~10 2 0.8 1 0.6 0~6 4 1.5 0.3~3 4 4 0.6 1 1~email=0.3 title=0.2 state=0.5 country=0.3
form~marketing webform mailtool hub~3 0.2 0.5 0.1~10 4 0.5 0.5 0.1~8 1.5 4 0.3 0.2 0~2 1 6 0.8~6 3 0.8 0.8 0.6 0.4~phone=0.55 title=0.4 city=0.4 street=0.85 postcode=0.7 state=0.7 company=0.25
scan~fair_scan badge_2018 events~1.6 0.3 0.2 0.5~10 1 0.5 2 0.3~10 1.5 0.4 0.3 0 0~4 1 4 0~3 4 3 0.3 0.5 1~phone=0.5 street=0.7 postcode=0.6 state=0.8 city=0.2
leads~leadlist_a bought_leads databroker~2 0.9 0.7 0.05~10 2 1.5 1 0.2~6 1.5 0.3 1 0 4~2 7 0.8 0~4 4 2 0.2 0.2 1.2~email=0.3 street=0.5 phone=0.2 postcode=0.3
caps~erp sap_01 billing~2.4 0.7 0.3 0.3~9 0.3 2 1.2 0.8~6 1.2 0.2 3 0.6 0~3 7 0.5 0.2~0.5 2 9 0.2 1 0.8~title=0.75 email=0.35 country=0.05
notes~callcenter agent_notes phone_log~1.5 0.3 0.6 0.25~9 5 0.8 0.2 0.2~5 1 2 0.5 0.8 0~5 3 4 0.8~6 2 0.3 2 1.2 0.4~email=0.6 title=0.6 street=0.9 postcode=0.85 state=0.8 country=0.7 city=0.3 first_name=0.12
letter~newsletter subscribers~0.8 0.4 0.5 0.05~8 3 0.5 0.1 0.1~7 1 5 0.3 0.2 0~3 1 4 1~5 3 1 0.5 0.3 0.3~phone=0.95 title=0.9 company=0.7 city=0.8 street=0.95 postcode=0.9 state=0.9 country=0.7 first_name=0.5 last_name=0.5 name=0.5
"""


def _floats(text: str) -> tuple[float, ...]:
    return tuple(float(word) for word in text.split())


def _kind(row: str) -> Kind:
    style, names, habits, firsts, mails, phones, firms, lacks = row.split("~")
    share, old, reworded, honors = _floats(habits)
    forms = (_floats(firsts), _floats(mails), _floats(phones), _floats(firms))
    gaps = {pair.split("=")[0]: float(pair.split("=")[1]) for pair in lacks.split()}
    return Kind(style, tuple(names.split()), share, old, reworded, honors, *forms, gaps)


KINDS = {row.split("~")[0]: _kind(row) for row in _KIND_ROWS.strip().split("\n")}
LAYOUTS = [
    ("first_name last_name email phone company city title", 34.0),
    ("name email phone company", 28.0),
    ("name email phone company title city country", 10.0),
    ("first_name last_name email phone company street postcode city state country title", 12.0),
    ("first_name last_name email company", 7.0),
    ("name email phone company street postcode city", 9.0),
]
# For the check that a copy can still be known: nickname to name; for the telephone: word to its other spellings.
CANON = {fold(nick): fold(name) for name, nicks in reversed(NICKS.items()) for nick in nicks}
HEARD = {word: [other for other in group if other != word] for group in SPELLINGS for word in group}


def _digits(rng: random.Random, n: int) -> str:
    return str(rng.randrange(2 * 10 ** (n - 1), 10**n))


def new_place(rng: random.Random, code: str, city: str | None = None) -> Place:
    """A made-up address in a country, or in one row of its cities."""
    row = COUNTRIES[code]
    names, states, prefix, area = (city or ranked(rng, row.cities.split(";"))).split("|")
    street = rng.choice(row.streets.split("|"))
    while "#" in street:
        street = street.replace("#", str(int(rng.paretovariate(0.5)) % 300 + 1), 1)
    fill = "".join(
        str(rng.randrange(10)) if c == "#" else rng.choice("ABDEHJLNPRSTUWXY") if c == "@" else c for c in row.postcode
    )
    return Place(code, tuple(names.split("/")), tuple(states.split("/")), prefix + fill if fill else "", street, area)


def new_phone(rng: random.Random, place: Place, mobile: bool = False) -> Phone:
    """A made-up number of a place, or of its country's mobile networks."""
    row = COUNTRIES[place.country]
    if row.dial == "1":
        return Phone("1", "", place.area, _digits(rng, 7))
    if mobile:
        start = {"49": "17", "43": "66", "41": "7", "33": "6", "44": "77", "91": "98"}.get(row.dial, "6")
        return Phone(row.dial, row.trunk, start + str(rng.randrange(10)), _digits(rng, 7))
    return Phone(row.dial, row.trunk, place.area, _digits(rng, 8 - len(place.area) % 2))
