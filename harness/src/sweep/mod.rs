//! Strategies that make many runs and sum them up.

mod mode_table;

pub use mode_table::{ModeTable, mode_table};
