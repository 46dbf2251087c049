//! The whole story on generated input: a year's log, a model, a month that drifts, a better model.

use std::{path::Path, time::Instant};

use distill_data::{LogFile, LogFormat};
use gold_eval::{Baseline, GoldSet, Teacher as PinnedTeacher, TeacherAnswer};
use lora_train::TrainConfig;
use serde::Serialize;
use stage_files::{write_json, write_json_lines, write_whole};
use transactions::{
    LiveRow, LogConfig, MonthConfig, Recorder, Teacher, Transaction, World, gold_row, write_log,
};

use crate::{
    Fallible,
    learn::{Generation, Materials, Workshop},
    money, month,
    options::Options,
    page, say, serve,
};

/// The asks of the log are numbered from 0; those about gold rows from here.
const GOLD_ASKS: u64 = 1 << 40;
/// The day after which the second model takes over.
const RETRAIN_DAY: usize = 21;

/// How long each part of the run took, in seconds.
#[derive(Debug, Default)]
pub(crate) struct Clock(Vec<(String, f64)>);

impl Clock {
    fn time<T>(&mut self, what: &str, work: impl FnOnce() -> Fallible<T>) -> Fallible<T> {
        let begin = Instant::now();
        let value = work()?;
        self.0.push((what.to_owned(), begin.elapsed().as_secs_f64()));
        Ok(value)
    }

    fn add(&mut self, what: &str, generation: &Generation) {
        for (part, seconds) in ["curating", "training", "judging"].iter().zip(generation.seconds) {
            self.0.push((format!("{part}, {what}"), seconds));
        }
    }
}

/// The figures of a run in one file, for whoever compares runs.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    teacher_accuracy: f64,
    first_accuracy: f64,
    first_on_new_gold: f64,
    second_accuracy: f64,
    right_before_drift: f64,
    right_after_drift_first: f64,
    right_after_drift_second: f64,
    serving: &'a serve::Serving,
    stages: &'a [(String, f64)],
}

/// Sizes of the run.
struct Scale {
    log: LogConfig,
    gold: usize,
    new_gold: usize,
    month: MonthConfig,
    relabel: usize,
}

impl Scale {
    fn of(options: &Options) -> Self {
        let full = Self {
            log: LogConfig::default(),
            gold: 1_500,
            new_gold: 200,
            month: MonthConfig::default(),
            relabel: 120,
        };
        if options.smoke {
            let log = LogConfig {
                rows: 1_500,
                ..full.log
            };
            let month = MonthConfig {
                rows_a_day: 100,
                ..full.month
            };
            return Self {
                log,
                gold: 600,
                new_gold: 60,
                month,
                relabel: 40,
            };
        }
        full
    }
}

