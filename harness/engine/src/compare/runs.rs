use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Change;
use super::account::ComparedRun;
use super::course::{ComparedStep, course};
use super::pace::{self, Pace};
use crate::run::{Place, RunDocument, ScenarioResult, TraceDifference};
use imglock_core::{Backend, ScenarioName};

/// The change of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunChange {
    /// The scenario.
    pub scenario: ScenarioName,
    /// Lock type.
    pub backend: Backend,
    /// The subject that played the processes.
    pub subject: String,
    /// The change.
    pub change: Change,
    /// The older result.
    pub old: Option<ComparedRun>,
    /// The newer result.
    pub new: Option<ComparedRun>,
    /// The names of the images, by their index in a lock table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// The first step that differs, for a run that is broken, fixed or changed.
    #[serde(rename = "parting")]
    pub first_difference: Option<TraceDifference>,
    /// The steps up to the first difference, or up to the step of a finding.
    pub course: Vec<ComparedStep>,
    /// The factor by which a slower run takes longer.
    pub times: Option<f64>,
}

type Key<'d> = (&'d ScenarioName, Backend, &'d str);
type Found<'d> = BTreeMap<Key<'d>, [Option<&'d ScenarioResult>; 2]>;

/// The changes of the runs of two paired places, by scenario, and the speed of
/// the newer place compared with the older one.
pub(super) fn changes(
    (old, old_place): (&RunDocument, Option<&Place>),
    (new, new_place): (&RunDocument, Option<&Place>),
    factor: f64,
) -> (Vec<RunChange>, Option<Pace>) {
    let mut found: Found<'_> = BTreeMap::new();
    for (side, (document, place)) in [(old, old_place), (new, new_place)].into_iter().enumerate() {
        let Some(place) = place else { continue };
        for result in document.results.iter().filter(|result| result.place == place.name) {
            let key = (&result.scenario, result.backend, &*result.subject);
            found.entry(key).or_default()[side] = Some(result);
        }
    }
    let both: Vec<_> = found.values().filter_map(|[old, new]| Some(((*old)?, (*new)?))).collect();
    let pace = Pace::of(&both);
    // Runs that the newer document did not reach are not gone.
    let broke_off = !new.complete || new_place.is_some_and(|place| !place.is_reached());
    let changes = found.into_values().filter_map(|sides| {
        let [old, new] = sides;
        let mut run = change(old, new)?;
        match (run.change, old, new) {
            (Change::Gone, ..) if broke_off => run.change = Change::NotRun,
            (Change::Same, Some(old), Some(new)) => {
                run.times = pace::slower(old, new, pace, factor);
                if run.times.is_some() {
                    run.change = Change::Slower;
                }
            }
            _ => {}
        }
        Some(run)
    });
    (changes.collect(), pace)
}

/// The change of one run, without its speed.
fn change(old: Option<&ScenarioResult>, new: Option<&ScenarioResult>) -> Option<RunChange> {
    let of = new.or(old)?;
    let first_difference = match (old, new) {
        (Some(old), Some(new)) => TraceDifference::of(&old.trace, &new.trace),
        _ => None,
    };
    let mut change = Change::of(old, new);
    let [mine, theirs] = [old, new].map(|result| result.map(ComparedRun::of));
    if change == Change::Same && differ(mine.as_ref(), theirs.as_ref(), first_difference.as_ref()) {
        change = Change::Changed;
    }
    let told = matches!(change, Change::Broken | Change::Fixed | Change::Changed);
    let first_difference = first_difference.filter(|_| told);
    // The step of a finding, if the steps themselves do not differ.
    let objected = [&theirs, &mine]
        .into_iter()
        .flatten()
        .find_map(|account| account.objections.iter().find_map(|objection| objection.event));
    let at = first_difference.as_ref().map(|one| one.event).or(objected).filter(|_| told);
    Some(RunChange {
        scenario: of.scenario.clone(),
        backend: of.backend,
        subject: of.subject.clone(),
        change,
        images: of.trace.images.clone(),
        course: at.map(|event| course(old, new, event)).unwrap_or_default(),
        old: mine,
        new: theirs,
        first_difference,
        times: None,
    })
}

/// Whether two runs of the same quality differ in their results.
fn differ(
    old: Option<&ComparedRun>,
    new: Option<&ComparedRun>,
    first_difference: Option<&TraceDifference>,
) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return false };
    let chance = [old, new].into_iter().all(ComparedRun::may_fail);
    let said = |one: &ComparedRun| (one.verdict, one.standing, one.hazards.clone());
    !chance && (said(old) != said(new) || first_difference.is_some())
}
