//! What all pages of this crate share: one file, light and dark, no scripts, no fonts, nothing fetched.

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("html_page/style.css");

/// A whole page.
pub(crate) fn document(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (body) } }
        }
    }
    .into_string()
}

/// A bar that fills a share, in 0..=1, of its table cell. What it shows stands beside it as a number, so that it is hidden
/// from those who cannot see it.
pub(crate) fn bar(share: f64, class: &str) -> Markup {
    html! {
        svg class={ "share " (class) } width="100%" height="10" aria-hidden="true" {
            rect class="ground" width="100%" height="10" rx="2" {}
            rect class="fill" width=(format!("{:.1}%", 100.0 * share.clamp(0.0, 1.0))) height="10" rx="2" {}
        }
    }
}
