use std::io;

use super::Unseen;
use super::descriptor::Found;
use super::facts::Facts;
use super::proc::Proc;
use super::target::Target;
use super::task::Task;

/// One pass over /proc, or a part of it.
#[derive(Debug)]
pub(super) struct Scan {
    /// One entry for each target, in their order.
    pub(super) found: Vec<Found>,
    /// What could not be looked at.
    pub(super) unseen: Unseen,
    /// Tasks without a visible descriptor. One that is exiting may still hold locks.
    pub(super) bare: Vec<Task>,
    /// The facts about the processes that were found.
    pub(super) facts: Facts,
}

impl Scan {
    /// The part of a thread that has inspected no process.
    pub(super) fn nothing(targets: &[Target]) -> io::Result<Scan> {
        let found = vec![Found::default(); targets.len()];
        let facts = Facts::new(Proc::open()?);
        Ok(Scan { found, unseen: Unseen::default(), bare: Vec::new(), facts })
    }

    /// Adds another part of the pass.
    pub(super) fn add(&mut self, other: Scan) {
        for (found, more) in self.found.iter_mut().zip(other.found) {
            found.own.extend(more.own);
            found.twins.extend(more.twins);
            found.former.extend(more.former);
        }
        self.unseen.add(other.unseen);
        self.bare.extend(other.bare);
        self.facts.absorb(other.facts);
    }

    /// An order that does not depend on the threads.
    pub(super) fn sort(&mut self) {
        for Found { own, twins, former } in &mut self.found {
            for list in [own, twins, former] {
                list.sort_by_key(|descriptor| (descriptor.task, descriptor.fd));
            }
        }
        self.bare.sort_unstable();
    }
}
