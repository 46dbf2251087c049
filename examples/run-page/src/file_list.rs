//! The files beside the page.

use maud::{Markup, html};

use crate::figures::one_line;

/// Files listed.
const SHOWN: usize = 300;

/// Each file as a link, with what it is.
pub(crate) fn files(files: &[(String, String)]) -> Markup {
    html! {
        ul class="files" {
            @for (path, what) in files.iter().take(SHOWN) {
                li { a href=(href(path)) { (one_line(path, 120)) } span { (one_line(what, 200)) } }
            }
        }
    }
}

/// A path as a link that can only lead to a place below the page: whatever might be a scheme, a host or a query is
/// encoded (RFC 3986, section 2.1), and steps upwards are left out.
fn href(path: &str) -> String {
    let steps = path.split('/').filter(|step| !matches!(*step, "" | "." | ".."));
    let encoded: Vec<String> = steps.map(encoded).collect();
    format!("./{}", encoded.join("/"))
}

fn encoded(step: &str) -> String {
    let mut encoded = String::with_capacity(step.len());
    for byte in step.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_below_the_page() {
        assert_eq!(href("data/train.jsonl"), "./data/train.jsonl");
        assert_eq!(href("javascript:alert(1)"), "./javascript%3Aalert%281%29");
        assert_eq!(href("//host/x?y#z"), "./host/x%3Fy%23z");
        assert_eq!(href("../../etc/passwd"), "./etc/passwd");
        assert_eq!(href("a b/ü.json"), "./a%20b/%C3%BC.json");
    }
}
