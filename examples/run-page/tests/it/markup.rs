//! Whether a page is whole by itself.

/// Elements without an end.
const VOID: &[&str] = &["meta", "br"];

/// Fails unless every element that begins ends, in order, and nothing is run or fetched.
pub(crate) fn check(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>"));
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    for forbidden in [
        "<script",
        "http://",
        "https://",
        "@import",
        " src=",
        " on",
        "javascript:",
    ] {
        let found = page
            .find(forbidden)
            .map(|at| page[at..].chars().take(60).collect::<String>());
        // " on" is looked for as the beginning of an attribute such as onload.
        if forbidden == " on" {
            assert!(!page.split('<').skip(1).any(is_handler), "an event handler");
        } else {
            assert_eq!(found, None, "{forbidden}");
        }
    }
    for url in page.split("url(").skip(1) {
        assert!(
            url.starts_with('#'),
            "url({}",
            url.chars().take(40).collect::<String>()
        );
    }
    let mut open: Vec<&str> = Vec::new();
    for tag in page.split('<').skip(2) {
        let (inside, _) = tag.split_once('>').expect("a tag ends");
        let name = inside
            .split([' ', '/'])
            .find(|part| !part.is_empty())
            .expect("a tag has a name");
        if inside.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

fn is_handler(tag: &str) -> bool {
    let inside = tag.split('>').next().unwrap_or_default();
    // Values stand in quotes, so every second part is outside of them.
    inside
        .split('"')
        .step_by(2)
        .any(|part| part.split_whitespace().any(|name| name.starts_with("on")))
}

#[test]
#[should_panic(expected = "an event handler")]
fn the_check_sees_an_event_handler() {
    check("<!DOCTYPE html><p onclick=\"x\"></p>");
}

#[test]
#[should_panic(expected = "assertion")]
fn the_check_sees_an_element_that_does_not_end() {
    check("<!DOCTYPE html><p><b></p>");
}
