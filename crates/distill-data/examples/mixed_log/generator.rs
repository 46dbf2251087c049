//! The lines of the log, each a function of a seed and a number.

use serde_json::{Value, json};

/// The first call, 2026-09-01T00:00:00Z.
const BEGIN: f64 = 1_788_220_800.0;
/// Seconds that the calls are spread over: 60 days.
const SECONDS: f64 = 60.0 * 86_400.0;

const NOUNS: [&str; 40] = [
    "card",
    "transfer",
    "refund",
    "fee",
    "limit",
    "statement",
    "loan",
    "deposit",
    "exchange rate",
    "password",
    "address",
    "direct debit",
    "cheque",
    "mortgage",
    "insurance",
    "salary",
    "top-up",
    "cash machine",
    "receipt",
    "interest",
    "account",
    "voucher",
    "invoice",
    "pension",
    "overdraft",
    "standing order",
    "pin",
    "app",
    "phone",
    "login",
    "branch",
    "signature",
    "tax form",
    "budget",
    "savings",
    "currency",
    "merchant",
    "payment",
    "alert",
    "contract",
];
const QUESTIONS: [&str; 8] = [
    "where do I find my",
    "why was my",
    "how do I change the",
    "can you explain the",
    "I have lost my",
    "what does it cost to get a",
    "please cancel the",
    "there is something wrong with my",
];
const TAILS: [&str; 10] = [
    "",
    "please",
    "from last week",
    "since yesterday",
    "in the app",
    "abroad",
    "for my daughter",
    "again",
    "urgently",
    "as I was told on the phone",
];
const VENDORS: [&str; 12] = [
    "Hollis",
    "Mertens",
    "Okafor",
    "Sundberg",
    "Vasquez",
    "Ito",
    "Novak",
    "Brandt",
    "Lindqvist",
    "Moreau",
    "Costa",
    "Adeyemi",
];
const TRADES: [&str; 6] = ["Tooling", "Catering", "Freight", "Software", "Paper", "Cleaning"];
const KINDS: [&str; 8] = [
    "office", "travel", "food", "software", "freight", "cleaning", "rent", "other",
];
const MOODS: [&str; 3] = ["positive", "neutral", "negative"];
const WORDS: [&str; 32] = [
    "the",
    "delivery",
    "arrived",
    "late",
    "early",
    "box",
    "colour",
    "seems",
    "different",
    "quite",
    "happy",
    "broken",
    "support",
    "answered",
    "never",
    "always",
    "quality",
    "for",
    "price",
    "garden",
    "kitchen",
    "child",
    "battery",
    "screen",
    "smells",
    "fits",
    "large",
    "small",
    "returned",
    "again",
    "works",
    "fine",
];

/// The prompt of the workload that sorts questions.
pub(crate) const SORTING: &str =
    "You sort questions of a bank's customers. Answer with the name of one topic and nothing else.";

/// Random numbers of one call (SplitMix64, Steele et al. 2014).
struct Dice(u64);

impl Dice {
    fn of(seed: u64, number: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In 0..1.
    fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.share() * bound as f64) as usize
    }

    /// The first far more often than the last.
    fn skewed<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let place = self.share().powi(3) * from.len() as f64;
        from[place as usize]
    }

    fn of_all<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// What is asked and answered.
struct Talk {
    system: Option<String>,
    user: String,
    answer: String,
    model: &'static str,
}

/// A line of a log with so many calls.
pub(crate) fn line(seed: u64, number: u64, calls: u64) -> Value {
    let mut dice = Dice::of(seed, number);
    let at = BEGIN + SECONDS * (number as f64 + dice.share()) / calls as f64;
    let talk = match dice.share() {
        share if share < 0.55 => sorting(&mut dice, number, calls),
        share if share < 0.70 => invoice(&mut dice),
        share if share < 0.85 => review(&mut dice),
        share if share < 0.86 => spam(&mut dice),
        share if share < 0.95 => chat(&mut dice),
        _ => anything(&mut dice),
    };
    let mut messages = Vec::new();
    if let Some(system) = &talk.system {
        messages.push(json!({"role": "system", "content": system}));
    }
    messages.push(json!({"role": "user", "content": talk.user}));
    let read = (talk.system.unwrap_or_default().len() + talk.user.len()) / 4 + 8;
    let written = talk.answer.len() / 4 + 1;
    json!({
        "request": {"model": talk.model, "messages": messages},
        "response": {
            "id": format!("chatcmpl-{number}"), "object": "chat.completion", "created": at as u64, "model": talk.model,
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": talk.answer}}],
            "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written,
                "prompt_tokens_details": {"cached_tokens": 0}},
        },
        "latency_ms": 300 + dice.below(900),
    })
}

