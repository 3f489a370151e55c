//! The engine of `imglock` behind one door.
#![expect(missing_docs, reason = "rooms of the crates below, until the command names these")]

pub mod compare {
    pub use imglock_engine::{
        Change, ComparedFinding as Objection, ComparedRun as Account, ComparedStep as CourseStep,
        Comparison, PlaceChange, PlaceDifference as Contrast, RunChange,
    };
}
pub mod drill {
    pub use imglock_qemu::{
        DRILL_THEMES as THEMES, Drill, DrillAccount as Account, DrillAct as Act, DrillCell as Cell,
        DrillEntry as Entry, DrillExercise as Exercise, DrillExpected as Expected, DrillOptions,
        DrillPlayer as Player, DrillPractice as Practice, DrillResult, DrillTheme as Theme,
        DrillVariant as Variant, FileNode, HeldMode as Holding, ImageLocks, LockEffect as Effect,
        ModeCheck, Recipe, all_drills as all, find_drill as find, run_drills as practise,
    };
}
pub mod explore {
    pub use imglock_engine::{
        Exploration, ExploreDifference as Difference, ExploreFinding as Objection, ExplorePlan,
        ExploreRepeat as Again, explore,
    };
}
pub mod fault {
    pub use imglock_engine::Fault;
}
pub mod file_system {
    pub use imglock_engine::{MadeFileSystem as Made, Maker, PrivateMounts, Site, SiteError};
}
pub mod fuse {
    pub use imglock_engine::{FuseLocks, FuseServer};
}
pub mod handover {
    pub use imglock_qemu::{
        ContestedHandover as Contested, Distribution, Handling, HandoverEnd as End, HandoverError,
        HandoverGaps as Gaps, HandoverLesson as Lesson, HandoverOptions, HandoverSeries as Series,
        Handovers, WatchedHandover as Watched, measure_handovers as measure,
    };
}
pub mod history {
    pub use imglock_scenario::{
        History, HistoryCounts as Counts, HistoryEvent as Event, HistoryEventKind as EventKind,
        HistoryFile, HistoryFinding as Finding, HistoryHeader as Header, HistoryImage as Image,
        HistoryJudgement as Judgement, HistoryMatter as Matter, HistoryOpener as Opener,
        HistoryProblem as Problem, HistoryReadError as ReadError, HistoryVerdict as Verdict,
        OpenAnswer as Answer, OpenerRole as Role, Opening as Stay, OpeningEnd as End, Shown,
        claim_conflict as conflict,
    };
}
pub mod holders {
    pub use imglock_locks::{
        Danger, Explanation, Holder, HolderOwner as Owner, HolderProcess as Process,
        HoldersAnswer as Answer, LockProtocol as Protocol, OwnedLock, Survey, SurveyError,
        SurveyedImage, UnexplainedLock as Unexplained, UnlockedUser as Unlocked, Waiter, survey,
        would_grant as answer,
    };
}
pub mod image {
    pub use imglock_core::{
        Access, Claim, FALLBACK_WARNING, HELD_BASE, Locking, Mode, Permission, Permissions,
        Reading, Refusal, Side, UNSHARED_BASE, lock_bytes,
    };
    pub use imglock_locks::{AcquireError, ByteClaims, Hold, OpenError};
}
pub mod known {
    pub use imglock_scenario::{
        ExpectedVerdict as Expected, Known, KnownEntry as Entry, KnownFailures, Standing,
    };
}
pub mod lock {
    pub use imglock_core::{Backend, ByteLocks, ByteRange, LockError, LockType, RangeSpec};
    pub use imglock_locks::KernelLocks;
}
pub mod lock_table {
    pub use imglock_locks::{FileKey, LockClass, LockLine, LockTable};
}
pub mod probe {
    pub use imglock_engine::{
        Probe, ProbeAdvice as Advice, ProbeAnswer as Answer, ProbeDelays as Delays, ProbeError,
        ProbeEvidence as Evidence, ProbeMeasurement as Measured, ProbeStanding as Standing,
        ProbeTheme as Theme, ProbeTiming as Timing, ProbeTrial as Trial, Property,
        ReleaseDelay as Release, TimeSpread as Spread, probe, probe_meaning as meaning,
    };
}
pub mod process {
    pub use imglock_engine::{
        Launcher, LauncherOptions, ProcessError, ProcessHandle, ReceiveError, Reply, Request,
        StopToken, StopTrigger, Worker, describe,
    };
}
pub mod qemu {
    pub use imglock_engine::Message;
    pub use imglock_qemu::{
        QemuBinaries as Binaries, QemuBinary as Binary, QemuProgram as Program,
        QemuVersion as Version,
    };
}
pub mod race {
    pub use imglock_engine::{
        Breach, RaceCourse as Course, RaceEvidence as Evidence, RaceLeftOut as LeftOut, RacePlan,
        RaceProof as Proof, RaceSum, RaceTally as Tally, RaceTurn as Turn, Sightings, race,
    };
}
pub mod run {
    pub use imglock_core::Verdict;
    pub use imglock_engine::{
        Boot, Casting, DifferenceKind as Departure, Engine, Environment, Event, EventKind, Finding,
        HarnessError, Job, Judge, Place, PlaceFate as Fate, ProcessEntry, RunDocument as Document,
        RunLine, ScenarioResult, Session, SessionOptions, SimultaneousStarts as Starts,
        Snapshot as Moment, StepEvent, Trace, rehearse,
    };
    pub use imglock_scenario::{ExpectedVerdict as Expected, Known, Standing};
}
pub mod scenario {
    pub use imglock_scenario::{
        Expectation, HeldStatement, ImageDeclaration, Item, ModeMatrix, Scenario, ScenarioError,
        Step,
    };
}
pub mod self_test {
    pub use imglock_engine::{
        CatchSpot, Detection as Hunt, Detector as Hunter, FaultCatch as Catch, FaultFate as Fate,
        FaultResult, HuntEnd as End, SelfTest, SelfTestPlan as Plan, self_test,
    };
}
pub mod step {
    pub use imglock_core::Errno;
    pub use imglock_core::{
        Action, ActionKind, FileSystem, Hazard, LockHolder, ModeSpec, OpenOptions, Outcome,
        ScenarioName, TableLock, Verdict,
    };
}
pub mod subject {
    pub use imglock_engine::{Builtin, Message, SubjectProgram};
    pub use imglock_qemu::SubjectKind;
}
pub mod sweep {
    pub use imglock_engine::{
        Arrangement, ClaimDeparture as Departure, ClaimDifference, ClaimPlan, ClaimSweep,
        CommonDifference as Common, DifferencePattern as Pattern, MixDifference,
        ModeDifference as Difference, OpenerProcesses as Processes, Openers, SweptPart as Swept,
        claim_sweep, mix_differences, mode_table,
    };
}
pub mod vm {
    pub use imglock_qemu::{
        AcceleratorChoice, GuestPayload as Payload, Kernel, KernelError, PayloadError, VmOptions,
        VmPlan,
    };
}
pub use imglock_engine::{ParseShardError, Shard};
pub use imglock_qemu::init;
pub use imglock_scenario::{ParsePatternError, Pattern};
