//! The engine of `imglock` behind one door.
#![expect(missing_docs, reason = "rooms of the crates below, until the command names these")]

pub mod compare {
    pub use imglock_engine::compare::*;
}
pub mod drill {
    pub use imglock_qemu::drill::*;
}
pub mod explore {
    pub use imglock_engine::explore::*;
}
pub mod fault {
    pub use imglock_engine::fault::*;
}
pub mod file_system {
    pub use imglock_engine::file_system::*;
}
pub mod fuse {
    pub use imglock_engine::fuse::*;
}
pub mod handover {
    pub use imglock_qemu::handover::*;
}
pub mod history {
    pub use imglock_scenario::history::*;
}
pub mod holders {
    pub use imglock_locks::holders::*;
}
pub mod image {
    pub use imglock_core::image::*;
    pub use imglock_locks::image::*;
}
pub mod known {
    pub use imglock_scenario::known::*;
}
pub mod lock {
    pub use imglock_core::lock::*;
    pub use imglock_locks::lock::*;
}
pub mod lock_table {
    pub use imglock_locks::lock_table::*;
}
pub mod model {
    pub use imglock_scenario::model::*;
}
pub mod probe {
    pub use imglock_engine::probe::*;
}
pub mod process {
    pub use imglock_engine::process::*;
}
pub mod qemu {
    pub use imglock_engine::subject::Message;
    pub use imglock_qemu::qemu::*;
}
pub mod race {
    pub use imglock_engine::race::*;
}
pub mod run {
    pub use imglock_core::step::Verdict;
    pub use imglock_engine::run::*;
    pub use imglock_scenario::known::{Expected, Known, Standing};
}
pub mod scenario {
    pub use imglock_scenario::scenario::*;
}
pub mod self_test {
    pub use imglock_engine::self_test::*;
}
pub mod step {
    pub use imglock_core::Errno;
    pub use imglock_core::step::*;
}
pub mod subject {
    pub use imglock_engine::subject::*;
    pub use imglock_qemu::subject::*;
}
pub mod sweep {
    pub use imglock_engine::sweep::*;
}
pub mod text {
    pub use imglock_scenario::text::*;
}
pub mod vm {
    pub use imglock_qemu::vm::*;
}
pub use imglock_engine::{ParseShardError, Shard};
pub use imglock_scenario::{ParsePatternError, Pattern};

pub use imglock_qemu::init;
