//! The system call that has no safe interface: the only unsafe code of this crate.
#![expect(unsafe_code, reason = "kcmp(2) has no safe interface")]

mod kcmp;

pub(crate) use kcmp::compare_descriptions;