/// Plays the story and writes everything into `workshop`'s run folder.
#[expect(clippy::too_many_lines, reason = "the story is told once, from top to bottom")]
pub(crate) fn play(options: &Options, workshop: &Workshop) -> Fallible<()> {
    let (out, scale) = (options.out.as_path(), Scale::of(options));
    let mut clock = Clock::default();
    let world = World::new(options.seed);
    let teacher = Teacher::of_transactions(options.seed);

    say("== A year of calls to the teacher (generated)");
    let gold = world.gold(scale.gold);
    let log = out.join("teacher.jsonl");
    clock.time("writing the log", || {
        let rows = world.log(&gold, &scale.log);
        let cases = rows.iter().map(|row| (row.transaction.case(), row.at));
        let summary = write_log(&log, &workshop.task, &teacher, cases, scale.log.damaged)?;
        say(&format!(
            "{} lines, {} of them damaged, in {}",
            summary.lines,
            summary.damaged,
            log.display()
        ));
        Ok(())
    })?;
    let (gold_set, baseline) = freeze(&gold, 1, &out.join("gold"), workshop, &teacher)?;

    say("== Curate, fine-tune, judge");
    let config = options.training.config(false, options.seed, options.smoke)?;
    let first = workshop.make(&Materials {
        folder: out.to_owned(),
        logs: vec![LogFile::new(&log, LogFormat::OpenaiChat)],
        gold: &gold_set,
        gold_file: out.join("gold/gold.jsonl"),
        baseline: Some(&baseline),
        training: config.clone(),
        before: None,
        at: "2026-06-01, before the month".to_owned(),
    })?;
    clock.add("first model", &first);

    say("== Serve");
    let texts: Vec<&str> = gold.iter().map(|row| row.text.as_str()).collect();
    let serving = clock.time("measuring latency", || serve::measure(&first.classifier, &texts))?;
    write_json(&out.join("serving.json"), &serving)?;

    say("== A month in which the world changes");
    let month = world.month(scale.month.clone());
    let days: Vec<Vec<LiveRow>> = (1..=scale.month.days).map(|day| month.day(day)).collect();
    let live = out.join("month");
    let played = clock.time("serving and watching the month", || {
        let who = (&first.classifier, &workshop.task, &teacher);
        month::play(&days, RETRAIN_DAY, who, scale.relabel, &live)
    })?;

    say("== Learn from the teacher's new answers, judge again");
    let again = out.join("second");
    let new_gold = world.gold_after(&gold, &month, scale.new_gold);
    let (gold_set, baseline) = freeze(&new_gold, 2, &again.join("gold"), workshop, &teacher)?;
    let second = workshop.make(&Materials {
        folder: again.clone(),
        logs: vec![LogFile::new(&log, LogFormat::OpenaiChat), played.log.clone()],
        gold: &gold_set,
        gold_file: again.join("gold/gold.jsonl"),
        baseline: Some(&baseline),
        // From the base again, on all rows: what the second model is does not hang on what the first one was.
        training: TrainConfig {
            seed: config.seed + 1,
            ..config
        },
        before: Some(&first.classifier),
        at: "2026-06-22, after three weeks".to_owned(),
    })?;
    clock.add("second model", &second);
    let after = &days[RETRAIN_DAY.min(days.len())..];
    let right_second = clock.time("serving the rest of the month", || {
        Ok(month::count_right(
            after,
            &month::serve(after, &second.classifier)?,
        ))
    })?;

    say("== Money");
    let balance = money::weigh(&log, &serving, out)?;

    let share = |right: &[u64], days: &[Vec<LiveRow>]| {
        right.iter().sum::<u64>() as f64 / days.iter().map(Vec::len).sum::<usize>().max(1) as f64
    };
    let quiet = scale.month.new_merchants_from - 1;
    let accuracy = |generation: &Generation| {
        generation
            .report
            .as_ref()
            .map_or(f64::NAN, |report| report.candidate.score.accuracy.value)
    };
    let reports = [&first, &second].map(|generation| generation.report.as_ref());
    let shipped = reports[1].and_then(|report| report.against_shipped.as_ref());
    let summary = Summary {
        teacher_accuracy: reports[0].map_or(f64::NAN, |report| report.baseline.score.accuracy.value),
        first_accuracy: accuracy(&first),
        first_on_new_gold: accuracy(&second) - shipped.map_or(f64::NAN, |c| c.difference),
        second_accuracy: accuracy(&second),
        right_before_drift: share(&played.right[..quiet], &days[..quiet]),
        right_after_drift_first: share(&played.right[RETRAIN_DAY..], after),
        right_after_drift_second: share(&right_second, after),
        serving: &serving,
        stages: &clock.0,
    };
    write_json(&out.join("summary.json"), &summary)?;
    say(&format!(
        "live rows answered right: {:.1}% before the change; after it {:.1}% by the first model and {:.1}% by the second",
        100.0 * summary.right_before_drift,
        100.0 * summary.right_after_drift_first,
        100.0 * summary.right_after_drift_second
    ));
    let page = page::Story {
        generations: [&first, &second],
        days: &days,
        played: &played,
        right_second: &right_second,
        retrain_day: RETRAIN_DAY,
        serving: &serving,
        balance: &balance,
        stages: &clock.0,
    };
    write_whole(&out.join("index.html"), page.render())?;
    Ok(())
}

/// Writes and freezes a gold set and pins the teacher's score on it, with every raw response beside it.
fn freeze(
    gold: &[Transaction],
    version: u32,
    folder: &Path,
    workshop: &Workshop,
    teacher: &Teacher,
) -> Fallible<(GoldSet, Baseline)> {
    let file = folder.join("gold.jsonl");
    write_json_lines(&file, gold.iter().map(gold_row))?;
    let set = GoldSet::freeze(&file, &workshop.task, version)?;
    let recorder = Recorder::new(&workshop.task, teacher);
    let (mut answers, mut raw) = (Vec::new(), Vec::new());
    for (index, row) in gold.iter().enumerate() {
        let (answer, response) = recorder.answered(row.case(), GOLD_ASKS + index as u64, 1_780_000_000);
        let id = gold_row(row).id;
        raw.push(serde_json::json!({ "id": id, "response": response }));
        // What it refused to answer or did not finish is kept as what it said, and is wrong.
        let said = answer
            .said
            .or(answer.refusal)
            .or(answer.content)
            .unwrap_or_default();
        answers.push(TeacherAnswer {
            id,
            answer: said,
            confidence: answer.confidence,
        });
    }
    write_json_lines(&folder.join("teacher_responses.jsonl"), raw)?;
    let prompt = workshop.task.system.as_deref().unwrap_or_default();
    let pinned = PinnedTeacher::new(teacher.config().model.clone(), prompt);
    let baseline = Baseline::pin(&set, pinned, answers)?;
    baseline.write(&folder.join("baseline.json"))?;
    let (rows, right) = (baseline.rows().len(), baseline.correct());
    say(&format!(
        "gold set version {version}: {rows} rows, frozen; the teacher has {right} right ({:.2}%), pinned",
        100.0 * right as f64 / rows as f64
    ));
    Ok((set, baseline))
}
