use super::{Condition, Known};

/// One reason why runs are known to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEntry {
    /// Which runs.
    pub condition: Condition,
    /// What is known of them.
    pub known: Known,
    /// The file that says so.
    pub source_name: String,
    /// The line in it, from 1.
    pub line: usize,
}
