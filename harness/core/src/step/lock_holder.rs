use std::cmp::Ordering;
use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::NodeName;

/// A name for the owner of a lock in a lock table: `vm1.disk` or `vm1`.
///
/// It is ordered and serialized as its text.
///
/// ```
/// use imglock_core::LockHolder;
///
/// let holder = LockHolder::from("vm1.disk");
/// assert_eq!(holder.actor(), "vm1");
/// assert!(matches!(holder, LockHolder::Node(node) if node.node == "disk"));
/// assert_eq!(LockHolder::from("vm1"), LockHolder::Process("vm1".into()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "String", into = "String"))]
pub enum LockHolder {
    /// A node of the open file description that owns an OFD lock.
    Node(NodeName),
    /// The first actor of the descriptor table that owns a POSIX lock.
    Process(String),
}

impl LockHolder {
    /// The process (or thread).
    pub fn actor(&self) -> &str {
        match self {
            LockHolder::Node(name) => &name.actor,
            LockHolder::Process(actor) => actor,
        }
    }

    /// The parts of its text.
    fn parts(&self) -> [&str; 3] {
        match self {
            LockHolder::Node(NodeName { actor, node }) => [actor, ".", node],
            LockHolder::Process(actor) => [actor, "", ""],
        }
    }
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().into_iter().try_for_each(|part| f.write_str(part))
    }
}

impl Ord for LockHolder {
    fn cmp(&self, other: &LockHolder) -> Ordering {
        let [one, other] = [self, other].map(|one| one.parts().into_iter().flat_map(str::bytes));
        one.cmp(other)
    }
}

impl PartialOrd for LockHolder {
    fn partial_cmp(&self, other: &LockHolder) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<NodeName> for LockHolder {
    fn from(name: NodeName) -> LockHolder {
        LockHolder::Node(name)
    }
}

/// No actor's name has a `.` in it.
impl From<&str> for LockHolder {
    fn from(text: &str) -> LockHolder {
        match text.split_once('.') {
            Some((actor, node)) => LockHolder::Node(NodeName::new(actor, node)),
            None => LockHolder::Process(text.to_owned()),
        }
    }
}

impl From<String> for LockHolder {
    fn from(text: String) -> LockHolder {
        text.as_str().into()
    }
}

impl From<LockHolder> for String {
    fn from(holder: LockHolder) -> String {
        holder.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_ordered_as_their_texts_are() {
        let mut texts = ["vm1.disk", "vm-1.disk", "vm1", "vm10.a", "vm1.a.b", "vm2", "vm1-2", "a"];
        let mut holders = texts.map(LockHolder::from);
        texts.sort_unstable();
        holders.sort_unstable();
        assert_eq!(holders.map(|holder| holder.to_string()), texts);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_holder_is_a_string_in_json() {
        let holders = [LockHolder::from("vm1.disk"), LockHolder::from("vm1")];
        let text = serde_json::to_string(&holders).expect("it is plain");
        assert_eq!(text, r#"["vm1.disk","vm1"]"#);
        let read: [LockHolder; 2] = serde_json::from_str(&text).expect("it reads back");
        assert_eq!(read, holders);
    }
}
