//! Where a model is asked, how, and how patiently.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use task_spec::{Output, Task};

use super::{HttpEndpoint, TokenPrices, whole_url};
use crate::{GoldKind, Wire, WireShape};

/// Settings of an [`HttpEndpoint`]. A key is none of them: see [`HttpEndpoint::with_api_key`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// The address: the server's (`http://host:8000`), a base as OpenAI's clients take it (`https://host/v1`), or the
    /// whole one of the route.
    pub url: String,
    /// How it is asked.
    pub shape: WireShape,
    /// The model's name, for shapes that want one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The name for reports; the model's, or else the address, unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Requests under way at once; 4 unless given. With 1 a latency is that of a row alone.
    #[serde(default = "usual_parallel")]
    pub parallel: usize,
    /// Inputs in a request, for shapes that take many; 1 unless given.
    #[serde(default = "usual_batch")]
    pub batch: usize,
    /// The longest time for a request and its answer, in seconds; 60 unless given.
    #[serde(default = "usual_timeout")]
    pub timeout_s: f64,
    /// How often a request is sent again that the server could not answer now; 5 unless given.
    #[serde(default = "usual_retries")]
    pub retries: u32,
    /// The pause before the first repetition, in seconds, which doubles with each; 0.5 unless given. What the server
    /// asks for counts more.
    #[serde(default = "usual_first_pause")]
    pub first_pause_s: f64,
    /// The longest pause, in seconds; 60 unless given. A server that asks for a longer one ends the run.
    #[serde(default = "usual_max_pause")]
    pub max_pause_s: f64,
    /// Ask chat completions for the probabilities of the answer's tokens.
    #[serde(default)]
    pub logprobs: bool,
    /// Fields added to each request, over those that it has.
    #[serde(default)]
    pub extra: Map<String, Value>,
    /// The address of a proxy; none unless given. Variables of the environment are not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// What its tokens cost: each answer then has a cost, from the tokens that the server counts. Only chat completions say
    /// how many there were. None unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<TokenPrices>,
}

fn usual_parallel() -> usize {
    4
}

fn usual_batch() -> usize {
    1
}

fn usual_timeout() -> f64 {
    60.0
}

fn usual_retries() -> u32 {
    5
}

fn usual_first_pause() -> f64 {
    0.5
}

fn usual_max_pause() -> f64 {
    60.0
}

/// The most requests under way at once.
const MAX_PARALLEL: usize = 256;

/// A setting of an [`HttpConfig`] is not possible.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpConfigError {
    /// The address is none.
    #[error(
        "url is {url:?}: give an address that begins with http:// or https://, without a name or a key in it"
    )]
    Url {
        /// The address as given.
        url: String,
    },
    /// The shape asks for a label, and the task's answers are none.
    #[error(
        "the answers of the task are of the kind {kind:?}, and the shape {shape} asks for labels: use chat"
    )]
    NoLabels {
        /// The shape.
        shape: WireShape,
        /// The kind of the task's answers.
        kind: &'static str,
    },
    /// The shape wants a model.
    #[error(
        "a request of the shape {shape} names a model: set model to the name that the server knows it by"
    )]
    NoModel {
        /// The shape.
        shape: WireShape,
    },
    /// A count is out of range.
    #[error("{key} is {value}: give a number from 1 to {max}")]
    Count {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: usize,
        /// The highest possible.
        max: usize,
    },
    /// The shape takes one input at a time.
    #[error(
        "batch is {batch}, and a request of the shape {shape} holds one input: leave it at 1, and raise parallel"
    )]
    Batch {
        /// The setting.
        batch: usize,
        /// The shape.
        shape: WireShape,
    },
    /// A time is none.
    #[error("{key} is {value}: give seconds, above 0 and at most 86400")]
    Seconds {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: f64,
    },
    /// A price is none.
    #[error("{key} is {value}: give US dollars for a million tokens, from 0 on")]
    Price {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: f64,
    },
    /// The shape does not say how many tokens there were.
    #[error(
        "prices are for tokens, and an answer of the shape {shape} does not say how many there were: leave them out"
    )]
    NoTokens {
        /// The shape.
        shape: WireShape,
    },
    /// The proxy's address is none.
    #[error("the proxy {proxy:?} is no address of one")]
    Proxy {
        /// The address as given.
        proxy: String,
        /// What is wrong with it.
        source: Box<ureq::Error>,
    },
}

