//! The system calls that have no safe interface. All unsafe code of this crate is here.
#![expect(unsafe_code, reason = "kcmp(2) and two ioctls have no safe interface")]

mod kcmp;
mod loop_status;
mod mapping;

pub(crate) use kcmp::compare_descriptions;
pub(crate) use loop_status::{LoopStatus, loop_status};
#[cfg(test)]
pub(crate) use mapping::mapped;
pub(crate) use mapping::next_shared_area;
