//! `hold` from outside: real processes, the kernel's lock table, real QEMU.

#[path = "../outside/mod.rs"]
mod outside;

mod bytes;
mod command;
mod holder;
mod locking;
mod pairs;
mod qemu;
mod signals;
mod table;
mod terminal;
mod tool;
mod waiting;
mod words;
