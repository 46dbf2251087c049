//! Sentences about rows of data.

use gold_eval::narration::{
    Readability, SentenceChecker, SentenceRow, SentenceSet, dates, numbers, syllables,
};
use gold_eval::overlap::{Bleu, Chrf, OverlapMetric, rouge_l};
use task_spec::SentenceStyle;

const ROWS: &str = r#"[
    {"id": "a", "row": {"name": "Alimentum", "rating": 4.5, "change": -3, "opened": "2024-03-05"},
        "references": ["Alimentum, rated 4.5, opened in March 2024."]},
    {"id": "b", "row": {"name": "The Mill", "rating": "1,200", "change": "12%"}, "references": []}
]"#;

/// Every fault has a place in the sentence, on the edges of characters; every check is graded once.
pub fn hold(data: &[u8]) {
    let sentence = String::from_utf8_lossy(data);
    let rows: Vec<SentenceRow> = serde_json::from_str(ROWS).expect("they are rows");
    let set = SentenceSet::new(rows).expect("they are a set");
    let checker = SentenceChecker::new(&SentenceStyle::default(), &set).expect("the style names no field");
    for row in set.rows() {
        let check = checker.check(row, &sentence);
        assert_eq!(check.grades.len(), checker.checks().len());
        for span in check.faults.iter().filter_map(|fault| fault.span) {
            assert!(sentence.get(span.start..span.end).is_some(), "{span:?}");
        }
        let references: Vec<&str> = row.references.iter().map(String::as_str).collect();
        if !references.is_empty() {
            let rouge = rouge_l(&sentence, &references);
            assert!((0.0..=1.0).contains(&rouge), "{rouge}");
            // A metric may refuse a text; it must not fall over it.
            let _counts = Bleu::default().counts(&sentence, &references);
            let _counts = Chrf::default().counts(&sentence, &references);
        }
    }
    // Quadratic in what they find, so that the checker bounds what they get.
    let short: String = sentence.chars().take(4096).collect();
    for found in numbers(&short, false).iter().map(|number| number.span) {
        assert!(short.get(found.start..found.end).is_some(), "{found:?}");
    }
    for found in dates(&short, true) {
        assert!(short.get(found.span.start..found.span.end).is_some(), "{found:?}");
        assert!((1..=12).contains(&found.month));
    }
    for word in short.split_whitespace().take(50) {
        assert!(syllables(word) <= word.len().max(1));
    }
    let _readability = Readability::of(&short);
}
