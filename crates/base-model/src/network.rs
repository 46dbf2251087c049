//! A base model's weights, whatever its architecture.

use std::path::Path;

use burn::tensor::Device;

use crate::{Decoder, Encoder, ModelConfig, ModelError, WeightFiles, WeightFormat};

/// A linear layer that an adapter can sit on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The layer's name in the checkpoint, without `.weight`.
    pub path: String,
    /// Length of what goes in.
    pub d_input: usize,
    /// Length of what comes out.
    pub d_output: usize,
}

/// The frozen part of a model: an encoder or a decoder.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one network in a program, and it is never moved about"
)]
#[non_exhaustive]
pub enum Network {
    /// Every token sees every other; answers through a label head.
    Encoder(Encoder),
    /// A token sees what comes before it; answers by its next tokens.
    Decoder(Decoder),
}

impl Network {
    /// Reads `config.json` and the safetensors files of a model folder.
    ///
    /// # Errors
    ///
    /// [`ModelError`], naming the file and the field or tensor at fault.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, ModelError> {
        Self::open_as(folder, WeightFormat::F32, device)
    }

    /// The same with its matrices held in another format.
    ///
    /// # Errors
    ///
    /// As [`Network::open`].
    pub fn open_as(folder: &Path, format: WeightFormat, device: &Device) -> Result<Self, ModelError> {
        Self::of_config(ModelConfig::read(folder)?, folder, format, device)
    }

    pub(crate) fn of_config(
        config: ModelConfig,
        folder: &Path,
        format: WeightFormat,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let fail = |source| ModelError::Weights {
            folder: folder.to_owned(),
            source,
        };
        let files = WeightFiles::open_folder(folder)
            .map_err(fail)?
            .with_format(format);
        match config {
            ModelConfig::Bert(config) => Encoder::read(config, &files, device).map(Self::Encoder),
            ModelConfig::Llama(config) => Decoder::read(config, &files, device).map(Self::Decoder),
        }
        .map_err(fail)
    }

    /// The projections that an adapter can sit on; a projection's index is its slot.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        match self {
            Self::Encoder(encoder) => encoder.slots(),
            Self::Decoder(decoder) => decoder.slots(),
        }
    }

    /// Length of a token's state.
    #[must_use]
    pub fn hidden_size(&self) -> usize {
        match self {
            Self::Encoder(encoder) => encoder.config().hidden_size,
            Self::Decoder(decoder) => decoder.config().hidden_size,
        }
    }

    /// What PEFT puts between `base_model.model.` and a slot's path: the name that the task model of
    /// transformers gives the network inside it.
    pub(crate) fn peft_prefix(&self, has_head: bool) -> &'static str {
        match self {
            Self::Encoder(_) if has_head => "bert.",
            // The decoder's slots already start with `model.`, as in its checkpoint.
            Self::Encoder(_) | Self::Decoder(_) => "",
        }
    }
}
