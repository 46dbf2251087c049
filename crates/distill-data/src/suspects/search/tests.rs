use super::*;
use crate::SuspectConfig;

/// Texts of `classes` kinds, `each` of every kind, made of words of the kind and words of none.
fn texts(classes: usize, each: usize) -> Vec<(String, usize)> {
    // Five letters that have nothing to do with those of the next seed.
    let word = |seed: usize| -> String {
        let mixed = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (0..5)
            .map(|i| char::from(b'a' + ((mixed >> (24 + 8 * i)) % 26) as u8))
            .collect()
    };
    (0..classes * each)
        .map(|i| {
            let label = i % classes;
            // Which words a text has must not keep step with its place, for folds are dealt out by place.
            let mixed = (i as u64 + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9) as usize;
            let pick = |shift: usize, of: usize| (mixed >> shift) % of;
            let own = [
                word(1000 * label + pick(20, 5)),
                word(1000 * label + 5 + pick(30, 3)),
            ];
            let filler = [word(90_000 + pick(40, 37)), word(80_000 + pick(50, 11))];
            (
                format!("{} {} {} {}", filler[0], own[0], filler[1], own[1]),
                label,
            )
        })
        .collect()
}

fn find(rows: &[(String, usize)], classes: usize, config: &SuspectConfig) -> SuspectFindings {
    find_but(|_| true, rows, classes, config)
}

/// With labels that may be suspected or not, by row.
fn find_but(
    is_open: impl Fn(usize) -> bool,
    rows: &[(String, usize)],
    classes: usize,
    config: &SuspectConfig,
) -> SuspectFindings {
    let mut texts = SuspectTexts::default();
    rows.iter().for_each(|(text, _)| texts.add(text));
    let mut search = texts.search();
    for (number, (text, label)) in rows.iter().enumerate() {
        search.push(&SuspectRow {
            text,
            label: *label,
            cluster: number as u64,
            is_open: is_open(number),
        });
    }
    search.find(classes, &config.clone().check().unwrap()).unwrap()
}

#[test]
fn planted_wrong_labels_are_found_and_right_ones_left() {
    let mut rows = texts(6, 60);
    let wrong: Vec<usize> = (0..rows.len()).filter(|row| row % 17 == 3).collect();
    for &row in &wrong {
        rows[row].1 = (rows[row].1 + 1) % 6;
    }
    let findings = find(&rows, 6, &SuspectConfig::default());
    let found: Vec<usize> = findings.suspects.iter().map(|suspect| suspect.row).collect();
    let hits = found.iter().filter(|row| wrong.contains(row)).count();
    // Three of four: the classes are small, and what is rare among 60 rows is believed late.
    assert!(hits * 4 >= wrong.len() * 3, "found {hits} of {}", wrong.len());
    assert!(
        found.len() <= wrong.len() + 3,
        "{} suspects, {} wrong",
        found.len(),
        wrong.len()
    );
    // The suggestion is the label that was there before.
    let suspect = findings.suspects[0];
    assert_eq!(suspect.suggested, (rows[suspect.row].1 + 5) % 6);
    // Of what is wrong, the chances tell less and the joint more.
    let share = wrong.len() as f64 / rows.len() as f64;
    assert!(findings.wrong_share < 1.2 * share && findings.wrong_share_by_joint > 0.8 * share);
    // Each label is confused with its neighbour alone.
    let pair = findings.confused[0];
    assert_eq!((pair.right + 1) % 6, pair.given);
}

/// Of four classes the last one is taken away, and so many texts of the first get its label.
fn with_stolen_class(stolen: usize) -> Vec<(String, usize)> {
    let mut rows = texts(4, 60);
    rows.retain(|(_, label)| *label != 3);
    for row in rows.iter_mut().filter(|(_, label)| *label == 0).take(stolen) {
        row.1 = 3;
    }
    rows
}

fn of_class(findings: &SuspectFindings, class: usize) -> ClassSuspicion {
    findings
        .classes
        .iter()
        .find(|(label, _)| *label == class)
        .unwrap()
        .1
}

