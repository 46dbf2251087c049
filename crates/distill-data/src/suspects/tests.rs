use super::*;

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

fn find(rows: &[(String, usize)], classes: usize, config: &SuspectConfig) -> Findings {
    let judged: Vec<Judged<'_>> = rows
        .iter()
        .enumerate()
        .map(|(cluster, (text, label))| Judged {
            text,
            label: *label,
            cluster,
            is_open: true,
        })
        .collect();
    find_suspects(&judged, classes, config)
}

#[test]
fn planted_wrong_labels_are_found_and_right_ones_left() {
    let mut rows = texts(6, 60);
    let wrong: Vec<usize> = (0..rows.len()).filter(|row| row % 17 == 3).collect();
    for &row in &wrong {
        rows[row].1 = (rows[row].1 + 1) % 6;
    }
    let findings = find(&rows, 6, &SuspectConfig::default());
    let found: Vec<usize> = findings.suspects.iter().map(|suspect| suspect.0).collect();
    let hits = found.iter().filter(|row| wrong.contains(row)).count();
    assert!(hits * 10 >= wrong.len() * 9, "found {hits} of {}", wrong.len());
    assert!(
        found.len() <= wrong.len() + 3,
        "{} suspects, {} wrong",
        found.len(),
        wrong.len()
    );
    // The suggestion is the label that was there before.
    let (row, suspicion) = findings.suspects[0];
    assert_eq!(suspicion.suggested, (rows[row].1 + 5) % 6);
}

#[test]
fn a_class_keeps_its_rows_and_is_listed_where_too_many_are_suspected() {
    let mut rows = texts(4, 60);
    // A class of 8 rows whose texts are another's: all are suspected, a quarter may go.
    rows.retain(|(_, label)| *label != 3);
    for row in rows.iter_mut().filter(|(_, label)| *label == 0).take(8) {
        row.1 = 3;
    }
    let config = SuspectConfig {
        max_class_share: 0.25,
        ..SuspectConfig::default()
    };
    let findings = find(&rows, 4, &config);
    let taken = findings
        .suspects
        .iter()
        .filter(|suspect| rows[suspect.0].1 == 3)
        .count();
    assert!(taken <= 2, "{taken} of 8 were taken");
    let [(3, protection)] = findings.protected[..] else {
        panic!("{:?}", findings.protected)
    };
    assert_eq!(protection.rows, 8);
    assert_eq!(protection.kept, protection.suspected - 2);
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
fn rows_of_a_cluster_share_a_fold_and_classes_are_spread() {
    let rows: Vec<Judged<'_>> = (0..100)
        .map(|i| Judged {
            text: "",
            label: i % 2,
            cluster: i / 4,
            is_open: true,
        })
        .collect();
    let folds = assign_folds(&rows, 5);
    assert!(
        rows.iter()
            .zip(&folds)
            .all(|(row, fold)| folds[row.cluster * 4] == *fold)
    );
    for fold in 0..5 {
        assert_eq!(folds.iter().filter(|&&f| f == fold).count(), 20);
    }
}
