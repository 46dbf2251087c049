//! Which categories are taken for which, as a table.

use maud::{Markup, html};

use crate::{
    Confusion,
    figures::{count, one_line},
};

/// The confusions in the order given, with a few of their rows.
#[must_use]
pub fn confusion_table(confusions: &[Confusion]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Right answer" }
                th scope="col" { "Answered" }
                th scope="col" class="num" { "Rows" }
                th scope="col" class="num" { "Baseline" }
                th scope="col" class="wide" { "For example" }
            } }
            tbody {
                @for confusion in confusions {
                    tr {
                        td { (one_line(&confusion.label, 60)) }
                        td { @match &confusion.answered { Some(label) => (one_line(label, 60)), None => em { "outside the task" } } }
                        td class="num" { (count(confusion.rows)) }
                        td class="num" { (count(confusion.baseline_rows)) }
                        td class="wide example" {
                            @for (i, example) in confusion.examples.iter().take(2).enumerate() {
                                @if i > 0 { br; }
                                (one_line(&example.input, 90))
                            }
                        }
                    }
                }
            }
        }
    }
}
