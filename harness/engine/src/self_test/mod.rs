//! Tests whether faults are detected: plants one fault at a time into the
//! workers, and runs detectors that try to find it.
//!
//! A detector is one of this crate's ways of finding faults. Without a planted
//! fault, each detector must find nothing. Otherwise no conclusion is possible,
//! and no fault is planted.

mod catch;
mod data;
mod error;
mod ground;
mod hunter;
mod hunts;
mod spot;
mod strategies;
mod work;

pub use catch::{FaultCatch, Hunted};
pub use data::{Detection, FaultFate, FaultResult, HuntEnd, SelfTest};
pub use error::SelfTestError;
pub use ground::CatchGround;
pub use hunter::Detector;
pub use spot::CatchSpot;
pub use work::{SelfTestPlan, self_test};
