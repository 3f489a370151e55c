use std::collections::BTreeMap;

use serde::Serialize;

use imglock_core::{Backend, ByteRange, LockType, NodeName, Outcome};

/// An image that exists when the scenario starts: a raw file of zeros.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageDeclaration {
    /// Its file name in the directory of the scenario.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
}

/// The expected outcomes of a step, by backend. Empty if the file states none; then the model alone
/// decides.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Expectation(pub BTreeMap<Backend, Outcome>);

impl Expectation {
    /// The expected outcome of the step on `backend`, if the file states one.
    pub fn on(&self, backend: Backend) -> Option<&Outcome> {
        self.0.get(&backend)
    }
}

/// The complete lock table of the kernel at one point. A lock that is not listed must not exist.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldStatement {
    /// The backends on which it is checked.
    pub backends: Vec<Backend>,
    /// The expected locks.
    pub entries: Vec<HeldEntry>,
    /// The line of the statement in the file, from 1.
    pub line: usize,
}

/// The locks that one node must have.
///
/// Under POSIX a lock belongs to the process, so the entries of one process are added up. An OFD lock
/// may be listed under any node of its open file description.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldEntry {
    /// The node.
    pub node: NodeName,
    /// The granted locks.
    pub locks: Vec<(LockType, ByteRange)>,
    /// The locks for which the node waits.
    pub waiting: Vec<(LockType, ByteRange)>,
}
