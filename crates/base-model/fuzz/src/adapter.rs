//! Adapter folders: a byte for the adapter, its `adapter_config.json`, and, if there is a zero byte, behind it the
//! tensors; otherwise those that the adapter has.

use std::{cell::RefCell, collections::BTreeMap, fs, path::PathBuf};

use base_model::Adapter;

use crate::{
    at_zero,
    fixtures::{self, Fixture},
    scratch,
};

thread_local! {
    /// Models that have been opened, by folder; `None` for one that cannot be.
    static OPENED: RefCell<BTreeMap<PathBuf, Option<Fixture>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The folder is refused, or it has logits, and what is written of it reads back the same.
pub fn holds(data: &[u8]) {
    let Some((&which, rest)) = data.split_first() else {
        return;
    };
    let adapters = fixtures::adapters();
    let original = &adapters[usize::from(which) % adapters.len()];
    let model = original
        .parent()
        .expect("an adapter lies in the folder of its model");
    let (config, tensors) = at_zero(rest);
    let folder = scratch::folder("adapter");
    scratch::write(&folder, "adapter_config.json", config);
    match tensors {
        Some(tensors) => scratch::write(&folder, "adapter_model.safetensors", tensors),
        None => {
            let tensors =
                fs::read(original.join("adapter_model.safetensors")).expect("the tensors can be read");
            scratch::write(&folder, "adapter_model.safetensors", &tensors);
        }
    }

    let device = fixtures::device();
    OPENED.with_borrow_mut(|opened| {
        let fixture = opened
            .entry(model.to_owned())
            .or_insert_with(|| Fixture::open(model, &device).ok());
        let Some(fixture) = fixture else {
            return;
        };
        let Ok(adapter) = Adapter::read(&folder, &fixture.network, &device) else {
            return;
        };
        // An adapter without a label head is refused here, and that is no panic.
        let _ = fixture.adapter_logits(&adapter);
        let copy = scratch::folder("copy");
        adapter
            .write(&copy)
            .expect("an adapter that was read can be written");
        let again = Adapter::read(&copy, &fixture.network, &device).expect("what was written can be read");
        assert_eq!(again.config(), adapter.config());
        let bytes = |adapter: &Adapter| adapter.to_safetensors().expect("the tensors can be written");
        assert!(
            bytes(&again) == bytes(&adapter),
            "other tensors were read than written"
        );
    });
}
