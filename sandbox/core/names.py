"""Names written down here, where those of Faker are wrong, rare, or say nothing of how they are read.

Bulgarian: nicknames, and women's names among men's.  Polish: families of one form only.
Turkish: names that nobody has borne for a century.  Hebrew and Arabic: letters do not
tell the vowels, so each name stands beside what its bearer would write in Latin letters.
"""

from __future__ import annotations

from typing import Final


def words(text: str) -> tuple[str, ...]:
    """The words of *text*."""
    return tuple(text.split())


def read(text: str) -> tuple[tuple[str, str], ...]:
    """Names with how they are read, from ``נועה:noa``."""
    pairs = (pair.split(":") for pair in text.split())
    return tuple((written, latin) for written, latin in pairs)


POLISH_FAMILIES: Final = words(
    "Kowalski Wiśniewski Dąbrowski Lewandowski Kamiński Zieliński Szymański Kozłowski Jankowski Wojciechowski "
    "Kwiatkowski Piotrowski Grabowski Nowakowski Pawłowski Michalski Nowicki Jabłoński Majewski Olszewski "
    "Jaworski Malinowski Witkowski Górski Rutkowski Ostrowski Tomaszewski Zalewski Jakubowski Jasiński "
    "Zawadzki Sadowski Chmielewski Borkowski Czarnecki Sawicki Sokołowski Urbański Maciejewski Szczepański"
)

BULGARIAN_WOMEN: Final = words(
    "Мария Иванка Елена Йорданка Пенка Виктория Радка Александра Надежда Даниела Десислава Маргарита "
    "Стефка Росица Виолета Гергана Цветанка Петя Милена Ралица Теодора Габриела Симона Весела Антоанета "
    "Светлана Лиляна Ваня Албена Биляна Боряна Калина Кристина Лилия Мила Невена Никол София Цветелина Яна"
)

BULGARIAN_MEN: Final = words(
    "Георги Иван Димитър Николай Петър Христо Александър Йордан Стефан Мартин Васил Тодор Стоян Красимир "
    "Пламен Атанас Любомир Калоян Виктор Кирил Емил Борис Владимир Даниел Антон Ангел Асен Бойко Валентин "
    "Веселин Венцислав Огнян Радослав Росен Румен Светослав Симеон Тихомир Цветан Явор"
)

BULGARIAN_FAMILIES: Final = words(
    "Иванов Георгиев Димитров Петров Николов Христов Стоянов Тодоров Илиев Ангелов Василев Йорданов Атанасов "
    "Петков Колев Маринов Стефанов Попов Михайлов Александров Костов Митев Симеонов Павлов Добрев Кирилов "
    "Марков Цветков Янев Радев Вълчев Господинов Русев Божинов Миланов Златев Младенов Недялков Захариев Тошев"
)

TURKISH_WOMEN: Final = words(
    "Ayşe Fatma Zeynep Elif Emine Hatice Merve Esra Büşra Kübra Özlem Derya Sevgi Gül Aslı Ebru "
    "Pınar Selin Ceren Deniz Buse İrem Gamze Tuğba Melike Nur Sibel Yasemin Nazlı Defne Ece Burcu "
    "Hande Şule"
)

TURKISH_MEN: Final = words(
    "Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim Murat Emre Burak Serkan Volkan Okan Kerem Can "
    "Cem Onur Barış Umut Tolga Kaan Yusuf Ömer Furkan Oğuz Selim Halil İsmail Kemal Orhan Fatih "
    "Erdem Sinan Arda"
)

TURKISH_FAMILIES: Final = words(
    "Yılmaz Kaya Demir Çelik Şahin Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan "
    "Çetin Kara Koç Kurt Özkan Şimşek Polat Korkmaz Çakır Güneş Aksoy Taş Bulut Keskin Ünal Turan "
    "Güler Yavuz Bozkurt Acar Tekin Avcı Işık Ateş Sarı Uçar"
)

HEBREW_WOMEN: Final = read(
    "נועה:noa מאיה:maya תמר:tamar אביגיל:avigail שירה:shira יעל:yael מיכל:michal רותם:rotem "
    "עדי:adi הילה:hila דנה:dana רונית:ronit אורית:orit ענת:anat גלית:galit סיגל:sigal לימור:limor "
    "שרון:sharon קרן:keren אפרת:efrat מורן:moran הדס:hadas ענבל:inbal נטע:neta רוני:roni "
    "ליאת:liat אסתר:ester מרים:miriam חנה:hana רחל:rachel טלי:tali ורד:vered איילת:ayelet "
    "אורלי:orly"
)

