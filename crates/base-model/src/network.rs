//! A base model's weights, whatever its architecture.

use std::path::Path;

use burn::tensor::Device;

use crate::{
    Decoder, Encoder, ModelConfig, ModelError, TensorSource, WeightFiles, WeightFormat, WeightsError,
    layers::Module,
};

/// A module that an adapter can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The module's name in the checkpoint, without `.weight`.
    pub path: String,
    /// What it is.
    pub kind: ModuleKind,
    /// Length of what goes in; of an embedding, the number of tokens.
    pub d_input: usize,
    /// Length of what comes out.
    pub d_output: usize,
    /// Whether the checkpoint has its weights; where not, an adapter must bring them.
    pub is_in_base: bool,
}

/// The kinds of modules that an adapter can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModuleKind {
    /// A linear layer: a low-rank change, or another weight and bias.
    Linear,
    /// A table of tokens' states: the same.
    Embedding,
    /// A normalisation: another gain and bias.
    Norm,
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
    /// As [`Network::open`]; [`ModelError::Format`] if the device does not compute in it.
    pub fn open_as(folder: &Path, format: WeightFormat, device: &Device) -> Result<Self, ModelError> {
        Self::of_config(ModelConfig::read(folder)?, folder, Some(format), device)
    }

    /// The same with its matrices exactly as they are stored, to be looked at rather than computed with.
    pub(crate) fn open_exactly(folder: &Path, device: &Device) -> Result<Self, ModelError> {
        Self::of_config(ModelConfig::read(folder)?, folder, None, device)
    }

    pub(crate) fn of_config(
        config: ModelConfig,
        folder: &Path,
        format: Option<WeightFormat>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let fail = |source| ModelError::Weights {
            folder: folder.to_owned(),
            source,
        };
        if let Some(format) = format.filter(|format| !format.is_for(device)) {
            return Err(ModelError::Format {
                format,
                device: format!("{device:?}"),
            });
        }
        let files = WeightFiles::open_folder(folder)
            .map_err(fail)?
            .with_format(format);
        match config {
            ModelConfig::Encoder(config) => Encoder::read(config, &files, device).map(Self::Encoder),
            ModelConfig::Decoder(config) => Decoder::read(config, &files, device).map(Self::Decoder),
        }
        .map_err(fail)
    }

    /// A network of this one's config out of other tensors, with an output head of its own if it is untied; `is_brought`
    /// says of a module that the checkpoint does not have whether it is there now.
    pub(crate) fn assembled(
        &self,
        source: &mut dyn TensorSource,
        is_untied: bool,
        is_brought: impl Fn(&str) -> bool,
    ) -> Result<Self, WeightsError> {
        Ok(match self {
            Self::Encoder(encoder) => Self::Encoder(encoder.assembled(source, is_brought)?),
            Self::Decoder(decoder) => Self::Decoder(decoder.assembled(source, is_untied)?),
        })
    }

    /// The modules that an adapter can change; a module's index is its slot.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        match self {
            Self::Encoder(encoder) => encoder.slots(),
            Self::Decoder(decoder) => decoder.slots(),
        }
    }

    pub(crate) fn modules(&self) -> &[Module] {
        match self {
            Self::Encoder(encoder) => encoder.modules(),
            Self::Decoder(decoder) => decoder.modules(),
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

    /// The slots' paths in the task model of transformers, with a label head or without.
    pub(crate) fn task_paths(&self, has_head: bool) -> Vec<String> {
        self.slots()
            .iter()
            .map(|slot| match self {
                Self::Encoder(encoder) if has_head => encoder.task_path(&slot.path),
                // The decoder's slots already start with `model.`, as in its checkpoint.
                Self::Encoder(_) | Self::Decoder(_) => slot.path.clone(),
            })
            .collect()
    }

    /// The path of a module that an answer needs, that the checkpoint has no weights of and that an adapter does not bring.
    pub(crate) fn missing_path(&self, is_brought: impl Fn(usize) -> bool) -> Option<&str> {
        // BERT without its pooler goes by the first token's state.
        let is_needed = |slot: &Slot| !slot.is_in_base && !slot.path.starts_with("pooler.");
        let mut slots = self.slots().iter().enumerate();
        slots
            .find(|(index, slot)| is_needed(slot) && !is_brought(*index))
            .map(|(_, slot)| slot.path.as_str())
    }
}