/// 40 labels, with a prompt of some length, and another model in the last third.
fn sorting(dice: &mut Dice, number: u64, calls: u64) -> Talk {
    let topic = dice.skewed(&NOUNS);
    let user = format!("{} {topic} {}", dice.of_all(&QUESTIONS), dice.of_all(&TAILS));
    Talk {
        system: Some(format!("{SORTING}\nThe topics are: {}.", NOUNS.join(", "))),
        user,
        answer: topic.to_owned(),
        model: if number * 3 < calls * 2 {
            "frontier-1"
        } else {
            "frontier-2"
        },
    }
}

/// JSON that is partly copied; today's date stands in the prompt.
fn invoice(dice: &mut Dice) -> Talk {
    let vendor = format!(
        "{} {} {}",
        dice.of_all(&VENDORS),
        dice.of_all(&TRADES),
        100 + dice.below(900)
    );
    let (cents, day, month) = (dice.below(400_000), 1 + dice.below(28), 1 + dice.below(12));
    let total = format!("{}.{:02}", cents / 100, cents % 100);
    let kind = dice.skewed(&KINDS);
    let currency = ["EUR", "USD", "GBP"][dice.below(3)];
    let answer = json!({"vendor": vendor, "total": total, "currency": currency, "kind": kind,
        "due": format!("2026-{month:02}-{day:02}"), "confidence": (dice.share() * 100.0).round() / 100.0});
    Talk {
        system: Some(format!(
            "You read invoices. Give vendor, total, currency, kind, due date and your confidence as JSON.\nToday is day {} \
             of the year.\nNever make up a value: leave it out where the invoice does not have it.",
            dice.below(365)
        )),
        user: format!(
            "INVOICE from {vendor} ({kind})\nTotal {currency} {total}\npayable by {day}/{month}/26"
        ),
        answer: answer.to_string(),
        model: "frontier-1",
    }
}

/// Three labels, and the instructions stand in the message.
fn review(dice: &mut Dice) -> Talk {
    let words: Vec<&str> = (0..6 + dice.below(20)).map(|_| dice.of_all(&WORDS)).collect();
    Talk {
        system: None,
        user: format!(
            "Say whether the following review is positive, neutral or negative. Answer with one word.\n\nReview: {}",
            words.join(" ")
        ),
        answer: MOODS[words.len() % 3].to_owned(),
        model: "frontier-1",
    }
}

/// Two labels, and few calls.
fn spam(dice: &mut Dice) -> Talk {
    let is_spam = dice.share() < 0.2;
    let words: Vec<&str> = (0..10).map(|_| dice.of_all(&WORDS)).collect();
    Talk {
        system: Some("Is this message spam? Answer yes or no.".to_owned()),
        user: format!("{} {}", if is_spam { "WIN" } else { "Hello" }, words.join(" ")),
        answer: if is_spam { "yes" } else { "no" }.to_owned(),
        model: "frontier-1",
    }
}

/// A conversation with a named customer: the answers are written anew.
fn chat(dice: &mut Dice) -> Talk {
    let words: Vec<&str> = (0..60 + dice.below(80)).map(|_| dice.of_all(&WORDS)).collect();
    Talk {
        system: Some(format!(
            "You help the customers of a shop. Be kind and brief, and never promise a refund.\nThe customer's name is {} {}.",
            dice.of_all(&VENDORS),
            dice.below(10_000)
        )),
        user: format!("{} {}", dice.of_all(&QUESTIONS), dice.of_all(&WORDS)),
        answer: words.join(" "),
        model: "frontier-1",
    }
}

/// Whatever people ask.
fn anything(dice: &mut Dice) -> Talk {
    let words = |dice: &mut Dice, from: usize| -> String {
        let words: Vec<&str> = (0..from + dice.below(from))
            .map(|_| dice.of_all(&WORDS))
            .collect();
        words.join(" ")
    };
    Talk {
        system: None,
        user: words(dice, 8),
        answer: words(dice, 50),
        model: "frontier-1",
    }
}
