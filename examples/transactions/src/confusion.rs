//! What a teacher mistakes for what.

use std::collections::BTreeSet;

use task_spec::LabelSet;

use crate::Category;

/// For each label of a set, the mistakes that a teacher makes on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Confusions {
    labels: Vec<Mistakes>,
}

/// The mistakes on one label.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mistakes {
    /// Other labels by index, with weights. Never empty.
    pub(crate) instead: Vec<(usize, f64)>,
    /// Answers that are no label at all. Never empty.
    pub(crate) invented: Vec<String>,
    /// How much likelier a mistake is than on an ordinary label; 1 is ordinary.
    pub(crate) slip: f64,
}

/// A row of the written-down table: the truth, what it is taken for, and what is made up for it.
type Row = (Category, &'static [(Category, u8)], &'static [&'static str]);

impl Confusions {
    /// Those of the main example, from a table that is written down here.
    ///
    /// # Panics
    ///
    /// Never: a test checks that every category is in the table.
    #[must_use]
    pub fn of_transactions() -> Self {
        let labels = Category::ALL
            .iter()
            .map(|&category| {
                let (_, instead, invented) = TABLE
                    .iter()
                    .find(|(truth, _, _)| *truth == category)
                    .expect("every category is in the table");
                Mistakes {
                    instead: instead
                        .iter()
                        .map(|&(other, weight)| (other as usize, f64::from(weight)))
                        .collect(),
                    invented: invented.iter().map(|&name| name.to_owned()).collect(),
                    slip: rarity(category.share()),
                }
            })
            .collect();
        Self { labels }
    }

    /// Those of any label set: a label is taken for labels that share words with it, and sometimes for its
    /// neighbours in the list.
    #[must_use]
    pub fn by_shared_words(labels: &LabelSet) -> Self {
        let words: Vec<BTreeSet<String>> = labels.names().map(words).collect();
        let labels = labels
            .names()
            .enumerate()
            .map(|(index, name)| Mistakes {
                instead: (0..words.len())
                    .filter(|&other| other != index)
                    .map(|other| {
                        let shared = words[index].intersection(&words[other]).count();
                        let near = index.abs_diff(other) <= 2;
                        (
                            other,
                            (shared * shared) as f64 * 4.0 + f64::from(u8::from(near)) + 0.02,
                        )
                    })
                    .collect(),
                invented: vec![
                    "other".to_owned(),
                    format!("{name}_other"),
                    format!(
                        "general_{}",
                        words[index].first().map_or("question", String::as_str)
                    ),
                ],
                slip: 1.0,
            })
            .collect();
        Self { labels }
    }

    /// How many labels there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a label set is never empty")]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn on(&self, label: usize) -> &Mistakes {
        &self.labels[label]
    }
}

/// Rare labels are mistaken more often: a label of 2% of the traffic is ordinary, one of 0.12% slips twice as often.
fn rarity(share: f64) -> f64 {
    (0.02 / share).sqrt().sqrt().clamp(0.7, 2.2)
}

fn words(name: &str) -> BTreeSet<String> {
    name.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 2)
        .map(str::to_owned)
        .collect()
}

