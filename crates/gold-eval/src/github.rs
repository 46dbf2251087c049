//! A verdict as annotations of a GitHub Actions run.

use crate::{Finding, Outcome, PartKind, Verdict, chart::rows_needed_of, figures::one_line};

/// The verdict, the rules that fail and those that cannot tell, as workflow commands, one a line: errors for what is a
/// fact, warnings for what is a lack of rows or data, and a notice where the candidate ships.
///
/// `parts` are what the rules are about beside all rows.
///
/// A run shows ten of each kind at most, and rules that fail come first. Texts from outside are on one line and escaped
/// as the runner's own toolkit escapes them, so that none of them is a command.
#[must_use]
pub fn github_annotations(verdict: Verdict, summary: &str, findings: &[Finding], parts: PartKind) -> String {
    let kind = match verdict {
        Verdict::Ship => "notice",
        Verdict::Hold => "error",
        Verdict::CannotTell => "warning",
    };
    let mut lines = vec![annotation(kind, &format!("Gate: {verdict}"), summary)];
    let those = |outcome, kind| {
        let findings = findings.iter().filter(move |finding| finding.outcome == outcome);
        findings.map(move |finding| {
            let next = rows_needed_of(finding, parts).unwrap_or_default();
            annotation(
                kind,
                &finding.rule.title_of(parts),
                &format!("{} {next}", finding.evidence),
            )
        })
    };
    lines.extend(those(Outcome::Fail, "error"));
    lines.extend(those(Outcome::CannotTell, "warning"));
    lines.join("\n")
}

fn annotation(kind: &str, title: &str, message: &str) -> String {
    let message = one_line(message.trim(), 2000).replace('%', "%25");
    let title = one_line(title, 200)
        .replace('%', "%25")
        .replace(':', "%3A")
        .replace(',', "%2C");
    format!("::{kind} title={title}::{message}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rule;

    #[test]
    fn a_fact_is_an_error_a_lack_a_warning_and_a_pass_silent() {
        let finding = |rule, outcome| Finding::new(&rule, outcome, "why".to_owned());
        let findings = [
            finding(Rule::superior(), Outcome::CannotTell),
            finding(Rule::guard(6, None), Outcome::Pass),
            finding(Rule::category_floor(0.5), Outcome::Fail),
        ];
        let text = github_annotations(Verdict::Hold, "It is held.", &findings, PartKind::Category);
        let kinds: Vec<&str> = text
            .lines()
            .map(|line| &line[..line.find(' ').unwrap()])
            .collect();
        assert_eq!(kinds, ["::error", "::error", "::warning"], "{text}");
        assert!(text.contains("50.0%25 in every category"), "{text}");
    }

    #[test]
    fn no_text_from_outside_is_a_command() {
        let hostile = "100%\n::set-output name=x::y\r::error::z";
        let text = github_annotations(Verdict::Ship, hostile, &[], PartKind::Category);
        assert_eq!(
            text,
            "::notice title=Gate%3A ship::100%25 ::set-output name=x::y ::error::z"
        );
    }
}
