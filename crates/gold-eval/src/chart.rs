//! Pictures of a report, as pieces of HTML with inline SVG: no scripts, no fonts, nothing fetched.
//!
//! Each piece stands by itself inside any page that holds [`STYLE`] once and wraps the pieces in an element of
//! class `ge`. Every text from outside is escaped.

mod aspect_bars;
mod category_bars;
mod confusion_table;
mod coverage_plot;
mod graded_headline;
mod headline;
mod plot;
mod reliability_plot;
mod rule_list;
mod shipped_table;

pub use aspect_bars::aspect_bars;
pub use category_bars::category_bars;
pub use confusion_table::confusion_table;
pub use coverage_plot::coverage_plot;
pub use graded_headline::graded_headline;
pub use headline::{headline, verdict_banner};
pub use reliability_plot::reliability_plot;
pub(crate) use rule_list::rows_needed_of;
pub use rule_list::{rule_list, rule_list_of};
pub use shipped_table::shipped_table;

/// The style sheet of the pieces; every selector is inside the class `ge`.
pub const STYLE: &str = include_str!("chart/style.css");
