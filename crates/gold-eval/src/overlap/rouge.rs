//! ROUGE-L (Lin 2004), as Google's rouge-score computes it without stemming.

/// The F measure of the longest common subsequence of words, in 0..1: the highest of the references, 0 of none.
///
/// Words are runs of ASCII letters and digits, in lower case.
#[must_use]
pub fn rouge_l(sentence: &str, references: &[&str]) -> f64 {
    let words = words(sentence);
    let best = references
        .iter()
        .map(|reference| f_measure(&words, &self::words(reference)));
    best.fold(0.0, f64::max)
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn f_measure(sentence: &[String], reference: &[String]) -> f64 {
    let common = longest_common_subsequence(sentence, reference) as f64;
    if common == 0.0 {
        return 0.0;
    }
    let (precision, recall) = (common / sentence.len() as f64, common / reference.len() as f64);
    2.0 * precision * recall / (precision + recall)
}

/// Its length, in one row of the table.
fn longest_common_subsequence(a: &[String], b: &[String]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for word in a {
        let mut diagonal = 0;
        for (column, other) in b.iter().enumerate() {
            let above = row[column + 1];
            row[column + 1] = if word == other {
                diagonal + 1
            } else {
                above.max(row[column])
            };
            diagonal = above;
        }
    }
    row[b.len()]
}
