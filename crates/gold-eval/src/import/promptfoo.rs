//! Test cases of promptfoo, as its documentation and the reader of its CSV files have them.

use serde_json::{Map, Value};

use super::{
    ImportConfig, Unusable,
    fields::{Draft, Fields, INPUTS, Problem},
    messages::text_of,
    source::kind_in_words,
};

/// How columns of a table begin that are no variables.
const SPECIAL: &str = "__";
/// Columns that hold assertions.
const EXPECTED: &str = "__expected";
/// What the assertions of promptfoo are called (its `BaseAssertionTypesSchema`, and names that it still reads): a
/// cell that begins with one of them and a colon is that assertion, any other cell is the answer itself.
const ASSERTIONS: &[&str] = &[
    "answer-relevance",
    "bleu",
    "classifier",
    "contains",
    "contains-all",
    "contains-any",
    "contains-html",
    "contains-json",
    "contains-sql",
    "contains-xml",
    "context-faithfulness",
    "context-recall",
    "context-relevance",
    "conversation-relevance",
    "cost",
    "equals",
    "eval",
    "factuality",
    "finish-reason",
    "fn",
    "g-eval",
    "gleu",
    "grade",
    "guardrails",
    "human",
    "icontains",
    "icontains-all",
    "icontains-any",
    "is-html",
    "is-json",
    "is-refusal",
    "is-sql",
    "is-valid-function-call",
    "is-valid-openai-function-call",
    "is-valid-openai-tools-call",
    "is-xml",
    "javascript",
    "latency",
    "levenshtein",
    "llm-rubric",
    "meteor",
    "model-graded-closedqa",
    "model-graded-factuality",
    "moderation",
    "perplexity",
    "perplexity-score",
    "pi",
    "python",
    "regex",
    "rouge-l",
    "rouge-n",
    "rouge-s",
    "ruby",
    "search-rubric",
    "select-best",
    "similar",
    "skill-used",
    "starts-with",
    "tool-call-f1",
    "trace-error-spans",
    "trace-span-count",
    "trace-span-duration",
    "webhook",
    "word-count",
];

/// An assertion: its type, and what it compares with.
struct Assertion {
    kind: String,
    value: Value,
}

/// Whether a row is a test case.
pub(super) fn is_test(row: &Value) -> bool {
    let is_column = |row: &Map<String, Value>| row.keys().any(|key| key.starts_with(EXPECTED));
    row.get("vars").is_some() || row.as_object().is_some_and(is_column)
}

/// A test case, with what `defaultTest` adds to it.
pub(super) fn draft(
    row: &Value,
    default_test: Option<&Value>,
    config: &ImportConfig,
) -> Result<Draft, Problem> {
    let default = |key: &str| default_test.and_then(|test| test.get(key));
    let (vars, mut assertions) = match row.get("vars") {
        Some(Value::Object(vars)) => (vars.clone(), assertions_of(row.get("assert"))),
        Some(Value::String(names)) => {
            return Err((
                Some("vars".to_owned()),
                Unusable::External { names: names.clone() },
            ));
        }
        Some(other) => {
            let found = kind_in_words(other).to_owned();
            return Err((Some("vars".to_owned()), Unusable::NotAnObject { found }));
        }
        None => of_columns(row),
    };
    let mut all = default("vars")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    all.extend(vars);
    assertions.extend(assertions_of(default("assert")));

    let equal: Vec<&Assertion> = assertions
        .iter()
        .filter(|assertion| assertion.kind == "equals")
        .collect();
    let mut answer_field = None;
    let labels = match &config.label {
        Some(name) => {
            answer_field = Some(name.clone());
            vec![named(row, &all, name, "right answer")?]
        }
        None if equal.is_empty() => {
            let types = assertions.into_iter().map(|assertion| assertion.kind).collect();
            return Err((None, Unusable::NoEquals { types }));
        }
        None => {
            let answers = equal
                .iter()
                .map(|assertion| answer(&assertion.value, &all, &mut answer_field));
            answers.collect::<Result<Vec<_>, _>>()?
        }
    };
    let (input_field, value) = question(row, &all, config, answer_field.as_deref())?;
    let (input, left_prompt_out) = text_of(value).map_err(|why| (Some(input_field.clone()), why))?;
    if input.starts_with("file://") {
        return Err((Some(input_field), Unusable::External { names: input }));
    }
    let ids = Value::Object(all.clone());
    let fields = Fields {
        row,
        inner: Some(&ids),
    };
    let id = match fields.id(config.id.as_deref())? {
        None if config.id.is_none() => Fields { row, inner: None }
            .id(Some("metadata.id"))
            .unwrap_or(None),
        found => found,
    };
    Ok(Draft {
        id,
        left_assertions_out: assertions.len() > equal.len(),
        input,
        input_field,
        labels,
        label_field: answer_field.unwrap_or_else(|| "equals".to_owned()),
        left_prompt_out,
    })
}

