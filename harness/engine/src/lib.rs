//! Runs scenarios with real processes.

mod arena;
mod compare;
mod explore;
mod fault;
mod file_system;
mod fuse;
mod lanes;
mod probe;
mod process;
mod race;
mod raw;
mod run;
mod self_test;
mod series;
mod shard;
mod subject;
mod sweep;
mod tour;

pub use arena::{Heat, Jitter};
pub use compare::{
    Change, ComparedFinding, ComparedRun, ComparedStep, Comparison, Pace, PlaceChange,
    PlaceDifference, RunChange,
};
pub use explore::{
    Exploration, ExploreCase, ExploreDifference, ExploreFinding, ExplorePlan, ExploreRepeat,
    explore,
};
pub use fault::{Fault, FaultPlace};
pub use file_system::{
    MadeFileSystem, Maker, MountError, NotMade, NotPrivate, PrivateMounts, Site, SiteError,
};
pub use fuse::{FuseError, FuseLocks, FuseServer};
pub use lanes::{in_lanes, in_order};
pub use probe::{
    Probe, ProbeAdvice, ProbeAnswer, ProbeDelays, ProbeError, ProbeEvidence, ProbeMeasurement,
    ProbeStanding, ProbeTheme, ProbeTiming, ProbeTrial, Property, ReleaseDelay, TimeSpread, probe,
    probe_meaning,
};
pub use process::{
    Channel, Executed, Execution, Launcher, LauncherOptions, Log, NodeHandle, ProcessError,
    ProcessHandle, ROLE, ReceiveError, Reply, Request, Slumber, StandardError, StopToken,
    StopTrigger, Tried, Worker, await_any, await_readable, describe, monotonic,
};
pub use race::{
    Breach, RaceCourse, RaceError, RaceEvidence, RaceLeftOut, RacePlan, RaceProof, RaceSum,
    RaceTally, RaceTurn, Sightings, race,
};
pub use run::{
    Boot, Casting, DifferenceKind, Engine, EngineOptions, Environment, Event, EventKind, Finding,
    HarnessError, Job, Judge, Place, PlaceFate, ProcessEntry, RunDocument, RunLine, RunOptions,
    ScenarioResult, Scrutiny, Session, SessionOptions, SimultaneousStarts, Snapshot, StepEvent,
    Trace, TraceDifference, rehearse,
};
pub use self_test::{
    CatchGround, Detection, Detector, FaultCatch, FaultFate, FaultResult, HuntEnd, Hunted,
    SelfTest, SelfTestError, SelfTestPlan, self_test,
};
pub use series::Distribution;
pub use shard::{ParseShardError, Shard};
pub use subject::{
    Absent, Builtin, Deed, Message, OpenNode, Performed, Player, Stage, StepFailure, Subject,
    SubjectProgram,
};
pub use sweep::{
    Arrangement, ClaimDeparture, ClaimDifference, ClaimPlan, ClaimSweep, CommonDifference,
    DifferencePattern, MixDifference, ModeDifference, ModeTable, OpenerProcesses, Openers,
    SweptPart, claim_sweep, mix_differences, mode_table,
};
pub use tour::{Tour, TourEnd, TourObserver, TourRecord};

/// Turns this process into the part of the engine that it was started as: a
/// launcher, a worker, or the server of a file system. It returns at once in
/// an ordinary start, and never in these.
///
/// Call it first in `main`: processes are made by starting the program again,
/// because a program with several threads must not fork.
pub fn init() {
    init_with(|_| None);
}

/// Like [`init`], for a crate that adds roles of its own: `other` plays those
/// that this crate does not know, and returns the exit status.
pub fn init_with(other: impl FnOnce(&str) -> Option<i32>) {
    let Ok(role) = std::env::var(process::ROLE) else { return };
    let parts = process::run_as(&role).or_else(|| fuse::run_as(&role));
    // A role that no crate knows is an ordinary start.
    if let Some(status) = parts.or_else(|| other(&role)) {
        std::process::exit(status);
    }
}
