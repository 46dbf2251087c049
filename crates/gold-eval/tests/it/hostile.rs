//! Any bytes, and files that are nearly good: rows or an account of what is wrong, and never a panic.

use std::fs;

use gold_eval::{
    Baseline, Carry, GateConfig, GoldSet, History, ImportConfig, Imported, Predictions, Reasons,
};
use proptest::prelude::*;
use stage_files::read_toml;

use crate::world::{World, task};

/// Pieces of which tables, documents and lines are made.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("text,label\n"),
        Just("question,__expected\n"),
        Just("\""),
        Just(","),
        Just("\n"),
        Just("\r\n"),
        Just("a"),
        Just("{\"input\":"),
        Just("\"ideal\":"),
        Just("{\"item\":"),
        Just("{\"vars\":"),
        Just("tests:\n"),
        Just("- "),
        Just("  vars: {text: a}\n"),
        Just("  assert: [{type: equals, value: b}]\n"),
        Just("}"),
        Just("]"),
        Just("["),
        Just(":"),
        Just("null"),
        Just("\u{feff}"),
        Just("equals: "),
        Just("{{a}}"),
        Just("1"),
        Just("é"),
    ]
    .prop_map(|text: &str| text.as_bytes().to_vec());
    let any = prop_oneof![8 => piece, 1 => prop::collection::vec(any::<u8>(), 0..4)];
    prop::collection::vec(any, 0..40).prop_map(|pieces| pieces.concat())
}

/// Every row is a gold row or set aside, and none is both.
fn adds_up(found: &Imported) {
    assert_eq!(
        found.account.rows_read,
        (found.rows.len() + found.set_aside.len()) as u64
    );
    assert_eq!(
        found.account.set_aside.values().sum::<u64>(),
        found.set_aside.len() as u64
    );
    assert_eq!(
        found.account.labels.values().sum::<u64>(),
        found.rows.len() as u64
    );
    let mut ids: Vec<&str> = found.rows.iter().map(|row| row.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), found.rows.len());
}

/// Any bytes, and changes of good files by one byte.
fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: ProptestConfig::default().cases.min(2000),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn an_import_accounts_for_every_row(bytes in pieces(), kind in 0_usize..4) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(["t.csv", "t.jsonl", "t.yaml", "t.json"][kind]);
        fs::write(&path, bytes).unwrap();
        let import = ImportConfig::default().check().unwrap();
        match import.read(&path, None) {
            Ok(found) => {
                adds_up(&found);
                prop_assert_eq!(found, import.read(&path, None).unwrap());
            }
            // A typed refusal that can be put into words.
            Err(error) => {
                let names_the_file = error.to_string().contains("t.");
                prop_assert!(names_the_file, "{}", error);
            }
        }
    }

    #[test]
    fn the_order_of_rows_decides_nothing(rows in prop::collection::vec((0_u8..6, 0_u8..3, 0_u8..8), 1..12), seed in any::<u64>()) {
        let lines: Vec<String> = rows.iter().map(|(text, label, id)| format!("{id},t{text},l{label}")).collect();
        let mut turned = lines.clone();
        turned.rotate_left((seed % lines.len() as u64) as usize);
        turned.reverse();
        let read = |lines: &[String]| {
            let found = crate::import::import_as("t.csv", format!("id,text,label\n{}\n", lines.join("\n")), ImportConfig::default(), None);
            let mut rows = found.map_or_else(|_| Vec::new(), |found| { adds_up(&found); found.rows });
            rows.sort_by(|a, b| a.id.cmp(&b.id));
            rows
        };
        prop_assert_eq!(read(&lines), read(&turned));
    }

    #[test]
    fn a_table_reads_back_as_it_was_written(cells in prop::collection::vec(("[ -~\n\r\"é,;]{1,12}", "[a-c]"), 1..8)) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let lines = cells.iter().enumerate().map(|(id, (text, label))| format!("{id},{},{label}\r\n", quoted(&format!("{id}{text}"))));
        let found = crate::import::imported("t.csv", format!("id,text,label\r\n{}", lines.collect::<String>()));
        let expected: Vec<String> = cells.iter().enumerate().map(|(id, (text, _))| format!("{id}{text}")).collect();
        let inputs: Vec<String> = found.rows.iter().map(|row| row.input.clone()).collect();
        prop_assert_eq!(inputs, expected);
    }

    #[test]
    fn any_bytes_in_place_of_a_file_are_an_error_or_the_file(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let world = World::new(&[2, 2]);
        let path = world.path("other");
        fs::write(&path, &bytes).unwrap();
        prop_assert!(Baseline::open(&path, &world.gold).is_err());
        prop_assert!(Baseline::rescore(&path, &world.gold).is_err());
        prop_assert!(Carry::open(&path, &world.path("gold.jsonl"), &world.gold).is_err());
        prop_assert!(Predictions::open(&path, "p", &world.gold).is_err());
        if let Ok(history) = History::open(&path) {
            prop_assert!(history.looks().is_empty());
        }
        if let Ok(config) = read_toml::<GateConfig>(&path) {
            drop(config.check());
        }
        prop_assert!(Reasons::default().with_file(&path).is_err() || bytes.trim_ascii().is_empty());
        prop_assert!(GoldSet::open(&world.path("gold.jsonl"), &path, &task(2)).is_err());
    }

    #[test]
    fn a_lock_with_one_other_byte_is_an_error_or_means_the_same(place in 0_usize..600, byte in any::<u8>()) {
        let world = World::new(&[2, 2]);
        let lock = world.path("gold.lock");
        let mut bytes = fs::read(&lock).unwrap();
        let place = place % bytes.len();
        bytes[place] = byte;
        fs::write(&lock, bytes).unwrap();
        if let Ok(gold) = GoldSet::open(&world.path("gold.jsonl"), &lock, &world.task) {
            prop_assert_eq!(&gold.lock().hash, &world.gold.lock().hash);
            prop_assert_eq!(gold.rows(), world.gold.rows());
        }
    }
}
