//! What rows weigh and which calls stand behind another is what it is in one memory.

use std::path::Path;

use distill_data::{CurateConfig, LogFile, LogFormat, MergedCall, TrainRow, WeightByCalls};
use distill_scale::{
    Calls, Engine, ExportConfig, Limits, ReadInput, ScaleConfig, ScaleError, ScaleInput, curate_at_scale,
    export_examples_with, read_logs,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use stage_files::read_json_lines;
use task_spec::Task;

use super::{
    bridge::{assert_equal, at_scale, in_one_memory, settings},
    raw,
};

/// The same logs, each of another weight.
fn weighted(logs: Vec<LogFile>) -> Vec<LogFile> {
    let weights = [0.1, 3.0, 1.0 / 3.0];
    let weighted = logs.into_iter().zip(weights.into_iter().cycle());
    weighted.map(|(log, weight)| log.with_weight(weight)).collect()
}

#[test]
fn rows_weigh_by_log_and_by_calls_what_they_weigh_in_one_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (task, logs) = (raw::task(), weighted(raw::write(folder.path(), 5000, 33)));
    for by_calls in [WeightByCalls::None, WeightByCalls::Sqrt, WeightByCalls::Linear] {
        let own = folder.path().join(format!("{by_calls:?}"));
        let config = CurateConfig {
            weight_by_calls: by_calls,
            ..settings(true)
        };
        let memory = own.join("memory");
        let curated = in_one_memory(&task, &logs, None, config.clone(), &memory);
        let reports = at_scale(&task, &logs, None, (config, &Limits::default(), 1), &own);
        assert_equal(&curated, &memory, &own, &reports);
        // Nothing is equal for want of cases.
        let rows: Vec<TrainRow> = read_json_lines(&own.join("set/train.jsonl")).unwrap();
        let mut weights: Vec<u64> = rows.iter().map(|row| row.example.weight.to_bits()).collect();
        weights.sort_unstable();
        weights.dedup();
        assert!(weights.len() >= if by_calls == WeightByCalls::None { 3 } else { 10 });
        let merged: Vec<MergedCall> = read_json_lines(&own.join("set/merged.jsonl")).unwrap();
        let exact = merged.iter().filter(|call| call.exact).count();
        assert!(
            exact > 300 && merged.len() - exact > 300,
            "{exact} of {}",
            merged.len()
        );
    }
}

/// Lines with several calls: of one text or of several, alike in all that a line of merged.jsonl says or not.
#[test]
fn calls_of_one_line_are_listed_in_the_order_of_one_memory() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("spans.jsonl");
    let texts = ["where is my card", "my top up failed", "where is my new card"];
    let mut random = super::log::Random::of(4);
    let said = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let mut span = |number: usize| {
        let id = random.below(3).to_string();
        let mut attributes = vec![
            said("llm.request.type", "chat"),
            said(
                "gen_ai.request.model",
                ["teacher-1", "teacher-2"][random.below(2)],
            ),
            said("gen_ai.prompt.0.role", "user"),
            said("gen_ai.prompt.0.content", texts[random.below(texts.len())]),
            said("gen_ai.completion.0.role", "assistant"),
            said(
                "gen_ai.completion.0.content",
                ["arrival", "top-up"][random.below(2)],
            ),
            said("gen_ai.completion.0.finish_reason", "stop"),
        ];
        if id != "0" {
            attributes.push(said("gen_ai.response.id", &id));
        }
        let start = 1_750_000_000 + random.below(90);
        json!({"traceId": "t", "spanId": number.to_string(), "name": "chat",
            "startTimeUnixNano": format!("{start}000000000"), "attributes": attributes, "events": []})
    };
    let lines: Vec<String> = (0..60)
        .map(|number| {
            let spans: Vec<Value> = (0..4).map(|place| span(4 * number + place)).collect();
            format!(
                "{}\n",
                json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
            )
        })
        .collect();
    std::fs::write(&log, lines.concat()).unwrap();
    let task = raw::task();
    let logs = [LogFile::new(&log, LogFormat::by_name("open-telemetry").unwrap())];
    let memory = folder.path().join("memory");
    let config = settings(false);
    let curated = in_one_memory(&task, &logs, None, config.clone(), &memory);
    let limits = Limits {
        partitions: 3,
        ..Limits::default()
    };
    let reports = at_scale(&task, &logs, None, (config, &limits, 1), folder.path());
    assert_equal(&curated, &memory, folder.path(), &reports);
    assert_eq!(reports.0.account.calls, 240);
    assert!(curated.merged.len() > 200);
}

/// The error of an export that is to list the calls of this table.
async fn refused(engine: &Engine, task: &Task, calls: &Path, out: &Path, set: &Path) -> ScaleError {
    let config = ExportConfig {
        merged: Some(Calls::at(calls)),
        ..ExportConfig::default()
    };
    let done = export_examples_with(engine, &config, task, (out, set)).await;
    assert!(!set.join("export.json").exists() && !set.join("merged.jsonl").exists());
    done.unwrap_err()
}

#[test]
fn calls_of_another_run_and_calls_without_a_place_are_not_listed() {
    let folder = tempfile::tempdir().unwrap();
    let [table, out] = ["calls.jsonl", "out"].map(|name| folder.path().join(name));
    std::fs::write(&table, "{\"input\": \"where is it\", \"answer\": \"arrival\"}\n").unwrap();
    let (task, logs) = (raw::task(), raw::write(folder.path(), 50, 1));
    let read = folder.path().join("read");
    let plan = settings(false).check().unwrap();
    read_logs(&ReadInput::new(&task, &logs, &plan), &read, &|_| {}).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let engine = Engine::here(&Limits::default()).unwrap();
        let calls = Calls::at(&table);
        let input = ScaleInput::new(&calls, task.labels());
        let plan = ScaleConfig::default().check().unwrap();
        curate_at_scale(&engine, &input, &plan, &out).await.unwrap();
        let set = folder.path().join("set");
        let error = refused(&engine, &task, &table, &out, &set).await;
        assert!(matches!(error, ScaleError::NoCallPlaces), "{error:?}");
        let set = folder.path().join("other");
        let error = refused(&engine, &task, &read, &out, &set).await;
        assert!(
            matches!(
                error,
                ScaleError::OtherCalls {
                    found: 0,
                    expected: 1,
                    ..
                }
            ),
            "{error:?}"
        );
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_logs_weigh_and_merge_as_in_one_memory(
        seed in any::<u64>(),
        calls in 1..300_usize,
        partitions in 1..5_usize,
        near_threshold in 0.5..=1.0_f64,
        by_calls in prop::sample::select(vec![WeightByCalls::None, WeightByCalls::Sqrt, WeightByCalls::Linear]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (task, logs) = (raw::task(), weighted(raw::write(folder.path(), calls, seed)));
        let memory = folder.path().join("memory");
        let config = CurateConfig {
            max_damaged_share: 1.0,
            near_threshold,
            weight_by_calls: by_calls,
            ..settings(seed % 2 == 0)
        };
        let curated = in_one_memory(&task, &logs, None, config.clone(), &memory);
        prop_assume!(!curated.manifest.confidence.is_empty());
        let limits = Limits { partitions, ..Limits::default() };
        let reports = at_scale(&task, &logs, None, (config, &limits, 1), folder.path());
        assert_equal(&curated, &memory, folder.path(), &reports);
    }
}
