//! Each category against the teacher.

use gold_eval::chart::category_bars;
use maud::{Markup, html};

use crate::{GenerationView, figures::one_line};

/// Categories shown of the last generation.
const OF_THE_LAST: usize = 100;
/// Categories shown of the ones before it.
const OF_THE_OTHERS: usize = 8;

/// The last generation in full, then the worst categories of the ones before it.
pub(crate) fn categories(generations: &[GenerationView<'_>]) -> Markup {
    let Some((last, others)) = generations.split_last() else {
        return html! {};
    };
    html! {
        p class="lead" {
            "Recall of each category on the gold set. Where the interval is wide the rows are few: a mark beside the bar is then no "
            "evidence of a difference. The baseline is the teacher."
        }
        h3 { (one_line(last.name, 60)) }
        (category_bars(&last.report.categories, OF_THE_LAST))
        @for other in others.iter().rev() {
            h3 { "For comparison, the worst of: " (one_line(other.name, 60)) }
            (category_bars(&other.report.categories, OF_THE_OTHERS))
        }
    }
}
