//! The curation at scale: stages one after the other, each with its time.

use std::{collections::BTreeMap, future::Future, path::Path, time::Instant};

use datafusion::{error::Result, prelude::DataFrame};
use distill_data::{
    AnswerWorth, AnsweredQuestions, AuditRecord, ClassSuspicion, CurateError, QueueRecord, ReviewedTexts,
    SplitBy, SplitReport, SuspectFindings,
};
use near_texts::NORMALISER_VERSION;
use stage_files::write_json;
use task_spec::LabelSet;

use crate::{
    Engine, ScaleError, ScaleInput, ScalePlan, ScaleReport,
    calls::OfReading,
    stages::{CountedCalls, Reviewed, Stages},
};

/// The account of a run, in its folder.
pub(crate) const SCALE_FILE: &str = "scale.json";

/// Curates a table of calls into `out`, a folder that must be new or empty and that every executor sees under this path.
///
/// `out/fates` then holds a row for each distinct text, as Parquet: its id, the input and the label that stay, how many
/// calls stand behind it, and its fate, which is the one that `curate` of distill-data gives the same calls: `train`, `merged`,
/// `conflicting_labels`, `near_conflict`, `low_confidence`, `unknown_confidence`, `suspect_label`, `leaks_gold` where it is near
/// a row of the gold set, the name of the part of a split that it is kept for, or `over_class_cap`. `other` is the row behind a
/// fate: the id of the one that it is merged into or that contradicts it, or the id of the nearest gold row.
/// Beside these stands what training can use, as far as the table of calls has it: the kind of the confidence, the mean of the
/// teacher's distributions as JSON, when the first of the calls was made, and where the call is that the row keeps.
/// [`export_examples`](crate::export_examples) makes a training set of it.
/// `out/scale.json` is the account, written last. `out/work` holds what the stages handed to one another.
///
/// # Errors
///
/// [`ScaleError`]. Nothing that was begun looks finished: files are there as a whole or not at all, and `scale.json` only
/// at the end.
pub async fn curate_at_scale(
    engine: &Engine,
    input: &ScaleInput<'_>,
    plan: &ScalePlan,
    out: &Path,
) -> Result<ScaleReport, ScaleError> {
    refuse(input, plan, out)?;
    let mask = input.calls.mask()?;
    let asked = match input.reviewed {
        [] => None,
        rows => Some(ReviewedTexts::of(rows, input.labels, &mask)?),
    };
    let worth = AnswerWorth::of(&plan.config().review, input.labels)?;
    let masked_gold = input.gold.map(|gold| gold.masked(&mask));
    let input = &ScaleInput {
        gold: masked_gold.as_ref(),
        ..*input
    };
    let table = input.calls.read(engine).await?;
    let of_reading = input.calls.of_reading(engine).await?;
    let mut stages = Stages::new(engine, input, plan, out);
    let mut clock = Clock::of_engine(engine);
    let counted = clock.of("read", stages.count_calls(table.clone())).await?;
    check_split(plan, &counted)?;
    let (calls, mut rejected) = (counted.calls, counted.rejected);
    let mut reviewed = None;
    if let Some(texts) = asked {
        let found = clock.of("reviewed", stages.reviewed(&table, texts)).await?;
        stages = stages.with_cuts(&found.record);
        reviewed = Some(found);
    }
    let answers = reviewed.as_ref().map(|reviewed| &reviewed.calls);
    let rows = clock.of("votes", stages.votes(table.clone(), answers)).await?;
    let mut teachers = None;
    if let Some(OfReading { rejected, logs }) = of_reading {
        let found = stages.teachers(table.clone(), rejected, &logs);
        teachers = Some(clock.of("teachers", found).await?);
    }
    if let Some(gold) = input.gold {
        clock.of("gold join", stages.gold_join(gold)).await?;
    }
    let (pairs, most_keys) = near_duplicates(&mut clock, &stages, plan, rows).await?;
    if let Some(reviewed) = &mut reviewed {
        reviewed.record.questions = fared(&mut clock, &stages, table, reviewed).await?;
    }
    clock.of("contradictions", stages.contradictions()).await?;
    clock.of("stars", stages.stars()).await?;
    let (found, split) = settle(&mut clock, &stages, plan).await?;
    clock.of("fates", stages.fates()).await?;
    let (review, audit) = questions(&mut clock, &stages, worth, reviewed.as_ref()).await?;
    let mut leakage = None;
    if let Some(gold) = input.gold {
        leakage = Some(clock.of("certificates", stages.certificates(gold)).await?);
    }
    let fates = clock.of("count", stages.count_fates()).await?;
    let class_limits = clock.of("count", stages.class_limits()).await?;
    let calls_of = |fate: &str| fates.get(fate).map(|&(_, calls)| calls);
    if let Some(calls) = calls_of("leaks_gold") {
        rejected.insert("leaks_gold".to_owned(), calls);
    }
    let report = ScaleReport {
        calls,
        rejected,
        rows,
        pairs,
        most_keys,
        calls_in_train: calls_of("train").unwrap_or(0),
        fates: fates.into_iter().map(|(fate, (rows, _))| (fate, rows)).collect(),
        reviewed: reviewed.map(|reviewed| reviewed.record),
        suspects: found.as_ref().map(|found| found.record(input.labels)),
        suspicions: found.map_or_else(BTreeMap::new, |found| by_name(&found, input.labels)),
        review,
        audit,
        leakage,
        split,
        class_limits,
        teachers,
        normaliser: NORMALISER_VERSION,
        repeats: clock.repeats,
        seconds: clock.seconds,
    };
    write_json(&out.join(SCALE_FILE), &report)?;
    Ok(report)
}