#[test]
fn a_class_keeps_its_rows_and_is_listed_where_too_many_are_suspected() {
    let mut rows = texts(3, 60);
    // Of a class, 12 texts of 72 are another's, and a twentieth may go.
    for row in rows.iter_mut().filter(|(_, label)| *label == 0).take(12) {
        row.1 = 1;
    }
    let config = SuspectConfig {
        max_class_share: 0.05,
        ..SuspectConfig::default()
    };
    let findings = find(&rows, 3, &config);
    let class = of_class(&findings, 1);
    assert_eq!((class.rows, class.basis), (72, ClassBasis::OwnRows));
    assert!(class.suspected > 3, "{class:?}");
    assert_eq!(class.suspected - class.kept, 3);
    let taken = findings.suspects.iter().filter(|suspect| suspect.given == 1);
    assert_eq!(taken.count(), 3);
}

#[test]
fn a_class_of_four_rows_has_a_line_and_may_lose_one() {
    // Three texts of their own, and one that is plainly another class's.
    let mut rows = texts(4, 60);
    let mut seen = 0;
    rows.retain(|(_, label)| {
        seen += usize::from(*label == 3);
        *label != 3 || seen <= 3
    });
    let stray = rows.iter().position(|(_, label)| *label == 0).unwrap();
    rows[stray].1 = 3;
    let findings = find(&rows, 4, &SuspectConfig::default());
    let class = of_class(&findings, 3);
    assert_eq!((class.rows, class.basis), (4, ClassBasis::Pooled), "{findings:?}");
    assert!(
        class.suspected - class.kept <= 1,
        "one of four at most: {class:?}"
    );
    assert!((0.0..=1.0).contains(&class.wrong_share));
}

#[test]
fn a_class_of_one_text_is_listed_as_not_judged() {
    let rows = with_stolen_class(1);
    let findings = find(&rows, 4, &SuspectConfig::default());
    let class = of_class(&findings, 3);
    assert_eq!((class.rows, class.basis), (1, ClassBasis::None));
    assert_eq!((class.suspected, class.kept), (0, 0));
    assert!(findings.suspects.iter().all(|suspect| suspect.given != 3));
}

#[test]
fn the_label_of_a_person_is_not_suspected() {
    let mut rows = texts(4, 40);
    rows[0].1 = 1;
    let is_found = |is_open: fn(usize) -> bool| {
        let findings = find_but(is_open, &rows, 4, &SuspectConfig::default());
        findings.suspects.iter().any(|suspect| suspect.row == 0)
    };
    assert!(!is_found(|row| row != 0));
    assert!(is_found(|_| true), "without a person it is");
}

#[test]
fn a_judge_that_knows_less_than_the_teacher_judges_nobody() {
    // Labels that have nothing to do with the texts.
    let rows: Vec<(String, usize)> = texts(4, 40)
        .into_iter()
        .enumerate()
        .map(|(i, (text, _))| (text, (i / 4 * 7 + i * i / 3) % 4))
        .collect();
    let findings = find(&rows, 4, &SuspectConfig::default());
    assert!(findings.agreement < 0.5, "{}", findings.agreement);
    assert!(findings.suspects.is_empty());
}

#[test]
fn few_or_empty_texts_are_no_trouble() {
    assert!(find(&[], 3, &SuspectConfig::default()).suspects.is_empty());
    let alone = [("a b c".to_owned(), 1), (String::new(), 0)];
    assert!(find(&alone, 3, &SuspectConfig::default()).suspects.is_empty());
}

#[test]
fn a_task_of_one_label_has_nothing_to_suspect() {
    let rows = [("a b c".to_owned(), 0), ("d e f".to_owned(), 0)];
    let nothing = SuspectFindings {
        judged: 2,
        ..SuspectFindings::default()
    };
    assert_eq!(find(&rows, 1, &SuspectConfig::default()), nothing);
}

#[test]
fn a_label_that_is_no_class_is_named() {
    let mut texts = SuspectTexts::default();
    texts.add("a b c");
    let mut search = texts.search();
    let row = SuspectRow {
        text: "a b c",
        label: 7,
        cluster: 0,
        is_open: true,
    };
    search.push(&row);
    assert_eq!(
        search.find(3, &SuspectPlan::default()),
        Err(LabelIssueError::Label {
            row: 0,
            label: 7,
            classes: 3
        })
    );
}
