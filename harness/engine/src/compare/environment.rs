use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::run::{Boot, Place};
use crate::subject::SubjectProgram;

/// Something about two places that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceDifference {
    /// What it is, such as `kernel`.
    pub what: String,
    /// The older place's; empty where it has none.
    pub old: String,
    /// The newer place's.
    pub new: String,
}

/// All that is not the same about `old` and `new`.
pub(super) fn contrasts(old: &Place, new: &Place) -> Vec<PlaceDifference> {
    let sides = [old, new];
    let environments = sides.map(|place| &place.environment);
    let [old_options, new_options] = mount_options(old, new);
    let boot = |part: fn(&Boot) -> String| {
        sides.map(|place| place.boot.as_ref().map(part).unwrap_or_default())
    };
    let all = [
        ("kernel", sides.map(|place| place.kernel().to_owned())),
        ("architecture", environments.map(|one| one.architecture.clone())),
        ("file system", sides.map(|place| place.file_system().to_owned())),
        ("mount options", [old_options, new_options]),
        ("imglock", environments.map(|one| one.imglock.clone())),
        ("QEMU", environments.map(|one| programs(&one.qemu))),
        (
            "planted fault",
            environments.map(|one| one.planted.map(|it| it.to_string()).unwrap_or_default()),
        ),
        ("booted by", boot(|boot| boot.accelerator.clone())),
        ("complaints", complaints(old, new)),
    ];
    // Of a place that was never reached little is known.
    let reached = sides.iter().all(|place| place.is_reached());
    let known = |sides: &[String; 2]| reached || sides.iter().all(|side| !side.is_empty());
    let differ = all.into_iter().filter(|(_, sides)| sides[0] != sides[1] && known(sides));
    differ.map(|(what, [old, new])| PlaceDifference { what: what.to_owned(), old, new }).collect()
}

/// Those that only one of the two has.
fn mount_options(old: &Place, new: &Place) -> [String; 2] {
    let [old, new] = [old, new]
        .map(|place| place.environment.mount_options.iter().cloned().collect::<BTreeSet<String>>());
    let only = |one: &BTreeSet<String>, other| {
        one.difference(other).cloned().collect::<Vec<String>>().join(",")
    };
    [only(&old, &new), only(&new, &old)]
}

fn programs(binaries: &[SubjectProgram]) -> String {
    binaries.iter().map(SubjectProgram::to_string).collect::<Vec<_>>().join(", ")
}

/// What only one of the two kernels complained of.
fn complaints(old: &Place, new: &Place) -> [String; 2] {
    let of =
        |place: &Place| place.boot.as_ref().map(|boot| boot.complaints.clone()).unwrap_or_default();
    let [old, new] = [old, new].map(of);
    let only = |one: &[String], other: &[String]| {
        let only = one.iter().filter(|line| !other.contains(line));
        only.cloned().collect::<Vec<String>>().join("; ")
    };
    [only(&old, &new), only(&new, &old)]
}
