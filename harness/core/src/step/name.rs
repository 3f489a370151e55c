use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// The name of a node, such as `vm1.disk`: one open of an image inside a process.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct NodeName {
    /// The process (or thread) that has the node.
    pub actor: String,
    /// The name of the node in that process.
    pub node: String,
}

impl NodeName {
    /// The name of the node `node` of `actor`.
    pub fn new(actor: impl Into<String>, node: impl Into<String>) -> NodeName {
        NodeName { actor: actor.into(), node: node.into() }
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.actor, self.node)
    }
}
