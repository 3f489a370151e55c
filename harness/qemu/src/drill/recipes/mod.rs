//! Ways to bring a real QEMU into each mode, one file for each theme.
//!
//! No recipe depends on time. A QEMU with a monitor has executed its command
//! line when it sends its greeting. Jobs are started so that they never end by
//! themselves. A short-lived tool blocks in its first message
//! ([`Lab::hold_still`]); where it prints none at the right point, its trace
//! does.

mod devices;
mod exports;
mod formats;
mod jobs;
mod line;
mod nodes;
mod sharing;
mod tools;

use serde_json::{Value, json};

use super::Lab;
use super::recipe::{DrillPlace, DrillPlayer, Recipe};
use crate::qemu::{QemuProgram, QemuVersion};
use imglock_core::{Claim, Mode, Permissions};
use imglock_engine::StepFailure;

/// All recipes.
const DRILL_THEMES: &[&[Recipe]] = &[
    nodes::RECIPES,
    devices::RECIPES,
    sharing::RECIPES,
    exports::RECIPES,
    formats::RECIPES,
    tools::RECIPES,
    jobs::RECIPES,
];

impl Recipe {
    /// Every recipe: by mode, in the order of [`Mode::ALL`].
    pub fn all() -> impl Iterator<Item = &'static Recipe> {
        Mode::ALL.iter().flat_map(|mode| Recipe::of(*mode))
    }

    /// The recipes of a mode: first those that lead to exactly that mode, then
    /// those that lead to another claim.
    pub fn of(mode: Mode) -> impl Iterator<Item = &'static Recipe> {
        let these = move |strange: bool| {
            let all = DRILL_THEMES.iter().flat_map(|theme| theme.iter());
            all.filter(move |one| one.mode == mode && one.instead.is_some() == strange)
        };
        these(false).chain(these(true))
    }
}

/// The oldest version that was measured.
const FIRST: QemuVersion = QemuVersion::new(7, 2);
/// The first version in which a node can be inactive on request.
const TENTH: QemuVersion = QemuVersion::new(10, 0);

const SYSTEM: &[DrillPlayer] = &[DrillPlayer::since(QemuProgram::System, FIRST)];
const DAEMON: &[DrillPlayer] = &[DrillPlayer::since(QemuProgram::StorageDaemon, FIRST)];
const TENTH_DAEMON: &[DrillPlayer] = &[DrillPlayer::since(QemuProgram::StorageDaemon, TENTH)];
const MONITORED: &[DrillPlayer] = &[
    DrillPlayer::since(QemuProgram::System, FIRST),
    DrillPlayer::since(QemuProgram::StorageDaemon, FIRST),
];
const IO: &[DrillPlayer] = &[DrillPlayer::since(QemuProgram::Io, FIRST)];
const IMG: &[DrillPlayer] = &[DrillPlayer::since(QemuProgram::Img, FIRST)];

/// The name of the QEMU that plays.
const QEMU: &str = "qemu";
/// The images' size, in bytes and as `qemu-img` reads it.
const SIZE: u64 = 4 << 20;
const SIZE_IN_WORDS: &str = "4M";
/// Makes QEMU print a trace line whenever it passes work to a thread: before it
/// reads a header, truncates or extends. (The event has another name since QEMU
/// 10.)
const TRACE_THREADS: &str = "enable=thread_pool_submit*";
/// Makes QEMU print a trace line whenever it begins a request.
const TRACE_REQUESTS: &str = "enable=blk_co_*";

/// The QEMU that plays, and the image that shows its locks.
const fn on(image: &'static str) -> DrillPlace {
    DrillPlace { actor: QEMU, image }
}

/// The claim with these held and unshared permissions; one bit for each.
const fn claim(held: u8, unshared: u8) -> Claim {
    Claim::new(
        Permissions::from_bits_truncate(held),
        Permissions::from_bits_truncate(unshared).complement(),
    )
}

/// Creates a raw image of zeros.
fn make_raw(lab: &mut Lab<'_>, name: &str) -> Result<(), StepFailure> {
    lab.raw_image(name, SIZE)
}

/// Creates an empty qcow2 image.
fn make_qcow2(lab: &mut Lab<'_>, name: &str) -> Result<(), StepFailure> {
    let words = ["create", "-q", "-f", "qcow2", name, SIZE_IN_WORDS];
    lab.run(QemuProgram::Img, "An image is made", &words)?;
    lab.watch(name);
    Ok(())
}

/// Creates an empty qcow2 image above another one.
fn make_overlay(
    lab: &mut Lab<'_>,
    name: &str,
    base: &str,
    format: &str,
) -> Result<(), StepFailure> {
    let words = ["create", "-q", "-f", "qcow2", "-b", base, "-F", format, name];
    lab.run(QemuProgram::Img, "An overlay is made", &words)?;
    lab.watch(name);
    Ok(())
}

/// A format node `node` above a file node.
fn image_node(format: &str, node: &str, image: &str) -> Value {
    let file = json!({ "driver": "file", "filename": image });
    json!({ "driver": format, "node-name": node, "file": file })
}

/// The node `disk` of `disk.raw`.
fn raw_disk() -> Value {
    image_node("raw", "disk", "disk.raw")
}

/// The node `disk` of `disk.qcow2`.
fn qcow2_disk() -> Value {
    image_node("qcow2", "disk", "disk.qcow2")
}

/// The same node, read-only.
fn read_only(mut node: Value) -> Value {
    node["read-only"] = true.into();
    node
}

/// A qcow2 node above another one.
fn overlay_node(node: &str, image: &str, backing: Value) -> Value {
    let mut overlay = image_node("qcow2", node, image);
    overlay["backing"] = backing;
    overlay
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_mode_has_a_recipe_that_comes_to_just_that() {
        for mode in Mode::ALL {
            assert!(Recipe::of(*mode).any(|one| one.instead.is_none()), "{mode} has none");
        }
    }

    #[test]
    fn every_recipe_is_listed_once() {
        let listed = Recipe::all().count();
        let written: usize = DRILL_THEMES.iter().map(|theme| theme.len()).sum();
        assert_eq!(listed, written);
        let names: BTreeSet<(Mode, &str)> = Recipe::all().map(|one| (one.mode, one.how)).collect();
        assert_eq!(names.len(), listed, "two recipes of a mode have the same words");
    }

    #[test]
    fn what_comes_to_something_else_does_not_come_to_the_mode() {
        for recipe in Recipe::all() {
            assert_ne!(recipe.instead, Some(recipe.mode.claim()), "{}", recipe.how);
        }
    }

    #[test]
    fn a_phrase_fits_into_its_column() {
        for recipe in Recipe::all() {
            let letters = recipe.how.chars().count();
            assert!(letters <= 48, "{letters} letters: {}", recipe.how);
        }
    }
}
