//! Rows as they are going to be trained on, in colour: what is read, and what is learnt.

use anstyle::{AnsiColor, Style};
use lora_train::{Preview, PreviewToken};

const READ: Style = Style::new().dimmed();
const LEARNT: Style = AnsiColor::Green.on_default().bold();
/// Learnt as one of several labels.
const SHARED: Style = AnsiColor::Yellow.on_default().bold();
const NOTE: Style = Style::new().italic();

/// Prints rows token by token; without colours where standard output is no terminal, or `NO_COLOR` is set.
pub(crate) fn show(rows: &[Preview]) {
    anstream::println!(
        "What the loss is computed of: {}, {}, {}.",
        styled(READ, "read"),
        styled(LEARNT, "learnt"),
        styled(SHARED, "learnt by a share")
    );
    for row in rows {
        let labels: Vec<String> = row
            .labels
            .iter()
            .map(|(label, share)| format!("{label} {share:.3}"))
            .collect();
        let about = format!(
            "row {}, weight {:.3}, labels: {}",
            row.id,
            row.weight,
            labels.join(", ")
        );
        anstream::println!("\n{}", styled(NOTE, &about));
        let tokens: String = row.tokens.iter().map(token).collect();
        anstream::println!("{tokens}");
    }
    anstream::println!();
}

/// Brackets tell where a learnt token begins and ends, also without colours.
fn token(token: &PreviewToken) -> String {
    match token.share {
        0.0 => styled(READ, &token.text),
        1.0 => styled(LEARNT, &format!("[{}]", token.text)),
        share => styled(SHARED, &format!("[{} {share:.2}]", token.text)),
    }
}

fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
