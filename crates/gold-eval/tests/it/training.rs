use std::{collections::BTreeMap, fs, path::Path};

use gold_eval::{
    Case, CertificateDifference as Other, Leakage, LeakageCertificate, Preset, Report, TrainingRecord,
    Verdict, judge,
};
use near_texts::{GoldRows, JaccardThreshold, PersonalDataMask, leakage_certificate};
use serde_json::{Value, json};
use stage_files::{ContentHash, write_json, write_json_lines};
use task_spec::{Example, Message};

use crate::world::World;

/// Texts that no gold row of [`World`] resembles.
const FAR: [&str; 3] = ["where is my card", "top up failed", "what does it cost"];

/// A candidate that is always right against a teacher that is not: whatever keeps it from shipping is the record.
fn judged(world: &World, record: Option<&TrainingRecord>) -> Report {
    let baseline = world.baseline(world.answers(1, |_, _| 0.7));
    let candidate = world.predictions(world.answers(2, |_, _| 1.0));
    let mut case = Case::new(&world.gold, &baseline, &candidate, "now");
    case.training = record;
    judge(&case, &Preset::ClearTheLine.config().check().unwrap()).unwrap()
}

fn certificate(world: &World, texts: &[&str]) -> LeakageCertificate {
    let gold = GoldRows::read(&world.path("gold.jsonl")).unwrap();
    leakage_certificate(texts, &gold, JaccardThreshold::default())
}

/// A certificate for the texts that says something else in one place.
fn forged(world: &World, texts: &[&str], key: &str, value: Value) -> TrainingRecord {
    let mut json = serde_json::to_value(certificate(world, texts)).unwrap();
    json[key] = value;
    TrainingRecord::default()
        .with_texts(texts.to_vec())
        .with_certificate(serde_json::from_value(json).unwrap())
}

/// What is different, and that nothing ships for it in any of the report's forms.
fn differences(world: &World, record: &TrainingRecord) -> Vec<Other> {
    let report = judged(world, Some(record));
    let Leakage::Differs { differences, .. } = &report.leakage else {
        panic!("{:?}", report.leakage)
    };
    assert_eq!(report.verdict, Verdict::CannotTell, "{}", report.summary);
    for text in [report.to_markdown(), report.to_html()] {
        assert!(text.contains("nothing ships on them"), "{text}");
    }
    differences.clone()
}

#[test]
fn a_candidate_without_a_certificate_is_marked() {
    let world = World::new(&[60, 60]);
    let report = judged(&world, None);
    assert_eq!(report.verdict, Verdict::Ship);
    assert_eq!(report.leakage, Leakage::NotCertified { computed: None });
    for text in [report.to_markdown(), report.to_html()] {
        assert!(text.contains("Not certified"), "{text}");
    }
    // With its training rows it is known how near they come, and still nobody vouches for them.
    let record = TrainingRecord::default().with_texts(FAR);
    let report = judged(&world, Some(&record));
    assert_eq!(report.verdict, Verdict::Ship);
    assert!(matches!(
        report.leakage,
        Leakage::NotCertified { computed: Some(_) }
    ));
}

#[test]
fn a_certificate_is_computed_again_whatever_the_order_of_rows() {
    let world = World::new(&[60, 60]);
    let mut texts = FAR.to_vec();
    texts.reverse();
    let record = TrainingRecord::default()
        .with_texts(texts)
        .with_certificate(certificate(&world, &FAR));
    let report = judged(&world, Some(&record));
    assert_eq!(report.verdict, Verdict::Ship, "{}", report.summary);
    let Leakage::Certified {
        computed,
        bound_to_adapter: false,
    } = &report.leakage
    else {
        panic!("{:?}", report.leakage)
    };
    assert_eq!(**computed, certificate(&world, &FAR));
    assert_eq!(
        serde_json::to_value(&report).unwrap()["leakage"]["state"],
        "certified"
    );
    assert!(report.to_markdown().contains("Certified: "));
}

#[test]
fn without_training_rows_a_certificate_is_only_its_own_word() {
    let world = World::new(&[60, 60]);
    let record = TrainingRecord::default().with_certificate(certificate(&world, &FAR));
    let report = judged(&world, Some(&record));
    assert!(matches!(report.leakage, Leakage::NotRecomputed { .. }));
    assert!(report.to_markdown().contains("Not checked"));
}

