//! Where merchants are.

use crate::{dice::Dice, lexicon::Tongue};

/// A city as a statement writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) city: &'static str,
    /// A US state or Canadian province, or the country.
    pub(crate) region: &'static str,
    /// The country, two letters.
    pub(crate) country: &'static str,
}

impl Place {
    /// A city at home, where English is written; the big ones are the likelier.
    pub(crate) fn home(dice: &mut Dice) -> Self {
        if dice.chance(0.08) {
            let &(city, region, country) = dice.pick(OVERSEAS);
            return Self {
                city,
                region,
                country,
            };
        }
        let &(city, region) = dice.pick_early(AMERICAN);
        Self {
            city,
            region,
            country: "US",
        }
    }

    /// A city where `tongue` is spoken.
    pub(crate) fn abroad(tongue: Tongue, dice: &mut Dice) -> Self {
        let &(city, country) = dice.pick(cities(tongue));
        Self {
            city,
            region: country,
            country,
        }
    }

    /// The country with three letters, as some networks write it.
    pub(crate) fn country3(&self) -> &'static str {
        match self.country {
            "US" => "USA",
            "CA" => "CAN",
            "GB" => "GBR",
            "IE" => "IRL",
            "AU" => "AUS",
            "FR" => "FRA",
            "BE" => "BEL",
            "CH" => "CHE",
            "DE" => "DEU",
            "AT" => "AUT",
            "ES" => "ESP",
            "MX" => "MEX",
            "IT" => "ITA",
            "PL" => "POL",
            "TR" => "TUR",
            _ => "JPN",
        }
    }

    /// The currency, and how many decimals its amounts have.
    pub(crate) fn currency(&self) -> (&'static str, usize) {
        match self.country {
            "US" => ("USD", 2),
            "CA" => ("CAD", 2),
            "GB" => ("GBP", 2),
            "AU" => ("AUD", 2),
            "CH" => ("CHF", 2),
            "MX" => ("MXN", 2),
            "PL" => ("PLN", 2),
            "TR" => ("TRY", 2),
            "JP" => ("JPY", 0),
            _ => ("EUR", 2),
        }
    }

    /// The country in English.
    pub(crate) fn country_name(&self) -> &'static str {
        match self.country {
            "US" => "the United States",
            "CA" => "Canada",
            "GB" => "Britain",
            "IE" => "Ireland",
            "AU" => "Australia",
            "FR" => "France",
            "BE" => "Belgium",
            "CH" => "Switzerland",
            "DE" => "Germany",
            "AT" => "Austria",
            "ES" => "Spain",
            "MX" => "Mexico",
            "IT" => "Italy",
            "PL" => "Poland",
            "TR" => "Turkey",
            _ => "Japan",
        }
    }
}

const AMERICAN: &[(&str, &str)] = &[
    ("NEW YORK", "NY"),
    ("LOS ANGELES", "CA"),
    ("CHICAGO", "IL"),
    ("HOUSTON", "TX"),
    ("PHOENIX", "AZ"),
    ("PHILADELPHIA", "PA"),
    ("SAN ANTONIO", "TX"),
    ("SAN DIEGO", "CA"),
    ("DALLAS", "TX"),
    ("AUSTIN", "TX"),
    ("SAN JOSE", "CA"),
    ("SEATTLE", "WA"),
    ("DENVER", "CO"),
    ("BOSTON", "MA"),
    ("PORTLAND", "OR"),
    ("NASHVILLE", "TN"),
    ("ATLANTA", "GA"),
    ("MIAMI", "FL"),
    ("COLUMBUS", "OH"),
    ("CHARLOTTE", "NC"),
    ("INDIANAPOLIS", "IN"),
    ("SAN FRANCISCO", "CA"),
    ("BALTIMORE", "MD"),
    ("DETROIT", "MI"),
    ("MEMPHIS", "TN"),
    ("LAS VEGAS", "NV"),
    ("MILWAUKEE", "WI"),
    ("ALBUQUERQUE", "NM"),
    ("TUCSON", "AZ"),
    ("SACRAMENTO", "CA"),
    ("KANSAS CITY", "MO"),
    ("OAKLAND", "CA"),
    ("MINNEAPOLIS", "MN"),
    ("TULSA", "OK"),
    ("TAMPA", "FL"),
    ("NEW ORLEANS", "LA"),
    ("CLEVELAND", "OH"),
    ("HONOLULU", "HI"),
    ("OMAHA", "NE"),
    ("RALEIGH", "NC"),
    ("BOISE", "ID"),
    ("SPOKANE", "WA"),
    ("DES MOINES", "IA"),
    ("SALT LAKE CIT", "UT"),
    ("ROCHESTER", "NY"),
    ("BUFFALO", "NY"),
    ("MADISON", "WI"),
    ("RENO", "NV"),
    ("CHATTANOOGA", "TN"),
    ("EUGENE", "OR"),
    ("FORT COLLINS", "CO"),
    ("SANTA FE", "NM"),
    ("ASHEVILLE", "NC"),
    ("SAVANNAH", "GA"),
    ("BURLINGTON", "VT"),
    ("ANN ARBOR", "MI"),
    ("BOZEMAN", "MT"),
    ("FLAGSTAFF", "AZ"),
    ("TACOMA", "WA"),
    ("BELLINGHAM", "WA"),
    ("PROVIDENCE", "RI"),
    ("HARTFORD", "CT"),
    ("NEWARK", "NJ"),
    ("HOBOKEN", "NJ"),
    ("PLANO", "TX"),
    ("ARLINGTON", "VA"),
    ("NORFOLK", "VA"),
    ("LEXINGTON", "KY"),
    ("LOUISVILLE", "KY"),
    ("BIRMINGHAM", "AL"),
    ("LITTLE ROCK", "AR"),
    ("FARGO", "ND"),
    ("SIOUX FALLS", "SD"),
    ("ANCHORAGE", "AK"),
    ("WILMINGTON", "DE"),
    ("MANCHESTER", "NH"),
    ("DULUTH", "MN"),
    ("BEND", "OR"),
];

