use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use super::blind;
use super::cast::{Cast, StepFailure};
use super::casting::{Casting, reason};
use super::finding::Finding;
use super::judgement;
use super::moment::{Observer, Snapshot};
use super::mounts::Mounts;
use super::result::ScenarioResult;
use super::runner::Runner;
use super::scrutiny::Scrutiny;
use super::trace::{EventKind, Trace};
use crate::file_system::PrivateMounts;
use crate::process::{Launcher, LauncherOptions, ProcessError, StopToken};
use crate::subject::Stage;
use imglock_core::Backend;
use imglock_core::Hazard;
use imglock_core::Verdict;
use imglock_locks::Visibility;
use imglock_scenario::Scenario;

/// Runs scenarios one after the other, with one launcher.
#[derive(Debug)]
pub struct Engine {
    launcher: Launcher,
    step_timeout: Duration,
    stop: StopToken,
    casting: Casting,
    mounts: Option<PrivateMounts>,
    visibility: Visibility,
}

/// What a run left, before it is a verdict.
struct Outlook {
    scrutiny: Scrutiny,
    visibility: Visibility,
    trace: Trace,
    findings: Vec<Finding>,
    failure: Option<StepFailure>,
}

impl Engine {
    /// Starts the launcher.
    ///
    /// # Errors
    /// As [`Launcher::start`].
    pub fn start(
        options: &LauncherOptions,
        step_timeout: Duration,
    ) -> Result<Engine, ProcessError> {
        let launcher = Launcher::start(options)?;
        tracing::debug!(scratch = %launcher.scratch().display(), "launcher started");
        let (stop, casting) = (options.stop.clone(), Casting::default());
        let (mounts, visibility) = (None, Visibility::Shown);
        Ok(Engine { launcher, step_timeout, stop, casting, mounts, visibility })
    }

    /// The scratch directory.
    pub fn scratch(&self) -> &Path {
        self.launcher.scratch()
    }

    /// From here on, these play; our own workers did until now.
    pub fn cast(&mut self, casting: Casting) {
        self.casting = casting;
    }

    /// Whether the kernel shows who has locks where this engine runs. Where it
    /// does not, runs are judged by outcomes alone.
    pub fn see(&mut self, visibility: Visibility) {
        self.visibility = visibility;
    }

    /// From here on, scenarios may mount in this namespace, which the thread
    /// must have been in when it started the engine. Those that do are skipped
    /// without one.
    pub fn mount_in(&mut self, mounts: Option<PrivateMounts>) {
        self.mounts = mounts;
    }

    /// Runs one scenario on one backend.
    ///
    /// # Errors
    /// Only when the environment fails: the launcher is lost, or the run is
    /// stopped. Whatever the scenario does ends in a verdict.
    pub fn run(
        &mut self,
        scenario: &Scenario,
        backend: Backend,
    ) -> Result<ScenarioResult, ProcessError> {
        self.run_watched(scenario, backend, &mut |_| {})
    }

    /// Runs one scenario on one backend, and shows every moment to `observer`:
    /// right after each event, while all processes of the scenario stand
    /// still, and before the next step. So anything can be compared with what
    /// the trace says: another program that reads locks, for one. The steps
    /// of a `together` block are entered one after the other once all of them
    /// have happened.
    ///
    /// The observer must not touch the images: the judges see what it does.
    /// However long it takes, no step's deadline is running.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_watched(
        &mut self,
        scenario: &Scenario,
        backend: Backend,
        observer: &mut dyn FnMut(&Snapshot<'_>),
    ) -> Result<ScenarioResult, ProcessError> {
        self.run_with(Scrutiny::Full, scenario, backend, observer)
    }

