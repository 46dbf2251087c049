//! One request, sent until it is answered.

use std::time::{Duration, Instant};

use super::{HttpEndpoint, HttpError, pauses};
use crate::{PredictedRow, Question, TimedRow};

/// The longest body that is read, in bytes.
const MAX_BODY_BYTES: u64 = 16 << 20;
/// How much of a refusing body an error shows, in characters.
const SHOWN: usize = 300;

/// What came of sending it once.
enum Attempt {
    Body(String),
    /// A status that is no success, with the pause that the server asks for.
    Status(u16, String, Option<Duration>),
    Failed(Box<ureq::Error>),
}

impl HttpEndpoint {
    /// Sends the request about these questions, again where that may help; `None` if it was told to stop.
    pub(super) fn call(
        &self,
        number: usize,
        asked: &[Question<'_>],
        gate: &pauses::Gate,
    ) -> Result<Option<Vec<TimedRow>>, HttpError> {
        let inputs: Vec<&str> = asked.iter().map(|question| question.input.as_ref()).collect();
        let body = self.wire.request(&inputs).to_string();
        let (mut attempts, mut pause) = (0, Duration::ZERO);
        while gate.wait(pause) {
            attempts += 1;
            let from = Instant::now();
            let attempt = self.send(&body);
            let latency_ms = from.elapsed().as_secs_f64() * 1e3;
            let may_repeat = attempts <= self.config.retries;
            let usual = pauses::backoff(
                self.config.first_pause_s,
                self.config.max_pause_s,
                attempts,
                number,
            );
            pause = match attempt {
                Attempt::Body(body) => return self.rows(&body, asked, latency_ms).map(Some),
                Attempt::Status(status, _, wanted) if may_repeat && pauses::is_for_now(status) => {
                    self.is_bearable(wanted, asked)?;
                    // A server that counts requests counts those of all workers.
                    if wanted.is_some() || status == 429 {
                        gate.pause_all(wanted.unwrap_or(usual));
                    }
                    wanted.unwrap_or(usual)
                }
                Attempt::Failed(error) if may_repeat && is_for_now(&error) => usual,
                Attempt::Status(status, body, _) => {
                    return Err(HttpError::Status {
                        url: self.url.clone(),
                        id: first_id(asked),
                        status,
                        attempts,
                        body: self.shown(&body),
                    });
                }
                Attempt::Failed(source) => {
                    return Err(HttpError::Transport {
                        url: self.url.clone(),
                        id: first_id(asked),
                        attempts,
                        source,
                    });
                }
            };
        }
        Ok(None)
    }

    fn send(&self, body: &str) -> Attempt {
        let mut request = self.agent.post(&self.url).content_type("application/json");
        if let Some(key) = &self.key {
            request = request.header("authorization", key.header());
        }
        let sent = request.send(body).and_then(|mut answer| {
            let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
            let wanted = pauses::asked_for(header("retry-after"), header("date"));
            let body = answer
                .body_mut()
                .with_config()
                .limit(MAX_BODY_BYTES)
                .read_to_string()?;
            Ok((answer.status(), body, wanted))
        });
        match sent {
            Ok((status, body, _)) if status.is_success() => Attempt::Body(body),
            Ok((status, body, wanted)) => Attempt::Status(status.as_u16(), body, wanted),
            Err(error) => Attempt::Failed(Box::new(error)),
        }
    }

    fn is_bearable(&self, wanted: Option<Duration>, asked: &[Question<'_>]) -> Result<(), HttpError> {
        let max = self.config.max_pause_s;
        match wanted
            .map(|wanted| wanted.as_secs_f64())
            .filter(|seconds| *seconds > max)
        {
            None => Ok(()),
            Some(seconds) => Err(HttpError::Pause {
                url: self.url.clone(),
                id: first_id(asked),
                seconds,
                max,
            }),
        }
    }

    fn rows(&self, body: &str, asked: &[Question<'_>], latency_ms: f64) -> Result<Vec<TimedRow>, HttpError> {
        let answers = self
            .wire
            .answers(body, asked.len())
            .map_err(|source| HttpError::Wire {
                url: self.url.clone(),
                id: first_id(asked),
                source,
            })?;
        let tokens = self.config.prices.zip(self.wire.tokens(body));
        let cost_usd = tokens.map(|(prices, tokens)| prices.cost_usd(tokens));
        let row = |(question, prediction): (&Question<'_>, _)| TimedRow {
            row: PredictedRow {
                id: question.id.to_owned(),
                prediction,
            },
            latency_ms: Some(latency_ms),
            cost_usd,
        };
        Ok(asked.iter().zip(answers).map(row).collect())
    }

    fn shown(&self, body: &str) -> String {
        let body = self
            .key
            .as_ref()
            .map_or_else(|| body.to_owned(), |key| key.removed_from(body));
        let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(SHOWN).collect()
    }
}

fn first_id(asked: &[Question<'_>]) -> String {
    asked
        .first()
        .map_or_else(String::new, |question| question.id.to_owned())
}

/// Whether a server that could not be heard may be heard later.
fn is_for_now(error: &ureq::Error) -> bool {
    matches!(
        error,
        ureq::Error::Timeout(_)
            | ureq::Error::Io(_)
            | ureq::Error::ConnectionFailed
            | ureq::Error::HostNotFound
    )
}
