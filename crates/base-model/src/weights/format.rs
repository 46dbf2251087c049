//! How weights are held in memory.

/// How the frozen matrices of a network are held in memory on the CPU, chosen when it is opened.
///
/// Only the matrices of linear layers are concerned: embeddings, norms, biases and adapters stay f32, and all
/// arithmetic is f32. On other backends than `flex` matrices stay f32 whatever is asked for. An adapter can be trained
/// on any format: its gradients are those of the rounded weights, and a transposed layout of these, in f32, is made
/// when the first gradient flows. An adapter and the decisions fitted on it belong to the format that they were made
/// with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum WeightFormat {
    /// As stored: 4 bytes a weight, or 3 on a processor with a matrix unit (AMX), which computes with whole numbers of 24
    /// bits and loses no more than sums in f32 do.
    #[default]
    F32,
    /// 2 bytes a weight: whole numbers of up to 32,639, with a scale for every 512 inputs of an output. Rather than f16 or
    /// bf16, which have 11 and 8 significant bits: weights of an output are of like size, and range is of no use to them.
    Int16,
    /// 1 byte a weight: whole numbers of up to 127, with a scale for every 512 inputs of an output. What they are multiplied
    /// with is rounded to 16 bits, and sums are exact, so that products have the same bits on every processor.
    Int8,
    /// 4 bits a weight, and a quarter of a bit for steps: whole numbers from -8 to 7 times a step of up to 15 for every 32
    /// inputs of an output, and these times a scale for every 512. Products are those of [`WeightFormat::Int8`]. A
    /// network loses answers by it: measure, and train the adapter on it.
    Int4,
}
