//! Rules for packages, and what Cargo says about them.

use std::process::Command;

use serde_json::Value;

use crate::tree::{Tree, assert_none, root};

/// A member of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Path of its folder from the root.
    pub(crate) folder: String,
    pub(crate) published: bool,
    pub(crate) has_description: bool,
    pub(crate) has_licence: bool,
    /// Names of what it always depends on; what only tests, builds or features need is left out.
    pub(crate) dependencies: Vec<String>,
}

/// The members of this workspace, as Cargo sees them.
pub(crate) fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo can be started");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("a workspace has packages");
    packages.iter().map(package).collect()
}

fn package(value: &Value) -> Package {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let manifest = text("manifest_path").replace('\\', "/");
    let root = root().to_string_lossy().replace('\\', "/");
    let folder = manifest
        .trim_start_matches(&root)
        .trim_start_matches('/')
        .trim_end_matches("/Cargo.toml");
    let dependencies = value["dependencies"].as_array().into_iter().flatten();
    Package {
        name: text("name"),
        folder: folder.to_owned(),
        // `publish = false` is an empty list of registries, nothing said is null.
        published: value["publish"].is_null(),
        has_description: !text("description").is_empty(),
        has_licence: !text("license").is_empty(),
        dependencies: dependencies
            .filter(|dependency| dependency["kind"].is_null() && dependency["optional"] == Value::Bool(false))
            .filter_map(|dependency| Some(dependency["name"].as_str()?.to_owned()))
            .collect(),
    }
}

fn incomplete(tree: &Tree, packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let name = &package.name;
        let mut must = |holds: bool, what: &str| {
            if !holds {
                found.push(format!("{name}: {what}"));
            }
        };
        must(package.has_description, "no description in Cargo.toml");
        must(package.has_licence, "no licence in Cargo.toml");
        let in_crates = package.folder.starts_with("crates/");
        must(
            package.published == in_crates,
            "what lies in crates/ is published, and nothing else",
        );
        if in_crates {
            must(
                package.folder == format!("crates/{name}"),
                "the folder is not named as the crate",
            );
            let changelog = format!("{}/CHANGELOG.md", package.folder);
            must(tree.holds(&changelog), "no CHANGELOG.md");
        }
    }
    found
}

/// Dependencies by a path that only one machine has.
fn absolute_paths(tree: &Tree) -> Vec<String> {
    tree.texts(&["Cargo.toml"])
        .flat_map(|(path, text)| {
            (1..)
                .zip(text.lines())
                .map(move |(number, line)| (path, number, line))
        })
        .filter(|(_, _, line)| line.replace(' ', "").contains("path=\"/"))
        .map(|(path, number, _)| format!("{path}:{number}: an absolute path"))
        .collect()
}

#[test]
fn every_package_says_what_it_is_and_under_which_licence() {
    assert_none(&incomplete(&Tree::read(), &packages()));
}

#[test]
fn no_manifest_needs_this_machine() {
    assert_none(&absolute_paths(&Tree::read()));
}

#[test]
fn a_package_without_changelog_or_licence_is_found() {
    let package = Package {
        name: "a".to_owned(),
        folder: "crates/a".to_owned(),
        published: true,
        has_description: true,
        has_licence: false,
        dependencies: Vec::new(),
    };
    let found = incomplete(&Tree::of(&[("crates/a/src/lib.rs", "")]), &[package]);
    assert_eq!(found, ["a: no licence in Cargo.toml", "a: no CHANGELOG.md"]);
}

#[test]
fn an_absolute_path_is_found() {
    let tree = Tree::of(&[(
        "a/Cargo.toml",
        "[dependencies]\nb = { path = \"/b\" }\nc = { path = \"../c\" }\n",
    )]);
    assert_eq!(absolute_paths(&tree), ["a/Cargo.toml:2: an absolute path"]);
}