/// The error of a run that cannot begin.
fn refuse(input: &ScaleInput<'_>, plan: &ScalePlan, out: &Path) -> Result<(), ScaleError> {
    if std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(ScaleError::NotEmpty { path: out.to_owned() });
    }
    if input.gold.is_some_and(|gold| gold.rows().is_empty()) {
        return Err(ScaleError::EmptyGold);
    }
    if plan.config().target_precision.is_some() && input.reviewed.is_empty() {
        return Err(CurateError::NoReviewedRows.into());
    }
    Ok(())
}

/// Refuses a split by what no call has.
fn check_split(plan: &ScalePlan, counted: &CountedCalls) -> Result<(), ScaleError> {
    match plan.split().map(|split| split.config().by) {
        _ if counted.legal == 0 => Ok(()),
        Some(SplitBy::Time) if counted.with_time == 0 => Err(ScaleError::NoCallTimes),
        Some(SplitBy::LogOrder) if counted.with_line == 0 => Err(ScaleError::NoCallPlaces),
        _ => Ok(()),
    }
}

/// Finds the near-duplicates among so many rows; how many there are, and the most keys that a text was found by.
async fn near_duplicates(
    clock: &mut Clock<'_>,
    stages: &Stages<'_>,
    plan: &ScalePlan,
    rows: u64,
) -> Result<(u64, usize), ScaleError> {
    let join = clock.of("plan", stages.join_plan(rows)).await?;
    let mut pairs = 0;
    for pass in 0..plan.config().passes {
        pairs += clock.of("pairs", stages.pairs(&join, pass)).await?;
    }
    Ok((pairs, join.most_keys()))
}

/// How the questions fared that the teacher's word raises and persons have answered.
async fn fared(
    clock: &mut Clock<'_>,
    stages: &Stages<'_>,
    calls: DataFrame,
    reviewed: &Reviewed,
) -> Result<BTreeMap<String, AnsweredQuestions>, ScaleError> {
    let teachers = stages.on_teachers_word();
    let settled = teachers.settle_teachers(calls, &reviewed.calls);
    clock.of("teacher's word", settled).await?;
    let fared = teachers.fared(&reviewed.answers);
    clock.of("teacher's word", fared).await
}

/// The questions to a person, in their order, and the audit.
async fn questions(
    clock: &mut Clock<'_>,
    stages: &Stages<'_>,
    worth: AnswerWorth,
    reviewed: Option<&Reviewed>,
) -> Result<(QueueRecord, Option<AuditRecord>), ScaleError> {
    let (drawn, worth) = match reviewed {
        None => (clock.of("audit", stages.audit(None)).await?, worth),
        // What is drawn from is what is kept before any person has spoken.
        Some(Reviewed { answers, record, .. }) => {
            let teachers = stages.on_teachers_word();
            let drawn = clock.of("audit", teachers.audit(Some(answers))).await?;
            (drawn, worth.with_fared(record.questions.clone()))
        }
    };
    clock.of("questions", stages.questions(&worth, drawn)).await
}

/// Finds which of the rows that would be trained on have a label that is probably wrong, and which are kept from training; what
/// was found, and the account of the split.
async fn settle(
    clock: &mut Clock<'_>,
    stages: &Stages<'_>,
    plan: &ScalePlan,
) -> Result<(Option<SuspectFindings>, Option<SplitReport>), ScaleError> {
    if plan.settles_first() {
        clock.of("settled", stages.settle()).await?;
    }
    let mut found = None;
    if let Some(plan) = plan.suspects() {
        found = Some(clock.of("suspects", stages.suspects(plan)).await?);
    }
    let mut split = None;
    if let Some(plan) = plan.split() {
        let mut report = clock.of("split", stages.split(plan)).await?;
        if plan.config().measure {
            report.flattery = Some(clock.of("flattery", stages.flattery(plan)).await?);
        }
        split = Some(report);
    }
    // After the split, so that what is held out has the labels of the log in their shares.
    if let Some(cap) = plan.config().class_cap {
        clock.of("class cap", stages.cap_classes(cap)).await?;
    }
    Ok((found, split))
}

/// What was found in each class, by the name of its label.
fn by_name(found: &SuspectFindings, labels: &LabelSet) -> BTreeMap<String, ClassSuspicion> {
    let named = found
        .classes
        .iter()
        .filter_map(|&(label, class)| Some((labels.name(label)?.to_owned(), class)));
    named.collect()
}

/// The seconds of each stage, and how often it was done again.
#[derive(Debug)]
struct Clock<'a> {
    engine: &'a Engine,
    seconds: Vec<(&'static str, f64)>,
    repeats: BTreeMap<&'static str, u64>,
}

impl<'a> Clock<'a> {
    fn of_engine(engine: &'a Engine) -> Self {
        Self {
            engine,
            seconds: Vec::new(),
            repeats: BTreeMap::new(),
        }
    }

    async fn of<T>(
        &mut self,
        stage: &'static str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T, ScaleError> {
        let (begin, repeats) = (Instant::now(), self.engine.repeats());
        let done = work.await.map_err(|source| ScaleError::Engine {
            stage,
            source: Box::new(source),
        })?;
        let seconds = begin.elapsed().as_secs_f64();
        let repeats = self.engine.repeats() - repeats;
        if repeats > 0 {
            *self.repeats.entry(stage).or_default() += repeats;
        }
        match self.seconds.last_mut() {
            Some((last, sum)) if *last == stage => *sum += seconds,
            _ => self.seconds.push((stage, seconds)),
        }
        Ok(done)
    }
}
