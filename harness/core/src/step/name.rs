use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// One open of an image inside a process, as `vm1.disk`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct NodeName {
    /// The process (or thread) that has it.
    pub actor: String,
    /// Its name there.
    pub node: String,
}

impl NodeName {
    /// The node `node` of `actor`.
    pub fn new(actor: impl Into<String>, node: impl Into<String>) -> NodeName {
        NodeName { actor: actor.into(), node: node.into() }
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.actor, self.node)
    }
}
