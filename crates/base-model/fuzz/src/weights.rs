//! safetensors files: `s` and a file, or `i`, an index in JSON, a zero byte and the shard that it may name.

use base_model::WeightFiles;

use crate::{at_zero, scratch};

/// A file is refused, or every tensor has as many numbers as its shape says, or is of a type that is not read.
pub fn holds(data: &[u8]) {
    let folder = match data.split_first() {
        Some((b's', file)) => {
            let folder = scratch::folder("weights");
            scratch::write(&folder, "model.safetensors", file);
            folder
        }
        Some((b'i', rest)) => {
            let folder = scratch::folder("shards");
            let (index, shard) = at_zero(rest);
            scratch::write(&folder, "model.safetensors.index.json", index);
            scratch::write(&folder, "a.safetensors", shard.unwrap_or_default());
            folder
        }
        _ => return,
    };
    let Ok(files) = WeightFiles::open_folder(&folder) else {
        return;
    };
    for name in files.names() {
        let shape = files.shape(name).expect("a tensor that is listed has a shape");
        if let Ok(tensor) = files.read(name) {
            assert_eq!(tensor.shape, shape);
            assert_eq!(tensor.values.len(), shape.iter().product::<usize>());
        }
        if let Ok((of_integers, values)) = files.read_integers(name) {
            assert_eq!(of_integers, shape);
            assert_eq!(values.len(), shape.iter().product::<usize>());
        }
    }
    assert!(files.note("format").is_none_or(|note| note.len() <= data.len()));
}
