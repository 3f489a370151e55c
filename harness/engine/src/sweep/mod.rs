//! Strategies that make many runs and sum them up.

mod claims;
mod mix;
mod mode_table;

pub use claims::{
    Arrangement, ClaimDifference, ClaimPlan, ClaimSweep, Common, Departure, Openers, Pattern,
    Processes, Swept, claim_sweep, expected,
};
pub use mix::{MixDifference, mix_differences};
pub use mode_table::{Difference, ModeTable, mode_table};