const TABLE: &[Row] = {
    use Category::*;
    &[
        (
            Groceries,
            &[(DepartmentStore, 3), (EatingOut, 2), (Pharmacy, 1), (Coffee, 1)],
            &["food & drink", "supermarkets", "food"],
        ),
        (
            EatingOut,
            &[(Coffee, 4), (Groceries, 2), (FoodDelivery, 2), (Hotels, 1)],
            &["restaurants", "food & drink", "dining"],
        ),
        (
            Fuel,
            &[(Groceries, 3), (CarRepair, 2), (Electricity, 1)],
            &["gas", "transportation", "auto"],
        ),
        (
            Coffee,
            &[(EatingOut, 5), (Groceries, 2)],
            &["restaurants", "cafes", "food & drink"],
        ),
        (
            PublicTransport,
            &[(RideHailing, 3), (Parking, 2), (Tolls, 1)],
            &["transportation", "travel"],
        ),
        (
            Streaming,
            &[(Software, 3), (Internet, 2), (Cinema, 1)],
            &["subscriptions", "entertainment"],
        ),
        (
            FoodDelivery,
            &[(EatingOut, 5), (Groceries, 1), (RideHailing, 1)],
            &["restaurants", "delivery"],
        ),
        (
            Pharmacy,
            &[(Doctors, 3), (Groceries, 2), (HairAndBeauty, 1)],
            &["health", "drugstore", "medical"],
        ),
        (
            RideHailing,
            &[(PublicTransport, 3), (FoodDelivery, 2), (Airlines, 1)],
            &["transportation", "taxi", "travel"],
        ),
        (
            Clothing,
            &[(DepartmentStore, 4), (HairAndBeauty, 1), (Jewelry, 1)],
            &["shopping", "fashion"],
        ),
        (
            DepartmentStore,
            &[(Clothing, 3), (Groceries, 3), (Furniture, 1), (Electronics, 1)],
            &["shopping", "general merchandise"],
        ),
        (
            Parking,
            &[(Tolls, 2), (PublicTransport, 2), (GovernmentFees, 1)],
            &["transportation", "auto"],
        ),
        (
            MobilePhone,
            &[(Internet, 5), (Electronics, 1)],
            &["utilities", "phone", "telecom"],
        ),
        (
            Software,
            &[(Streaming, 3), (Electronics, 2), (Internet, 1)],
            &["subscriptions", "business services"],
        ),
        (
            CashWithdrawal,
            &[(BankFees, 5), (Gambling, 1)],
            &["atm", "cash", "transfers"],
        ),
        (
            Electronics,
            &[(DepartmentStore, 3), (Software, 2), (HardwareStore, 1)],
            &["shopping", "technology"],
        ),
        (
            HardwareStore,
            &[(Furniture, 2), (DepartmentStore, 2), (Electronics, 1)],
            &["home improvement", "shopping", "home"],
        ),
        (
            Gym,
            &[(HairAndBeauty, 2), (Doctors, 1), (Tuition, 1)],
            &["fitness", "health", "subscriptions"],
        ),
        (
            Insurance,
            &[(Doctors, 2), (Mortgage, 2), (BankFees, 1)],
            &["bills", "financial services"],
        ),
        (
            Hotels,
            &[(Rent, 2), (EatingOut, 2), (Airlines, 1)],
            &["travel", "lodging"],
        ),
        (
            Electricity,
            &[(Water, 3), (Internet, 2), (Fuel, 1)],
            &["utilities", "bills", "energy"],
        ),
        (
            Rent,
            &[(Mortgage, 3), (Hotels, 2), (Insurance, 1)],
            &["housing", "bills"],
        ),
        (
            Airlines,
            &[(Hotels, 2), (PublicTransport, 1), (RideHailing, 1)],
            &["travel", "flights"],
        ),
        (
            PetCare,
            &[(Doctors, 3), (DepartmentStore, 1)],
            &["pets", "shopping"],
        ),
        (
            HairAndBeauty,
            &[(Gym, 2), (Pharmacy, 2), (Clothing, 1)],
            &["personal care", "health"],
        ),
        (
            Doctors,
            &[(Dentist, 2), (Pharmacy, 3), (Insurance, 1)],
            &["health", "medical"],
        ),
        (
            Internet,
            &[(MobilePhone, 5), (Streaming, 2)],
            &["utilities", "telecom"],
        ),
        (
            BankFees,
            &[(CashWithdrawal, 3), (Taxes, 1)],
            &["fees", "financial services"],
        ),
        (
            Books,
            &[(Tuition, 1), (DepartmentStore, 2), (Toys, 1)],
            &["shopping", "entertainment"],
        ),
        (
            CarRepair,
            &[(Fuel, 4), (HardwareStore, 1)],
            &["auto", "transportation"],
        ),
        (Cinema, &[(Streaming, 3), (EatingOut, 1)], &["entertainment"]),
        (
            Charity,
            &[(GovernmentFees, 1), (Insurance, 1), (Tuition, 1)],
            &["donations", "gifts"],
        ),
        (
            Water,
            &[(Electricity, 4), (GovernmentFees, 2)],
            &["utilities", "bills"],
        ),
        (
            Tolls,
            &[(Parking, 3), (PublicTransport, 2)],
            &["transportation", "travel"],
        ),
        (
            VideoGames,
            &[(Software, 3), (Toys, 2), (Streaming, 1)],
            &["entertainment", "gaming"],
        ),
        (
            Mortgage,
            &[(Rent, 3), (Insurance, 2), (BankFees, 1)],
            &["housing", "loans"],
        ),
        (
            Furniture,
            &[(HardwareStore, 3), (DepartmentStore, 2)],
            &["home", "shopping"],
        ),
        (Dentist, &[(Doctors, 5)], &["health", "medical"]),
        (Childcare, &[(Tuition, 4), (Charity, 1)], &["education", "kids"]),
        (
            Toys,
            &[(DepartmentStore, 2), (VideoGames, 2), (Books, 1)],
            &["shopping", "kids"],
        ),
        (
            Gambling,
            &[(VideoGames, 2), (Cinema, 1), (CashWithdrawal, 1)],
            &["entertainment", "lottery"],
        ),
        (
            Postage,
            &[(GovernmentFees, 1), (DepartmentStore, 1), (Books, 1)],
            &["shipping", "services"],
        ),
        (Tuition, &[(Childcare, 3), (Books, 1)], &["education"]),
        (
            Jewelry,
            &[(Clothing, 3), (DepartmentStore, 2)],
            &["shopping", "gifts"],
        ),
        (
            GovernmentFees,
            &[(Taxes, 4), (Parking, 1)],
            &["government", "fees"],
        ),
        (
            Taxes,
            &[(GovernmentFees, 5), (BankFees, 1)],
            &["government", "bills"],
        ),
        (
            LegalServices,
            &[(GovernmentFees, 2), (Insurance, 1)],
            &["professional services", "fees"],
        ),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task;

    #[test]
    fn every_category_is_mistaken_for_others_only() {
        let task = task();
        assert_eq!(TABLE.len(), Category::ALL.len());
        let table = Confusions::of_transactions();
        for (index, category) in Category::ALL.iter().enumerate() {
            let mistakes = table.on(index);
            assert!(
                mistakes.instead.iter().all(|&(other, _)| other != index),
                "{category:?}"
            );
            for invented in &mistakes.invented {
                assert_eq!(
                    task.labels().resolve(invented),
                    None,
                    "{invented} is a label after all"
                );
            }
        }
    }

    #[test]
    fn any_label_set_is_confused_by_its_words() {
        let labels = LabelSet::from_names([
            "card_arrival",
            "exchange_rate",
            "pin_blocked",
            "card_lost",
            "top_up",
        ])
        .unwrap();
        let confusions = Confusions::by_shared_words(&labels);
        let (favourite, _) = confusions
            .on(0)
            .instead
            .iter()
            .copied()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap();
        assert_eq!(labels.name(favourite), Some("card_lost"));
        for index in 0..labels.len() {
            assert!(
                confusions
                    .on(index)
                    .invented
                    .iter()
                    .all(|name| labels.resolve(name).is_none())
            );
        }
    }
}