HEBREW_MEN: Final = read(
    "נועם:noam איתי:itay יוסי:yossi דוד:david משה:moshe אורי:uri יונתן:yonatan דניאל:daniel "
    "עומר:omer אריאל:ariel גיא:guy רועי:roy עידו:ido אלון:alon ניר:nir אייל:eyal יובל:yuval "
    "עמית:amit תומר:tomer אסף:asaf רן:ran גלעד:gilad ערן:eran שי:shai אבי:avi יעקב:yaakov "
    "שמואל:shmuel חיים:haim אהוד:ehud דורון:doron ליאור:lior איתמר:itamar נדב:nadav אלעד:elad"
)

HEBREW_FAMILIES: Final = read(
    "כהן:cohen לוי:levi מזרחי:mizrahi פרץ:peretz ביטון:biton דהן:dahan אברהם:avraham "
    "פרידמן:friedman מלכה:malka אזולאי:azoulay כץ:katz יוסף:yosef עמר:amar אוחיון:ohayon "
    "חדד:hadad גבאי:gabay אדרי:edri לוין:levin טל:tal קליין:klein שפירא:shapira חזן:hazan "
    "סגל:segal גולן:golan ברק:barak רוזנברג:rosenberg גרינברג:greenberg וייס:weiss "
    "אשכנזי:ashkenazi שחר:shahar הראל:harel רביב:raviv נחום:nahum מור:mor אביב:aviv פלד:peled "
    "ברגר:berger סויסה:suissa בכר:behar עובדיה:ovadia"
)

ARABIC_WOMEN: Final = read(
    "نورة:noura سارة:sara ريم:reem فاطمة:fatimah مريم:maryam لطيفة:latifa هند:hind منى:mona "
    "أمل:amal العنود:alanoud غادة:ghada هيفاء:haifa لمى:lama دانة:dana رنا:rana سلمى:salma "
    "أسماء:asma خلود:kholoud وفاء:wafa شهد:shahad جواهر:jawaher بدور:bdour عهود:ohoud مها:maha "
    "نجلاء:najla ليلى:layla عائشة:aisha خديجة:khadija سمية:sumayya رغد:raghad جود:joud "
    "لجين:lujain ابتسام:ebtisam حصة:hessa"
)

ARABIC_MEN: Final = read(
    "محمد:mohammed أحمد:ahmed عبدالله:abdullah فهد:fahad خالد:khalid سعود:saud سلطان:sultan "
    "ناصر:nasser تركي:turki بندر:bandar ماجد:majed فيصل:faisal سعد:saad علي:ali عمر:omar "
    "يوسف:yousef إبراهيم:ibrahim عبدالرحمن:abdulrahman عبدالعزيز:abdulaziz مشعل:mishal نايف:naif "
    "راشد:rashed حمد:hamad صالح:saleh سامي:sami طلال:talal وليد:waleed زياد:ziyad هاني:hani "
    "بدر:badr ياسر:yasser رائد:raed أنس:anas حسن:hassan"
)

ARABIC_FAMILIES: Final = read(
    "القحطاني:alqahtani الغامدي:alghamdi الزهراني:alzahrani العتيبي:alotaibi الحربي:alharbi "
    "الشهري:alshehri الدوسري:aldossari المطيري:almutairi الشمري:alshammari العنزي:alanazi "
    "السبيعي:alsubaie البلوي:albalawi الجهني:aljohani المالكي:almalki العمري:alamri "
    "الأحمدي:alahmadi السلمي:alsulami الثقفي:althaqafi الخالدي:alkhaldi اليامي:alyami "
    "الرشيدي:alrashidi العسيري:alasiri الحازمي:alhazmi الفيفي:alfaifi الصاعدي:alsaedi "
    "الجابر:aljaber الحسن:alhassan السالم:alsalem الحمود:alhamoud العلي:alali الفهد:alfahad "
    "الناصر:alnasser الصالح:alsaleh الحميد:alhumaid المنصور:almansour العبدالله:alabdullah "
    "الخطيب:alkhatib النجار:alnajjar الحداد:alhaddad الشريف:alsharif"
)
