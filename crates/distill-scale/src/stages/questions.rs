//! The questions to a person: which rows share one, what answers are worth, and the order in which they are put.

mod tables;

use datafusion::{
    arrow::{
        array::{AsArray, UInt64Array},
        datatypes::UInt64Type,
    },
    error::{DataFusionError, Result},
    prelude::{Expr, col},
};
use distill_data::{
    AnswerWorth, AuditRecord, DoubtfulLabel, DrawnAudit, LabelDoubt, QueueRecord, QueuedQuestion,
    SIMILAR_SHOWN, SettledCalls,
};

use super::{Stages, Table};
use crate::{
    doubts::is_doubtful,
    functions,
    joined::{self, Joined},
    questions::{AskedRows, Placed, most_calls_first},
    reduce::Columns,
};

const STAGE: &str = "questions";

/// A row that is asked about, alone or with others.
#[derive(Debug)]
struct Asked {
    row: u64,
    is_audit: bool,
    settled: SettledCalls,
    /// Of a row of the audit what its confidence leaves.
    chance_wrong: f64,
    /// That a person reads, of its own text and others.
    words: u64,
}

impl Stages<'_> {
    /// Writes the questions with what they are worth; what the queue comes to, and the audit with the minutes that it takes.
    ///
    /// In memory are some 120 bytes of each question, 60 of each other row in doubt, and some 80 more of each that joins another's
    /// question; no text.
    pub(crate) async fn questions(
        &self,
        worth: &AnswerWorth,
        drawn: Option<DrawnAudit>,
    ) -> Result<(QueueRecord, Option<AuditRecord>)> {
        let (audited, mut record) = self.still_kept(drawn).await?;
        let doubtful = self.table(Table::Fates).await?;
        let doubtful = doubtful.filter(is_doubtful())?;
        let joined = self
            .engine
            .tried(|_| joined::of_doubtful(self.engine, self.out, doubtful.clone()));
        let joined = joined.await?;
        joined::write(&joined, self.out)?;
        self.write_asked(&audited).await?;
        self.write_behind().await?;
        let mut asked = self.asked_rows(worth).await?;
        self.add_words_behind(&mut asked).await?;
        settle_joined(&joined, &mut asked);
        let minutes = |row: &Asked| self.plan.config().review.minutes(row.words as usize);
        let mut placed = queued(&joined, &asked, minutes);
        let found = QueueRecord::of(placed.iter().map(|row| row.question));
        let audit = placed_audit(&audited, &asked, minutes)?;
        if let Some(record) = &mut record {
            record.minutes = audit.iter().map(|row| row.question.minutes).sum();
        }
        placed.extend(audit);
        placed.sort_unstable_by_key(|question| question.row);
        self.write_questions(&placed).await?;
        Ok((found, record))
    }

    /// The rows that are asked about, by rising id, each with what an answer does for its own calls.
    async fn asked_rows(&self, worth: &AnswerWorth) -> Result<Vec<Asked>> {
        let words = words_of("input") + words_of("against_input");
        let columns = [
            "asked",
            "label",
            "fate",
            "calls",
            "confidence",
            "suggested",
            "against_label",
            "own_share",
            "chance_wrong",
            "probabilities",
            "labels",
            "support",
        ];
        let columns = columns.map(col).into_iter().chain([words.alias("words")]);
        let sorted = self
            .known_of_asked()
            .await?
            .select(columns.collect::<Vec<_>>())?
            .sort(vec![col("asked").sort(true, false)])?
            .create_physical_plan()
            .await?;
        let found = self.engine.tried(|_| async {
            let mut found = Vec::new();
            self.each(&sorted, |batch| {
                let columns = Columns { stage: STAGE, batch };
                let words: &UInt64Array = columns.of("words")?;
                let rows = AskedRows::of(batch, self.labels)?;
                for index in 0..batch.num_rows() {
                    found.push(asked_of(&rows, index, words.value(index), worth)?);
                }
                Ok(())
            })
            .await?;
            Ok(found)
        });
        found.await
    }

    /// Adds the words of those rows behind each question that a person is shown.
    async fn add_words_behind(&self, asked: &mut [Asked]) -> Result<()> {
        let [most_calls, id] = most_calls_first();
        let behind = self
            .known_of_behind()
            .await?
            .select(vec![
                col("into"),
                words_of("input").alias("words"),
                col("own_calls"),
                col("behind"),
            ])?
            .sort(vec![col("into").sort(true, false), most_calls, id])?
            .create_physical_plan()
            .await?;
        let words = self.engine.tried(|_| async {
            let mut words: Vec<u64> = vec![0; asked.len()];
            let mut shown = (None, 0);
            self.each(&behind, |batch| {
                let [into, read] = [0, 1].map(|place| batch.column(place).as_primitive::<UInt64Type>());
                for (&into, &read) in into.values().iter().zip(read.values()) {
                    let before = if shown.0 == Some(into) { shown.1 } else { 0 };
                    shown = (Some(into), before + 1);
                    if before < SIMILAR_SHOWN {
                        let place = asked.binary_search_by_key(&into, |asked| asked.row);
                        words[place.map_err(|_| unknown(into))?] += read;
                    }
                }
                Ok(())
            })
            .await?;
            Ok(words)
        });
        let words = words.await?;
        asked
            .iter_mut()
            .zip(words)
            .for_each(|(asked, words)| asked.words += words);
        Ok(())
    }
}

