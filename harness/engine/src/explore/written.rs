//! A difference as a scenario that describes itself.

use super::trial::Trial;
use super::{ExploreCase, ExploreFinding, ExploreRepeat};
use crate::run::{Environment, Judge};
use imglock_scenario::Scenario;

/// The scenario with all the details of the difference.
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
    let at =
        if step.is_empty() { "after the last step".to_owned() } else { format!("at `{step}`") };
    let (summary, what) = match judge {
        Judge::Model => (
            "The kernel's behaviour differs from the model",
            format!("Model: {expected}.\nKernel: {actual}."),
        ),
        Judge::Contract => (
            "A breach of the contract that is no known hazard",
            format!("Contract: {expected}.\nKernel: {actual}."),
        ),
        Judge::Harness | Judge::Scenario => {
            ("A step has no outcome", format!("Outcome: {actual}."))
        }
    };
    let came_again = match again {
        None => String::new(),
        Some(again) if again.is_stable() => "Every further run shows it.\n".to_owned(),
        Some(ExploreRepeat { tries, differed }) => {
            format!("It does not occur every time: {differed} of {tries} further runs show it.\n")
        }
    };
    let about = format!(
        "Found by random exploration {at}: {message}.\n{what}\n{came_again}\n\
         Linux {kernel} ({architecture}), {file_system}. Found in case {number} of seed {seed} \
         with {steps} steps on {backend}."
    );
    let about = about.replace('"', "'");
    Scenario { summary: summary.to_owned(), about, ..trial.declared(scenario) }
}
