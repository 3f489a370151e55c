//! What real QEMU does with its locks when it is told its own commands.
//!
//! A [`Scenario`](imglock_scenario::Scenario) speaks of claims, and anybody can
//! play it. A [`Drill`] speaks QEMU's own language: command lines, QMP, jobs.
//! It brings a QEMU into a state in which it is known what it should hold,
//! and proves by a second QEMU whether that keeps anybody out. So it can say
//! which commands lose the locks of the POSIX fallback, and what even OFD
//! locks leave open.
//!
//! Drills are part of this crate and never come from a file: whoever can send
//! QMP can execute programs.
//!
//! A drill is carried out in a [`Lab`] and leaves an [`DrillAccount`]: what was
//! said, which locks there were after it, and a [`DrillCell`] for each proof.
//! Accounts are plain data; what is printed is made from them alone.
//!
//! A [`Recipe`] is carried out in the same lab. It brings a QEMU into a
//! [`Mode`](imglock_core::Mode), and a [`ModeCheck`] says whether the kernel's
//! lock bytes are those of the mode.

mod account;
mod catalog;
mod effect;
mod exercise;
mod intruder;
mod lab;
mod locks;
mod plan;
mod practice;
mod recipe;
mod recipes;
mod stories;
mod variant;

pub use account::{DrillAccount, DrillAct, DrillCell, DrillEntry};
pub use catalog::{DRILL_THEMES, DrillTheme, all_drills, find_drill};
pub use effect::LockEffect;
pub use exercise::{DrillExercise, run_drills};
pub use lab::{DrillProof, Lab, SilentPeer};
pub use locks::{HeldMode, ImageLocks};
pub use plan::{Drill, DrillExpected};
pub use practice::{DrillOptions, DrillPractice, DrillResult};
pub use recipe::{DrillPlace, DrillPlayer, ModeCheck, Recipe};
pub use variant::{DrillVariant, FileNode};
