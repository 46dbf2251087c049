//! The files of the repository, or of a made-up one.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that hold no sources: what builds and runs leave.
const LEFT_BY_TOOLS: &[&str] = &[".git", "target", "runs"];
/// Larger files are not read as text.
const MAX_TEXT_BYTES: u64 = 1 << 20;

/// A file by its path from the root, with `/` between folders.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) bytes: u64,
    /// `None` for a file that is no text or is large.
    pub(crate) text: Option<String>,
}

/// All files, by path.
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
}

/// The root of this repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the root")
        .to_owned()
}

impl Tree {
    /// Reads this repository.
    pub(crate) fn read() -> Self {
        let root = root();
        let mut files = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder of the repository can be listed") {
                let entry = entry.expect("a folder of the repository can be listed");
                let name = entry.file_name().to_string_lossy().into_owned();
                let kind = entry.file_type().expect("an entry has a type");
                let by_tools = LEFT_BY_TOOLS.contains(&name.as_str())
                    || name.starts_with(".venv")
                    || name == "__pycache__"
                    || name.ends_with(".tmp");
                if by_tools {
                    continue;
                }
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if let Ok(metadata) = entry.metadata() {
                    let path = entry.path();
                    let small = metadata.len() <= MAX_TEXT_BYTES;
                    let text = small.then(|| fs::read_to_string(&path).ok()).flatten();
                    let path = path.strip_prefix(&root).expect("an entry lies under the root");
                    files.push(File {
                        path: path.to_string_lossy().replace('\\', "/"),
                        bytes: metadata.len(),
                        text,
                    });
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(files.len() > 100, "the walk found only {} files", files.len());
        Self { files }
    }

    /// A made-up repository.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File {
            path: (*path).to_owned(),
            bytes: text.len() as u64,
            text: Some((*text).to_owned()),
        });
        Self {
            files: files.collect(),
        }
    }

    /// The text files with one of these endings, as path and text.
    pub(crate) fn texts<'a>(&'a self, endings: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(|file| endings.iter().any(|ending| file.path.ends_with(ending)))
            .filter_map(|file| Some((file.path.as_str(), file.text.as_deref()?)))
    }

    /// Whether a file or a folder has this path.
    pub(crate) fn holds(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.files.iter().any(|file| {
            file.path
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// Fails with all violations, one a line.
pub(crate) fn assert_none(violations: &[String]) {
    assert!(
        violations.is_empty(),
        "{} violations:\n{}",
        violations.len(),
        violations.join("\n")
    );
}
