//! The system call that has no safe interface. All unsafe code of this crate is here.
#![expect(unsafe_code, reason = "kcmp(2) has no safe interface")]

mod kcmp;

pub(crate) use kcmp::{compare_descriptions, compare_tables};
