use std::ops::ControlFlow;

use super::{Drill, DrillOptions, DrillResult, Practice, Variant};
use crate::qemu::{Binaries, Binary};
use imglock_engine::lanes::in_order;
use imglock_engine::process::ProcessError;

/// One drill under one condition with one QEMU.
#[derive(Debug, Clone, Copy)]
pub struct Exercise<'a> {
    /// Which drill.
    pub drill: &'a Drill,
    /// Under which condition.
    pub variant: Variant,
    /// Which QEMU.
    pub program: &'a Binary,
}

impl<'a> Exercise<'a> {
    /// Every drill under every condition with every QEMU that can play it.
    pub fn all(binaries: &'a Binaries) -> Vec<Exercise<'a>> {
        let of_one = |(drill, program): (&'a Drill, &'a Binary)| {
            Variant::ALL.map(|variant| Exercise { drill, variant, program })
        };
        super::all()
            .flat_map(|drill| drill.players(binaries).map(move |program| (drill, program)))
            .flat_map(of_one)
            .collect()
    }
}

/// Carries out `exercises`, `lanes` of them at a time, and hands what came of
/// each to `take`, in their order, which can break it off.
///
/// # Errors
/// As [`Practice::start`] and [`Practice::run`].
pub fn practise(
    exercises: &[Exercise<'_>],
    binaries: &Binaries,
    options: &DrillOptions,
    lanes: usize,
    take: &mut dyn FnMut(DrillResult) -> ControlFlow<()>,
) -> Result<(), ProcessError> {
    let work = |practice: &mut Option<Practice>, exercise: &Exercise<'_>| {
        let practice = match practice {
            Some(practice) => practice,
            None => practice.insert(Practice::start(options)?),
        };
        let Exercise { drill, variant, program } = *exercise;
        practice.run(drill, variant, program, binaries)
    };
    in_order(lanes, exercises, work, |_, result| take(result))
}
