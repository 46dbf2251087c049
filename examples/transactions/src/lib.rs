//! WIP
mod calendar;
mod category;
mod confusion;
mod dice;
mod gold;
mod head;
mod lexicon;
mod log;
mod merchant;
mod month;
mod place;
mod pretraining;
mod recorder;
mod spelling;
mod statement;
mod teacher;
mod world;

pub use category::{Category, task};
pub use confusion::Confusions;
pub use gold::{GOLD_FLOOR, gold_row};
pub use log::{LogConfig, LogRow, LogSummary, write_log};
pub use month::{LiveRow, Month, MonthConfig};
pub use pretraining::{Document, PretrainingText};
pub use recorder::Recorder;
pub use teacher::{Case, Teacher, TeacherAnswer, TeacherConfig, TeacherConfigError};
pub use world::{Traits, Transaction, World};
