//! Every ordered pair of claims, and every third claim beside two compatible
//! ones, opened by real processes and compared with the algebra.

mod algebra;
mod arrangement;
mod cases;
mod difference;
mod judge;
mod lane;
mod pattern;
mod plan;
mod reproduction;
mod seen;
mod stage;
mod state;
mod work;

pub use algebra::expected;
pub use arrangement::{Arrangement, OpenerProcesses};
pub use cases::Openers;
pub use difference::{ClaimDeparture, ClaimDifference};
pub use pattern::{CommonDifference, DifferencePattern};
pub use plan::ClaimPlan;
pub use state::{ClaimSweep, SweptPart};
pub use work::claim_sweep;
