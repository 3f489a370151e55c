use std::io;

use imglock_engine::{ExploreDifference, ExplorePlan, ExploreRepeat, Judge};

use crate::phrase::count;
use crate::report::page::Page;
use crate::report::palette::{BAD, CAREFUL, FAINT};

/// Writes what differs, the scenario that shows it, and how to repeat it.
pub fn write(
    difference: &ExploreDifference,
    plan: &ExplorePlan,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let ExploreDifference { case, fault, again, steps_found, steps, scenario } = difference;
    let expected = match fault.judge {
        Judge::Model => "expected by the model",
        Judge::Contract => "the contract requires",
        Judge::Scenario | Judge::Harness => "expected",
    };
    let repeated = match again {
        None => String::new(),
        Some(again) if again.is_stable() => "; reproduced every time".to_owned(),
        Some(ExploreRepeat { tries, differed }) => {
            format!("; {CAREFUL}reproduced in {differed} of {tries} more runs{CAREFUL:#}")
        }
    };
    let length = count(*steps, "step", "steps");
    let length = match steps_found == steps {
        true => ("found in", format!("{length}{repeated}")),
        false => ("shortened to", format!("{length}, found in {steps_found}{repeated}")),
    };
    writeln!(page, "\n{BAD}case {case} differs{BAD:#}: {}", fault.message)?;
    let rows = [
        ("step", fault.step.clone()),
        (expected, fault.expected.clone()),
        ("the kernel", fault.actual.clone()),
        length,
    ];
    for (label, text) in rows.iter().filter(|(_, text)| !text.is_empty()) {
        writeln!(page, "  {label:22} {text}")?;
    }
    writeln!(page)?;
    page.lines(&format!("  {FAINT}|{FAINT:#} "), scenario.lines())?;
    let ExplorePlan { backend, seed, steps, .. } = plan;
    let again =
        format!("imglock explore --backend {backend} --seed {seed} --steps {steps} --case {case}");
    let run = format!("imglock run case.kdl --backend {backend}");
    writeln!(page, "\n  again:      {again}")?;
    writeln!(page, "  as a file:  {again} --save case.kdl; {run}")
}
