//! Scenarios, model and histories: plain data and judging.

mod history;
mod known;
mod model;
mod pattern;
mod scenario;
mod text;
mod word;

pub use history::{
    History, HistoryCounts, HistoryEvent, HistoryEventKind, HistoryFile, HistoryFinding,
    HistoryHeader, HistoryImage, HistoryJudgement, HistoryMatter, HistoryOpener, HistoryProblem,
    HistoryReadError, HistoryTerms, HistoryVerdict, Neighbour, OpenAnswer, OpenerRole, Opening,
    OpeningEnd, Shown, claim_conflict, judge_history,
};
pub use known::{
    Condition, ExpectedVerdict, KernelBound, KernelRelease, Known, KnownEntry, KnownFailures,
    ParseBoundError, RunKey, Standing,
};
pub use model::{Prediction, TableLocks, World};
pub use pattern::{ParsePatternError, Pattern};
pub use scenario::{
    Block, Expectation, HeldEntry, HeldStatement, ImageDeclaration, Item, ModeMatrix, Scenario,
    ScenarioError, Step, Story,
};
pub use text::{Problem, TextError};
