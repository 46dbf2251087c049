//! What merchants of each category are called: the words by which a careful reader decides.
//!
//! Every name here is made up or is the plain word for the trade. In a pattern `^` stands for the merchant's own
//! name ("CAFE ^"); a pattern without it follows that name ("^ CAFE"), and one that starts with `!` stands alone.

mod daily;
mod home;
mod leisure;
mod shopping;
mod travel;

use crate::{Category, head::Naming};

/// How a trade writes itself on a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// At a till: store numbers and cities.
    Till,
    /// A bill that comes every month: account numbers.
    Bill,
    /// On the web: domains and telephone numbers.
    Web,
    /// The bank itself.
    Bank,
}

/// A language in which merchants abroad call themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Tongue {
    French,
    German,
    Spanish,
    Italian,
    Polish,
    Turkish,
    Japanese,
}

impl Tongue {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 7] = [
        Self::French,
        Self::German,
        Self::Spanish,
        Self::Italian,
        Self::Polish,
        Self::Turkish,
        Self::Japanese,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::French => "French",
            Self::German => "German",
            Self::Spanish => "Spanish",
            Self::Italian => "Italian",
            Self::Polish => "Polish",
            Self::Turkish => "Turkish",
            Self::Japanese => "Japanese",
        }
    }
}

/// How a category's traffic divides; the weights need not sum to 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mix {
    /// Chains that everybody knows by name.
    pub(crate) chains: f64,
    /// Local merchants, named by themselves and their trade.
    pub(crate) locals: f64,
    /// Merchants abroad, in their language.
    pub(crate) abroad: f64,
    /// Shops on the web.
    pub(crate) web: f64,
}

/// The words of one category.
#[derive(Debug)]
pub(crate) struct Trade {
    pub(crate) category: Category,
    pub(crate) setting: Setting,
    /// What such a place is, with its article: "a coffee shop".
    pub(crate) place: &'static str,
    /// What people do there: "drink coffee".
    pub(crate) deed: &'static str,
    pub(crate) mix: Mix,
    /// Chains by their name alone, the commonest first. Their name is the cue.
    pub(crate) chains: &'static [&'static str],
    /// English words for the trade.
    pub(crate) words: &'static [&'static str],
    /// Words for the trade abroad.
    pub(crate) abroad: &'static [(Tongue, &'static str)],
    /// Brands on the web, shown as domains.
    pub(crate) web: &'static [&'static str],
}

impl Trade {
    /// After whom or what its local merchants are named.
    pub(crate) fn naming(&self) -> Naming {
        use Category as C;
        match self.category {
            C::Doctors | C::Dentist | C::LegalServices => Naming::People,
            C::PublicTransport
            | C::Parking
            | C::Tolls
            | C::Airlines
            | C::MobilePhone
            | C::Internet
            | C::Electricity
            | C::Water
            | C::Insurance
            | C::Mortgage
            | C::CashWithdrawal
            | C::BankFees
            | C::Taxes
            | C::GovernmentFees
            | C::Tuition
            | C::Charity => Naming::Land,
            _ => Naming::Fancy,
        }
    }
}

/// A part of a known house that trades as something else: a supermarket's pumps, a hotel's restaurant.
#[derive(Debug)]
pub(crate) struct Department {
    /// The category of the house, one of whose chains carries the department.
    pub(crate) house: Category,
    /// The word that decides.
    pub(crate) cue: &'static str,
    /// What it is.
    pub(crate) category: Category,
}

/// The words of a category.
pub(crate) fn trade(category: Category) -> &'static Trade {
    TABLES
        .iter()
        .flat_map(|table| table.iter())
        .find(|trade| trade.category == category)
        .expect("every category has its words, which a test checks")
}

const TABLES: [&[Trade]; 5] = [
    daily::TRADES,
    shopping::TRADES,
    travel::TRADES,
    home::TRADES,
    leisure::TRADES,
];

/// The departments that make a house's name alone misleading.
pub(crate) const DEPARTMENTS: &[Department] = {
    use Category as C;
    macro_rules! departments {
        ($($house:ident $cue:literal $category:ident;)*) => {
            &[$(Department { house: C::$house, cue: $cue, category: C::$category }),*]
        };
    }
    departments! {
        Groceries "FUEL" Fuel;
        Groceries "FUEL CTR" Fuel;
        Groceries "GAS" Fuel;
        Groceries "RX" Pharmacy;
        Groceries "PHARMACY" Pharmacy;
        Groceries "KITCHEN" EatingOut;
        Pharmacy "GROCERY" Groceries;
        DepartmentStore "GROCERY" Groceries;
        DepartmentStore "RX" Pharmacy;
        DepartmentStore "TIRE & LUBE" CarRepair;
        DepartmentStore "GAS" Fuel;
        DepartmentStore "SALON" HairAndBeauty;
        DepartmentStore "TOYS" Toys;
        DepartmentStore "RESTAURANT" EatingOut;
        DepartmentStore "PET SHOP" PetCare;
        Fuel "CAR WASH" CarRepair;
        Fuel "COFFEE BAR" Coffee;
        Hotels "RESTAURANT" EatingOut;
        Hotels "PARKING" Parking;
        Hotels "SPA" HairAndBeauty;
        Books "CAFE" Coffee;
        Furniture "RESTAURANT" EatingOut;
        RideHailing "EATS" FoodDelivery;
        RideHailing "MEALS" FoodDelivery;
        MobilePhone "FIBER" Internet;
        MobilePhone "BROADBAND" Internet;
        Internet "MOBILE" MobilePhone;
        Electronics "CLOUD" Software;
        Electronics "MUSIC SUB" Streaming;
        PublicTransport "PARK & RIDE" Parking;
    }
};

#[cfg(test)]
mod tests;
