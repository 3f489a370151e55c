use super::{Condition, Known};

/// One entry of a file of known failures: a reason why runs fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEntry {
    /// The runs to which the entry applies.
    pub condition: Condition,
    /// The expected result of these runs.
    pub known: Known,
    /// The file of the entry.
    pub source_name: String,
    /// The line of the entry, from 1.
    pub line: usize,
}
