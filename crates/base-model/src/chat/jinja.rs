//! The Jinja that transformers renders chat templates with.
//!
//! What differs between Jinja2 in transformers and minijinja as it comes, and is found in published templates, is
//! mended here: block lines that leave no trace, Python's methods, its way to print values, `tojson`,
//! `raise_exception`, `strftime_now` and `{% generation %}`.

use std::borrow::Cow;

use minijinja::{
    Environment, Error, ErrorKind, State, Value, escape_formatter,
    syntax::SyntaxConfig,
    value::{Kwargs, Tuple, ValueKind, from_args},
};
use minijinja_contrib::pycompat::unknown_method_callback;
use regex::Regex;

use super::{ChatDate, python};

/// The name of the one template in an environment.
const NAME: &str = "chat";

/// Compiles a template.
pub(super) fn environment(source: &str, date: ChatDate) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()?;
    environment.set_syntax(syntax);
    environment.set_formatter(|output, state, value| match value.kind() {
        ValueKind::None | ValueKind::Bool | ValueKind::Number | ValueKind::Seq | ValueKind::Map => {
            Ok(output.write_str(&python::text(value)?)?)
        }
        _ => escape_formatter(output, state, value),
    });
    environment.set_unknown_method_callback(method);
    environment.add_filter("tojson", python::tojson);
    environment.add_filter("string", |value: &Value| python::text(value));
    // Whatever has a length and can be indexed, as Jinja2 asks.
    environment.add_test("sequence", |value: &Value| {
        matches!(value.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::String)
    });
    environment.add_test("iterable", |value: &Value| match value.kind() {
        ValueKind::None => false,
        ValueKind::String => true,
        _ => value.try_iter().is_ok(),
    });
    environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message))
    });
    set_date(&mut environment, date);
    let source = without_generation_blocks(source)?;
    environment.add_template_owned(NAME, source.into_owned())?;
    Ok(environment)
}

/// Says what day it is.
pub(super) fn set_date(environment: &mut Environment<'static>, date: ChatDate) {
    environment.add_function("strftime_now", move |format: &str| -> Result<String, Error> {
        date.format(format).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidOperation,
                format!("strftime_now does not know all of {format:?}"),
            )
        })
    });
}

/// Renders the template.
pub(super) fn render(environment: &Environment<'static>, context: Value) -> Result<String, Error> {
    environment.get_template(NAME)?.render(context)
}

/// `{% generation %}` says which part of a chat the assistant wrote and writes nothing: a block that only scopes.
fn without_generation_blocks(source: &str) -> Result<Cow<'_, str>, Error> {
    let regex = |pattern| {
        Regex::new(pattern)
            .map_err(|error| Error::new(ErrorKind::SyntaxError, "no such tag").with_source(error))
    };
    let opening = regex(r"(\{%[-+]?\s*)generation(\s*[-+]?%\})")?;
    let closing = regex(r"(\{%[-+]?\s*)endgeneration(\s*[-+]?%\})")?;
    Ok(match opening.replace_all(source, "${1}with${2}") {
        Cow::Borrowed(source) => source.into(),
        Cow::Owned(source) => closing
            .replace_all(&source, "${1}endwith${2}")
            .into_owned()
            .into(),
    })
}

/// Methods of Python's strings that `minijinja-contrib` lacks, then those that it has.
fn method(state: &mut State<'_, '_>, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    let Some(text) = value.as_str() else {
        return unknown_method_callback(state, value, name, args);
    };
    match name {
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(args)?;
            Ok(text.strip_prefix(prefix).unwrap_or(text).into())
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(args)?;
            Ok(text.strip_suffix(suffix).unwrap_or(text).into())
        }
        "partition" | "rpartition" => {
            let (separator,): (&str,) = from_args(args)?;
            let (found, missing) = if name == "partition" {
                (text.split_once(separator), [text, "", ""])
            } else {
                (text.rsplit_once(separator), ["", "", text])
            };
            let parts = found.map_or(missing, |(before, after)| [before, separator, after]);
            Ok(Tuple::from(parts.map(Value::from)).into())
        }
        "rsplit" => {
            let (separator, count, named): (Option<&str>, Option<i64>, Kwargs) = from_args(args)?;
            let separator = separator.map_or_else(|| named.get("sep"), |found| Ok(Some(found)))?;
            let count = count.map_or_else(|| named.get("maxsplit"), |found| Ok(Some(found)))?;
            named.assert_all_used()?;
            let pieces = count
                .and_then(|count| usize::try_from(count).ok())
                .map(|count| count + 1);
            let Some(separator) = separator else {
                return Err(Error::new(
                    ErrorKind::InvalidOperation,
                    "rsplit needs a separator",
                ));
            };
            let mut parts: Vec<&str> = match pieces {
                Some(pieces) => text.rsplitn(pieces, separator).collect(),
                None => text.rsplit(separator).collect(),
            };
            parts.reverse();
            Ok(parts.into_iter().collect())
        }
        _ => unknown_method_callback(state, value, name, args),
    }
}
