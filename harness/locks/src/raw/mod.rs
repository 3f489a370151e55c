//! The system calls that have no safe interface. All unsafe code of this crate is here.
#![expect(unsafe_code, reason = "kcmp(2) and close_range(2) have no safe interface")]

mod kcmp;
mod own_table;

pub(crate) use kcmp::{compare_descriptions, compare_tables};
pub(crate) use own_table::take_own_table;