    /// Runs one scenario on one backend to its end, whatever comes of its
    /// steps. Only what its file expects is compared: neither model nor
    /// contract is asked, and the lock table is read at `held` alone. So it
    /// runs where locks do not hold, are not shown, or do not exist.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_to_the_end(
        &mut self,
        scenario: &Scenario,
        backend: Backend,
    ) -> Result<ScenarioResult, ProcessError> {
        self.run_with(Scrutiny::Expectations, scenario, backend, &mut |_| {})
    }

    /// Runs one scenario on one backend that declares nothing, because nobody
    /// has tried it yet: a breach of the contract that has a name is found as
    /// if it were declared, and none has to happen. Everything else is judged
    /// as in [`Engine::run`].
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_undeclared(
        &mut self,
        scenario: &Scenario,
        backend: Backend,
    ) -> Result<ScenarioResult, ProcessError> {
        self.run_with(Scrutiny::Undeclared, scenario, backend, &mut |_| {})
    }

    fn run_with(
        &mut self,
        scrutiny: Scrutiny,
        scenario: &Scenario,
        backend: Backend,
        observer: Observer<'_>,
    ) -> Result<ScenarioResult, ProcessError> {
        let began = Instant::now();
        tracing::debug!(scenario = scenario.name, %backend, "begins");
        let subject = self.casting.to_string();
        let skipped = |why| ScenarioResult::skipped(&scenario.name, backend, subject.clone(), why);
        if let Some(why) = self.casting.inability(scenario, backend) {
            return Ok(skipped(why));
        }
        if scenario.mounts() && self.mounts.is_none() {
            return Ok(skipped(PrivateMounts::why_none().to_string()));
        }
        if let Some(why) = self.blindness(scrutiny, scenario, backend) {
            return Ok(skipped(why.to_owned()));
        }
        let played = self.play(scrutiny, scenario, backend, observer);
        // Whatever happened, nothing of the scenario may be left.
        let ended = self.launcher.end();
        let result = match played {
            Ok(Outlook { failure: Some(StepFailure::Cannot(why)), trace, .. }) => {
                skipped(reason(player_of_last(&trace), &why))
            }
            Ok(Outlook { failure: Some(StepFailure::NotHere(why)), .. }) => skipped(why),
            Ok(outlook) => {
                let duration = began.elapsed();
                judge(scenario, backend, &subject, outlook, duration, self.step_timeout)
            }
            // This user's limits do not let so many processes be.
            Err(ProcessError::Refused(why)) => skipped(why),
            Err(error @ ProcessError::TooMany { .. }) => skipped(error.to_string()),
            Err(error) => return Err(error),
        };
        ended?;
        tracing::debug!(scenario = scenario.name, %backend, verdict = %result.verdict, "ends");
        Ok(result)
    }

    /// Why a scenario cannot be judged where the kernel hides its locks.
    fn blindness(
        &self,
        scrutiny: Scrutiny,
        scenario: &Scenario,
        backend: Backend,
    ) -> Option<&'static str> {
        match self.visibility {
            Visibility::Hidden if scrutiny.asks_every_judge() => blind::reason(scenario, backend),
            _ => None,
        }
    }

    fn play(
        &mut self,
        scrutiny: Scrutiny,
        scenario: &Scenario,
        backend: Backend,
        observer: Observer<'_>,
    ) -> Result<Outlook, ProcessError> {
        let directory = self.launcher.begin()?;
        let step_timeout = self.step_timeout;
        let stage = Stage { directory: &directory, backend, step_timeout, stop: &self.stop };
        let started = self.casting.start(&mut self.launcher, scenario.actors(), &stage);
        let mut cast =
            Cast::new(backend, directory.clone(), step_timeout, self.stop.clone(), scrutiny);
        cast.visibility = self.visibility;
        cast.mounts = Mounts::new(self.mounts.clone());
        let runner =
            started.and_then(|players| Runner::new(scenario, backend, cast, players, observer));
        let (trace, findings, failure) = match runner {
            Ok(mut runner) => {
                let failure = runner.run(&scenario.unrolled()).err();
                (runner.trace, runner.findings, failure)
            }
            Err(failure) => (Trace::default(), Vec::new(), Some(failure)),
        };
        match failure {
            Some(StepFailure::Stopped) => Err(ProcessError::Stopped),
            Some(StepFailure::Process(error)) => Err(error),
            failure => {
                Ok(Outlook { scrutiny, visibility: self.visibility, trace, findings, failure })
            }
        }
    }
}

fn judge(
    scenario: &Scenario,
    backend: Backend,
    subject: &str,
    outlook: Outlook,
    duration: Duration,
    step_timeout: Duration,
) -> ScenarioResult {
    let Outlook { scrutiny, visibility, trace, mut findings, failure } = outlook;
    let hazards = hazards_of(&findings);
    let failed = findings.iter().any(Finding::is_failure);
    if let Some(failure) = &failure {
        let event = trace.events.len().checked_sub(1);
        let message = match (failure, trace.events.last()) {
            (StepFailure::Harness(why), _) => why.clone(),
            (StepFailure::TimedOut, Some(event)) => format!(
                "`{}` gave no answer within {step_timeout:?}; allow a step more with --timeout",
                event.text
            ),
            (failure, Some(event)) => format!("`{}`: {failure}", event.text),
            (failure, None) => failure.to_string(),
        };
        findings.push(judgement::by_harness(event, failure.to_string(), message));
    } else if !failed && scrutiny == Scrutiny::Full && visibility == Visibility::Shown {
        // Many a hazard shows in the lock table alone.
        let declared = scenario.hazards.get(&backend).into_iter().flatten();
        for hazard in declared.filter(|hazard| !hazards.contains(hazard)) {
            findings.push(judgement::missing_hazard(scenario, *hazard));
        }
    }
    let first = findings.iter().find(|finding| finding.is_failure());
    let verdict = match (first, &failure) {
        (None, _) => Verdict::Passed,
        (_, Some(StepFailure::TimedOut)) if !failed => Verdict::TimedOut,
        _ => Verdict::Failed,
    };
    ScenarioResult {
        place: String::new(),
        scenario: scenario.name.clone(),
        backend,
        subject: subject.to_owned(),
        verdict,
        reason: first.map(|finding| finding.message.clone()).unwrap_or_default(),
        duration,
        hazards,
        findings,
        trace,
        known: None,
    }
}

/// Who played the actor of the last step.
fn player_of_last(trace: &Trace) -> &str {
    let actor = trace.events.last().and_then(|event| match &event.kind {
        EventKind::Step(step) => Some(&step.actor),
        EventKind::Held { .. } => None,
    });
    let entry = trace.processes.iter().find(|entry| Some(&entry.actor) == actor);
    entry.map_or("its player", |entry| &entry.subject)
}

fn hazards_of(findings: &[Finding]) -> BTreeSet<Hazard> {
    findings.iter().filter_map(|finding| finding.hazard).collect()
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
