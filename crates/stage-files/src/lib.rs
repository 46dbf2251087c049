//! The files between the stages: read with the line at fault, written whole or not at all, known by content.
//!
//! Every arrow of the Rightsize flow is a file. This crate is the one place where such files are opened, so
//! that each stage reports a bad one in the same words and none leaves half a file behind. It knows nothing
//! of what the files mean; the rows themselves are types of `task-spec`.
//!
//! # Quick start
//!
//! ```
//! use stage_files::{read_json_lines, write_json_lines, ContentHash};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("numbers.jsonl");
//! let hash = write_json_lines(&path, [1, 2, 3])?;
//! assert_eq!(read_json_lines::<u32>(&path)?, [1, 2, 3]);
//! assert_eq!(ContentHash::of_file(&path)?, hash);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The pieces
//!
//! - [`WholeFile`]: a file that appears under its name only once it is complete and on disk; with
//!   [`write_whole`], [`write_json`] and [`write_json_lines`] for the common cases. [`remove_leftovers`] takes away what
//!   killed processes have left. [`JsonList`]: such a file of a list whose items come one by one.
//! - [`Lines`]: a file line by line in bounded memory, packed by gzip or zstd or not; a line that is not text or is too
//!   long is an item, not the end. [`read_json_lines`] is the strict form that stops at the first bad line.
//! - [`Unpacked`]: a file's bytes, unpacked where it is packed, for readers of other formats, with the hash of what was read.
//! - [`read_json`], [`read_toml`]: one value from one file.
//! - [`ContentHash`]: BLAKE3 of the bytes, in hexadecimal; [`ContentHasher`] for bytes that come piece by piece.
//!
//! # Errors and panics
//!
//! One [`FileError`] for the crate; each variant names the path, and the line where there is one. Nothing
//! panics.

mod content_hash;
mod error;
mod json_list;
mod lines;
mod unpacked;
mod value;
mod whole_file;

pub use content_hash::{ContentHash, ContentHasher};
pub use error::FileError;
pub use json_list::JsonList;
pub use lines::{BadLine, Line, LineBytes, Lines, MAX_LINE_BYTES};
pub use unpacked::Unpacked;
pub use value::{read_json, read_json_lines, read_json_lines_and_hash, read_toml};
pub use whole_file::{WholeFile, remove_leftovers, write_json, write_json_lines, write_whole};
