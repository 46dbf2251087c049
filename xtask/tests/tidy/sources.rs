//! Rules for source files.

use crate::tree::{Tree, assert_none};

/// Lines of code that a file may have without saying why.
const LONG: usize = 400;
/// What the header of a longer file says, followed by the reason.
const LONG_BECAUSE: &str = "long because";
/// Text that people write.
const WRITTEN: &[&str] = &[".rs", ".md", ".toml", ".sh", ".py", ".ci/run", ".ci/full"];

/// Whether a file holds nothing but tests: its names are claims, which is documentation enough.
fn is_tests(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The module documentation, without its slashes.
fn header(text: &str) -> String {
    text.lines()
        .skip_while(|line| line.starts_with("#![") || line.is_empty())
        .map_while(|line| line.strip_prefix("//!"))
        .collect()
}

/// Lines that are neither blank nor comments, up to tests at the end of the file.
fn lines_of_code(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let tests_begin = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{'));
    lines[..tests_begin.unwrap_or(lines.len())]
        .iter()
        .map(|line| line.trim_start())
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

fn without_module_docs(tree: &Tree) -> Vec<String> {
    tree.texts(&[".rs"])
        .filter(|(path, text)| !is_tests(path) && header(text).trim().is_empty())
        .map(|(path, _)| format!("{path}: begins without //! that says what it is"))
        .collect()
}

fn too_long(tree: &Tree) -> Vec<String> {
    tree.texts(&[".rs"])
        .filter(|(path, text)| !is_tests(path) && !header(text).contains(LONG_BECAUSE))
        .map(|(path, text)| (path, lines_of_code(text)))
        .filter(|(_, lines)| *lines > LONG)
        .map(|(path, lines)| {
            format!("{path}: {lines} lines of code; split it, or say \"{LONG_BECAUSE} ...\"")
        })
        .collect()
}

/// Lines with a word that promises work for later, or a test that nobody runs.
fn put_off(tree: &Tree) -> Vec<String> {
    // Put together here, so that this file does not break its own rule.
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"]].map(|parts| parts.concat());
    let ignored = [["#[ig", "nore"], ["```ig", "nore"]].map(|parts| parts.concat());
    let mut found = Vec::new();
    for (path, text) in tree.texts(WRITTEN) {
        for (number, line) in (1..).zip(text.lines()) {
            let is_word = |word: &String| {
                line.split(|c: char| !c.is_alphanumeric() && c != '_')
                    .any(|part| part == word)
            };
            if let Some(word) = words.iter().find(|word| is_word(word)) {
                found.push(format!("{path}:{number}: {word}; do it, or write down why not"));
            }
            if ignored.iter().any(|ignored| line.contains(ignored.as_str())) {
                found.push(format!(
                    "{path}:{number}: an ignored test; assert what holds today instead"
                ));
            }
        }
    }
    found
}

fn untidy_ends(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in tree.texts(WRITTEN) {
        let lines = (1..).zip(text.lines());
        let trailing = lines.filter(|(_, line)| line.ends_with([' ', '\t', '\r']));
        found.extend(trailing.map(|(number, _)| format!("{path}:{number}: space at the end of the line")));
        if !text.is_empty() && !text.ends_with('\n') {
            found.push(format!("{path}: no line end after the last line"));
        }
    }
    found
}

#[test]
fn every_file_says_what_it_is() {
    assert_none(&without_module_docs(&Tree::read()));
}

#[test]
fn no_file_is_long_without_a_reason() {
    assert_none(&too_long(&Tree::read()));
}

#[test]
fn nothing_is_put_off() {
    assert_none(&put_off(&Tree::read()));
}

#[test]
fn lines_and_files_end_cleanly() {
    assert_none(&untidy_ends(&Tree::read()));
}

#[test]
fn a_file_without_module_docs_is_found_unless_it_holds_tests() {
    let bare = "use std::fs;\n";
    let tree = Tree::of(&[
        ("crates/a/src/b.rs", bare),
        ("crates/a/src/b/tests.rs", bare),
        ("crates/a/src/c.rs", "#![no_std]\n\n//! Said.\n"),
    ]);
    assert_eq!(without_module_docs(&tree).len(), 1);
}

#[test]
fn length_counts_code_and_a_reason_excuses_it() {
    let code = "let x = 1;\n".repeat(LONG + 1);
    let comments = format!("//! A.\n{}", "// why\n\n".repeat(LONG));
    let tests = format!("//! A.\n#[cfg(test)]\nmod tests {{\n{code}}}\n");
    let excused = format!("//! A table, {LONG_BECAUSE} it is a table.\n{code}");
    let tree = Tree::of(&[
        ("crates/a/src/code.rs", &code),
        ("crates/a/src/comments.rs", &comments),
        ("crates/a/src/tested.rs", &tests),
        ("crates/a/src/excused.rs", &excused),
    ]);
    let found = too_long(&tree);
    assert!(
        found.len() == 1 && found[0].starts_with("crates/a/src/code.rs: 401"),
        "{found:?}"
    );
}

#[test]
fn work_for_later_and_ignored_tests_are_found_with_their_line() {
    let later = format!("a\n// {}{}: later\n", "TO", "DO");
    let ignored = format!("#[test]\n#[ig{}]\nfn f() {{}}\n", "nore");
    let tree = Tree::of(&[("a.rs", &later), ("b.rs", &ignored), ("c.rs", "// METODO\n")]);
    let found = put_off(&tree);
    assert!(
        found.len() == 2 && found[0].starts_with("a.rs:2") && found[1].starts_with("b.rs:2"),
        "{found:?}"
    );
}

#[test]
fn trailing_space_and_a_missing_line_end_are_found() {
    let tree = Tree::of(&[("a.md", "one \ntwo\n"), ("b.toml", "x = 1")]);
    assert_eq!(untidy_ends(&tree).len(), 2);
}
