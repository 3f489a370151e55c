//! Whether anybody would notice: one fault at a time is planted into the
//! workers, and hunters try to find it.
//!
//! A hunter is one of the ways in which this crate looks for faults. Each has
//! to find nothing where nothing is planted: where it does, nothing can be
//! concluded, and no fault is planted at all.

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