/// The variables and the assertions of a row of a table.
fn of_columns(row: &Value) -> (Map<String, Value>, Vec<Assertion>) {
    let (mut vars, mut assertions) = (Map::new(), Vec::new());
    for (column, cell) in row.as_object().into_iter().flatten() {
        let text = cell.as_str().unwrap_or_default();
        if column.starts_with(EXPECTED) {
            assertions.extend((!text.trim().is_empty()).then(|| expected(text)));
        } else if !column.starts_with(SPECIAL) {
            vars.insert(column.clone(), cell.clone());
        }
    }
    (vars, assertions)
}

/// A cell `equals: 30`, `contains-any(0.5): a,b`, `not-equals: 4`, or the answer itself.
fn expected(cell: &str) -> Assertion {
    let (head, value) = cell
        .split_once(':')
        .map_or((cell, ""), |(head, value)| (head, value.trim()));
    let name = head.split_once('(').map_or(head, |(name, _)| name);
    let base = name.strip_prefix("not-").unwrap_or(name);
    let is_assertion = ASSERTIONS.contains(&base) && (cell.contains(':') || base.starts_with("is-"));
    let (kind, value) = match is_assertion {
        true => (name, value),
        false => ("equals", cell.trim()),
    };
    Assertion {
        kind: kind.to_owned(),
        value: Value::String(value.to_owned()),
    }
}

fn assertions_of(value: Option<&Value>) -> Vec<Assertion> {
    let all = value.and_then(Value::as_array).into_iter().flatten();
    all.map(|assertion| Assertion {
        kind: assertion
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or("?")
            .to_owned(),
        value: assertion.get("value").cloned().unwrap_or(Value::Null),
    })
    .collect()
}

/// What `equals` compares with: a text, or a variable's name in braces.
fn answer(value: &Value, vars: &Map<String, Value>, field: &mut Option<String>) -> Result<String, Problem> {
    let at = |why| (Some("equals".to_owned()), why);
    let (text, _) = text_of(value).map_err(at)?;
    if text.starts_with("file://") {
        return Err(at(Unusable::External { names: text }));
    }
    if !text.contains("{{") {
        return Ok(text);
    }
    let name = text
        .trim()
        .strip_prefix("{{")
        .and_then(|rest| rest.strip_suffix("}}"))
        .map(str::trim);
    let Some((name, value)) = name.and_then(|name| Some((name, vars.get(name)?))) else {
        return Err(at(Unusable::Template { text }));
    };
    let (answer, _) = text_of(value).map_err(|why| (Some(name.to_owned()), why))?;
    *field = Some(name.to_owned());
    Ok(answer)
}

/// The variable that is the question: the one that was named, the one with a usual name, or the only one.
fn question<'a>(
    row: &'a Value,
    vars: &'a Map<String, Value>,
    config: &ImportConfig,
    answer_field: Option<&str>,
) -> Result<(String, &'a Value), Problem> {
    if let Some(name) = &config.input {
        return place(row, vars, name)
            .map(|value| (name.clone(), value))
            .ok_or_else(|| missing(vars, name, "question"));
    }
    let is_other = |name: &&String| Some(name.as_str()) == answer_field || Some(*name) == config.id.as_ref();
    let open: Vec<&String> = vars
        .keys()
        .filter(|name| !is_other(name) && *name != "id")
        .collect();
    let usual: Vec<&String> = open
        .iter()
        .copied()
        .filter(|name| INPUTS.contains(&name.as_str()))
        .collect();
    match (&usual[..], &open[..]) {
        ([name], _) | ([], [name]) => Ok(((*name).clone(), &vars[*name])),
        ([], []) => Err(missing(vars, "vars", "question")),
        ([], several) | (several, _) => {
            let fields = several.iter().map(|name| (*name).clone()).collect();
            Err((
                None,
                Unusable::WhichField {
                    wanted: "question".to_owned(),
                    fields,
                },
            ))
        }
    }
}

fn place<'a>(row: &'a Value, vars: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    vars.get(name).or_else(|| Fields { row, inner: None }.get(name))
}

fn named(row: &Value, vars: &Map<String, Value>, name: &str, wanted: &str) -> Result<String, Problem> {
    let value = place(row, vars, name).ok_or_else(|| missing(vars, name, wanted))?;
    text_of(value)
        .map(|(text, _)| text)
        .map_err(|why| (Some(name.to_owned()), why))
}

fn missing(vars: &Map<String, Value>, name: &str, wanted: &str) -> Problem {
    let fields = vars.keys().cloned().collect();
    (
        Some(name.to_owned()),
        Unusable::Missing {
            wanted: wanted.to_owned(),
            fields,
        },
    )
}
