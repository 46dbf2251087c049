//! A table of answers with a header.

use std::{fs::File, path::Path};

use csv::StringRecord;
use stage_files::FileError;
use task_spec::Prediction;

use super::AnswerFileError;
use crate::{PredictedRow, TimedRow};

pub(super) fn read(path: &Path) -> Result<Vec<TimedRow>, AnswerFileError> {
    let file = File::open(path).map_err(|source| FileError::Read {
        path: path.to_owned(),
        source,
    })?;
    let mut reader = csv::Reader::from_reader(file);
    let broken = |source| AnswerFileError::Csv {
        path: path.to_owned(),
        source,
    };
    let header = reader.headers().map_err(broken)?.clone();
    let columns = Columns::of(path, &header)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        rows.push(columns.row(path, &record.map_err(broken)?)?);
    }
    Ok(rows)
}

struct Columns {
    id: usize,
    answer: usize,
    confidence: Option<usize>,
    latency_ms: Option<usize>,
    cost_usd: Option<usize>,
}

impl Columns {
    fn of(path: &Path, header: &StringRecord) -> Result<Self, AnswerFileError> {
        let find = |column: &'static str, needed: bool| {
            // Spreadsheets put a byte order mark before the first name.
            let is_it = |name: &str| name.trim_start_matches('\u{feff}').trim() == column;
            let places: Vec<usize> = (0..)
                .zip(header)
                .filter(|(_, name)| is_it(name))
                .map(|(at, _)| at)
                .collect();
            match places[..] {
                [place] => Ok(Some(place)),
                [] if !needed => Ok(None),
                _ => Err(AnswerFileError::Column {
                    path: path.to_owned(),
                    column,
                    found: places.len(),
                }),
            }
        };
        let needed = |column| {
            find(column, true)?.ok_or_else(|| AnswerFileError::Column {
                path: path.to_owned(),
                column,
                found: 0,
            })
        };
        Ok(Self {
            id: needed("id")?,
            answer: needed("answer")?,
            confidence: find("confidence", false)?,
            latency_ms: find("latency_ms", false)?,
            cost_usd: find("cost_usd", false)?,
        })
    }

    fn row(&self, path: &Path, record: &StringRecord) -> Result<TimedRow, AnswerFileError> {
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let number = |column, at: Option<usize>| {
            let text = at.map(cell).map(str::trim).filter(|text| !text.is_empty());
            let parsed = text.map(|text| {
                // A number that no JSON can hold would be lost when the answers are written.
                let number = text.parse().ok().filter(|number: &f64| number.is_finite());
                number.ok_or_else(|| AnswerFileError::Number {
                    path: path.to_owned(),
                    line: record.position().map_or(0, csv::Position::line),
                    column,
                    value: text.to_owned(),
                })
            });
            parsed.transpose()
        };
        let prediction = Prediction {
            confidence: number("confidence", self.confidence)?,
            ..Prediction::new(cell(self.answer))
        };
        Ok(TimedRow {
            row: PredictedRow {
                id: cell(self.id).to_owned(),
                prediction,
            },
            latency_ms: number("latency_ms", self.latency_ms)?,
            cost_usd: number("cost_usd", self.cost_usd)?,
        })
    }
}
