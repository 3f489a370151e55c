//! The system calls that have no safe interface. All unsafe code of this crate is here.
#![expect(
    unsafe_code,
    reason = "kcmp(2), close_range(2), F_SETLEASE and two ioctls have no safe interface"
)]

mod kcmp;
#[cfg(test)]
mod lease;
mod loop_status;
mod mapping;
mod own_table;

pub(crate) use kcmp::{compare_descriptions, compare_tables};
#[cfg(test)]
pub(crate) use lease::take_write_lease;
pub(crate) use loop_status::{LoopStatus, loop_status};
#[cfg(test)]
pub(crate) use mapping::mapped;
pub(crate) use mapping::next_shared_area;
pub(crate) use own_table::take_own_table;