#[test]
fn nothing_ships_on_training_rows_that_hold_gold_rows() {
    let world = World::new(&[60, 60]);
    let leaking = [world.gold.rows()[0].input.as_str(), "where is my card"];
    for record in [
        TrainingRecord::default().with_texts(leaking),
        TrainingRecord::default()
            .with_texts(leaking)
            .with_certificate(certificate(&world, &leaking)),
        TrainingRecord::default().with_certificate(certificate(&world, &leaking)),
    ] {
        let report = judged(&world, Some(&record));
        assert_eq!(report.leakage.leaking_rows(), 1);
        assert_eq!(report.verdict, Verdict::CannotTell, "{}", report.summary);
        assert!(report.summary.contains("partly memory"), "{}", report.summary);
    }
}

#[test]
fn every_way_in_which_a_certificate_is_another_has_a_name() {
    let world = World::new(&[60, 60]);
    let other = ContentHash::of_bytes(b"other");
    let near = format!("{}!", world.gold.rows()[0].input);
    let texts = [FAR[0], FAR[1], FAR[2], &near];
    let found = differences(&world, &forged(&world, &FAR, "gold", json!(other)));
    assert!(matches!(&found[..], [Other::OtherGold { certificate, .. }] if *certificate == other));
    let found = differences(&world, &forged(&world, &FAR, "train", json!(other)));
    assert!(matches!(&found[..], [Other::OtherTraining { .. }]), "{found:?}");
    let found = differences(&world, &forged(&world, &FAR, "normaliser", json!("lower-case-0")));
    assert!(matches!(&found[..], [Other::OtherNormaliser { .. }]), "{found:?}");
    let masked = json!({"rules": "personal-data-0", "kinds": ["iban"]});
    let found = differences(&world, &forged(&world, &FAR, "masked", masked));
    assert!(matches!(&found[..], [Other::OtherMasking { .. }]), "{found:?}");
    for figure in [
        "leaking_rows",
        "exact",
        "at_0_7",
        "at_0_8",
        "at_0_9",
        "gold_rows",
        "train_rows",
    ] {
        let found = differences(&world, &forged(&world, &texts, figure, json!(77)));
        assert!(
            matches!(&found[..], [Other::OtherCount { figure: name, certificate: 77, .. }] if name == figure),
            "{found:?}"
        );
    }
    let found = differences(&world, &forged(&world, &texts, "nearest", json!([])));
    assert_eq!(
        found,
        [Other::OtherNeighbours {
            gold: world.gold.rows()[0].id.clone()
        }]
    );
}

/// Writes what curation and training would: rows, an account, and an adapter's record that names both.
fn write_run(folder: &Path, world: &World, texts: &[&str]) {
    let rows = texts.iter().enumerate().map(|(number, text)| {
        Example::new(
            number.to_string(),
            vec![Message::user(*text), Message::assistant("label-00")],
        )
    });
    write_json_lines(&folder.join("train.jsonl"), rows).unwrap();
    let account = json!({"version": "0", "leakage": {"log": null, "train": certificate(world, texts)}});
    write_json(&folder.join("manifest.json"), &account).unwrap();
    let inputs: BTreeMap<&str, ContentHash> = ["train.jsonl", "manifest.json"]
        .map(|name| (name, ContentHash::of_file(&folder.join(name)).unwrap()))
        .into_iter()
        .chain([("gold.jsonl", world.gold.lock().hash.clone())])
        .collect();
    write_json(
        &folder.join("training.json"),
        &json!({"inputs": inputs, "rows": texts.len()}),
    )
    .unwrap();
}

fn read_run(folder: &Path) -> TrainingRecord {
    TrainingRecord::default()
        .with_rows(&folder.join("train.jsonl"))
        .and_then(|record| record.with_manifest(&folder.join("manifest.json")))
        .and_then(|record| record.with_adapter(folder))
        .unwrap()
}

