//! Hand-made histories for the judges' tests: steps and outcomes, line by line,
//! which no real kernel could be made to produce.

use std::collections::BTreeSet;

use super::books::Books;
use super::breach::Breach;
use super::contract::{Contract, Observation, Peer};
use crate::process::NodeHandle;
use imglock_core::{Action, Backend, LockHolder, LockType, Mode, Outcome, TableLock};
use imglock_shorthand::action;

/// The names of images 0 and 1.
pub(super) const IMAGES: [&str; 2] = ["disk.img", "base.img"];

/// Books and contract, and the breaches so far.
pub(super) struct History {
    pub(super) books: Books,
    backend: Backend,
    contract: Contract,
    breaches: Vec<Breach>,
}

impl History {
    /// A history without processes.
    pub(super) fn on(backend: Backend) -> History {
        let books = Books::new(backend, IMAGES.map(str::to_owned));
        History { books, backend, contract: Contract::default(), breaches: Vec::new() }
    }

    /// The same, on a file system where OFD locks may remain after a close.
    pub(super) fn losing_sight_of_ofd(self) -> History {
        History { contract: Contract::losing_sight_of_ofd(true), ..self }
    }

    /// Enters lines such as
    /// `vm1 open disk rw => granted | read 100-101 vm1.disk, read 201 vm1.disk`.
    ///
    /// After `|` follows the lock table (see [`table`]); without it the table was
    /// not read. `beside rw` in the line (`beside base rw` for the other image)
    /// means that another actor attempts to acquire that mode at the same
    /// moment.
    pub(super) fn tells(mut self, lines: &str) -> History {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            self.tell(line);
        }
        self
    }

    fn tell(&mut self, line: &str) {
        let (step, rest) = line.split_once("=>").expect("a line has an outcome");
        let (outcome, seen) = match rest.split_once('|') {
            Some((outcome, seen)) => (outcome, Some(table(self.backend, seen))),
            None => (rest, None),
        };
        let (step, peer) = match step.split_once(" beside ") {
            Some((step, peer)) => (step, Some(peer.trim())),
            None => (step, None),
        };
        let peers: Vec<_> = peer.map(claimed).into_iter().collect();
        let (actor, action) = action(step.trim());
        let outcome: Outcome = outcome.trim().parse().expect("an outcome");
        if self.books.owner(actor).is_none() {
            self.books.spawn(actor);
        }
        let attempted = match action {
            Action::Await => self.books.pending(actor).cloned().expect("something is awaited"),
            _ => action.clone(),
        };
        let image = self.books.image_of(actor, &action);
        self.books.apply(actor, &action, &outcome, None::<NodeHandle>);
        let seen = Observation {
            actor,
            action: &attempted,
            image,
            outcome: &outcome,
            peers: &peers,
            table: seen.as_deref(),
        };
        self.breaches.extend(self.contract.observe(&self.books, &seen));
    }

    /// The breaches, each as `lock-loss: vm1.disk is open and has lost its
    /// locks` (`no name: ...` where no hazard explains it).
    pub(super) fn breaches(&self) -> Vec<String> {
        let named = |breach: &Breach| match breach.hazard {
            Some(hazard) => format!("{hazard}: {}", breach.message),
            None => format!("no name: {}", breach.message),
        };
        self.breaches.iter().map(named).collect()
    }

    /// The observed state of each breach.
    pub(super) fn actual(&self) -> Vec<&str> {
        self.breaches.iter().map(|breach| breach.actual.as_str()).collect()
    }
}

/// Asserts that a history ends in one breach.
#[track_caller]
pub(super) fn breaks(backend: Backend, lines: &str, breach: &str) {
    assert_eq!(History::on(backend).tells(lines).breaches(), [breach], "\n{lines}");
}

/// Asserts that a history does not break the contract.
#[track_caller]
pub(super) fn keeps(backend: Backend, lines: &str) {
    let none: [&str; 0] = [];
    assert_eq!(History::on(backend).tells(lines).breaches(), none, "\n{lines}");
}

/// The image and the claim of `rw` or `base rw`.
fn claimed(text: &str) -> Peer {
    let (image, mode) = text.strip_prefix("base ").map_or((0, text), |mode| (1, mode));
    let claim = mode.parse::<Mode>().expect("a mode").claim();
    Peer { image, claim, raw_locks: false }
}

/// A lock table: `read 100-101 vm1.disk+child.disk, base ->write 5 vm1`.
///
/// A lock is an OFD lock when its holder is a node, a POSIX lock when it is a
/// process, and one of `backend` when no holder is given.
pub(super) fn table(backend: Backend, text: &str) -> Vec<TableLock> {
    text.split(',')
        .map(str::trim)
        .filter(|lock| !lock.is_empty())
        .map(|l| lock(backend, l))
        .collect()
}

fn lock(backend: Backend, text: &str) -> TableLock {
    let (image, text) = match text.strip_prefix("base ") {
        Some(text) => (1, text),
        None => (0, text),
    };
    let (waiting, text) = match text.strip_prefix("->") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let mut words = text.split_whitespace();
    let kind = match words.next() {
        Some("read") => LockType::Read,
        Some("write") => LockType::Write,
        other => panic!("{other:?} is no lock type"),
    };
    let range = words.next().expect("a range").parse().expect("a range");
    let holders: BTreeSet<LockHolder> =
        words.next().into_iter().flat_map(|names| names.split('+')).map(LockHolder::from).collect();
    let backend = match holders.first() {
        Some(LockHolder::Node(_)) => Backend::Ofd,
        Some(LockHolder::Process(_)) => Backend::Posix,
        None => backend,
    };
    TableLock { image, backend, kind, range, waiting, holders }
}
