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

/// The number of rows in which a lane searches for the case that left locks
/// behind. Later rows are not searched.
const SEARCHES: usize = 8;
const FOUND: usize = 3;

/// One launcher with its image and processes.
#[derive(Debug)]
pub(super) struct Lane {
    launcher: Launcher,
    /// `None` before the first row, and after a case that left locks behind.
    stage: Option<Stage>,
    openers: usize,
    step_timeout: Duration,
    stop: StopToken,
    searches_left: usize,
}

impl Lane {
    /// Starts the launcher. The processes start with the first row.
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
    /// If processes cannot be started or the sweep is stopped. Failures of the
    /// tried processes are part of the result.
    pub(super) fn row(
        &mut self,
        arrangement: Arrangement,
        holders: &[Claim],
    ) -> Result<Judged, ProcessError> {
        let mut judged = self.attempt(arrangement, holders, &EVERY_CLAIM)?;
        if judged.lasting().is_some() {
            // Other differences may be a consequence of these.
            judged.differences.retain(|one| one.departure.is_lasting());
            let found = self.search(arrangement, holders)?;
            if found.iter().any(|one| one.departure.is_lasting()) {
                judged.differences = found;
            }
        }
        Ok(judged)
    }

    /// Tries each claim by itself and returns the differences. A case that
    /// leaves locks behind is followed by new processes.
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