#[test]
fn an_adapter_is_bound_to_the_files_that_its_record_names() {
    let world = World::new(&[60, 60]);
    let folder = tempfile::tempdir().unwrap();
    write_run(folder.path(), &world, &FAR);
    let report = judged(&world, Some(&read_run(folder.path())));
    assert_eq!(report.verdict, Verdict::Ship, "{}", report.summary);
    assert!(matches!(
        report.leakage,
        Leakage::Certified {
            bound_to_adapter: true,
            ..
        }
    ));

    // Other rows, with an account of their own, beside the adapter that was not trained on them.
    let record = fs::read(folder.path().join("training.json")).unwrap();
    write_run(folder.path(), &world, &FAR[..2]);
    fs::write(folder.path().join("training.json"), record).unwrap();
    let names: Vec<String> = differences(&world, &read_run(folder.path()))
        .into_iter()
        .map(|difference| match difference {
            Other::OtherFile { name, .. } => name,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["manifest.json", "train.jsonl"]);

    // An adapter whose rows were kept apart from another gold set.
    write_run(folder.path(), &World::new(&[60, 61]), &FAR);
    let found = differences(&world, &read_run(folder.path()));
    assert!(
        matches!(&found[..], [Other::OtherFile { name, .. }, Other::OtherGold { .. }] if name == "gold.jsonl"),
        "{found:?}"
    );
}

#[test]
fn a_manifest_without_a_certificate_leaves_the_candidate_uncertified() {
    let world = World::new(&[60, 60]);
    let folder = tempfile::tempdir().unwrap();
    write_json(&folder.path().join("manifest.json"), &json!({"leakage": null})).unwrap();
    let record = TrainingRecord::default()
        .with_manifest(&folder.path().join("manifest.json"))
        .unwrap();
    assert_eq!(
        judged(&world, Some(&record)).leakage,
        Leakage::NotCertified { computed: None }
    );
    // One that is damaged is no certificate at all, and says where.
    write_json(
        &folder.path().join("manifest.json"),
        &json!({"leakage": {"train": {"gold": 1}}}),
    )
    .unwrap();
    let error = TrainingRecord::default()
        .with_manifest(&folder.path().join("manifest.json"))
        .unwrap_err();
    assert!(error.to_string().contains("manifest.json"), "{error}");
}

#[test]
fn a_certificate_of_masked_rows_is_computed_again_on_the_masked_gold_set() {
    let world = World::new(&[60, 60]);
    let gold = GoldRows::read(&world.path("gold.jsonl")).unwrap();
    let texts = ["card 9999 9999 9999 9999 is blocked"];
    let masked = gold.masked(&PersonalDataMask::all());
    let certificate = leakage_certificate(&texts, &masked, JaccardThreshold::default());
    let record = TrainingRecord::default()
        .with_texts(texts)
        .with_certificate(certificate);
    assert!(matches!(
        judged(&world, Some(&record)).leakage,
        Leakage::Certified { .. }
    ));
}

#[test]
fn accuracy_is_told_by_how_near_training_came() {
    let world = World::new(&[20, 20]);
    let rows = world.gold.rows();
    let exact = rows[0].input.to_uppercase();
    let record = TrainingRecord::default().with_texts(["where is my card", &exact]);
    let baseline = world.baseline(world.answers(1, |_, _| 1.0));
    // Right on the row that it has seen and on no other.
    let answers = rows.iter().enumerate().map(|(place, row)| {
        let label = if place == 0 {
            row.label.clone()
        } else {
            "lost".to_owned()
        };
        (row.id.clone(), label)
    });
    let candidate = world.predictions(answers.collect());
    let case = Case::new(&world.gold, &baseline, &candidate, "now").with_training(&record);
    let report = judge(&case, &Preset::NotInferior.config().check().unwrap()).unwrap();
    let word_for_word = report.by_nearness.last().unwrap();
    assert_eq!(
        (
            word_for_word.similarity.as_str(),
            word_for_word.rows,
            word_for_word.candidate.value
        ),
        ("word for word", 1, 1.0)
    );
    assert_eq!(report.by_nearness.iter().map(|band| band.rows).sum::<u64>(), 40);
    let apart = report.apart_from_neighbours.as_ref().unwrap();
    assert_eq!(apart.candidate.unwrap().count, 0);
    assert_eq!(apart.near_candidate.unwrap().count, 1);
    for text in [report.to_markdown(), report.to_html()] {
        assert!(
            text.contains("By how near training came") && text.contains("word for word"),
            "{text}"
        );
    }
}
