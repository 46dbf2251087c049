//! Answers of a task of fields, and the values in them.

use gold_eval::{FieldOutcome, FieldValue, grade_field, read_answer, token_f1};
use task_spec::{FieldSchema, Output, Task};

const TASK: &str = r#"{"name": "t", "output": {"kind": "fields", "fields": [
    {"name": "company", "aliases": ["vendor"]},
    {"name": "total", "kind": "money"},
    {"name": "count", "kind": "number"},
    {"name": "date", "kind": "date"}
]}}"#;

/// Two texts, cut at the first zero byte: an answer, and a value to compare with. Whatever is read has a place for each
/// field, a value is the same as itself, and being the same works both ways.
pub fn hold(data: &[u8]) {
    let cut = data.iter().position(|&byte| byte == 0).unwrap_or(data.len());
    let answer = String::from_utf8_lossy(&data[..cut]);
    let other = String::from_utf8_lossy(data.get(cut + 1..).unwrap_or_default());
    let task: Task<Output> = serde_json::from_str(TASK).expect("it is a task");
    let schema = FieldSchema::try_from(task.output).expect("its answers are fields");
    let read = read_answer(&answer, &schema);
    assert_eq!(read.values.len(), schema.fields().len());
    assert!(read.is_readable || read.values.iter().all(Option::is_none));
    for (field, value) in schema.fields().iter().zip(&read.values) {
        let Some(value) = value else { continue };
        let (one, two) = (FieldValue::read(field, value), FieldValue::read(field, &other));
        assert!(one.is_same(&one, field), "{one:?} is not itself");
        assert_eq!(
            one.is_same(&two, field),
            two.is_same(&one, field),
            "{one:?} and {two:?}"
        );
        // What is no value of its kind is written as normalised text, which may be one.
        let _written = one.written(field);
        let graded = grade_field(field, Some(value), Some(value));
        assert!(
            matches!(graded.outcome, FieldOutcome::Correct | FieldOutcome::Absent),
            "{value:?} against itself is {graded:?}"
        );
        let f1 = token_f1(value, &other);
        assert!((0.0..=1.0).contains(&f1), "{f1}");
    }
}
