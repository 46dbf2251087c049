//! Renders the one HTML page that a run of the main example leaves behind.

mod page;
mod view;

pub use page::render;
pub use view::{DayView, GenerationView, RelabelledView, RunPage, ServingView};
