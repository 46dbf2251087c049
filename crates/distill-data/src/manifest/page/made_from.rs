//! Logs, hashes and settings: what the page was made from.

use maud::{Markup, html};
use serde_json::Value;

use super::PAGE_FILE;
use crate::{
    LogFormat, Manifest,
    figures::{count, one_line},
    manifest::words::NAME,
};

/// How many logs are shown.
const LOGS: usize = 100;
/// How many files are shown.
const FILES: usize = 60;
/// How much of the settings is shown, in characters; lists in them may be long.
const SETTINGS: usize = 20_000;

pub(super) fn section(manifest: &Manifest) -> Markup {
    // The page cannot hold its own hash.
    let outputs = || manifest.outputs.iter().filter(|(name, _)| *name != PAGE_FILE);
    let left_out = outputs().count().saturating_sub(FILES);
    html! {
        section {
            h2 { "Made from" }
            p class="soft" { "A hash (BLAKE3) tells whether a file is still the one that this page is about." }
            h3 { "Logs" }
            div class="scroll" { table {
                thead { tr { th { "File" } th { "Read as" } th class="num" { "Lines" }
                    th class="num" { "Unreadable" } } }
                tbody { @for log in manifest.logs.iter().take(LOGS) {
                    tr {
                        td {
                            (one_line(&log.file, 120))
                            div { (hash(log.hash.as_str())) }
                            @if log.weight != 1.0 { div class="soft" { "counts " (log.weight) " times" } }
                        }
                        td { (read_as(&log.format)) }
                        td class="num" { (count(log.lines as f64)) } td class="num" { (count(log.damaged as f64)) }
                    }
                } }
            } }
            @if manifest.logs.len() > LOGS { p class="soft" { (manifest.logs.len() - LOGS)
                " more logs are in manifest.json." } }
            h3 { "Task and gold set" }
            dl {
                dt { "Task" } dd { (one_line(&manifest.task.name, NAME)) " " (hash(manifest.task.hash.as_str())) }
                dt { "Gold set" } dd { @match &manifest.gold { Some(gold) => (hash(gold.as_str())), None => "none" } }
                dt { "Program" } dd { "distill-data " (one_line(&manifest.version, 40)) ", texts made alike by "
                    (one_line(&manifest.normaliser, NAME)) }
            }
            @if outputs().count() > 0 {
                h3 { "Files beside this page" }
                dl class="files" { @for (name, found) in outputs().take(FILES) {
                    dt { (one_line(name, NAME)) } dd { (hash(found.as_str())) }
                } }
                @if left_out > 0 { p class="soft" { (left_out) " more files are in manifest.json." } }
            }
            details { summary { "Settings" } pre { (settings(manifest)) } }
        }
    }
}

fn hash(hash: &str) -> Markup {
    html! { code class="hash" { (one_line(hash, 64)) } }
}

/// The format as files name it, with the fields of a log that names its own.
fn read_as(format: &LogFormat) -> Markup {
    let written = serde_json::to_value(format).unwrap_or_default();
    let fields = if written["fields"].is_object() {
        &written["fields"]
    } else {
        &written
    };
    let text = |value: &Value| value.as_str().map(|text| one_line(text, NAME));
    html! {
        (text(&written["kind"]).unwrap_or_default())
        @if let (Some(question), Some(answer)) = (text(&fields["input"]), text(&fields["answer"])) {
            div class="soft" { "question in " code { (question) } ", answer in " code { (answer) } }
        }
    }
}

/// The settings as JSON with a line for each; what is too long is cut off.
fn settings(manifest: &Manifest) -> String {
    let all = serde_json::to_string_pretty(&manifest.settings).unwrap_or_default();
    let lines = all.lines().scan(0, |shown, line| {
        let line = one_line(line, 200);
        *shown += line.len() + 1;
        (*shown <= SETTINGS).then_some(line)
    });
    let shown: Vec<String> = lines.collect();
    let rest = all.lines().count() - shown.len();
    match rest {
        0 => shown.join("\n"),
        rest => format!("{}\n… and {rest} more lines, in manifest.json", shown.join("\n")),
    }
}
