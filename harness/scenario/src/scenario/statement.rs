use std::collections::BTreeMap;

use serde::Serialize;

use imglock_core::{Backend, ByteRange, LockType};
use imglock_core::{NodeName, Outcome};

/// An image that exists when the scenario starts: a raw file of zeros.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageDeclaration {
    /// Its file name in the scenario's directory.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
}

/// What `expect` says, by backend. Empty where the file says nothing: then
/// the model alone decides.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Expectation(pub BTreeMap<Backend, Outcome>);

impl Expectation {
    /// What must come of the step on `backend`, if the file says so.
    pub fn on(&self, backend: Backend) -> Option<&Outcome> {
        self.0.get(&backend)
    }
}

/// The kernel's whole lock table at one point: what it does not list must
/// not be there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldStatement {
    /// The backends on which it is checked.
    pub backends: Vec<Backend>,
    /// Who holds what.
    pub entries: Vec<HeldEntry>,
    /// Its line in the file, from 1.
    pub line: usize,
}

/// The locks that one node must have.
///
/// Under POSIX a lock belongs to the process, so the entries of one process
/// count together. An OFD lock may be listed under any node of its open file
/// description.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldEntry {
    /// The node.
    pub node: NodeName,
    /// Granted locks.
    pub locks: Vec<(LockType, ByteRange)>,
    /// Locks it waits for.
    pub waiting: Vec<(LockType, ByteRange)>,
}
