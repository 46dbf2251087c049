//! The labels of a task as a decoder scores them.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use crate::{
    Adapter, Decoder, LabelScoring, LabelTrie, Prefix, TokenBatch, TokenHead, batch::indices, kernels,
};

/// The labels of a task, and over what a decoder's next tokens are normalised on the way along them.
///
/// A label's probability is the product of its tokens' and its terminator's, each given those before. Training and serving
/// both compute it here, so that what is trained is what is served.
#[derive(Debug, Clone)]
pub struct LabelChoices {
    trie: LabelTrie,
    among: Option<Among>,
}

/// The logarithms of the probabilities of what may follow at some places.
#[derive(Debug, Clone)]
pub struct NextTokens {
    /// `[places, tokens]`; means nothing at a token that may not follow.
    pub log_p: Tensor<2>,
    barred: Option<Barred>,
}

/// What may not follow.
#[derive(Debug, Clone)]
struct Barred {
    /// `[places, tokens]`
    tokens: Tensor<2, Bool>,
    /// One over how many tokens may follow, `[places, 1]`.
    share: Tensor<2>,
}

impl NextTokens {
    /// What may follow is anything that has a score: `[places, tokens]`, tokens or classes.
    #[must_use]
    pub fn over_all(scores: Tensor<2>) -> Self {
        Self {
            log_p: kernels::log_softmax(scores),
            barred: None,
        }
    }

    /// The means over what may follow, `[places, 1]`: what label smoothing adds (Szegedy et al. 2015, arXiv:1512.00567,
    /// section 7).
    #[must_use]
    pub fn means(&self) -> Tensor<2> {
        match &self.barred {
            None => self.log_p.clone().mean_dim(1),
            Some(barred) => {
                let open = self.log_p.clone().mask_fill(barred.tokens.clone(), 0.0);
                open.sum_dim(1) * barred.share.clone()
            }
        }
    }
}

/// The tokens that are chosen among, where it is not the whole vocabulary.
#[derive(Debug, Clone)]
struct Among {
    head: TokenHead,
    /// Where each step's token is in the head.
    columns: Vec<usize>,
    barred: Barred,
}

impl LabelChoices {
    /// The labels of a trie for a decoder.
    #[must_use]
    pub fn new(trie: LabelTrie, scoring: LabelScoring, decoder: &Decoder, device: &Device) -> Self {
        let among = match scoring {
            LabelScoring::OverVocabulary => None,
            LabelScoring::OverLabels => Some(Among::new(&trie, decoder, device)),
        };
        Self { trie, among }
    }

    /// Over what probabilities are normalised.
    #[must_use]
    pub fn scoring(&self) -> LabelScoring {
        match self.among {
            None => LabelScoring::OverVocabulary,
            Some(_) => LabelScoring::OverLabels,
        }
    }

    /// The labels as a tree of tokens.
    #[must_use]
    pub fn trie(&self) -> &LabelTrie {
        &self.trie
    }

    /// In which column of [`LabelChoices::following`] the token of a step is; steps are numbered as the trie
    /// has them.
    ///
    /// # Panics
    ///
    /// If the trie has no such step.
    #[must_use]
    pub fn column(&self, step: usize) -> usize {
        match &self.among {
            None => self.trie.steps()[step].token as usize,
            Some(among) => among.columns[step],
        }
    }

    /// The head whose scores [`LabelChoices::following`] is given; `None` is the decoder's own.
    #[must_use]
    pub fn head(&self) -> Option<&TokenHead> {
        self.among.as_ref().map(|among| &among.head)
    }

