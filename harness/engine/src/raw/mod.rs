//! System calls without a safe interface: the crate's only unsafe code.
#![expect(unsafe_code, reason = "what is here has no safe interface")]

pub(crate) mod loop_device;
mod process;
mod shared;

pub(crate) use process::{clone_into, fork_into, let_signals_interrupt, numbered};
pub(crate) use shared::{SharedMemory, shared_memory};
