//! The tokeniser of mteval-v13a, as sacrebleu has it.

use super::{is_python_space, python_split};

/// The tokens of a sentence.
pub(super) fn tokenize(sentence: &str) -> Vec<String> {
    let mut line = sentence
        .trim_end_matches(is_python_space)
        .replace("<skipped>", "")
        .replace("-\n", "")
        .replace('\n', " ");
    if line.contains('&') {
        // In this order: `&amp;lt;` becomes `<`, as it does there.
        for (entity, text) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
            line = line.replace(entity, text);
        }
    }
    let line: Vec<char> = format!(" {line} ").chars().collect();
    let line = apart(&line);
    let line = pairs(
        &line,
        |a, b| !a.is_ascii_digit() && is_point(b),
        |a, b| [a, ' ', b, ' '],
    );
    let line = pairs(
        &line,
        |a, b| is_point(a) && !b.is_ascii_digit(),
        |a, b| [' ', a, ' ', b],
    );
    let line = pairs(
        &line,
        |a, b| a.is_ascii_digit() && b == '-',
        |a, b| [a, ' ', b, ' '],
    );
    python_split(&line.into_iter().collect::<String>())
        .map(str::to_owned)
        .collect()
}

fn is_point(c: char) -> bool {
    matches!(c, '.' | ',')
}

/// Every ASCII sign but `'`, `,`, `-` and `.` by itself.
fn apart(line: &[char]) -> Vec<char> {
    let is_sign = |c: char| matches!(c, '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/');
    let mut out = Vec::with_capacity(line.len() * 2);
    for &c in line {
        if is_sign(c) {
            out.extend([' ', c, ' ']);
        } else {
            out.push(c);
        }
    }
    out
}

/// Replaces pairs of characters from left to right, none of which overlaps another: a substitution by a regular
/// expression of two characters.
fn pairs(
    line: &[char],
    is_pair: impl Fn(char, char) -> bool,
    with: impl Fn(char, char) -> [char; 4],
) -> Vec<char> {
    let mut out = Vec::with_capacity(line.len() * 2);
    let mut at = 0;
    while let Some(&first) = line.get(at) {
        match line.get(at + 1) {
            Some(&second) if is_pair(first, second) => {
                out.extend(with(first, second));
                at += 2;
            }
            _ => {
                out.push(first);
                at += 1;
            }
        }
    }
    out
}
