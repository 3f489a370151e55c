//! Tests whether faults are detected: plants one fault at a time into the
//! workers, and runs detectors that try to find it.
//!
//! A detector is one of this crate's ways of finding faults. Without a planted
//! fault, each detector must find nothing. Otherwise no conclusion is possible,
//! and no fault is planted.

mod data;
mod error;
mod hunter;
mod hunts;
mod spot;
mod strategies;
mod work;

pub use data::{Detection, FaultCatch, FaultFate, FaultResult, HuntEnd, SelfTest};
pub use error::SelfTestError;
pub use hunter::{CatchGround, Detector, Hunted};
pub use spot::CatchSpot;
pub use work::{SelfTestPlan, self_test};
