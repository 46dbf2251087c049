use std::path::Path;

use serde_json::json;

use super::*;
use crate::{LogFile, LogFormat, log::read_log};

fn write(folder: &Path, name: &str, lines: &[Value]) -> PathBuf {
    let path = folder.join(name);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&path, text).unwrap();
    path
}

fn observation(id: &str, trace: &str) -> Value {
    json!({"id": id, "trace_id": trace, "type": "GENERATION", "input": format!("where is {id}"), "output": "card"})
}

/// What is said of each call, by its id: its confidence, whether a person confirmed it, the kind of its fault.
type Said = (Option<f64>, bool, Option<&'static str>);

fn read(
    observations: &[Value],
    scores: &[Value],
    names: (&str, &str),
) -> (Vec<(String, Said)>, ScoresRecord, usize) {
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    let log = LogFile::new(
        write(folder.path(), "log.jsonl", observations),
        LogFormat::Langfuse,
    )
    .with_scores(ScoresFile {
        path: write(folder.path(), "scores.jsonl", scores),
        confidence: named(names.0),
        judgement: named(names.1),
    });
    let (mut found, mut damaged) = (Vec::new(), 0);
    let read = read_log(&log, |_, line| {
        match line {
            Found::Line(Ok(content)) => found.extend(content.calls.into_iter().map(|call| {
                let confidence = call.choices[0].confidence.map(|confidence| confidence.value);
                let fault = call.fault.as_ref().map(RejectReason::kind);
                (call.id.unwrap(), (confidence, call.by_person, fault))
            })),
            _ => damaged += 1,
        }
        Ok(())
    })
    .unwrap();
    (found, read.scores.unwrap(), damaged)
}

#[test]
fn scores_are_joined_by_call_and_else_by_trace() {
    let observations = [
        observation("a", "t1"),
        observation("b", "t1"),
        observation("c", "t2"),
        observation("d", "t3"),
    ];
    let scores = [
        json!({"id": "s1", "trace_id": "t1", "observation_id": null, "name": "sure", "value": 0.5, "data_type": "NUMERIC"}),
        json!({"id": "s2", "trace_id": "t1", "observation_id": "b", "name": "sure", "value": 0.25, "source": "API"}),
        json!({"id": "s3", "traceId": "t2", "observationId": "c", "name": "right", "value": 1, "source": "ANNOTATION"}),
        json!({"id": "s4", "trace_id": "t3", "observation_id": "", "name": "right", "value": 0, "source": "ANNOTATION"}),
        json!({"id": "s5", "trace_id": "t1", "observation_id": "a", "name": "tone", "value": 7}),
    ];
    let (found, record, damaged) = read(&observations, &scores, ("sure", "right"));
    let expected = [
        ("a", (Some(0.5), false, None)),
        ("b", (Some(0.25), false, None)),
        ("c", (None, true, None)),
        ("d", (None, false, Some("disapproved"))),
    ];
    assert_eq!(found, expected.map(|(id, said)| (id.to_owned(), said)));
    assert_eq!((record.scores, record.calls, damaged), (4, 4, 0));
}

#[test]
fn a_model_s_judgement_is_no_person_s() {
    let scores =
        [json!({"trace_id": "t1", "observation_id": "a", "name": "right", "value": true, "source": "EVAL"})];
    let (found, _, _) = read(&[observation("a", "t1")], &scores, ("", "right"));
    assert_eq!(found[0].1, (None, false, None));
}

#[test]
fn tensorzero_s_feedback_is_of_a_call_or_of_an_episode() {
    let inference = |id: &str| {
        json!({"id": id, "episode_id": "e", "variant_name": "v", "output": "[{\"type\":\"text\",\"text\":\"card\"}]",
            "input": "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"value\":\"q\"}]}]}"})
    };
    let folder = tempfile::tempdir().unwrap();
    let log = LogFile::new(
        write(folder.path(), "log.jsonl", &[inference("i"), inference("j")]),
        LogFormat::Tensorzero,
    )
    .with_scores(ScoresFile {
        path: write(
            folder.path(),
            "feedback.jsonl",
            &[
                json!({"id": "f1", "target_id": "e", "metric_name": "solved", "value": true}),
                json!({"id": "f2", "target_id": "j", "metric_name": "solved", "value": false}),
            ],
        ),
        confidence: None,
        judgement: Some("solved".to_owned()),
    });
    let mut found = Vec::new();
    read_log(&log, |_, line| {
        if let Found::Line(Ok(content)) = line {
            found.extend(content.calls.into_iter().map(|call| (call.by_person, call.fault)));
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(found, [(true, None), (false, Some(RejectReason::Disapproved))]);
}

#[test]
fn a_damaged_score_is_counted_and_the_others_are_read() {
    let scores = [
        json!({"trace_id": "t1", "name": "sure", "value": 1.5}),
        json!({"trace_id": "t1", "name": "sure", "value": "high"}),
        json!({"name": "sure", "value": 0.5}),
        json!({"trace_id": "t1"}),
        json!([1]),
        json!({"trace_id": "t1", "name": "sure", "value": null}),
        json!({"trace_id": "t1", "name": "sure", "value": 0.75}),
    ];
    let (found, _, damaged) = read(&[observation("a", "t1")], &scores, ("sure", ""));
    assert_eq!((found[0].1.0, damaged), (Some(0.75), 5));
}

#[test]
fn a_name_that_no_score_has_is_an_error_that_lists_those_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let scores = [json!({"trace_id": "t1", "name": "tone", "value": 1})];
    let log = LogFile::new(
        write(folder.path(), "log.jsonl", &[observation("a", "t1")]),
        LogFormat::Langfuse,
    )
    .with_scores(ScoresFile {
        path: write(folder.path(), "scores.jsonl", &scores),
        confidence: Some("sure".to_owned()),
        judgement: None,
    });
    let error = read_log(&log, |_, _| Ok(())).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("sure") && source.contains("tone"), "{source}");
}
