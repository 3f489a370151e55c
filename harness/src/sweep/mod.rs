//! Strategies that make many runs and sum them up.

mod mode_table;

pub use mode_table::{Difference, ModeTable, mode_table};
