//! What callers may do with the public types.

use run_page::{DayView, GenerationView, RelabelledView, RunPage, ServingView};

fn plain<T: Send + Sync + Unpin + Clone + std::fmt::Debug + serde::Serialize>() {}

#[test]
fn views_are_plain_values() {
    plain::<RunPage<'_>>();
    plain::<GenerationView<'_>>();
    plain::<DayView>();
    plain::<RelabelledView>();
    plain::<ServingView>();
}
