//! The categories, and the task that asks for them.

use task_spec::{Label, Task};

macro_rules! categories {
    ($($variant:ident $name:literal $share:literal $description:literal;)*) => {
        /// What a transaction was for. The order is that of the label set.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each variant's `description` says what belongs there")]
        pub enum Category { $($variant),* }

        impl Category {
            /// Every category, in order.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// The label, as it is trained and served.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What belongs here.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$variant => $description),* }
            }

            /// Its share of the traffic, in 0..1; the shares sum to 1.
            #[must_use]
            pub fn share(self) -> f64 {
                match self { $(Self::$variant => $share / 1000.0),* }
            }
        }
    };
}

categories! {
    Groceries "groceries" 120.0 "Supermarkets, grocers, butchers and bakeries";
    EatingOut "eating-out" 100.0 "Restaurants, fast food, pubs and bars";
    Fuel "fuel" 68.0 "Petrol, diesel and charging at filling stations";
    Coffee "coffee" 62.0 "Coffee shops and tea rooms";
    PublicTransport "public-transport" 51.0 "Buses, trams, metros and trains";
    Streaming "streaming" 47.0 "Music, film and television by subscription";
    FoodDelivery "food-delivery" 47.0 "Meals brought to the door";
    Pharmacy "pharmacy" 44.0 "Pharmacies and drugstores";
    RideHailing "ride-hailing" 42.0 "Taxis, ride-hailing apps and vehicles hired by the trip";
    Clothing "clothing" 38.0 "Clothes and shoes";
    DepartmentStore "department-store" 34.0 "Department stores and general marketplaces";
    Parking "parking" 32.0 "Car parks, garages and meters";
    MobilePhone "mobile-phone" 30.0 "Mobile plans and top-ups";
    Software "software" 28.0 "Apps, hosting and cloud services";
    CashWithdrawal "cash-withdrawal" 25.0 "Cash from machines and counters";
    Electronics "electronics" 23.0 "Computers, phones, cameras and household appliances";
    HardwareStore "hardware-store" 20.0 "Tools, paint, timber and garden supplies";
    Gym "gym" 18.5 "Gyms, studios and sports clubs";
    Insurance "insurance" 17.0 "Premiums of every kind of insurance";
    Hotels "hotels" 15.5 "Hotels, hostels and holiday lets";
    Electricity "electricity" 14.0 "Electric power at home";
    Rent "rent" 13.0 "Rent paid to a landlord or an agent";
    Airlines "airlines" 12.0 "Flights and baggage fees";
    PetCare "pet-care" 11.0 "Pet food, grooming and vets";
    HairAndBeauty "hair-and-beauty" 10.0 "Hairdressers, nails, cosmetics and spas";
    Doctors "doctors" 9.0 "Doctors, clinics and hospitals";
    Internet "internet" 8.0 "Broadband and cable at home";
    BankFees "bank-fees" 7.0 "What the bank charges";
    Books "books" 6.2 "Books and magazines";
    CarRepair "car-repair" 5.6 "Garages, tyres and car washes";
    Cinema "cinema" 5.0 "Cinemas and theatres";
    Charity "charity" 4.5 "Donations";
    Water "water" 4.0 "Water and sewage at home";
    Tolls "tolls" 3.6 "Toll roads, bridges and tunnels";
    VideoGames "video-games" 3.2 "Games and what is bought in them";
    Mortgage "mortgage" 2.9 "Repayments of a loan on a home";
    Furniture "furniture" 2.6 "Furniture and furnishings";
    Dentist "dentist" 2.3 "Dentists and orthodontists";
    Childcare "childcare" 2.1 "Nurseries, daycare and sitters";
    Toys "toys" 1.9 "Toys and board games";
    Gambling "gambling" 1.7 "Casinos, lotteries and betting";
    Postage "postage" 1.6 "Post offices and parcel services";
    Tuition "tuition" 1.5 "Schools, universities and courses";
    Jewelry "jewelry" 1.4 "Jewellers and watches";
    GovernmentFees "government-fees" 1.4 "Permits, passports, licences and court fees";
    Taxes "taxes" 1.3 "Income and property tax";
    LegalServices "legal-services" 1.2 "Lawyers and notaries";
}

/// The task of the main example: one bank-card line in, one of the categories out.
///
/// # Panics
///
/// Never: the labels are checked by a test.
#[must_use]
pub fn task() -> Task {
    let labels = Category::ALL
        .iter()
        .map(|category| Label::new(category.name()).with_description(category.description()))
        .collect();
    Task::of_labels("transaction-category", labels)
        .expect("the categories have distinct names")
        .with_system("Sort the bank card transaction into one spending category.")
}

#[cfg(test)]
mod tests;