    /// What may follow at some places, from the scores there.
    ///
    /// # Shapes
    ///
    /// - `scores`: `[n, tokens]`, by [`Decoder::logits_at`] with [`LabelChoices::head`]
    /// - `places`: `n` places of the trie, the end of the prompt and its nodes
    #[must_use]
    pub fn following(&self, scores: Tensor<2>, places: &[usize]) -> NextTokens {
        let Some(among) = &self.among else {
            return NextTokens::over_all(scores);
        };
        let barred = among.barred.at(indices(places.iter().copied(), &scores.device()));
        // A finite floor: what is barred has no probability that f32 could hold, and no gradient.
        let scores = scores.mask_fill(barred.tokens.clone(), -1e30);
        NextTokens {
            log_p: kernels::log_softmax(scores),
            barred: Some(barred),
        }
    }

    /// The logarithm of every label's probability after each prompt, a list a prompt in the order of the labels.
    ///
    /// # Panics
    ///
    /// If a prompt has no token of its own after the prefix.
    #[must_use]
    pub fn log_scores(
        &self,
        decoder: &Decoder,
        prompts: &[Vec<u32>],
        prefix: Option<&Prefix>,
        adapter: Option<&Adapter>,
        device: &Device,
    ) -> Vec<Vec<f64>> {
        let batch = TokenBatch::with_trees(prompts, &[self.trie.tree()], device);
        let (count, steps) = (self.trie.places(), self.trie.steps());
        let places: Vec<Vec<usize>> = prompts
            .iter()
            .map(|prompt| (prompt.len() - 1..prompt.len() - 1 + count).collect())
            .collect();
        let of_trie: Vec<usize> = prompts.iter().flat_map(|_| 0..count).collect();
        let scores = decoder.logits_at(batch, prefix, &places, self.head(), adapter);
        let next = self.following(scores, &of_trie);
        let log_p = next.log_p; // [prompts * places, tokens]
        let width = log_p.dims()[1];
        let of_steps: Vec<usize> = (0..steps.len())
            .map(|step| steps[step].from * width + self.column(step))
            .collect();
        let wanted = (0..prompts.len()).flat_map(|row| {
            of_steps
                .iter()
                .map(move |index| (row * count * width + index) as i64)
        });
        let wanted = TensorData::from(wanted.collect::<Vec<i64>>().as_slice());
        let wanted = Tensor::<1, Int>::from_data(wanted, device);
        let of_steps = log_p.flatten::<1>(0, 1).select(0, wanted).into_data(); // [prompts * steps]
        let of_steps: Vec<f64> = of_steps.iter::<f32>().map(f64::from).collect();
        let of_paths = |row: &[f64]| {
            let paths = self.trie.paths().iter();
            paths
                .map(|path| path.iter().map(|&step| row[step]).sum())
                .collect()
        };
        of_steps.chunks(steps.len().max(1)).map(of_paths).collect()
    }
}

impl Among {
    fn new(trie: &LabelTrie, decoder: &Decoder, device: &Device) -> Self {
        let tokens = trie.tokens();
        let column = |token: u32| tokens.binary_search(&token).expect("every step's token is there");
        let columns: Vec<usize> = trie.steps().iter().map(|step| column(step.token)).collect();
        let mut barred = vec![true; trie.places() * tokens.len()];
        let mut open = vec![0.0_f32; trie.places()];
        for (step, column) in trie.steps().iter().zip(&columns) {
            barred[step.from * tokens.len() + column] = false;
            open[step.from] += 1.0;
        }
        let barred = TensorData::new(barred, [trie.places(), tokens.len()]);
        let share = TensorData::new(open, [trie.places(), 1]);
        Self {
            head: decoder.token_head(&tokens, device),
            columns,
            barred: Barred {
                tokens: Tensor::from_data(barred, device),
                share: Tensor::<2>::from_data(share, device).recip(),
            },
        }
    }
}

impl Barred {
    /// The same at some places, `[n]`.
    fn at(&self, places: Tensor<1, Int>) -> Self {
        Self {
            tokens: self.tokens.clone().int().select(0, places.clone()).bool(), // [n, tokens]
            share: self.share.clone().select(0, places),                        // [n, 1]
        }
    }
}
