//! Models in 16 bits, on devices that compute in them, some processors among them.

use base_model::{Generation, ModelError, Network, TokenBatch, WeightFormat};

use crate::fixtures::{ALL, adapters, decoder, device, folder, open, open_in, padded, rows, states, values};

/// The 16-bit formats, with what a state or a score may be off by, of the largest: an error of half a unit in the last
/// place at every step, through three layers. Then what it may be off by with an adapter: they are tiny, random and of a
/// large scale, and where a step rounds once more or less moves the largest difference by half.
const FORMATS: [(WeightFormat, f32, f32); 2] = [
    (WeightFormat::Bf16, 4e-2, 8e-2),
    (WeightFormat::F16, 5e-3, 1.5e-2),
];

/// Those that the device computes in.
fn formats() -> impl Iterator<Item = (WeightFormat, f32, f32)> {
    FORMATS
        .into_iter()
        .filter(|(format, ..)| format.is_for(&device()))
}

/// The largest difference in the rows that are kept, of the largest number there.
fn relative_difference(found: &[f32], expected: &[f32], kept: &[bool]) -> f32 {
    let width = expected.len() / kept.len();
    let rows = expected.chunks(width).zip(kept).filter(|(_, kept)| **kept);
    let largest = rows
        .flat_map(|(row, _)| row)
        .fold(0.0_f32, |most, x| most.max(x.abs()));
    crate::fixtures::largest_difference(found, expected, kept) / largest
}

#[test]
fn a_device_that_does_not_compute_in_a_format_refuses_it() {
    let here = |format: &WeightFormat| !format.is_for(&device());
    for format in WeightFormat::ALL.into_iter().filter(here) {
        let error = Network::open_as(&folder("llama"), format, &device()).unwrap_err();
        assert!(matches!(error, ModelError::Format { .. }), "{error}");
        assert!(error.to_string().contains(format.name()), "{error}");
    }
    let cpu = base_model::device_by_name("flex").unwrap();
    for cpu in [cpu.clone(), cpu.autodiff()] {
        assert!(!WeightFormat::F16.is_for(&cpu));
        assert_eq!(
            WeightFormat::Bf16.is_for(&cpu),
            WeightFormat::Bf16.is_for(&cpu.clone().without_autodiff())
        );
    }
}

#[test]
fn states_logits_and_adapters_are_those_of_f32_but_for_rounding() {
    for (format, tolerance, with_adapter) in formats() {
        for name in ALL {
            let fixture = open_in(name, format);
            for (what, found, expected) in fixture.results().unwrap() {
                let off = relative_difference(&found, &expected, &fixture.kept);
                assert!(off < tolerance, "{name} in {}, {what}: {off}", format.name());
            }
            // What adapters are held to is f32 on this device.
            let exact = open(name);
            for ((path, adapter), (_, in_f32)) in adapters(name, &fixture.network)
                .into_iter()
                .zip(adapters(name, &exact.network))
            {
                let (found, kept) = fixture.adapter_logits(&adapter).unwrap();
                let (expected, _) = exact.adapter_logits(&in_f32).unwrap();
                let off = relative_difference(&found, &expected, &kept);
                assert!(off < with_adapter, "{path} in {}: {off}", format.name());
            }
        }
    }
}

#[test]
fn answers_are_written_and_padding_changes_little() {
    for (format, tolerance, _) in formats() {
        for name in ["gemma3", "llama", "qwen3"] {
            let network = open_in(name, format).network;
            let generation = Generation {
                max_new_tokens: 5,
                stop: Vec::new(),
            };
            let answers = decoder(&network).generate(&rows(), None, &generation, &device());
            assert!(
                answers.iter().all(|answer| answer.len() == 5),
                "{name}: {answers:?}"
            );

            let row = rows().swap_remove(3);
            let alone = TokenBatch::new(std::slice::from_ref(&row), 0, &device());
            let expected = values(states(&network, &alone, None));
            let found = values(states(&network, &padded(&row, 3, 0), None).narrow(1, 3, row.len()));
            let off = relative_difference(&found, &expected, &vec![true; row.len()]);
            assert!(off < tolerance, "{name} in {}: {off}", format.name());
        }
    }
}
