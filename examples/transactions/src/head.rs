//! What merchants are called before the word for their trade: people, places, animals.

use crate::{dice::Dice, lexicon::Tongue, place::Place};

/// Which of two worlds that share no merchant a name belongs to.
///
/// Text for pretraining comes from one, everything that is logged, judged or served from the other. The side
/// follows from the name itself, so it holds for every seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The log, the gold set and the month.
    Traffic,
    /// The text for pretraining.
    Pretraining,
}

impl Side {
    /// The side of a name: a quarter of all names are for pretraining.
    pub(crate) fn of(name: &str) -> Self {
        if blake3::hash(name.as_bytes()).as_bytes()[0].is_multiple_of(4) {
            Self::Pretraining
        } else {
            Self::Traffic
        }
    }
}

/// After whom or what the merchants of a trade are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// Shops: owners, animals, streets.
    Fancy,
    /// Practices and firms: the people in them.
    People,
    /// Utilities and authorities: the land they serve.
    Land,
}

/// Draws a name of the given side for a merchant at `place`.
pub(crate) fn draw(
    side: Side,
    naming: Naming,
    tongue: Option<Tongue>,
    place: Place,
    dice: &mut Dice,
) -> String {
    if naming == Naming::Land && Side::of(place.city) == side && dice.chance(0.5) {
        return place.city.to_owned();
    }
    loop {
        let name = match tongue {
            Some(tongue) => abroad(tongue, naming, dice),
            None => home(naming, dice),
        };
        if Side::of(&name) == side {
            return name;
        }
    }
}

fn home(naming: Naming, dice: &mut Dice) -> String {
    match naming {
        Naming::Fancy => match dice.below(20) {
            0..=5 => format!("{} {}", dice.pick(QUALITIES), dice.pick(THINGS)),
            6..=8 => format!("{}'S", dice.pick(GIVEN)),
            9..=10 => (*dice.pick(SURNAMES)).to_owned(),
            11 => format!("{} & SONS", dice.pick(SURNAMES)),
            12..=13 => format!("{} {}", dice.pick(GIVEN), dice.pick(SURNAMES)),
            14..=15 => format!("{} {}", dice.pick(SURNAMES), dice.pick(LANDS)),
            16..=17 => format!("{} {}", dice.pick(THINGS), dice.pick(LANDS)),
            18 => format!("{} ST", dice.pick(THINGS)),
            _ => (*dice.pick(SPOTS)).to_owned(),
        },
        Naming::People => match dice.below(10) {
            0..=3 => (*dice.pick(SURNAMES)).to_owned(),
            4..=5 => format!("{} & {}", dice.pick(SURNAMES), dice.pick(SURNAMES)),
            6..=7 => format!("{} {}", dice.pick(GIVEN), dice.pick(SURNAMES)),
            8 => format!("{} {}", dice.pick(SURNAMES), dice.pick(LANDS)),
            _ => format!("{} {}", dice.pick(QUALITIES), dice.pick(LANDS)),
        },
        Naming::Land => match dice.below(10) {
            0..=2 => format!("{} {}", dice.pick(QUALITIES), dice.pick(LANDS)),
            3..=5 => format!("{} {}", dice.pick(THINGS), dice.pick(LANDS)),
            6..=7 => format!("{} COUNTY", dice.pick(SURNAMES)),
            8 => format!("{} {}", dice.pick(SURNAMES), dice.pick(LANDS)),
            _ => (*dice.pick(SPOTS)).to_owned(),
        },
    }
}

fn abroad(tongue: Tongue, naming: Naming, dice: &mut Dice) -> String {
    let (people, spots) = match tongue {
        Tongue::French => (FRENCH, FRENCH_SPOTS),
        Tongue::German => (GERMAN, GERMAN_SPOTS),
        Tongue::Spanish => (SPANISH, SPANISH_SPOTS),
        Tongue::Italian => (ITALIAN, ITALIAN_SPOTS),
        Tongue::Polish => (POLISH, POLISH_SPOTS),
        Tongue::Turkish => (TURKISH, TURKISH_SPOTS),
        Tongue::Japanese => (JAPANESE, JAPANESE_SPOTS),
    };
    match (naming, dice.below(5)) {
        (Naming::Land, 0..=2) => (*dice.pick(spots)).to_owned(),
        (Naming::Land, _) => format!("{} {}", dice.pick(spots), dice.between(2, 98)),
        (_, 0 | 1) => (*dice.pick(people)).to_owned(),
        (Naming::Fancy, 2) => (*dice.pick(spots)).to_owned(),
        (_, 2 | 3) => format!("{} {}", dice.pick(people), dice.pick(people)),
        _ => format!("{} {}", dice.pick(people), dice.between(2, 98)),
    }
}

