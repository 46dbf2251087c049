//! Requests under way at once.

use std::{
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::sync_channel,
    },
    thread,
};

use super::{HttpEndpoint, HttpError, pauses::Gate};
use crate::{Keep, Question};

impl HttpEndpoint {
    /// Asks everything. When a request fails for good no other is sent, and the answers of those under way are still
    /// handed over: they were paid for.
    pub(super) fn ask_all(&self, questions: &[Question<'_>], keep: &mut Keep<'_>) -> Result<(), HttpError> {
        let requests: Vec<&[Question<'_>]> = questions.chunks(self.config.batch).collect();
        let (next, gate) = (AtomicUsize::new(0), Gate::default());
        let workers = self.config.parallel.min(requests.len());
        let (sender, answered) = sync_channel(workers);
        let work = |sender: std::sync::mpsc::SyncSender<_>| {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(number) else {
                    return;
                };
                let outcome = match self.call(number, request, &gate) {
                    Ok(Some(rows)) => Ok(rows),
                    Ok(None) => return,
                    Err(error) => Err(error),
                };
                let failed = outcome.is_err();
                if failed {
                    gate.stop();
                }
                if sender.send(outcome).is_err() || failed {
                    return;
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..workers {
                let sender = sender.clone();
                let started = thread::Builder::new().spawn_scoped(scope, || work(sender));
                if let Err(error) = started {
                    gate.stop();
                    return Err(HttpError::Thread(error));
                }
            }
            drop(sender);
            let (mut failure, mut wanted) = (None, true);
            for outcome in answered {
                match outcome {
                    Ok(rows) => {
                        for row in rows {
                            wanted = wanted && keep(row).is_continue();
                        }
                        if !wanted {
                            gate.stop();
                        }
                    }
                    Err(error) => failure = failure.or(Some(error)),
                }
            }
            failure.map_or(Ok(()), Err)
        })
    }
}
