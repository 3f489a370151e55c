//! The system calls that have no safe interface. All unsafe code of this crate is here.
#![expect(unsafe_code, reason = "kcmp(2), close_range(2) and F_SETLEASE have no safe interface")]

mod kcmp;
#[cfg(test)]
mod lease;
mod own_table;

pub(crate) use kcmp::{compare_descriptions, compare_tables};
#[cfg(test)]
pub(crate) use lease::take_write_lease;
pub(crate) use own_table::take_own_table;
