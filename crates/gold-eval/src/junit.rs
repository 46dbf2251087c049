//! A verdict as JUnit XML, which continuous integration shows without being taught.

mod xml;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Finding, Outcome, PartKind, Settlement, Verdict,
    figures::{counted, names, one_line, percent_range, points},
    junit::xml::{Case, Status, Suite},
    part::Part,
};

/// How many steps of what would settle it are in the file.
const SHOWN_STEPS: usize = 25;

/// What a JUnit file says: the verdict, a test case for each rule, and one for each part of the task.
///
/// The file is red exactly where the verdict is not "ship". What each outcome becomes:
///
/// | | in the file | why |
/// |---|---|---|
/// | verdict ship; a rule passes | a test case | |
/// | verdict hold; a rule fails | `failure` | the rows show it: an assertion that does not hold |
/// | verdict or rule cannot tell | `error` | the check could not be made; as `skipped` it would pass for green |
/// | a category that breaks a rule | `failure` | |
/// | a category that is too small for the test to see a drop, or that a rule waits for | `skipped` | its rule is the error |
///
/// Valid by the two schemas in use: Ant's (`JUnit.xsd`), which fixes the order and asks for every attribute, and that of
/// Jenkins' xUnit plugin (`junit-10.xsd`). Ant's wants a time as well, which the file has if the report's date is one.
#[derive(Debug, Clone)]
pub struct JunitReport<'a> {
    /// The task's name.
    pub task: &'a str,
    /// The gate's name.
    pub gate: &'a str,
    /// When, as the report states it; the file has a time if this begins as `2026-11-05` or `2026-11-05T09:00:00` does.
    pub at: &'a str,
    /// What the gate says.
    pub verdict: Verdict,
    /// The verdict as a sentence.
    pub summary: &'a str,
    /// The rules, and how they came out.
    pub findings: &'a [Finding],
    /// What the parts are.
    pub kind: PartKind,
    /// The parts, in the order in which they are to stand.
    pub parts: Vec<JunitPart<'a>>,
    /// What the verdict was made from, by name.
    pub properties: BTreeMap<&'static str, String>,
}

/// A part of a task: a category, a field, a check.
#[derive(Debug, Clone)]
pub struct JunitPart<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its figures, in words.
    pub figures: String,
    /// Whether its rows are too few to show any drop.
    pub is_unseen: bool,
}

/// The parts of a report, and those that no gold row is about, as they are to stand.
pub(crate) fn parts_of<'a>(parts: &'a [Part], without_rows: &'a [String]) -> Vec<JunitPart<'a>> {
    let with_rows = parts.iter().map(|part| JunitPart {
        name: &part.label,
        figures: format!(
            "{} of {} right ({}), {} points from the baseline.",
            part.correct,
            counted(part.support, "row"),
            percent_range(part.recall_interval),
            points(part.difference)
        ),
        is_unseen: part.smallest_visible_drop.is_none(),
    });
    let without_rows = without_rows.iter().map(|name| JunitPart {
        name,
        figures: "No gold rows.".to_owned(),
        is_unseen: true,
    });
    let mut listed: Vec<JunitPart<'_>> = with_rows.chain(without_rows).collect();
    // By name, so that a change of figures moves no test case.
    listed.sort_by_key(|part| part.name);
    listed
}