impl HttpConfig {
    /// An address with the usual settings.
    pub fn new(url: impl Into<String>, shape: WireShape) -> Self {
        Self {
            url: url.into(),
            shape,
            model: None,
            name: None,
            parallel: usual_parallel(),
            batch: usual_batch(),
            timeout_s: usual_timeout(),
            retries: usual_retries(),
            first_pause_s: usual_first_pause(),
            max_pause_s: usual_max_pause(),
            logprobs: false,
            extra: Map::new(),
            proxy: None,
            prices: None,
        }
    }

    /// Sets the model's name.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Makes it a predictor of this task: its system prompt and its labels, where it has some, are what
    /// is asked with.
    ///
    /// # Errors
    ///
    /// [`HttpConfigError`], which names the setting. Nothing is connected to before the first question.
    pub fn check<K: GoldKind>(self, task: &Task<K>) -> Result<HttpEndpoint, HttpConfigError> {
        let bad_url = || HttpConfigError::Url {
            url: self.url.clone(),
        };
        let host = (self.url.strip_prefix("https://"))
            .or_else(|| self.url.strip_prefix("http://"))
            .ok_or_else(bad_url)?;
        // A name and a key before the host, or a query, would be in every error and in the account of the run.
        if host.is_empty() || host.starts_with('/') || host.contains(['@', '?', '#', ' ']) {
            return Err(bad_url());
        }
        let url = whole_url(&self.url, self.shape);
        if url.parse::<ureq::http::Uri>().is_err() {
            return Err(bad_url());
        }
        if self.model.is_none() && self.shape.names_a_model() {
            return Err(HttpConfigError::NoModel { shape: self.shape });
        }
        let counts = [
            ("parallel", self.parallel, MAX_PARALLEL),
            ("batch", self.batch, 1 << 16),
        ];
        for (key, value, max) in counts {
            if value == 0 || value > max {
                return Err(HttpConfigError::Count { key, value, max });
            }
        }
        if self.batch > 1 && !self.shape.takes_batches() {
            return Err(HttpConfigError::Batch {
                batch: self.batch,
                shape: self.shape,
            });
        }
        let times = [
            ("timeout_s", self.timeout_s),
            ("first_pause_s", self.first_pause_s),
            ("max_pause_s", self.max_pause_s),
        ];
        for (key, value) in times {
            if !(value > 0.0 && value <= 86_400.0) {
                return Err(HttpConfigError::Seconds { key, value });
            }
        }
        self.check_prices()?;
        let proxy = self.proxy.as_deref().map(|proxy| {
            ureq::Proxy::new(proxy).map_err(|source| HttpConfigError::Proxy {
                proxy: proxy.to_owned(),
                source: Box::new(source),
            })
        });
        let proxy = proxy.transpose()?;
        let output: Output = task.output.clone().into();
        let wire = match output {
            Output::Labels { labels: output } => {
                let (name, system) = (task.name.clone(), task.system.clone());
                Wire::new(self.shape, Task { name, system, output }, self.model.clone())
            }
            _ if self.shape == WireShape::Chat => Wire::chat(task, self.model.clone()),
            other => {
                return Err(HttpConfigError::NoLabels {
                    shape: self.shape,
                    kind: other.kind(),
                });
            }
        };
        let wire = wire.with_logprobs(self.logprobs).with_extra(self.extra.clone());
        Ok(HttpEndpoint::new(self, url, wire, proxy))
    }

    fn check_prices(&self) -> Result<(), HttpConfigError> {
        let Some(prices) = self.prices else {
            return Ok(());
        };
        if self.shape != WireShape::Chat {
            return Err(HttpConfigError::NoTokens { shape: self.shape });
        }
        match prices
            .named()
            .into_iter()
            .find(|(_, usd)| !(*usd >= 0.0 && usd.is_finite()))
        {
            Some((key, value)) => Err(HttpConfigError::Price { key, value }),
            None => Ok(()),
        }
    }
}
