//! The page as a whole.

use gold_eval::chart::{STYLE, category_bars, headline, verdict_banner};
use maud::{DOCTYPE, PreEscaped, html};

use crate::RunPage;

/// The page as a string of HTML: no scripts, nothing fetched, and the same bytes for the same run.
#[must_use]
pub fn render(page: &RunPage<'_>) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (page.title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main class="ge" {
                h1 { (page.title) }
                @if page.generated { p { "The log of this run is generated." } }
                @for generation in page.generations {
                    h2 { (generation.name) }
                    (verdict_banner(generation.report.verdict, &generation.report.summary))
                    (headline(generation.report))
                    (category_bars(&generation.report.categories, 60))
                }
                @for window in page.windows { pre { (window) } }
                @if let Some(balance) = page.balance { pre { (balance) } }
                ul { @for (path, what) in page.files { li { (path) ": " (what) } } }
            } }
        }
    }
    .into_string()
}
