//! Renders the one HTML page that a run of the main example leaves behind: the ledger, the loss, every category
//! against the teacher, the month with its alarms, the money.
//!
//! Use it where a program has run the whole loop and has the values of its stages at hand. For a verdict alone use
//! [`Report::to_html`](gold_eval::Report::to_html), whose pictures are used here again.
//!
//! # Quick start
//!
//! ```
//! use run_page::{DayView, RunPage, ServingView, render};
//!
//! let day = |day, right_first, new_merchant_rows| DayView {
//!     day, date: format!("2026-06-{day:02}"), rows: 400, right_first, right_second: None,
//!     new_merchant_rows, new_format_rows: 0, alarm: new_merchant_rows > 0, note: None,
//! };
//! let html = render(&RunPage {
//!     title: "Card transactions",
//!     generated: true,
//!     generations: &[],
//!     days: &[day(1, 388, 0), day(2, 341, 40)],
//!     windows: &[],
//!     relabelled: None,
//!     serving: ServingView { p50_ms: 3.1, p90_ms: 4.0, p99_ms: 5.6, rows_per_second: 900.0, threads: 2, answers: 800 },
//!     balance: None,
//!     stages: &[],
//!     files: &[("report.json".to_owned(), "the verdict".to_owned())],
//! });
//! assert!(html.contains("The alarm comes on that day."));
//! ```
//!
//! # The pieces
//!
//! - [`RunPage`]: all that is shown, borrowed from the stages' own types; what is absent is left out of the page.
//! - [`GenerationView`], [`DayView`], [`RelabelledView`], [`ServingView`]: its parts.
//! - [`render`]: to a page of its own, without scripts or anything fetched.
//!
//! # Errors and panics
//!
//! There are none: numbers that are none are left out of pictures, counts that contradict one another are cut to what
//! is possible, long lists are cut with a count of what is left out, and every text is escaped. The page reads no
//! clock; the same run gives the same bytes.

mod figures;
mod plane;
mod view;

mod category_table;
mod drift_findings;
mod drift_timeline;
mod file_list;
mod gate_section;
mod ledger_flow;
mod loss_plot;
mod money;
mod opening;
mod relabelling;
mod stage_times;

mod page;

pub use page::render;
pub use view::{DayView, GenerationView, RelabelledView, RunPage, ServingView};
