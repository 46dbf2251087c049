//! A real encoder against sentence-transformers.
//!
//! Oracle: `fixtures/minilm.json`, made by `fixtures/minilm.py` with the versions that it names. The model is no
//! part of this repository: without `MINILM`, a folder of sentence-transformers/all-MiniLM-L6-v2, nothing is held
//! to anything here, and the test says so.

use std::path::{Path, PathBuf};

use base_model::{BaseModel, Network, TokenBatch, mean_pool};
use serde::Deserialize;
use task_spec::Message;

use crate::fixtures::device;

#[derive(Deserialize)]
struct Reference {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    text: String,
    ids: Vec<u32>,
    embedding: Vec<f32>,
}

#[test]
fn mean_pooled_embeddings_match_sentence_transformers() {
    let Some(folder) = std::env::var_os("MINILM").map(PathBuf::from) else {
        println!("skipped: MINILM names no folder of all-MiniLM-L6-v2");
        return;
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/minilm.json");
    let reference: Reference = stage_files::read_json(&path).unwrap();
    let model = BaseModel::open(&folder, &device()).unwrap();
    let Network::Encoder(encoder) = &model.network else {
        panic!("not an encoder")
    };
    let ids: Vec<Vec<u32>> = reference
        .rows
        .iter()
        .map(|row| model.question_ids(&[Message::user(&row.text)]).unwrap())
        .collect();
    for (row, ids) in reference.rows.iter().zip(&ids) {
        assert_eq!(&row.ids, ids, "{:?}", row.text);
    }
    // Together, so that all but the longest are padded.
    let batch = TokenBatch::new(&ids, 0, &device());
    let pooled = mean_pool(encoder.forward(&batch, None), batch.mask());
    let found: Vec<f32> = pooled.into_data().iter::<f32>().collect();
    let width = reference.rows[0].embedding.len();
    for (row, found) in reference.rows.iter().zip(found.chunks_exact(width)) {
        for (a, b) in found.iter().zip(&row.embedding) {
            assert!((a - b).abs() < 1e-4, "{:?}: {a} and {b}", row.text);
        }
    }
}
