//! Rules for data in the tree: where numbers come from, and that nobody else's data came in.

use crate::tree::{Tree, assert_none};

/// Endings of tables of data.
const TABLES: &[&str] = &[
    ".csv", ".tsv", ".parquet", ".arrow", ".jsonl", ".gz", ".zst", ".zip",
];
/// Above this many bytes a table is a data set and no fixture.
const LARGE_TABLE: u64 = 50_000;

fn large_tables(tree: &Tree) -> Vec<String> {
    tree.files
        .iter()
        .filter(|file| file.bytes > LARGE_TABLE && TABLES.iter().any(|ending| file.path.ends_with(ending)))
        .map(|file| {
            format!(
                "{}: {} bytes of data; name a source instead of shipping it",
                file.path, file.bytes
            )
        })
        .collect()
}

/// Whether this is data that a test reads, and not code, nor what says where data is from.
fn is_fixture(path: &str) -> bool {
    let in_tests = path.contains("/tests/") || path.contains("/benches/");
    let says_where_from = [".rs", ".py", ".sh", ".md"]
        .iter()
        .any(|ending| path.ends_with(ending));
    // Seeds that proptest found, written by proptest.
    in_tests && !says_where_from && !path.contains("proptest-regressions/")
}

/// Folders of fixtures with neither a script that makes them nor a README that says where they are from: in the folder
/// itself, or in one above it that names the folder.
fn of_unknown_origin(tree: &Tree) -> Vec<String> {
    let folder = |path: &str| {
        path.rsplit_once('/')
            .map_or(String::new(), |(folder, _)| folder.to_owned())
    };
    let mut folders: Vec<String> = tree
        .files
        .iter()
        .filter(|file| is_fixture(&file.path))
        .map(|file| folder(&file.path))
        .collect();
    folders.dedup();
    folders.retain(|fixtures| {
        let name = fixtures.rsplit('/').next().unwrap_or_default();
        !tree.texts(&[".py", ".sh", "README.md"]).any(|(path, text)| {
            let place = folder(path);
            place == *fixtures || (fixtures.starts_with(&format!("{place}/")) && text.contains(name))
        })
    });
    folders
        .iter()
        .map(|folder| format!("{folder}: no script beside it makes these files and no README names them"))
        .collect()
}

#[test]
fn no_data_set_is_in_the_tree() {
    assert_none(&large_tables(&Tree::read()));
}

#[test]
fn every_fixture_says_where_it_is_from() {
    assert_none(&of_unknown_origin(&Tree::read()));
}

#[test]
fn a_large_table_is_found_and_a_small_one_is_not() {
    let rows = "1,2\n".repeat(20_000);
    let tree = Tree::of(&[("data/rows.csv", &rows), ("data/few.csv", "1,2\n")]);
    assert_eq!(large_tables(&tree).len(), 1);
}

#[test]
fn a_fixture_without_origin_is_found() {
    let tree = Tree::of(&[
        ("crates/a/tests/oracle/numbers.json", "[]"),
        ("crates/a/tests/oracle/numbers.py", "print([])"),
        ("crates/b/tests/fixtures/make.py", "write('tiny')"),
        ("crates/b/tests/fixtures/tiny/config.json", "{}"),
        ("crates/b/tests/fixtures/other/config.json", "{}"),
    ]);
    let found = of_unknown_origin(&tree);
    assert!(
        found.len() == 1 && found[0].contains("fixtures/other"),
        "{found:?}"
    );
}
