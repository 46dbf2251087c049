//! The invariants of `docs/ARCHITECTURE.md` that can be read off manifests and sources.

use std::collections::BTreeSet;

use crate::{
    manifests::{Package, packages},
    tree::{Tree, assert_none},
};

/// Crates that build without burn.
const LIGHT: &[&str] = &[
    "task-spec",
    "stage-files",
    "near-texts",
    "distill-data",
    "gold-eval",
    "drift-stats",
];
/// All that the boundary crate may depend on.
const BOUNDARY: &[&str] = &["serde", "thiserror"];
/// The two that meet only in the adapter folder.
const APART: [&str; 2] = ["lora-train", "adapter-runtime"];
/// Crates that open sockets.
const NETWORK: &[&str] = &[
    "axum", "curl", "hf-hub", "hyper", "reqwest", "socket2", "tokio", "ureq",
];
/// Parts of the names that Hugging Face and PEFT give to tensors.
const TENSOR_NAMES: &[&str] = &["self_attn", "attention.self", "embed_tokens", "base_model.model"];

/// What makes a result depend on more than its input.
const SURROUNDINGS: &[&str] = &["env::var", "env::args", "SystemTime::now", "current_dir()"];
/// Where models are kept and whether the network may be used is said by the variables that Python's libraries follow; the
/// instruction set of the kernels by one of ours, as of every library for numbers; where a GPU's kernels are kept by the file
/// that burn looks for.
const FOLLOW_THE_ENVIRONMENT: [&str; 3] = [
    "crates/base-model/src/device.rs",
    "crates/base-model/src/hub.rs",
    "crates/base-model/src/kernels/flex/machine.rs",
];

/// What a member depends on: its own dependencies and those of the members among them.
fn reach<'a>(packages: &'a [Package], start: &str) -> BTreeSet<&'a str> {
    let direct = |name: &str| {
        let package = packages.iter().find(|package| package.name == name);
        package.map_or(&[][..], |package| &package.dependencies)
    };
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = direct(start).iter().map(String::as_str).collect();
    while let Some(name) = next.pop() {
        if reached.insert(name) {
            next.extend(direct(name).iter().map(String::as_str));
        }
    }
    reached
}

fn forbidden_dependencies(packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages.iter().filter(|package| package.published) {
        let name = package.name.as_str();
        let reached = reach(packages, name);
        let mut forbid = |dependency: &str, why: &str| {
            if reached.contains(dependency) {
                found.push(format!("{name} depends on {dependency}: {why}"));
            }
        };
        for network in NETWORK {
            forbid(
                network,
                "no crate opens a socket unless a feature named for it is on",
            );
        }
        if LIGHT.contains(&name) {
            forbid("burn", "it builds without");
        }
        if APART.contains(&name) {
            let other = APART[usize::from(name == APART[0])];
            forbid(other, "the two meet only in the adapter folder");
        }
        if name == "task-spec" {
            let more = reached.iter().filter(|dependency| !BOUNDARY.contains(dependency));
            found.extend(more.map(|more| format!("{name} depends on {more}: it stands at every boundary")));
        }
    }
    found
}

fn tensor_names_elsewhere(tree: &Tree) -> Vec<String> {
    tree.texts(&[".rs"])
        .filter(|(path, _)| path.starts_with("crates/") && !path.starts_with("crates/base-model/"))
        .flat_map(|(path, text)| TENSOR_NAMES.iter().map(move |name| (path, text, name)))
        .filter(|(_, text, name)| text.contains(*name))
        .map(|(path, _, name)| format!("{path}: {name}; only base-model knows how tensors are called"))
        .collect()
}

fn looks_around(tree: &Tree) -> Vec<String> {
    let libraries = tree.texts(&[".rs"]).filter(|(path, _)| {
        path.starts_with("crates/")
            && path.contains("/src/")
            && !path.ends_with("tests.rs")
            && !FOLLOW_THE_ENVIRONMENT.contains(path)
    });
    let mut found = Vec::new();
    for (path, text) in libraries {
        let lines = (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim_start().starts_with("//"));
        for (number, line) in lines {
            let seen = SURROUNDINGS.iter().filter(|word| line.contains(*word));
            found.extend(seen.map(|word| format!("{path}:{number}: {word}; let the caller say it")));
        }
    }
    found
}

#[test]
fn crates_depend_only_on_what_they_may() {
    let packages = packages();
    for name in LIGHT.iter().chain(&APART) {
        assert!(
            packages.iter().any(|package| package.name == *name),
            "there is no {name}"
        );
    }
    assert_none(&forbidden_dependencies(&packages));
}

#[test]
fn only_base_model_knows_the_names_of_tensors() {
    assert_none(&tensor_names_elsewhere(&Tree::read()));
}

#[test]
fn no_library_looks_at_the_date_or_the_environment() {
    assert_none(&looks_around(&Tree::read()));
}

#[test]
fn a_forbidden_dependency_is_found_through_another_member() {
    let package = |name: &str, dependencies: &[&str]| Package {
        name: name.to_owned(),
        folder: format!("crates/{name}"),
        published: true,
        has_description: true,
        has_licence: true,
        dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
    };
    let found = forbidden_dependencies(&[
        package("task-spec", &["serde", "regex"]),
        package("gold-eval", &["base-model"]),
        package("base-model", &["burn"]),
        package("adapter-runtime", &["lora-train"]),
        package("lora-train", &["ureq"]),
    ]);
    // The last socket is found in both crates that reach it.
    assert_eq!(found.len(), 5, "{found:?}");
}

#[test]
fn the_name_of_a_tensor_outside_of_base_model_is_found() {
    let code = "//! A.\nconst QUERY: &str = \"model.layers.0.self_attn.q_proj\";\n";
    let tree = Tree::of(&[
        ("crates/base-model/src/a.rs", code),
        ("crates/lora-train/src/b.rs", code),
    ]);
    assert_eq!(tensor_names_elsewhere(&tree).len(), 1);
}

#[test]
fn a_library_that_looks_around_is_found_and_a_program_may() {
    let code = "//! A.\n// env::var is not read.\nlet seed = std::env::var(\"SEED\");\n";
    let tree = Tree::of(&[("crates/a/src/b.rs", code), ("crates/a/examples/b.rs", code)]);
    assert_eq!(
        looks_around(&tree),
        ["crates/a/src/b.rs:3: env::var; let the caller say it"]
    );
}
