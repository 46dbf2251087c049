//! A model behind an address.

use std::{fmt, sync::Arc, time::Duration};

use serde_json::Value;
use stage_files::ContentHash;
use task_spec::{PredictError, Prediction, Predictor};
use ureq::Agent;

use crate::{
    AnswerSource, Keep, Question, Wire, WireError, WireShape,
    answer_source::{failed, predict_by_id},
};

mod api_key;
mod call;
mod config;
mod pauses;
mod prices;
mod workers;

pub use api_key::{ApiKey, BadApiKey};
pub use config::{HttpConfig, HttpConfigError};
pub use prices::TokenPrices;

/// Why an endpoint did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The server says no, or kept saying "later" for longer than it was asked again.
    #[error("{url} answered {status} to row {id:?}, asked {attempts} times: {body}")]
    Status {
        /// The address.
        url: String,
        /// The first row of the request.
        id: String,
        /// The HTTP status.
        status: u16,
        /// How often it was asked.
        attempts: u32,
        /// The beginning of what it said, without the API key should it repeat it.
        body: String,
    },
    /// There was no answer: no connection, or none in time.
    #[error("{url} gave no answer to row {id:?}, asked {attempts} times")]
    Transport {
        /// The address.
        url: String,
        /// The first row of the request.
        id: String,
        /// How often it was asked.
        attempts: u32,
        /// What happened.
        source: Box<ureq::Error>,
    },
    /// The server wants a longer pause than is allowed.
    #[error(
        "{url} asks to wait {seconds} s before row {id:?} is asked again, longer than max_pause_s = {max}: wait and \
         run again"
    )]
    Pause {
        /// The address.
        url: String,
        /// The first row of the request.
        id: String,
        /// What the server asks for, in seconds.
        seconds: f64,
        /// The limit, in seconds.
        max: f64,
    },
    /// The answer is not of the shape.
    #[error("{url} answered row {id:?} with something else")]
    Wire {
        /// The address.
        url: String,
        /// The first row of the request.
        id: String,
        /// What is wrong with it.
        source: WireError,
    },
    /// A thread could not be started.
    #[error("cannot start a thread for requests")]
    Thread(#[source] std::io::Error),
}

/// A model that is asked over HTTP: [`HttpConfig::check`] makes it. Needs the feature `http`.
///
/// Some requests are under way at once, and each answer is handed over when it is there. What a server cannot do now
/// (408, 429, 5xx, no connection, no answer in time) it is asked again after a pause, which all requests keep when it
/// was told by the server (`Retry-After`) or is for a 429; anything else ends the run, with the row. Redirects are not followed,
/// so that a key goes nowhere but to the address that was given.
///
/// A latency is that of the request which brought the answer, without the pauses and attempts before it.
#[derive(Clone)]
pub struct HttpEndpoint {
    config: HttpConfig,
    url: String,
    wire: Wire,
    agent: Agent,
    key: Option<Arc<ApiKey>>,
    name: String,
}

impl HttpEndpoint {
    fn new(config: HttpConfig, url: String, wire: Wire, proxy: Option<ureq::Proxy>) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs_f64(config.timeout_s)))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections_per_host(config.parallel)
            .proxy(proxy)
            .user_agent(concat!("gold-eval/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        let name = config.name.clone().or_else(|| config.model.clone());
        Self {
            name: name.unwrap_or_else(|| url.clone()),
            config,
            url,
            wire,
            agent,
            key: None,
        }
    }

    /// Sends this key with every request, as `Authorization: Bearer`. It is in no error, no report and no file.
    #[must_use]
    pub fn with_api_key(mut self, key: ApiKey) -> Self {
        self.key = Some(Arc::new(key));
        self
    }

    /// The whole address that is asked.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl AnswerSource for HttpEndpoint {
    fn name(&self) -> &str {
        &self.name
    }

    /// The address, a hash of a request, in which model, prompt, labels and settings are, and the prices if there are any.
    fn identity(&self) -> String {
        let request: Value = self.wire.request(&[""]);
        let hash = ContentHash::of_bytes(request.to_string().as_bytes());
        let asked = format!("{} as {}, request {}", self.url, self.wire.shape(), hash.short());
        // Costs at two prices do not belong into one file.
        let prices = self.config.prices.iter().flat_map(TokenPrices::named);
        prices.fold(asked, |words, (name, usd)| format!("{words}, {name} {usd}"))
    }

    fn answer(&self, questions: &[Question<'_>], keep: &mut Keep<'_>) -> Result<(), PredictError> {
        self.ask_all(questions, keep)
            .map_err(|error| failed(&self.name, questions.len(), error))
    }
}

impl Predictor for HttpEndpoint {
    fn name(&self) -> &str {
        &self.name
    }

    fn predict(&self, inputs: &[&str]) -> Result<Vec<Prediction>, PredictError> {
        predict_by_id(self, inputs)
    }
}

impl fmt::Debug for HttpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpEndpoint")
            .field("url", &self.url)
            .field("config", &self.config)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// The address of a route: the one given, if it is the whole one, or with what is missing.
fn whole_url(url: &str, shape: WireShape) -> String {
    let (url, route) = (url.trim_end_matches('/'), shape.route());
    let last = route.rsplit('/').next().unwrap_or(route);
    match (url.ends_with(&format!("/{last}")), url.ends_with("/v1")) {
        (true, _) => url.to_owned(),
        (false, true) => format!("{url}{}", route.trim_start_matches("/v1")),
        (false, false) => format!("{url}{route}"),
    }
}

#[cfg(test)]
mod tests;
