//! A difference as a scenario that shows it.

use std::collections::{BTreeMap, BTreeSet};

use super::cases::EVERY_CLAIM;
use super::seen::{NODE, actor, ranges};
use super::{ClaimDeparture, ClaimDifference, OpenerProcesses, expected};
use imglock_core::{
    Action, Backend, Claim, Hazard, LockType, ModeSpec, NodeName, OpenOptions, Outcome, Permission,
    Permissions,
};
use imglock_scenario::{
    Expectation, HeldEntry, HeldStatement, ImageDeclaration, Item, Scenario, Step,
};

const IMAGE: &str = "disk.img";
const IMAGE_BYTES: u64 = 1 << 20;

impl ClaimDifference {
    /// A scenario that fails if the difference occurs, and passes if the kernel
    /// agrees with the algebra.
    pub fn scenario(&self) -> Scenario {
        let backend = self.arrangement.backend;
        let mut items: Vec<Item> = Vec::new();
        for (number, claim) in self.holders.iter().enumerate() {
            items.push(self.open(number, *claim, Some(Outcome::Granted)));
        }
        let last = self.holders.len();
        let (one, all) = (self.claim.as_slice(), &EVERY_CLAIM[..]);
        let claims = if self.claim.is_some() { one } else { all };
        let stays = matches!(self.departure, ClaimDeparture::Outcome { .. });
        for claim in claims {
            let outcome = expected(self.arrangement, &self.holders, *claim);
            let opens = outcome == Outcome::Granted;
            items.push(self.open(last, *claim, Some(outcome)));
            if opens && !stays {
                items.push(self.close(last));
            }
        }
        if !stays {
            if self.arrangement.processes == OpenerProcesses::Several {
                items.push(self.held(&self.holders));
            }
            items.extend((0..last).rev().map(|number| self.close(number)));
            items.push(self.held(&[]));
        }
        Scenario {
            name: self.label().into(),
            summary: self.summary(),
            about: self.about(),
            backends: vec![backend],
            file_systems: Vec::new(),
            hazards: self.hazards(claims, stays),
            images: vec![ImageDeclaration { name: IMAGE.to_owned(), size: IMAGE_BYTES }],
            items,
        }
    }

    /// A short name without blanks that identifies the case:
    /// `ofd-several-cw-cu-r-cwur` lists the held and shared permissions of each
    /// opener.
    pub fn label(&self) -> String {
        let processes = match self.arrangement.processes {
            OpenerProcesses::Several => "several",
            OpenerProcesses::One => "one",
        };
        let mut label = format!("{}-{processes}", self.arrangement.backend);
        for claim in self.holders.iter().chain(&self.claim) {
            label += &format!("-{}-{}", letters(claim.held), letters(claim.shared));
        }
        match self.departure {
            ClaimDeparture::Outcome { .. } => {}
            ClaimDeparture::Held { .. } => label += "-held",
            ClaimDeparture::Left { .. } => label += "-left",
            ClaimDeparture::Silence { .. } => label += "-silence",
        }
        label
    }

    fn summary(&self) -> String {
        let opener = match self.claim {
            Some(_) => "An opener",
            None => "Every opener, one after the other,",
        };
        let holders = match self.holders.len() {
            0 => "of a free image",
            1 => "beside one holder",
            _ => "beside two holders",
        };
        format!("{opener} {holders}: {}", self.arrangement)
    }

    fn about(&self) -> String {
        let said = match &self.departure {
            ClaimDeparture::Outcome { expected, actual } => {
                format!("Expected by the algebra: `{expected}`. Kernel: `{actual}`.")
            }
            ClaimDeparture::Held { actual, .. } => {
                let locks: Vec<String> = actual.iter().map(ToString::to_string).collect();
                let locks = if locks.is_empty() { "none".to_owned() } else { locks.join(", ") };
                format!("Expected: only the holders' locks. The kernel's lock table: {locks}.")
            }
            ClaimDeparture::Left { actual } => {
                let locks: Vec<String> = actual.iter().map(ToString::to_string).collect();
                format!(
                    "Expected: no locks after the last close. The kernel's lock table: {}.",
                    locks.join(", ")
                )
            }
            ClaimDeparture::Silence { why } => format!("No answer: {why}."),
        };
        format!("Found in the sweep over all pairs of claims. {said}")
    }

    /// The known hazards of POSIX locks in one process.
    fn hazards(&self, claims: &[Claim], stays: bool) -> BTreeMap<Backend, BTreeSet<Hazard>> {
        let mut hazards = BTreeSet::new();
        let conflicts = |holder: &Claim| claims.iter().any(|claim| claim.conflicts_with(*holder));
        if self.holders.iter().any(conflicts) {
            hazards.insert(Hazard::SameOwner);
        }
        if !stays && self.holders.iter().any(|holder| !ranges(*holder).is_empty()) {
            hazards.insert(Hazard::LockLoss);
        }
        match (self.arrangement.backend, self.arrangement.processes) {
            (Backend::Posix, OpenerProcesses::One) if !hazards.is_empty() => {
                BTreeMap::from([(Backend::Posix, hazards)])
            }
            _ => BTreeMap::new(),
        }
    }

    /// The actor and the node of an opener.
    fn name(&self, number: usize) -> NodeName {
        match self.arrangement.processes {
            OpenerProcesses::Several => NodeName::new(actor(number), NODE),
            OpenerProcesses::One => NodeName::new(actor(0), format!("{NODE}{}", number + 1)),
        }
    }

    fn open(&self, number: usize, claim: Claim, outcome: Option<Outcome>) -> Item {
        let node = self.name(number).node;
        let options = OpenOptions::new(IMAGE, ModeSpec::Claim(claim));
        self.step(number, Action::Open { node, options }, outcome)
    }

    fn close(&self, number: usize) -> Item {
        self.step(number, Action::Close { node: self.name(number).node }, None)
    }

    fn step(&self, number: usize, action: Action, outcome: Option<Outcome>) -> Item {
        let expected = outcome.map(|outcome| (self.arrangement.backend, outcome));
        let expect = Expectation(expected.into_iter().collect());
        Item::Step(Step { actor: self.name(number).actor, action, expect, line: 0 })
    }

    fn held(&self, holders: &[Claim]) -> Item {
        let entry = |(number, claim): (usize, &Claim)| HeldEntry {
            node: self.name(number),
            locks: ranges(*claim).into_iter().map(|range| (LockType::Read, range)).collect(),
            waiting: Vec::new(),
        };
        let entries = holders.iter().enumerate().map(entry);
        Item::Held(HeldStatement {
            backends: vec![self.arrangement.backend],
            entries: entries.filter(|entry| !entry.locks.is_empty()).collect(),
            line: 0,
        })
    }
}

/// `cwu`; `0` for the empty set.
fn letters(permissions: Permissions) -> String {
    let letter = |permission| match permission {
        Permission::ConsistentRead => 'c',
        Permission::Write => 'w',
        Permission::WriteUnchanged => 'u',
        Permission::Resize => 'r',
    };
    match permissions.is_empty() {
        true => "0".to_owned(),
        false => permissions.each().map(letter).collect(),
    }
}

#[cfg(test)]
mod tests;
