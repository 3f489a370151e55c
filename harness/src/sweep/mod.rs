//! Strategies that make many runs and sum them up.

mod mix;
mod mode_table;

pub use mix::{MixDifference, mix_differences};
pub use mode_table::{Difference, ModeTable, mode_table};
