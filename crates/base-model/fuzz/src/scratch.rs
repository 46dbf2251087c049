//! Folders that files are written into, one for each name, in the folder for temporary files.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
};

/// A folder of this process, which `.ci/fuzz` removes in the end.
pub(crate) fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir()
        .join(format!("base-model-fuzz-{}", process::id()))
        .join(name);
    fs::create_dir_all(&path).expect("a temporary folder can be made");
    path
}

pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).expect("a temporary file can be written");
}
