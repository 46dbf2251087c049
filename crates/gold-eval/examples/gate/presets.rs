//! `gate presets` and `gate rules`: gates as TOML, to be copied and changed.

use std::{error::Error, fmt::Write};

use clap::Args;
use gold_eval::{GateConfig, Preset};

use crate::say;

/// Every rule with every setting; a test reads it.
const EVERY_RULE: &str = include_str!("every_rule.toml");

#[derive(Args)]
pub(crate) struct PresetName {
    /// clear-the-line, not-inferior or strict.
    name: Option<Preset>,
}

/// Prints one preset as TOML, or says what all of them ask.
pub(crate) fn print(preset: &PresetName) -> Result<u8, Box<dyn Error>> {
    match preset.name {
        Some(preset) => say(to_toml(preset)?.trim_end())?,
        None => say(&list())?,
    }
    Ok(0)
}

pub(crate) fn print_every_rule() -> Result<u8, Box<dyn Error>> {
    say(EVERY_RULE.trim_end())?;
    Ok(0)
}

fn about(preset: Preset) -> &'static str {
    match preset {
        Preset::ClearTheLine => {
            "the frontier's own score is the line, and the candidate has to be shown to be above it"
        }
        Preset::NotInferior => "the candidate has to be shown to be at most two points below the frontier",
        Preset::Strict => "above the line, and a recall of at least 50% shown in every category",
    }
}

fn list() -> String {
    let mut lines = Vec::new();
    for preset in Preset::ALL {
        lines.push(format!("{preset}: {}", about(preset)));
        lines.extend(
            preset
                .config()
                .rules
                .iter()
                .map(|rule| format!("    {}", rule.title())),
        );
        lines.push(String::new());
    }
    lines.push(
        "`gate presets NAME > gate.toml` writes one to change; judge takes it as --gate gate.toml."
            .to_owned(),
    );
    lines.join("\n")
}

/// The preset as a file that says what it asks. Its name is another one, for it is no longer the preset once it is changed.
fn to_toml(preset: Preset) -> Result<String, Box<dyn Error>> {
    let GateConfig {
        confidence, rules, ..
    } = preset.config();
    let mut text = format!(
        "# Like the preset {preset}: {}.\n# `gate rules` prints every rule that can be added.\n\nname = \"our-{preset}\"\n\n\
         # Two-sided, of every interval; tests in one direction use half of the rest.\nconfidence = {confidence}\n",
        about(preset)
    );
    for rule in rules {
        write!(
            text,
            "\n# {}.\n[[rules]]\n{}",
            rule.title(),
            toml::to_string(&rule)?
        )?;
    }
    Ok(text)
}