fn asked_of(rows: &AskedRows<'_>, index: usize, words: u64, worth: &AnswerWorth) -> Result<Asked> {
    let doubt = rows.doubt(index)?;
    let chance_wrong = doubt.chance_wrong();
    let is_audit = matches!(doubt, LabelDoubt::Drawn { .. });
    let calls = rows.calls.value(index) as usize;
    let settled = match is_audit {
        // Drawn by chance, so that nobody has said what it is worth.
        true => SettledCalls {
            calls,
            ..SettledCalls::default()
        },
        false => worth.of_row(&DoubtfulLabel {
            label: rows.number(rows.labels.value(index))?,
            likely: rows.likely(index)?,
            reason: rows.fates.value(index),
            chance_wrong,
            calls,
        }),
    };
    Ok(Asked {
        row: rows.asked.value(index),
        is_audit,
        settled,
        chance_wrong,
        words,
    })
}

/// Adds the calls of rows that join another's question to those of that row.
fn settle_joined(joined: &Joined, asked: &mut [Asked]) {
    // By rising id, as `SettledCalls::add` wants it.
    for place in 0..asked.len() {
        let into = joined.get(&asked[place].row);
        let Some(&(into, _)) = into else { continue };
        if let Ok(question) = asked.binary_search_by_key(&into, |asked| asked.row) {
            let settled = asked[place].settled;
            asked[question].settled.add(settled);
        }
    }
}

/// The questions of rows in doubt, in the order of the queue.
fn queued(joined: &Joined, asked: &[Asked], minutes: impl Fn(&Asked) -> f64) -> Vec<Placed> {
    let questions = asked
        .iter()
        .filter(|asked| !asked.is_audit && !joined.contains_key(&asked.row));
    let mut queue: Vec<Placed> = questions
        .map(|asked| Placed {
            row: asked.row,
            is_audit: false,
            place: 0,
            question: QueuedQuestion {
                calls: asked.settled.calls,
                chance_wrong: asked.settled.chance_wrong(),
                value: asked.settled.value,
                minutes: minutes(asked),
            },
        })
        .collect();
    queue.sort_by(|a, b| {
        let by_value = a.question.most_valuable_first(&b.question);
        by_value.then(a.row.cmp(&b.row))
    });
    queue
        .iter_mut()
        .zip(0..)
        .for_each(|(row, place)| row.place = place);
    queue
}

/// The rows of the audit, in the order of the draw.
fn placed_audit(audited: &[String], asked: &[Asked], minutes: impl Fn(&Asked) -> f64) -> Result<Vec<Placed>> {
    let placed = audited.iter().zip(0..).map(|(id, place)| {
        let row = u64::from_str_radix(id, 16);
        let row = row.map_err(|_| DataFusionError::Plan(format!("{id:?} is no id of a row")))?;
        let found = asked.binary_search_by_key(&row, |asked| asked.row);
        let found = &asked[found.map_err(|_| unknown(row))?];
        Ok(Placed {
            row,
            is_audit: true,
            place,
            question: QueuedQuestion {
                calls: found.settled.calls,
                chance_wrong: found.chance_wrong,
                value: 0.0,
                minutes: minutes(found),
            },
        })
    });
    placed.collect()
}

fn unknown(row: u64) -> DataFusionError {
    DataFusionError::Plan(format!("the row {row:016x} is not asked about"))
}

/// The words of a text that a person reads.
fn words_of(column: &str) -> Expr {
    functions::words().call(vec![col(column)])
}
