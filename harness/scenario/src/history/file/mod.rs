//! The file format of histories: JSON Lines with a header, then one event a line.

mod header;
mod line;
mod problem;
mod reading;
mod seat;
mod writing;

pub use header::HistoryHeader;
pub use problem::{HistoryProblem, HistoryReadError};
pub use reading::{History, HistoryImage};
pub use writing::HistoryFile;
