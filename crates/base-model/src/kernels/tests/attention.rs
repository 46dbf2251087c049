//! Attention against plain operations, and its bits.

use burn::tensor::{Bool, Tensor, TensorData};

use super::{Draw, ROUNDING, assert_alike, assert_close, values};
use crate::{
    device_by_name,
    kernels::{attention, flex::machine::tests::on_every_machine, plain},
};

#[test]
fn attentions_are_alike() {
    let mut draw = Draw::new(2);
    for (batch, queries, keys, heads, kv, d_head, masks, mask_rows) in [
        (2, 5, 5, 4, 2, 8, 1, 5),
        (3, 4, 19, 2, 2, 6, 3, 4),
        (2, 33, 40, 4, 1, 32, 2, 1),
        (1, 1, 3, 1, 1, 5, 1, 1),
        // A query alone: of heads that fill registers, of groups of several sizes.
        (2, 1, 50, 9, 3, 64, 2, 1),
        (1, 1, 37, 10, 2, 48, 1, 1),
        (3, 1, 16, 7, 1, 80, 3, 1),
        (1, 1, 1, 2, 2, 16, 1, 1),
    ] {
        let inputs = [
            draw.tensor([batch, queries, heads * d_head]),
            draw.tensor([batch, keys, kv * d_head]),
            draw.tensor([batch, keys, kv * d_head]),
        ];
        let mask = draw.mask([masks, mask_rows, keys]);
        assert_alike(
            "attention",
            &inputs,
            |[q, k, v]| attention(q, k, v, &mask, heads, kv),
            |[q, k, v]| plain::attention(q, k, v, &mask, heads, kv),
        );
    }
}

#[test]
fn a_query_that_may_look_nowhere_stays_finite() {
    let mut draw = Draw::new(3);
    let inputs = [
        draw.tensor([1, 2, 8]),
        draw.tensor([1, 3, 8]),
        draw.tensor([1, 3, 8]),
    ];
    let device = device_by_name("flex").unwrap();
    let mask = Tensor::<4, Bool>::from_data(TensorData::new(vec![true; 3], [1, 1, 1, 3]), &device);
    assert_alike(
        "attention",
        &inputs,
        |[q, k, v]| attention(q, k, v, &mask, 2, 2),
        |[q, k, v]| plain::attention(q, k, v, &mask, 2, 2),
    );
}

#[test]
fn attention_gives_a_row_the_same_bits_alone_and_padded_in_a_batch() {
    let (heads, d_head) = (3, 20);
    for (length, padded) in [
        (1, 2),
        (1, 40),
        (5, 13),
        (13, 40),
        (37, 48),
        (250, 300),
        (300, 600),
    ] {
        let mut draw = Draw::new(length as u64);
        let device = device_by_name("flex").unwrap();
        let inputs: [Tensor<3>; 3] = std::array::from_fn(|_| draw.tensor([3, padded, heads * d_head]));
        let blocked: Vec<bool> = (0..3)
            .flat_map(|row| (0..padded).map(move |key| row == 1 && key >= length))
            .collect();
        let blocked = TensorData::new(blocked, [3, 1, 1, padded]);
        let blocked = Tensor::<4, Bool>::from_data(blocked, &device);
        let none =
            Tensor::<4, Bool>::from_data(TensorData::new(vec![false; length], [1, 1, 1, length]), &device);
        on_every_machine(|| {
            let [q, k, v] = inputs.clone();
            let together = attention(q, k, v, &blocked, heads, heads).narrow(0, 1, 1);
            let [q, k, v] = inputs.clone().map(|x| x.narrow(0, 1, 1).narrow(1, 0, length));
            let alone = attention(q, k, v, &none, heads, heads);
            let together = values(together.narrow(1, 0, length));
            assert!(values(alone) == together, "{length} tokens padded to {padded}");
        });
    }
}

/// Queries are computed many at once, which look at what one of them sees, or alone.
#[test]
fn attention_gives_a_query_the_same_bits_alone_and_among_others() {
    let (heads, kv_heads, d_head, tokens) = (4, 2, 32, 150);
    let mut draw = Draw::new(12);
    let query: Tensor<3> = draw.tensor([1, tokens, heads * d_head]);
    let [key, value] = [(); 2].map(|()| draw.tensor([1, tokens, kv_heads * d_head]));
    for reach in [tokens, 40, 1] {
        let sees = |query: usize, key: usize| key <= query && query - key < reach;
        let blocked: Vec<bool> = (0..tokens * tokens)
            .map(|at| !sees(at / tokens, at % tokens))
            .collect();
        let blocked = TensorData::new(blocked, [1, 1, tokens, tokens]);
        let blocked = Tensor::<4, Bool>::from_data(blocked, &draw.1);
        let attend = |query, blocked: &Tensor<4, Bool>| {
            values(attention(
                query,
                key.clone(),
                value.clone(),
                blocked,
                heads,
                kv_heads,
            ))
        };
        let plain = plain::attention(
            query.clone(),
            key.clone(),
            value.clone(),
            &blocked,
            heads,
            kv_heads,
        );
        let plain = values(plain);
        on_every_machine(|| {
            let together = attend(query.clone(), &blocked);
            assert_close("attention within reach", ROUNDING, &together, &plain);
            for (at, together) in together.chunks(heads * d_head).enumerate() {
                let alone = attend(query.clone().narrow(1, at, 1), &blocked.clone().narrow(2, at, 1));
                assert!(alone == together, "query {at} of {tokens} that sees {reach}");
            }
        });
    }
}
