//! A difference as a scenario that tells of itself.

use super::trial::Trial;
use super::{ExploreCase, ExploreFinding, ExploreRepeat};
use crate::run::{Environment, Judge};
use imglock_scenario::Scenario;

/// The scenario with all that its reader wants to know of the difference.
pub(super) fn told(
    scenario: &Scenario,
    trial: &Trial,
    case: ExploreCase,
    fault: &ExploreFinding,
    again: Option<ExploreRepeat>,
    environment: &Environment,
) -> Scenario {
    let ExploreCase { seed, number, steps, backend } = case;
    let Environment { kernel, architecture, file_system, .. } = environment;
    let ExploreFinding { judge, step, expected, actual, message } = fault;
    let at = if step.is_empty() { "in the end".to_owned() } else { format!("at `{step}`") };
    let (summary, what) = match judge {
        Judge::Model => (
            "The kernel does not do what the model says",
            format!("The model says: {expected}.\nThe kernel: {actual}."),
        ),
        Judge::Contract => (
            "The contract is broken in a way that has no name",
            format!("The contract asks for: {expected}.\nThe kernel: {actual}."),
        ),
        Judge::Harness | Judge::Scenario => ("A step has no outcome", format!("It was: {actual}.")),
    };
    let came_again = match again {
        None => String::new(),
        Some(again) if again.is_stable() => "It comes every time.\n".to_owned(),
        Some(ExploreRepeat { tries, differed }) => {
            format!("It does not come every time: {differed} of {tries} more runs had it.\n")
        }
    };
    let about = format!(
        "Found by chance {at}: {message}.\n{what}\n{came_again}\n\
         Linux {kernel} ({architecture}), {file_system}. The case it was found in:\n\
         imglock explore --backend {backend} --seed {seed} --steps {steps} --case {number}"
    );
    let about = about.replace('"', "'");
    Scenario { summary: summary.to_owned(), about, ..trial.declared(scenario) }
}