const OVERSEAS: &[(&str, &str, &str)] = &[
    ("TORONTO", "ON", "CA"),
    ("VANCOUVER", "BC", "CA"),
    ("CALGARY", "AB", "CA"),
    ("HALIFAX", "NS", "CA"),
    ("LONDON", "GB", "GB"),
    ("LEEDS", "GB", "GB"),
    ("GLASGOW", "GB", "GB"),
    ("BRISTOL", "GB", "GB"),
    ("CARDIFF", "GB", "GB"),
    ("DUBLIN", "IE", "IE"),
    ("CORK", "IE", "IE"),
    ("SYDNEY", "AU", "AU"),
    ("MELBOURNE", "AU", "AU"),
    ("PERTH", "AU", "AU"),
];

fn cities(tongue: Tongue) -> &'static [(&'static str, &'static str)] {
    match tongue {
        Tongue::French => &[
            ("PARIS", "FR"),
            ("LYON", "FR"),
            ("MARSEILLE", "FR"),
            ("BORDEAUX", "FR"),
            ("NANTES", "FR"),
            ("LILLE", "FR"),
            ("STRASBOURG", "FR"),
            ("NICE", "FR"),
            ("BRUXELLES", "BE"),
            ("GENEVE", "CH"),
        ],
        Tongue::German => &[
            ("BERLIN", "DE"),
            ("MUENCHEN", "DE"),
            ("HAMBURG", "DE"),
            ("KOELN", "DE"),
            ("FRANKFURT", "DE"),
            ("DRESDEN", "DE"),
            ("FREIBURG", "DE"),
            ("WIEN", "AT"),
            ("SALZBURG", "AT"),
            ("ZUERICH", "CH"),
        ],
        Tongue::Spanish => &[
            ("MADRID", "ES"),
            ("BARCELONA", "ES"),
            ("VALENCIA", "ES"),
            ("SEVILLA", "ES"),
            ("MALAGA", "ES"),
            ("BILBAO", "ES"),
            ("CANCUN", "MX"),
            ("CDMX", "MX"),
        ],
        Tongue::Italian => &[
            ("ROMA", "IT"),
            ("MILANO", "IT"),
            ("TORINO", "IT"),
            ("NAPOLI", "IT"),
            ("FIRENZE", "IT"),
            ("BOLOGNA", "IT"),
            ("VENEZIA", "IT"),
            ("PALERMO", "IT"),
        ],
        Tongue::Polish => &[
            ("WARSZAWA", "PL"),
            ("KRAKOW", "PL"),
            ("GDANSK", "PL"),
            ("WROCLAW", "PL"),
            ("POZNAN", "PL"),
            ("LODZ", "PL"),
        ],
        Tongue::Turkish => &[
            ("ISTANBUL", "TR"),
            ("ANKARA", "TR"),
            ("IZMIR", "TR"),
            ("ANTALYA", "TR"),
            ("BURSA", "TR"),
        ],
        Tongue::Japanese => &[
            ("TOKYO", "JP"),
            ("OSAKA", "JP"),
            ("KYOTO", "JP"),
            ("FUKUOKA", "JP"),
            ("SAPPORO", "JP"),
            ("NAGOYA", "JP"),
        ],
    }
}
