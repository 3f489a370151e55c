use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::blind;
use super::cast::{Cast, StepFailure};
use super::casting::{Casting, reason};
use super::finding::Finding;
use super::judgement;
use super::mounts::Mounts;
use super::result::ScenarioResult;
use super::runner::Runner;
use super::scrutiny::Scrutiny;
use super::snapshot::{Observer, Snapshot};
use super::trace::{EventKind, Trace};
use crate::file_system::PrivateMounts;
use crate::process::{Launcher, LauncherOptions, ProcessError, StopToken};
use crate::subject::Stage;
use imglock_core::{Backend, Hazard, Verdict};
use imglock_locks::Visibility;
use imglock_scenario::Scenario;

/// Runs scenarios one after the other, with one launcher.
#[derive(Debug)]
pub struct Engine {
    launcher: Launcher,
    options: EngineOptions,
    stop: StopToken,
}

/// The properties that all runs of one engine share.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The time that one step may take.
    pub step_timeout: Duration,
    /// The namespace in which scenarios may mount: the thread that starts the
    /// engine has entered it. Without it, scenarios that mount are skipped.
    pub mounts: Option<PrivateMounts>,
    /// Whether the kernel shows the locks of the engine's directory. Where it
    /// hides them, outcomes alone are judged.
    pub visibility: Visibility,
    /// A block device that each image is, instead of a new file. The scenario must not write to it.
    pub device: Option<PathBuf>,
}

/// How one scenario is run: on which locks, by which players, and how closely
/// the judges look.
///
/// ```
/// use imglock_core::Backend;
/// use imglock_engine::{RunOptions, Scrutiny};
///
/// let plain = RunOptions::new(Backend::Ofd);
/// let lenient = RunOptions::new(Backend::Posix).scrutiny(Scrutiny::Expectations);
/// # let _ = (plain, lenient);
/// ```
pub struct RunOptions<'a> {
    backend: Backend,
    casting: Cow<'a, Casting>,
    scrutiny: Scrutiny,
    observer: Option<Observer<'a>>,
}

impl<'a> RunOptions<'a> {
    /// On locks of `backend`, played by the built-in workers, watched by every
    /// judge.
    pub fn new(backend: Backend) -> RunOptions<'a> {
        let casting = Cow::Owned(Casting::default());
        RunOptions { backend, casting, scrutiny: Scrutiny::Full, observer: None }
    }

    /// The subjects of `casting` play.
    #[must_use]
    pub fn cast(self, casting: &'a Casting) -> RunOptions<'a> {
        RunOptions { casting: Cow::Borrowed(casting), ..self }
    }

    /// How closely the judges look.
    #[must_use]
    pub fn scrutiny(self, scrutiny: Scrutiny) -> RunOptions<'a> {
        RunOptions { scrutiny, ..self }
    }

    /// Shows a snapshot to `observer` right after each event, while all
    /// processes of the scenario stand still, and before the next step. The
    /// steps of a `together` block are shown one after the other once all of
    /// them have ended.
    ///
    /// The observer must not touch the images: the judges see it. No deadline
    /// of a step runs meanwhile.
    #[must_use]
    pub fn watched(self, observer: &'a mut dyn FnMut(&Snapshot<'_>)) -> RunOptions<'a> {
        RunOptions { observer: Some(observer), ..self }
    }
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
        launcher: &LauncherOptions,
        options: EngineOptions,
    ) -> Result<Engine, ProcessError> {
        let stop = launcher.stop.clone();
        let launcher = Launcher::start(launcher)?;
        tracing::debug!(scratch = %launcher.scratch().display(), "launcher started");
        Ok(Engine { launcher, options, stop })
    }

    /// The scratch directory.
    pub fn scratch(&self) -> &Path {
        self.launcher.scratch()
    }

    /// Runs one scenario.
    ///
    /// # Errors
    /// Only when the environment fails: the launcher is lost, or the run is
    /// stopped. Every action of the scenario ends in a verdict.
    pub fn run(
        &mut self,
        scenario: &Scenario,
        options: RunOptions<'_>,
    ) -> Result<ScenarioResult, ProcessError> {
        let RunOptions { backend, casting, scrutiny, observer } = options;
        let began = Instant::now();
        tracing::debug!(scenario = scenario.name.as_str(), %backend, "begins");
        let subject = casting.to_string();
        let skipped = |why| ScenarioResult::skipped(&scenario.name, backend, subject.clone(), why);
        if let Some(why) = casting.inability(scenario, backend) {
            return Ok(skipped(why));
        }
        if scenario.mounts() && self.options.mounts.is_none() {
            return Ok(skipped(PrivateMounts::why_none().to_string()));
        }
        if let Some(why) = self.blindness(scrutiny, scenario, backend) {
            return Ok(skipped(why.to_owned()));
        }
        let mut ignored = |_: &Snapshot<'_>| {};
        let observer = observer.unwrap_or(&mut ignored);
        let played = self.play(scrutiny, scenario, backend, &casting, observer);
        // Whatever happened, nothing of the scenario may be left.
        let ended = self.launcher.end();
        let result = match played {
            Ok(Outlook { failure: Some(StepFailure::Cannot(why)), trace, .. }) => {
                skipped(reason(player_of_last(&trace), &why))
            }
            Ok(Outlook { failure: Some(StepFailure::NotHere(why)), .. }) => skipped(why),
            Ok(outlook) => {
                let duration = began.elapsed();
                judge(scenario, backend, &subject, outlook, duration, self.options.step_timeout)
            }
            // This user's limits do not let so many processes be.
            Err(ProcessError::Refused(why)) => skipped(why),
            Err(error @ ProcessError::TooMany { .. }) => skipped(error.to_string()),
            Err(error) => return Err(error),
        };
        ended?;
        tracing::debug!(scenario = scenario.name.as_str(), %backend, verdict = %result.verdict, "ends");
        Ok(result)
    }

    /// Why a scenario cannot be judged where the kernel hides its locks.
    fn blindness(
        &self,
        scrutiny: Scrutiny,
        scenario: &Scenario,
        backend: Backend,
    ) -> Option<&'static str> {
        match self.options.visibility {
            Visibility::Hidden if scrutiny.asks_every_judge() => blind::reason(scenario, backend),
            _ => None,
        }
    }

    fn play(
        &mut self,
        scrutiny: Scrutiny,
        scenario: &Scenario,
        backend: Backend,
        casting: &Casting,
        observer: Observer<'_>,
    ) -> Result<Outlook, ProcessError> {
        let EngineOptions { step_timeout, mounts, visibility, device } = self.options.clone();
        let directory = self.launcher.begin()?;
        let stage = Stage { directory: &directory, backend, step_timeout, stop: &self.stop };
        let started = casting.start(&mut self.launcher, scenario.actors(), &stage);
        let mut cast =
            Cast::new(backend, directory.clone(), step_timeout, self.stop.clone(), scrutiny);
        cast.visibility = visibility;
        cast.mounts = Mounts::new(mounts);
        cast.device = device;
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
            failure => Ok(Outlook { scrutiny, visibility, trace, findings, failure }),
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
            (StepFailure::TimedOut, Some(event)) => {
                format!("`{}` gave no answer within {step_timeout:?}", event.text)
            }
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
        place: imglock_core::PlaceName::HERE,
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
mod tests;