const QUALITIES: &[&str] = &[
    "BLUE", "SILVER", "WILD", "LITTLE", "OLD", "CRIMSON", "QUIET", "SUNNY", "LUCKY", "TWIN", "RUSTIC",
    "BRAVE", "HIDDEN", "GREEN", "WHITE", "BLACK", "COPPER", "HAPPY", "GRAND", "FOGGY", "NORTHERN",
    "SOUTHERN", "EASTERN", "WESTERN", "UPPER", "LOWER", "MISTY", "IVORY", "SCARLET", "AMBER", "LAZY",
    "DANCING", "FLYING", "ROYAL", "BROKEN", "PAINTED", "SEVEN", "THREE", "FIRST", "NEW", "LONE", "MIGHTY",
    "GENTLE", "CLEVER", "WINDY", "SALTY", "VELVET", "COZY", "NOBLE", "TALL",
];
const THINGS: &[&str] = &[
    "HERON",
    "FOX",
    "OAK",
    "WILLOW",
    "MAPLE",
    "CEDAR",
    "PINE",
    "RAVEN",
    "FALCON",
    "OTTER",
    "BEAR",
    "MOOSE",
    "ELK",
    "BUFFALO",
    "TURTLE",
    "DOLPHIN",
    "ANCHOR",
    "LANTERN",
    "COMPASS",
    "WAGON",
    "BARREL",
    "ARROW",
    "FEATHER",
    "CROW",
    "SPARROW",
    "ROBIN",
    "PELICAN",
    "DRAGON",
    "LOTUS",
    "TULIP",
    "POPPY",
    "CLOVER",
    "THISTLE",
    "IVY",
    "FERN",
    "MOON",
    "STAR",
    "COMET",
    "RIVER",
    "CANYON",
    "MEADOW",
    "HOLLOW",
    "BADGER",
    "RABBIT",
    "TIGER",
    "LION",
    "PANDA",
    "KOALA",
    "MAGNOLIA",
    "JUNIPER",
    "SAGE",
    "HICKORY",
    "BIRCH",
    "ELM",
    "ASPEN",
    "CYPRESS",
    "GOOSE",
    "ROOSTER",
    "LOBSTER",
    "WHALE",
    "SEAL",
    "GULL",
    "PEARL",
    "MARBLE",
    "GRANITE",
    "FLINT",
    "CASTLE",
    "TOWER",
    "WINDMILL",
    "LIGHTHOUSE",
];
const LANDS: &[&str] = &[
    "VALLEY", "CREEK", "RIDGE", "HILLS", "SPRINGS", "POINT", "HARBOR", "PRAIRIE", "FALLS", "GROVE", "LAKE",
    "BAY", "MESA", "HEIGHTS", "FORK", "CROSSING", "ISLAND", "SHORES", "GLEN", "PLAINS",
];
const SPOTS: &[&str] = &[
    "MAIN STREET",
    "5TH AVE",
    "LAKESIDE",
    "DOWNTOWN",
    "MIDTOWN",
    "EASTSIDE",
    "WESTSIDE",
    "HIGHLAND",
    "UNION SQUARE",
    "CAPITOL HILL",
    "BAYVIEW",
    "RIVERSIDE",
    "OLD TOWN",
    "SUNSET",
    "PARKVIEW",
    "HILLCREST",
    "BROADWAY",
    "MISSION BLVD",
    "GREENWICH",
    "ROUTE 66",
    "CAMPUS",
    "42ND ST",
    "SEASIDE",
    "CROSSROADS",
    "UPTOWN",
    "WATERFRONT",
    "NORTHGATE",
    "SOUTHPARK",
    "TRI-CITY",
    "METRO WEST",
];
const GIVEN: &[&str] = &[
    "MARIA", "TONY", "ROSA", "JOE", "SAL", "LUPE", "BETTY", "FRANK", "GINA", "HENRY", "IRENE", "JACK",
    "KATE", "LEO", "MAX", "NINA", "OSCAR", "PETE", "QUINN", "RUBY", "SAM", "TESS", "URSULA", "VERA", "WALT",
    "XENA", "YOLANDA", "ZEKE", "ALMA", "BRUNO", "CARMEN", "DIEGO", "ELENA", "FATIMA", "GRETA", "HUGO",
    "INEZ", "JULES", "KAI", "LENA", "MING", "NADIA", "OTTO", "PILAR", "RAJ", "SOFIA", "TARIQ", "UMA",
    "VICTOR", "WEI",
];
const SURNAMES: &[&str] = &[
    "HOLLOWAY",
    "JENSEN",
    "OKAFOR",
    "PATEL",
    "NGUYEN",
    "RAMIREZ",
    "KOWALCZYK",
    "SULLIVAN",
    "BECKETT",
    "DALTON",
    "ELLISON",
    "FITZGERALD",
    "GALLAGHER",
    "HARGROVE",
    "IVERSON",
    "JACOBSEN",
    "KENDRICK",
    "LINDQUIST",
    "MCALLISTER",
    "NAKAMURA",
    "OBRIEN",
    "PEMBERTON",
    "QUIGLEY",
    "ROSENTHAL",
    "SANTIAGO",
    "THORNTON",
    "UNDERHILL",
    "VASQUEZ",
    "WHITAKER",
    "YAMAMOTO",
    "ZIMMERMAN",
    "ABBOTT",
    "BRANNIGAN",
    "CASTELLANO",
    "DELACRUZ",
    "EVERHART",
    "FARROW",
    "GREENBERG",
    "HUTCHINS",
    "IBRAHIM",
    "JORDANSEN",
    "KAPLAN",
    "LOMBARDI",
    "MARCHETTI",
    "NOVAK",
    "OSTROWSKI",
    "PRESCOTT",
    "RUTHERFORD",
    "STAFFORD",
    "TREMBLAY",
    "ULRICH",
    "VANCE",
    "WALLACE",
    "YATES",
    "ZHANG",
    "ARMSTRONG",
    "BLACKWELL",
    "CRAWFORD",
    "DRISCOLL",
    "ERICKSON",
    "FERGUSON",
    "GUTIERREZ",
    "HENDRICKS",
    "KIRKLAND",
    "LANCASTER",
    "MONTGOMERY",
    "NORWOOD",
    "ORTEGA",
    "PARRISH",
    "REDDY",
    "SINCLAIR",
    "TALBOT",
    "VOSS",
    "WINSLOW",
    "ASHWORTH",
    "BRADSHAW",
    "CALLOWAY",
    "DUNMORE",
    "EASTMAN",
    "FAIRBANKS",
];
const FRENCH: &[&str] = &[
    "DUPONT",
    "LEFEVRE",
    "MOREAU",
    "GIRARD",
    "ROUSSEL",
    "FONTAINE",
    "CHEVALIER",
    "MERCIER",
    "BLANCHARD",
    "GARNIER",
    "FAURE",
    "LAMBERT",
    "RENAUD",
    "PICARD",
    "COLLET",
    "MARCEAU",
    "DELORME",
    "VIDAL",
    "BESSON",
    "LACROIX",
];
const FRENCH_SPOTS: &[&str] = &[
    "DU MARCHE",
    "DE LA GARE",
    "SAINT MICHEL",
    "DES HALLES",
    "DU PONT NEUF",
    "BELLEVUE",
    "DE LA PLACE",
    "DU CENTRE",
    "DES LILAS",
    "SAINT ANTOINE",
    "DU CHATEAU",
    "DES ALPES",
    "DE LA MAIRIE",
    "REPUBLIQUE",
];
const GERMAN: &[&str] = &[
    "SCHMIDT",
    "HUBER",
    "BRANDT",
    "KRAUSE",
    "VOGEL",
    "LEHMANN",
    "ZIEGLER",
    "HARTMANN",
    "KELLER",
    "SEIDEL",
    "BAUMANN",
    "PFEIFFER",
    "GRUBER",
    "WINKLER",
    "NEUMANN",
    "STEINER",
    "REINHARDT",
    "LORENZ",
    "EBERT",
    "THALER",
];
const GERMAN_SPOTS: &[&str] = &[
    "AM MARKT",
    "AM TOR",
    "ZUM LOEWEN",
    "ZUR POST",
    "AM RATHAUS",
    "LINDENSTR",
    "BAHNHOFSTR",
    "ALTSTADT",
    "NORDSTADT",
    "AM DOM",
    "SEEBLICK",
    "ZUM HIRSCHEN",
    "HAUPTSTR",
    "SUEDRING",
];
const SPANISH: &[&str] = &[
    "GARCIA",
    "HERRERO",
    "NAVARRO",
    "IGLESIAS",
    "CORTES",
    "MOLINA",
    "SERRANO",
    "CABALLERO",
    "LOZANO",
    "PRIETO",
    "CAMPOS",
    "VEGA",
    "FUENTES",
    "ROLDAN",
    "AGUIRRE",
    "BENITEZ",
    "CARRASCO",
    "DURAN",
    "ESPINOSA",
    "GALLEGO",
];
const SPANISH_SPOTS: &[&str] = &[
    "LA PLAZA",
    "EL SOL",
    "SAN JUAN",
    "SANTA ANA",
    "LA ESTRELLA",
    "EL RINCON",
    "LA RAMBLA",
    "EL PUERTO",
    "LAS FLORES",
    "GRAN VIA",
    "LA PALOMA",
    "LOS ARCOS",
    "SAN MARTIN",
    "EL FARO",
];
const ITALIAN: &[&str] = &[
    "ROSSI",
    "BIANCHI",
    "FERRARA",
    "COLOMBO",
    "RICCI",
    "GRECO",
    "CONTI",
    "ESPOSITO",
    "GALLO",
    "MANCINI",
    "RIZZO",
    "MORETTI",
    "BARONE",
    "LEONE",
    "FONTANA",
    "SERRA",
    "VITALE",
    "TESTA",
    "PELLEGRINI",
    "CATTANEO",
];
const ITALIAN_SPOTS: &[&str] = &[
    "DA GINO",
    "IL PONTE",
    "SAN MARCO",
    "LA TORRE",
    "DEL CORSO",
    "DELLA STAZIONE",
    "AL DUOMO",
    "SANTA LUCIA",
    "IL SOLE",
    "LA PERGOLA",
    "DA ENZO",
    "VIA ROMA",
    "DEL PORTO",
    "BELVEDERE",
];
const POLISH: &[&str] = &[
    "NOWICKI",
    "WISNIEWSKI",
    "ZIELINSKI",
    "MAZUR",
    "KRAWCZYK",
    "DUDEK",
    "ADAMSKI",
    "PAWLAK",
    "SIKORA",
    "WALCZAK",
    "BARAN",
    "SZEWCZYK",
    "PIETRZAK",
    "MALINOWSKI",
    "JAWORSKI",
    "STEPIEN",
];
const POLISH_SPOTS: &[&str] = &[
    "NA ROGU",
    "POD LIPAMI",
    "STARY RYNEK",
    "U BABCI",
    "ZLOTY KLOS",
    "POD ORLEM",
    "NAD WISLA",
    "CENTRUM",
    "ZA MOSTEM",
    "SLONECZNA",
];
const TURKISH: &[&str] = &[
    "YILMAZ", "KAYA", "DEMIR", "SAHIN", "CELIK", "YILDIZ", "AYDIN", "OZTURK", "ARSLAN", "DOGAN", "KILIC",
    "ASLAN", "CETIN", "KOC OGLU", "KURT", "OZKAN",
];
const TURKISH_SPOTS: &[&str] = &[
    "BOGAZICI", "SULTAN", "ANADOLU", "GUNES", "SAHIL", "MERKEZ", "CARSI", "KONAK", "MARMARA", "LALE",
];
const JAPANESE: &[&str] = &[
    "TANAKA",
    "SUZUKIYA",
    "MATSUMOTO",
    "INOUE",
    "SAKURAI",
    "HAYASHI",
    "MORIYAMA",
    "KOBAYASHI",
    "FUJIWARA",
    "ISHIKAWA",
    "OGAWA",
    "NISHIDA",
    "KURODA",
    "AOKI",
    "SHIMIZU",
    "TAKEDA",
];
const JAPANESE_SPOTS: &[&str] = &[
    "SHINJUKU",
    "EKIMAE",
    "HIGASHI",
    "NISHIGUCHI",
    "SAKURA",
    "FUJI",
    "MINATO",
    "KAWARAMACHI",
    "UENO",
    "MARUNOUCHI",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_drawn_for_one_side_only() {
        let mut dice = Dice::new(1, "head", 0);
        for tongue in Tongue::ALL.map(Some).into_iter().chain([None]) {
            for naming in [Naming::Fancy, Naming::People, Naming::Land] {
                for side in [Side::Traffic, Side::Pretraining] {
                    for _ in 0..50 {
                        let place = Place::home(&mut dice);
                        let name = draw(side, naming, tongue, place, &mut dice);
                        assert_eq!(Side::of(&name), side, "{name}");
                    }
                }
            }
        }
    }
}
