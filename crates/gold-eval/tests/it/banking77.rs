//! Against the real BANKING77 (Casanueva et al. 2020, arXiv:2003.04807), which is not part of this repository.
//!
//! `BANKING77=folder/of/test.csv cargo test --release -p gold-eval banking77 -- --nocapture`

use std::path::PathBuf;

use gold_eval::ImportConfig;

#[test]
fn banking77_is_imported_without_a_word_about_its_columns() {
    let Some(folder) = std::env::var_os("BANKING77") else {
        println!("skipped: BANKING77 does not name the folder of the data set");
        return;
    };
    let test = PathBuf::from(folder).join("test.csv");
    let imported = ImportConfig::default()
        .check()
        .unwrap()
        .read(&test, None)
        .unwrap();
    println!("{}", imported.account);
    assert_eq!(
        (imported.account.rows_read, imported.account.labels.len()),
        (3080, 77)
    );
    assert_eq!(imported.rows.len() + imported.set_aside.len(), 3080);
}
