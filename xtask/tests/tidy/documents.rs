//! Rules for documents: what they name exists.

use std::collections::HashSet;

use crate::tree::{Tree, assert_none};

/// Folders of the root; a path that begins with one of them is a path of this repository.
const FOLDERS: &[&str] = &["crates", "examples", "benches", "docs", "models", "xtask", ".ci"];
/// Where symbols are named instead of linked.
const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";
/// The longest that the map of the repository may be, in lines.
const ARCHITECTURE_LINES: usize = 300;

/// What stands between single backticks outside of fenced blocks, with its line.
fn quoted(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.extend(line.split('`').skip(1).step_by(2).map(|quote| (number, quote)));
        }
    }
    found
}

/// Whether a quote is a path from the root of the repository, and not a command or a pattern.
fn is_path(quote: &str) -> bool {
    let first = quote.split('/').next().unwrap_or_default();
    quote.contains('/') && FOLDERS.contains(&first) && !quote.contains([' ', '*', '<', '{'])
}

fn missing_paths(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (document, text) in tree.texts(&[".md"]) {
        let paths = quoted(text).into_iter().filter(|(_, quote)| is_path(quote));
        let missing = paths.filter(|(_, path)| !tree.holds(path));
        found.extend(missing.map(|(line, path)| format!("{document}:{line}: there is no {path}")));
    }
    found
}

/// The last name of a quoted type (`Task`, `gold_eval::Report`) or function (`judge()`, `Classifier::answer()`).
fn symbol(quote: &str) -> Option<&str> {
    let (path, called) = match quote.strip_suffix("()") {
        Some(path) => (path, true),
        None => (quote, false),
    };
    let name = path.rsplit("::").next()?;
    let is_name =
        |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !part.is_empty();
    let is_type =
        name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains(|c: char| c.is_ascii_lowercase());
    (path.split("::").all(is_name) && (called || is_type || path.contains("::"))).then_some(name)
}

fn missing_symbols(tree: &Tree) -> Vec<String> {
    let names: HashSet<&str> = tree
        .texts(&[".rs"])
        .flat_map(|(_, text)| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
        .collect();
    tree.texts(&[ARCHITECTURE])
        .flat_map(|(_, text)| quoted(text))
        .filter_map(|(line, quote)| Some((line, quote, symbol(quote)?)))
        .filter(|(_, _, name)| !names.contains(name))
        .map(|(line, quote, _)| format!("{ARCHITECTURE}:{line}: no source has {quote}"))
        .collect()
}

#[test]
fn paths_that_documents_name_exist() {
    assert_none(&missing_paths(&Tree::read()));
}

#[test]
fn symbols_that_the_architecture_names_exist() {
    assert_none(&missing_symbols(&Tree::read()));
}

#[test]
fn the_architecture_is_short() {
    let tree = Tree::read();
    let (_, text) = tree
        .texts(&[ARCHITECTURE])
        .next()
        .expect("docs/ARCHITECTURE.md exists");
    let lines = text.lines().count();
    assert!(
        lines < ARCHITECTURE_LINES,
        "{lines} lines; say less, or say it beside the code"
    );
}

#[test]
fn a_path_that_is_gone_is_found_with_its_line() {
    let text = "See\n`crates/a/src/gone.rs`, `crates/a`, `cargo run -p a`, `crates/*`, `runs/demo`.\n\
                ```\n`crates/fenced`\n```\n";
    let tree = Tree::of(&[("README.md", text), ("crates/a/src/lib.rs", "")]);
    assert_eq!(
        missing_paths(&tree),
        ["README.md:2: there is no crates/a/src/gone.rs"]
    );
}

#[test]
fn a_symbol_that_is_gone_is_found() {
    let text = "`Here`, `Gone`, `here()`, `gone()`, `Here::method`, `OUT`, `task.toml`, `a word`\n";
    let code = "struct Here; fn here() {} impl Here { fn method() {} }";
    let tree = Tree::of(&[(ARCHITECTURE, text), ("crates/a/src/lib.rs", code)]);
    assert_eq!(missing_symbols(&tree).len(), 2, "{:?}", missing_symbols(&tree));
}
