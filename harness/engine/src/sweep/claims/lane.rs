use std::time::Duration;

use super::cases::EVERY_CLAIM;
use super::judge::{Judged, judge};
use super::seen::Seen;
use super::stage::Stage;
use super::{Arrangement, ClaimDifference};
use crate::process::{Launcher, ProcessError, StopToken};
use crate::run::SessionOptions;
use crate::subject::StepFailure;
use imglock_core::Claim;

/// In how many rows a lane finds out which case it was that left something
/// behind, and how many of those it looks for. After these it is clear.
const SEARCHES: usize = 8;
const FOUND: usize = 3;

/// One launcher with its image and processes.
#[derive(Debug)]
pub(super) struct Lane {
    launcher: Launcher,
    /// `None` until it is needed, and after a case that left something behind.
    stage: Option<Stage>,
    openers: usize,
    step_timeout: Duration,
    stop: StopToken,
    searches_left: usize,
}

impl Lane {
    /// Starts its launcher; the processes come with the first row.
    pub(super) fn start(options: &SessionOptions, openers: usize) -> Result<Lane, ProcessError> {
        Ok(Lane {
            launcher: Launcher::start(&options.launcher())?,
            stage: None,
            openers,
            step_timeout: options.step_timeout,
            stop: options.stop.clone(),
            searches_left: SEARCHES,
        })
    }

    /// Tries every claim beside `holders`.
    ///
    /// # Errors
    /// When processes cannot be made, or the sweep is stopped. Whatever the
    /// processes do is part of what is returned.
    pub(super) fn row(
        &mut self,
        arrangement: Arrangement,
        holders: &[Claim],
    ) -> Result<Judged, ProcessError> {
        let mut judged = self.attempt(arrangement, holders, &EVERY_CLAIM)?;
        if judged.lasting().is_some() {
            // Whatever else is different may have come of it.
            judged.differences.retain(|one| one.departure.is_lasting());
            let found = self.search(arrangement, holders)?;
            if found.iter().any(|one| one.departure.is_lasting()) {
                judged.differences = found;
            }
        }
        Ok(judged)
    }

    /// Tries each claim by itself, with new processes after each one that
    /// leaves something behind, and says what is different.
    fn search(
        &mut self,
        arrangement: Arrangement,
        holders: &[Claim],
    ) -> Result<Vec<ClaimDifference>, ProcessError> {
        let mut differences = Vec::new();
        let Some(left) = self.searches_left.checked_sub(1) else { return Ok(differences) };
        self.searches_left = left;
        let mut found = 0;
        for claim in EVERY_CLAIM {
            let judged = self.attempt(arrangement, holders, &[claim])?;
            found += usize::from(judged.lasting().is_some());
            let is_silent = judged.is_silent();
            differences.extend(judged.differences);
            if found == FOUND || is_silent {
                break;
            }
        }
        Ok(differences)
    }

    fn attempt(
        &mut self,
        arrangement: Arrangement,
        holders: &[Claim],
        claims: &[Claim],
    ) -> Result<Judged, ProcessError> {
        let seen = match self.play(arrangement, holders, claims) {
            Ok(seen) => seen,
            Err(StepFailure::Stopped) => return Err(ProcessError::Stopped),
            Err(StepFailure::Process(error)) => return Err(error),
            Err(StepFailure::TimedOut) => {
                Seen::Silence { why: format!("it took longer than {:?}", self.step_timeout) }
            }
            Err(other) => Seen::Silence { why: other.to_string() },
        };
        let judged = judge(arrangement, holders, claims, &seen);
        if judged.lasting().is_some() {
            self.stage = None;
            self.launcher.end()?;
        }
        Ok(judged)
    }

    fn play(
        &mut self,
        arrangement: Arrangement,
        holders: &[Claim],
        claims: &[Claim],
    ) -> Result<Seen, StepFailure> {
        let stage = match &mut self.stage {
            Some(stage) => stage,
            None => self.stage.insert(Stage::new(
                &mut self.launcher,
                self.openers,
                self.step_timeout,
                self.stop.clone(),
            )?),
        };
        stage.play(arrangement, holders, claims)
    }
}
