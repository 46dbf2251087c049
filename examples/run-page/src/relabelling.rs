//! What went back to the teacher.

use gold_eval::Interval;
use maud::{Markup, html};

use crate::{
    RelabelledView,
    figures::{count, counted, percent, percent_range, share},
    plane::at,
};

/// The rows by why they were chosen, and the agreement that the random ones tell.
pub(crate) fn relabelling(view: &RelabelledView) -> Markup {
    let parts = [
        ("findings", "rows of the findings", view.findings_rows),
        ("unsure", "rows answered least surely", view.unsure_rows),
        ("random", "rows drawn at random", view.random_rows),
    ];
    html! {
        p class="lead" { (counted(view.rows, "row")) ": to learn what is new from the first two kinds, and to know where the model stands from the third." }
        div class="stack" {
            @for (class, name, rows) in parts {
                @if rows > 0 { div class=(class) style=(format!("width:{}", at(share(rows, view.rows)))) title=(name) {} }
            }
        }
        ul class="keys" {
            @for (class, name, rows) in parts { li { span class={ "key " (class) } {} b { (count(rows)) } " " (name) } }
        }
        @if let Some((estimate, low, high)) = view.agreement {
            p {
                "Judged by the random rows, the model in service agrees with the teacher on " b { (percent(estimate)) } " of the rows of these windows ("
                (percent_range(Interval { low, high })) "). Agreement is not accuracy: where both err alike, they agree."
            }
        }
    }
}
