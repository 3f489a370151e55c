//! Histories as text: JSON Lines, a header and then one event a line.

mod header;
mod line;
mod problem;
mod reading;
mod seat;
mod writing;

pub use header::Header;
pub use problem::{Problem, ReadError};
pub use reading::{History, Image};
pub use writing::HistoryFile;
