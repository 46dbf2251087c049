use quick_xml::{Reader, events::Event};

use super::*;
use crate::{RowsNeeded, Rule};

fn finding(rule: &Rule, outcome: Outcome) -> Finding {
    Finding::new(rule, outcome, "why".to_owned())
}

fn report(verdict: Verdict, findings: &[Finding]) -> String {
    let part = |name, is_unseen| JunitPart {
        name,
        figures: "3 of 4 rows right.".to_owned(),
        is_unseen,
    };
    JunitReport {
        task: "cards v1.2",
        gate: "strict",
        at: "2026-11-05T09:00:00Z",
        verdict,
        summary: "It is so.",
        findings,
        kind: PartKind::Category,
        parts: vec![
            part("fuel", false),
            part("rare", true),
            part("lost", false),
            part("open", false),
        ],
        properties: BTreeMap::from([("gold version", "1".to_owned())]),
    }
    .to_xml()
}

/// The test cases as (name, what is in them), read by a parser.
fn cases(xml: &str) -> Vec<(String, String)> {
    let (mut reader, mut found) = (Reader::from_str(xml), Vec::<(String, String)>::new());
    let name_of = |tag: &quick_xml::events::BytesStart<'_>| {
        let name = tag.try_get_attribute("name").unwrap().unwrap();
        name.normalized_value(quick_xml::XmlVersion::Explicit1_0)
            .unwrap()
            .into_owned()
    };
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == "testcase" => {
                found.push((name_of(&tag), "passed".to_owned()));
            }
            Event::Start(tag) => {
                let name = tag.name();
                if ["failure", "error", "skipped"].contains(&name.as_ref()) {
                    found.last_mut().unwrap().1 = name.as_ref().to_owned();
                }
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn facts_are_failures_lacks_are_errors_and_small_categories_are_skipped() {
    let broken = finding(&Rule::no_category_regressed(), Outcome::Fail).broken_by(["lost"]);
    let waits = finding(&Rule::category_floor(0.5), Outcome::CannotTell).settled_by([RowsNeeded {
        category: Some("open".to_owned()),
        have: 4,
        need: 10,
    }]);
    let xml = report(
        Verdict::Hold,
        &[finding(&Rule::superior(), Outcome::Pass), broken, waits],
    );
    let found = cases(&xml);
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(name, status)| (name.as_str(), status.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("the candidate ships", "failure"),
            ("Better than the baseline", "passed"),
            ("No category worse than the baseline", "failure"),
            ("Recall of at least 50.0% in every category", "error"),
            ("fuel", "passed"),
            ("rare", "skipped"),
            ("lost", "failure"),
            ("open", "skipped"),
        ],
        "{xml}"
    );
    assert!(
        xml.contains("tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"2\""),
        "{xml}"
    );
    assert!(xml.contains("At least 6 more rows would settle it."), "{xml}");
    assert!(
        xml.contains("timestamp=\"2026-11-05T09:00:00\"") && xml.contains("gate.cards v1-2.rules"),
        "{xml}"
    );
}

#[test]
fn the_file_is_red_exactly_where_the_verdict_is_not_ship() {
    let red = |xml: &str| {
        cases(xml)
            .iter()
            .any(|(_, status)| status == "failure" || status == "error")
    };
    let passed = [finding(&Rule::superior(), Outcome::Pass)];
    assert!(!red(&report(Verdict::Ship, &passed)));
    // All rules pass, and the candidate may have seen the gold rows.
    assert!(red(&report(Verdict::CannotTell, &passed)));
    assert!(red(&report(
        Verdict::Hold,
        &[finding(&Rule::superior(), Outcome::Fail)]
    )));
}

proptest::proptest! {
    #[test]
    fn any_text_is_well_formed_xml(name in proptest::collection::vec(proptest::char::any(), 0..60)) {
        let name: String = name.into_iter().collect();
        let report = JunitReport {
            task: &name,
            gate: &name,
            at: &name,
            verdict: Verdict::Hold,
            summary: &name,
            findings: &[Finding::new(&Rule::superior(), Outcome::Fail, name.clone()).broken_by([name.as_str()])],
            kind: PartKind::Category,
            parts: vec![JunitPart { name: &name, figures: name.clone(), is_unseen: false }; 2],
            properties: BTreeMap::from([("x", name.clone())]),
        };
        let xml = report.to_xml();
        let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..);
        proptest::prop_assert!(xml.chars().all(allowed));
        let found = cases(&xml);
        proptest::prop_assert_eq!(found.len(), 4);
        proptest::prop_assert_ne!(&found[2].0, &found[3].0, "two cases of one name");
    }
}
