//! Test suites as XML.

use std::io;

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

/// Characters of a message; evidence is shorter, text from outside need not be.
const LONGEST: usize = 8000;

pub(super) struct Suite {
    pub(super) name: String,
    pub(super) properties: Vec<(&'static str, String)>,
    pub(super) cases: Vec<Case>,
    pub(super) output: String,
}

pub(super) struct Case {
    pub(super) class: String,
    pub(super) name: String,
    pub(super) status: Status,
}

/// How a case came out, with the reason.
pub(super) enum Status {
    Passed,
    Failed(String),
    Error(String),
    Skipped(String),
}

/// The whole file.
pub(super) fn document(suites: &[Suite], at: &str) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, suites, at).expect("memory takes all that is written");
    let mut text = String::from_utf8(writer.into_inner()).expect("only text was written");
    text.push('\n');
    text
}

fn write(writer: &mut Writer<Vec<u8>>, suites: &[Suite], at: &str) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let time = timestamp(at);
    writer
        .create_element("testsuites")
        .write_inner_content(|writer| {
            for (id, suite) in suites.iter().enumerate() {
                write_suite(writer, suite, id, time.as_deref())?;
            }
            Ok(())
        })?;
    Ok(())
}

fn write_suite(writer: &mut Writer<Vec<u8>>, suite: &Suite, id: usize, time: Option<&str>) -> io::Result<()> {
    let counted = |is: fn(&Status) -> bool| {
        suite
            .cases
            .iter()
            .filter(|case| is(&case.status))
            .count()
            .to_string()
    };
    let attributes = [
        ("id", id.to_string()),
        ("package", "gold-eval".to_owned()),
        ("name", plain(&suite.name)),
        ("hostname", "localhost".to_owned()),
        ("tests", suite.cases.len().to_string()),
        ("failures", counted(|status| matches!(status, Status::Failed(_)))),
        ("errors", counted(|status| matches!(status, Status::Error(_)))),
        ("skipped", counted(|status| matches!(status, Status::Skipped(_)))),
        ("time", "0".to_owned()),
    ];
    let attributes = attributes.iter().map(|(key, value)| (*key, value.as_str()));
    let element = writer.create_element("testsuite").with_attributes(attributes);
    let element = match time {
        Some(time) => element.with_attribute(("timestamp", time)),
        None => element,
    };
    element.write_inner_content(|writer| {
        writer
            .create_element("properties")
            .write_inner_content(|writer| {
                for (name, value) in &suite.properties {
                    let property = writer.create_element("property");
                    property
                        .with_attributes([("name", *name), ("value", plain(value).as_str())])
                        .write_empty()?;
                }
                Ok(())
            })?;
        for case in &suite.cases {
            write_case(writer, case)?;
        }
        writer
            .create_element("system-out")
            .write_text_content(BytesText::new(&plain(&suite.output)))?;
        writer
            .create_element("system-err")
            .write_text_content(BytesText::new(""))?;
        Ok(())
    })?;
    Ok(())
}

fn write_case(writer: &mut Writer<Vec<u8>>, case: &Case) -> io::Result<()> {
    let (class, name) = (plain(&case.class), plain(&case.name));
    let attributes = [
        ("classname", class.as_str()),
        ("name", name.as_str()),
        ("time", "0"),
    ];
    let element = writer.create_element("testcase").with_attributes(attributes);
    let (tag, kind, text) = match &case.status {
        Status::Passed => {
            element.write_empty()?;
            return Ok(());
        }
        Status::Failed(text) => ("failure", "hold", text),
        Status::Error(text) => ("error", "cannot tell", text),
        Status::Skipped(text) => ("skipped", "too few rows", text),
    };
    let text: String = plain(text).chars().take(LONGEST).collect();
    element.write_inner_content(|writer| {
        let reason = writer
            .create_element(tag)
            .with_attributes([("message", text.as_str()), ("type", kind)]);
        reason.write_text_content(BytesText::new(&text))?;
        Ok(())
    })?;
    Ok(())
}

/// Text without the characters that XML 1.0 forbids even where they are escaped (section 2.2), and without those that
/// turn the direction of what follows.
fn plain(text: &str) -> String {
    let forbidden = |c: char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    let turning =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|&c| !forbidden(c) && !turning(c)).collect()
}

/// A date, or a date and a time, as the schema wants them: without a zone.
fn timestamp(at: &str) -> Option<String> {
    let digits = |text: &str, pattern: &str| {
        text.len() == pattern.len()
            && text
                .bytes()
                .zip(pattern.bytes())
                .all(|(c, p)| if p == b'0' { c.is_ascii_digit() } else { c == p })
    };
    let date = at.get(..10).filter(|date| digits(date, "0000-00-00"))?;
    let number = |range| date.get(range).and_then(|part: &str| part.parse::<u32>().ok());
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || !(1..=days).contains(&day) {
        return None;
    }
    let in_time = |time: &&str| {
        digits(time, "T00:00:00") && time[1..3] < *"24" && time[4..6] < *"60" && time[7..9] < *"60"
    };
    match at.get(10..19).filter(in_time) {
        Some(time) => Some(format!("{date}{time}")),
        None if at.len() == 10 => Some(format!("{date}T00:00:00")),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_date_that_exists_is_a_time() {
        for (at, time) in [
            ("2026-11-05", Some("2026-11-05T00:00:00")),
            ("2026-11-05T09:08:07Z", Some("2026-11-05T09:08:07")),
            ("2024-02-29", Some("2024-02-29T00:00:00")),
            ("2026-02-29", None),
            ("2026-13-01", None),
            ("0000-01-01", None),
            ("2026-11-05T25:00:00", None),
            ("2026-11-05 at noon", None),
            ("undated", None),
            ("２０２６-11-05", None),
            ("", None),
        ] {
            assert_eq!(timestamp(at).as_deref(), time, "{at}");
        }
    }
}
