//! Logs in Parquet.

use std::{panic, sync::Once};

use distill_data::{AnswerFormat, LogFormat};

use crate::curation::curated;

/// The most lines that a file is believed to have: what a bomb of rows costs is not what is looked for.
const MOST_LINES: u64 = 1 << 20;

/// A file, of which the first four bytes are made those of Parquet, is accounted for, and twice in the same way.
pub fn holds(data: &[u8]) {
    // The engine ends the process at every panic, and the reader catches those of the library that it is made with. One that
    // nothing catches still ends the process, as it cannot pass the engine's own frames.
    static QUIET: Once = Once::new();
    QUIET.call_once(|| panic::set_hook(Box::new(|_| {})));
    let Some((_, rest)) = data.split_first_chunk::<4>() else {
        return;
    };
    let file = [b"PAR1", rest].concat();
    let format = LogFormat::by_name("fine-tune").expect("there is such a format");
    let found = curated(&file, &format, &AnswerFormat::Text);
    assert!(found.manifest.ledger.lines <= MOST_LINES);
    assert_eq!(
        found,
        curated(&file, &format, &AnswerFormat::Text),
        "two runs differ"
    );
}
