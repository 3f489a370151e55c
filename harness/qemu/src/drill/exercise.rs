use std::ops::ControlFlow;

use super::{Drill, DrillOptions, DrillPractice, DrillResult, DrillVariant};
use crate::qemu::{QemuBinaries, QemuBinary};
use imglock_engine::{ProcessError, in_order};

/// One drill under one condition with one QEMU.
#[derive(Debug, Clone, Copy)]
pub struct DrillExercise<'a> {
    /// The drill.
    pub drill: &'a Drill,
    /// The condition.
    pub variant: DrillVariant,
    /// The QEMU.
    pub program: &'a QemuBinary,
}

impl<'a> DrillExercise<'a> {
    /// Every drill under every condition with every QEMU that can play it.
    pub fn all(binaries: &'a QemuBinaries) -> Vec<DrillExercise<'a>> {
        let of_one = |(drill, program): (&'a Drill, &'a QemuBinary)| {
            DrillVariant::ALL.map(|variant| DrillExercise { drill, variant, program })
        };
        super::all_drills()
            .flat_map(|drill| drill.players(binaries).map(move |program| (drill, program)))
            .flat_map(of_one)
            .collect()
    }
}

/// Runs `exercises`, `lanes` of them at a time, and passes each result to
/// `take`, in order. `take` can end the work.
///
/// # Errors
/// As for [`DrillPractice::start`] and [`DrillPractice::run`].
pub fn run_drills(
    exercises: &[DrillExercise<'_>],
    binaries: &QemuBinaries,
    options: &DrillOptions,
    lanes: usize,
    take: &mut dyn FnMut(DrillResult) -> ControlFlow<()>,
) -> Result<(), ProcessError> {
    let work = |practice: &mut Option<DrillPractice>, exercise: &DrillExercise<'_>| {
        let practice = match practice {
            Some(practice) => practice,
            None => practice.insert(DrillPractice::start(options)?),
        };
        let DrillExercise { drill, variant, program } = *exercise;
        practice.run(drill, variant, program, binaries)
    };
    in_order(lanes, exercises, work, |_, result| take(result))
}
