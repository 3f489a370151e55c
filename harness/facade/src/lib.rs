//! The engine of `imglock` behind one door.
#![expect(missing_docs, reason = "rooms of the crates below, until the command names these")]

pub mod compare {
    pub use imglock_engine::compare::*;
    pub use imglock_engine::compare::{
        ComparedFinding as Objection, ComparedRun as Account, ComparedStep as CourseStep,
        PlaceDifference as Contrast,
    };
}
pub mod drill {
    pub use imglock_qemu::drill::*;
    pub use imglock_qemu::drill::{
        DRILL_THEMES as THEMES, DrillAccount as Account, DrillAct as Act, DrillCell as Cell,
        DrillEntry as Entry, DrillExercise as Exercise, DrillExpected as Expected,
        DrillPlace as Place, DrillPlayer as Player, DrillPractice as Practice, DrillProof as Proof,
        DrillTheme as Theme, DrillVariant as Variant, HeldMode as Holding, LockEffect as Effect,
        all_drills as all, find_drill as find, run_drills as practise,
    };
}
pub mod explore {
    pub use imglock_engine::explore::*;
    pub use imglock_engine::explore::{
        ExploreCase as Case, ExploreDifference as Difference, ExploreFinding as Objection,
        ExploreRepeat as Again,
    };
}
pub mod fault {
    pub use imglock_engine::fault::FaultPlace as Place;
    pub use imglock_engine::fault::*;
}
pub mod file_system {
    pub use imglock_engine::file_system::MadeFileSystem as Made;
    pub use imglock_engine::file_system::*;
}
pub mod fuse {
    pub use imglock_engine::fuse::*;
}
pub mod handover {
    pub use imglock_qemu::handover::*;
    pub use imglock_qemu::handover::{
        ContestedHandover as Contested, HandoverEnd as End, HandoverGaps as Gaps,
        HandoverLesson as Lesson, HandoverSeries as Series, WatchedHandover as Watched,
        measure_handovers as measure,
    };
}
pub mod history {
    pub use imglock_scenario::history::*;
    pub use imglock_scenario::history::{
        HistoryCounts as Counts, HistoryEvent as Event, HistoryEventKind as EventKind,
        HistoryFinding as Finding, HistoryHeader as Header, HistoryImage as Image,
        HistoryJudgement as Judgement, HistoryMatter as Matter, HistoryOpener as Opener,
        HistoryProblem as Problem, HistoryReadError as ReadError, HistoryTerms as Terms,
        HistoryVerdict as Verdict, OpenAnswer as Answer, OpenerRole as Role, Opening as Stay,
        OpeningEnd as End, claim_conflict as conflict, judge_history as judge,
    };
}
pub mod holders {
    pub use imglock_locks::holders::*;
    pub use imglock_locks::holders::{
        HolderOwner as Owner, HolderProcess as Process, HoldersAnswer as Answer,
        LockProtocol as Protocol, UnexplainedLock as Unexplained, UnlockedUser as Unlocked,
        would_grant as answer,
    };
}
pub mod image {
    pub use imglock_core::image::*;
    pub use imglock_locks::image::*;
}
pub mod known {
    pub use imglock_scenario::known::*;
    pub use imglock_scenario::known::{
        ExpectedVerdict as Expected, KernelBound as Bound, KernelRelease as Release,
        KnownEntry as Entry,
    };
}
pub mod lock {
    pub use imglock_core::lock::*;
    pub use imglock_locks::lock::*;
}
pub mod lock_table {
    pub use imglock_locks::lock_table::WatchedDescriptor as Watched;
    pub use imglock_locks::lock_table::*;
}
pub mod model {
    pub use imglock_scenario::model::*;
}
pub mod probe {
    pub use imglock_engine::probe::*;
    pub use imglock_engine::probe::{
        ProbeAdvice as Advice, ProbeAnswer as Answer, ProbeDelays as Delays,
        ProbeEvidence as Evidence, ProbeMeasurement as Measured, ProbeStanding as Standing,
        ProbeTheme as Theme, ProbeTiming as Timing, ProbeTrial as Trial, ReleaseDelay as Release,
        TimeSpread as Spread, probe_meaning as meaning,
    };
}
pub mod process {
    pub use imglock_engine::process::*;
}
pub mod qemu {
    pub use imglock_engine::subject::Message;
    pub use imglock_qemu::qemu::*;
    pub use imglock_qemu::qemu::{
        QemuBinaries as Binaries, QemuBinary as Binary, QemuProgram as Program,
        QemuVersion as Version,
    };
}
pub mod race {
    pub use imglock_engine::race::*;
    pub use imglock_engine::race::{
        RaceCourse as Course, RaceEvidence as Evidence, RaceLeftOut as LeftOut, RaceProof as Proof,
        RaceTally as Tally, RaceTurn as Turn,
    };
}
pub mod run {
    pub use imglock_core::step::Verdict;
    pub use imglock_engine::run::*;
    pub use imglock_engine::run::{
        DifferenceKind as Departure, PlaceFate as Fate, RunDocument as Document,
        SimultaneousStarts as Starts, Snapshot as Moment, TraceDifference as Parting,
    };
    pub use imglock_scenario::known::{ExpectedVerdict as Expected, Known, Standing};
}
pub mod scenario {
    pub use imglock_scenario::scenario::*;
}
pub mod self_test {
    pub use imglock_engine::self_test::*;
    pub use imglock_engine::self_test::{
        CatchGround as Ground, Detection as Hunt, Detector as Hunter, FaultCatch as Catch,
        FaultFate as Fate, HuntEnd as End, SelfTestPlan as Plan,
    };
}
pub mod step {
    pub use imglock_core::Errno;
    pub use imglock_core::step::*;
}
pub mod subject {
    pub use imglock_engine::subject::*;
    pub use imglock_qemu::subject::*;
}
pub mod sweep {
    pub use imglock_engine::sweep::*;
    pub use imglock_engine::sweep::{
        ClaimDeparture as Departure, CommonDifference as Common, DifferencePattern as Pattern,
        ModeDifference as Difference, OpenerProcesses as Processes, SweptPart as Swept,
    };
}
pub mod text {
    pub use imglock_scenario::text::*;
}
pub mod vm {
    pub use imglock_qemu::vm::GuestPayload as Payload;
    pub use imglock_qemu::vm::*;
}
pub use imglock_engine::{ParseShardError, Shard};
pub use imglock_scenario::{ParsePatternError, Pattern};

pub use imglock_qemu::init;
