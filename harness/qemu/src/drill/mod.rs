//! Tests what real QEMU does with its locks during its own commands.
//!
//! A [`Scenario`](imglock_scenario::Scenario) consists of claims, and every
//! subject can play it. A [`Drill`] consists of QEMU's own command lines, QMP
//! commands and jobs. It brings a QEMU into a state with a known claim, and
//! tries with a second QEMU whether this claim is protected. So it shows which
//! commands lose the locks of the POSIX fallback, and which gaps remain with
//! OFD locks.
//!
//! Drills are part of this crate and are never read from a file, because QMP
//! commands can execute programs.
//!
//! A drill runs in a [`Lab`] and leaves a [`DrillAccount`]: the messages, the
//! locks after each event, and a [`DrillCell`] for each proof. Accounts are
//! plain data, and reports are made from them alone.
//!
//! A [`Recipe`] runs in the same lab. It brings a QEMU into a
//! [`Mode`](imglock_core::Mode), and a [`ModeCheck`] tells whether the kernel's
//! lock bytes are those of the mode.

mod account;
mod catalog;
mod effect;
mod exercise;
mod expected;
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
pub use expected::DrillExpected;
pub use lab::{DrillProof, Lab, SilentPeer};
pub use locks::{HeldMode, ImageLocks};
pub use plan::Drill;
pub use practice::{DrillOptions, DrillPractice, DrillResult};
pub use recipe::{DrillPlace, DrillPlayer, ModeCheck, Recipe};
pub use variant::{DrillVariant, FileNode};
