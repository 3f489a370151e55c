//! Strategies that run many cases and summarise them.

mod claims;
mod mix;
mod mode_table;

pub use claims::{
    Arrangement, ClaimDeparture, ClaimDifference, ClaimPlan, ClaimSweep, CommonDifference,
    DifferencePattern, OpenerProcesses, Openers, SweptPart, claim_sweep,
};
pub use mix::{MixDifference, mix_differences};
pub use mode_table::{ModeDifference, ModeTable, mode_table};