impl JunitReport<'_> {
    /// The file. The same report gives the same bytes; nothing is measured, so that all times are 0.
    #[must_use]
    pub fn to_xml(&self) -> String {
        xml::document(
            &[self.verdict_suite(), self.rules_suite(), self.parts_suite()],
            self.at,
        )
    }

    fn verdict_suite(&self) -> Suite {
        let status = match self.verdict {
            Verdict::Ship => Status::Passed,
            Verdict::Hold => Status::Failed(self.summary.to_owned()),
            Verdict::CannotTell => Status::Error(self.summary.to_owned()),
        };
        let mut said = vec![format!("{}: {}", self.verdict, self.summary)];
        said.extend(Settlement::of_kind(self.findings, self.kind).in_words(SHOWN_STEPS));
        let properties = self.properties.iter().map(|(name, value)| (*name, value.clone()));
        Suite {
            name: self.suite_name("verdict"),
            properties: properties.collect(),
            cases: vec![Case {
                class: self.suite_name("verdict"),
                name: "the candidate ships".to_owned(),
                status,
            }],
            output: said.join("\n"),
        }
    }

    fn rules_suite(&self) -> Suite {
        let mut names = UniqueNames::default();
        let case = |finding: &Finding| Case {
            class: self.suite_name("rules"),
            name: names.of(&finding.rule.title_of(self.kind)),
            status: match finding.outcome {
                Outcome::Pass => Status::Passed,
                Outcome::Fail => Status::Failed(finding.evidence.clone()),
                Outcome::CannotTell => Status::Error(with_what_to_give(finding)),
            },
        };
        let said = |finding: &Finding| format!("{}: {}", finding.rule.title_of(self.kind), finding.evidence);
        Suite {
            name: self.suite_name("rules"),
            properties: Vec::new(),
            cases: self.findings.iter().map(case).collect(),
            output: self.findings.iter().map(said).collect::<Vec<_>>().join("\n"),
        }
    }

    fn parts_suite(&self) -> Suite {
        let (mut broken, mut open) = (BTreeMap::<&str, Vec<String>>::new(), BTreeSet::new());
        for finding in self.findings {
            for label in &finding.broken_by {
                broken
                    .entry(label)
                    .or_default()
                    .push(finding.rule.title_of(self.kind));
            }
            open.extend(finding.settle.iter().filter_map(|rows| rows.category.as_deref()));
        }
        let mut unique = UniqueNames::default();
        let case = |part: &JunitPart<'_>| Case {
            class: self.suite_name(self.kind.plural()),
            name: unique.of(part.name),
            status: match broken.get(part.name) {
                Some(rules) => {
                    let rules = names(rules.iter().map(String::as_str), 5);
                    Status::Failed(format!("{} Breaks {rules}.", part.figures))
                }
                None if open.contains(part.name) => {
                    Status::Skipped(format!("{} A rule waits for more rows of it.", part.figures))
                }
                None if part.is_unseen => Status::Skipped(format!(
                    "{} So few rows show no drop with 80% power.",
                    part.figures
                )),
                None => Status::Passed,
            },
        };
        let said = |part: &JunitPart<'_>| format!("{}: {}", one_line(part.name, 120), part.figures);
        Suite {
            name: self.suite_name(self.kind.plural()),
            properties: Vec::new(),
            cases: self.parts.iter().map(case).collect(),
            output: self.parts.iter().map(said).collect::<Vec<_>>().join("\n"),
        }
    }

    fn suite_name(&self, part: &str) -> String {
        // Dots make folders of names in most displays.
        let plain = |text: &str| one_line(text, 60).replace('.', "-");
        format!("gate.{}.{part}", plain(self.task))
    }
}

fn with_what_to_give(finding: &Finding) -> String {
    let mut text = finding.evidence.clone();
    if let Some(what) = &finding.give {
        text = format!("{text} To settle it, give {what}.");
    }
    let rows: u64 = finding
        .settle
        .iter()
        .filter(|rows| rows.category.is_some())
        .map(|rows| rows.missing())
        .sum();
    if rows > 0 {
        text = format!("{text} At least {} would settle it.", counted(rows, "more row"));
    }
    text
}

/// Names of test cases, cut to a bearable length and told apart where that makes them equal.
#[derive(Default)]
struct UniqueNames {
    seen: BTreeMap<String, u64>,
}

impl UniqueNames {
    fn of(&mut self, name: &str) -> String {
        let name = one_line(name, 160);
        let times = self.seen.entry(name.clone()).or_default();
        *times += 1;
        if *times == 1 {
            name
        } else {
            format!("{name} ({times})")
        }
    }
}

#[cfg(test)]
mod tests;
