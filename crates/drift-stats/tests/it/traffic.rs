//! Card lines with a heavy tail of merchants, from a seed.

use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use task_spec::Served;

const MERCHANTS: u32 = 6_000;
const LABELS: u32 = 30;
const CITIES: [&str; 8] = [
    "SEATTLE", "AUSTIN", "BOSTON", "MIAMI", "DENVER", "RENO", "TAMPA", "OMAHA",
];
const SYLLABLES: [&str; 16] = [
    "ba", "ko", "li", "mun", "ter", "vo", "sha", "ri", "del", "pu", "gan", "os", "we", "qui", "nor", "ax",
];

pub(crate) struct Traffic {
    random: ChaCha8Rng,
    next_id: u64,
}

impl Traffic {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            next_id: 0,
        }
    }

    /// A row of the stationary stream: merchant `m` comes in proportion to `1 / (m + 20)`.
    pub(crate) fn row(&mut self) -> Served {
        let total = (f64::from(MERCHANTS + 20) / 20.0).ln();
        let merchant = (20.0 * (self.random.random::<f64>() * total).exp()) as u32 - 20;
        let city = CITIES[self.random.random_range(0..CITIES.len())];
        let store: u32 = self.random.random_range(1..9999);
        let input = match merchant % 5 {
            0 => format!("SQ *{} {city}", name(merchant)),
            1 => format!("{} #{store} {city}", name(merchant)),
            2 => format!("{}.COM", name(merchant)),
            3 => format!("POS {store} {} {city} {}", name(merchant), name(merchant / 7)),
            _ => format!("{} {city}", name(merchant)),
        };
        let doubt: f64 = self.random.random::<f64>().powi(4);
        let label = format!("label-{}", merchant.wrapping_mul(2_654_435_761) % LABELS);
        self.served(input, label, 1.0 - 0.7 * doubt)
    }

    pub(crate) fn rows(&mut self, count: usize) -> Vec<Served> {
        (0..count).map(|_| self.row()).collect()
    }

    /// Puts this input in place of `count` random rows.
    pub(crate) fn inject(&mut self, rows: &mut [Served], count: usize, input: &str, label: &str) {
        let mut places: Vec<usize> = (0..rows.len()).collect();
        for i in 0..count {
            let drawn = self.random.random_range(i..places.len());
            places.swap(i, drawn);
            let confidence = 0.4 + 0.3 * self.random.random::<f64>();
            rows[places[i]] = self.served(input.to_owned(), label.to_owned(), confidence);
        }
    }

    pub(crate) fn served(&mut self, input: String, label: String, confidence: f64) -> Served {
        self.next_id += 1;
        Served {
            id: format!("{:016x}", self.random.random::<u64>()),
            at: 1_790_000_000 + self.next_id as i64,
            input,
            label,
            confidence,
            outside: Some((1.0 - confidence) / 10.0),
            adapter: "a1".to_owned(),
        }
    }
}

fn name(merchant: u32) -> String {
    let mut text = String::new();
    let mut rest = merchant.wrapping_mul(40_503) % 65_536;
    for _ in 0..4 {
        text.push_str(SYLLABLES[(rest % 16) as usize]);
        rest /= 16;
    }
    text.to_uppercase()
}
