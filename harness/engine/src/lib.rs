//! Runs scenarios of disk image locks with real processes, and judges the runs.
//!
//! A scenario lists the steps of several processes that open, lock and close
//! images. The engine performs these steps with builtin workers or with other
//! [`Subject`]s, such as QEMU in the crate `imglock-qemu`.
//!
//! Data flows in one direction: a `Scenario` and a [`Casting`] become steps, a
//! step becomes a [`Request`] to a process, the replies become a [`Trace`], and
//! the judges turn the trace into [`Finding`]s and a verdict
//! ([`ScenarioResult`]). [`Session`] runs many scenarios; [`Engine`] runs one
//! after the other.
//!
//! On this basis the crate sweeps all pairs of claims ([`claim_sweep`]), races
//! openers ([`race()`]), generates random scenarios ([`explore()`]), checks the
//! locks of a directory ([`probe()`]), plants faults to check the judges
//! ([`self_test()`]), makes file systems ([`Site`], [`FuseServer`]) and compares
//! documents of runs ([`Comparison`]).
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use imglock_core::{Backend, Verdict};
//! use imglock_engine::{Casting, Job, Session, SessionOptions, StopToken};
//! use imglock_scenario::Scenario;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     imglock_engine::init(); // First of all: the engine re-executes this program.
//!
//!     let text = r#"
//!         summary "Two writers exclude each other"
//!         about "QEMU's mode rw does not share the permission to write."
//!         vm1 open disk mode=rw { expect granted; }
//!         vm2 open disk mode=rw { expect "refused write"; }
//!     "#;
//!     let scenario = Arc::new(Scenario::parse("writers", "writers.kdl", text)?);
//!     let job = Job { scenario, backend: Backend::Ofd, casting: Casting::default() };
//!     let (_trigger, stop) = StopToken::pair()?;
//!     let options = SessionOptions::new(std::env::temp_dir(), stop);
//!     for result in Session::start(vec![job], options)? {
//!         let result = result?;
//!         assert_eq!(result.verdict, Verdict::Passed, "{}", result.reason);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Invariant: this crate knows no command line of QEMU and prints nothing. It
//! returns plain data, from which its callers make reports.

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

pub use arena::{Jitter, RaceBatch};
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
pub use lanes::{in_lanes, in_order, useful_lanes};
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
    CatchGround, CatchSpot, Detection, Detector, FaultCatch, FaultFate, FaultResult, HuntEnd,
    Hunted, SelfTest, SelfTestError, SelfTestPlan, self_test,
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

/// Runs the part of the engine that this process was started for: a launcher, a
/// worker, or the server of a file system. In these parts it exits the process
/// at the end; in an ordinary start it returns at once.
///
/// Call it first in `main`. The engine starts its processes by re-executing the
/// program, because a program with several threads must not fork.
pub fn init() {
    init_with(|_| None);
}

/// Like [`init`], for a crate that adds roles of its own. `other` runs a role
/// that this crate does not know and returns its exit status, or returns `None`
/// for an unknown role.
pub fn init_with(other: impl FnOnce(&str) -> Option<i32>) {
    let Ok(role) = std::env::var(process::ROLE) else { return };
    let parts = process::run_as(&role).or_else(|| fuse::run_as(&role));
    // An unknown role is an ordinary start.
    if let Some(status) = parts.or_else(|| other(&role)) {
        std::process::exit(status);
    }
}
