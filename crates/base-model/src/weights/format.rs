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
    /// 4 bytes a weight: as stored.
    #[default]
    F32,
    /// 2 bytes a weight, 11 significant bits. Weights beyond 65,504 are held as that.
    ///
    /// Rather than bf16, which has 8 significant bits: the range that bf16 has more is of no use to weights.
    F16,
    /// 1.03 bytes a weight: whole numbers in -127..=127, with a scale for every 128 inputs of an output.
    Int8,
}
