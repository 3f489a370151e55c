use std::fmt;

use kdl::KdlValue;

use super::{Block, Expectation, HeldEntry, HeldStatement, Item, Scenario, Step};
use imglock_core::{Backend, ByteRange, LockType};

const INDENT: &str = "    ";

/// Prints the text of a scenario file, which [`Scenario::parse`] can read.
///
/// ```
/// use imglock_scenario::Scenario;
///
/// let text = "summary \"One opener\"\nabout \"It is granted.\"\nvm1 open disk image=disk.img mode=rw\n";
/// let scenario = Scenario::parse("one", "one.kdl", text)?;
/// let written = scenario.to_string();
/// assert!(written.ends_with("vm1 open disk image=disk.img mode=rw\n"));
/// assert_eq!(Scenario::parse("one", "one.kdl", &written)?.images, scenario.images);
/// # Ok::<(), imglock_scenario::ScenarioError>(())
/// ```
impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "summary {}", quoted(&self.summary))?;
        about(f, &self.about)?;
        if self.backends != Backend::ALL {
            let names: Vec<&str> = self.backends.iter().map(|backend| backend.name()).collect();
            writeln!(f, "backends {}", names.join(" "))?;
        }
        if !self.file_systems.is_empty() {
            let names: Vec<&str> = self.file_systems.iter().map(|one| one.name()).collect();
            writeln!(f, "file-system {}", names.join(" "))?;
        }
        for (backend, hazards) in &self.hazards {
            for hazard in hazards {
                writeln!(f, "hazard {backend}={hazard}")?;
            }
        }
        for image in &self.images {
            writeln!(f, "image {} size={}", word(&image.name), image.size)?;
        }
        writeln!(f)?;
        self.items.iter().try_for_each(|entry| item(f, entry, &self.backends, ""))
    }
}

fn about(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if !text.contains('\n') || text.contains('"') || text.contains('\\') {
        return writeln!(f, "about {}", quoted(text));
    }
    writeln!(f, "about \"\"\"")?;
    for line in text.lines() {
        if line.is_empty() { writeln!(f)? } else { writeln!(f, "{INDENT}{line}")? }
    }
    writeln!(f, "{INDENT}\"\"\"")
}

fn item(
    f: &mut fmt::Formatter<'_>,
    item_: &Item,
    backends: &[Backend],
    indent: &str,
) -> fmt::Result {
    let deeper = format!("{indent}{INDENT}");
    match item_ {
        Item::Step(one) => step(f, one, backends, indent),
        Item::Held(statement) => held(f, statement, backends, indent),
        Item::Together(Block { steps, .. }) => {
            writeln!(f, "{indent}together {{")?;
            steps.iter().try_for_each(|one| step(f, one, backends, &deeper))?;
            writeln!(f, "{indent}}}")
        }
        Item::Repeat { count, counter, items } => {
            write!(f, "{indent}repeat {count}")?;
            if let Some(counter) = counter {
                write!(f, " as={counter}")?;
            }
            writeln!(f, " {{")?;
            items.iter().try_for_each(|inner| item(f, inner, backends, &deeper))?;
            writeln!(f, "{indent}}}")
        }
    }
}

fn step(
    f: &mut fmt::Formatter<'_>,
    step: &Step,
    backends: &[Backend],
    indent: &str,
) -> fmt::Result {
    write!(f, "{indent}{} {}", word(&step.actor), step.action)?;
    let Expectation(outcomes) = &step.expect;
    let mut different = outcomes.values().collect::<Vec<_>>();
    different.dedup();
    match different.as_slice() {
        [] => writeln!(f),
        [one] if outcomes.len() == backends.len() => {
            writeln!(f, " {{\n{indent}{INDENT}expect {}\n{indent}}}", word(&one.to_string()))
        }
        _ => {
            write!(f, " {{\n{indent}{INDENT}expect")?;
            for (backend, outcome) in outcomes {
                write!(f, " {backend}={}", word(&outcome.to_string()))?;
            }
            writeln!(f, "\n{indent}}}")
        }
    }
}

fn held(
    f: &mut fmt::Formatter<'_>,
    statement: &HeldStatement,
    backends: &[Backend],
    indent: &str,
) -> fmt::Result {
    write!(f, "{indent}held")?;
    if statement.backends != backends {
        for backend in &statement.backends {
            write!(f, " backend={backend}")?;
        }
    }
    if statement.entries.is_empty() {
        return writeln!(f);
    }
    writeln!(f, " {{")?;
    for HeldEntry { node, locks, waiting } in &statement.entries {
        writeln!(f, "{indent}{INDENT}{} {} {{", word(&node.actor), word(&node.node))?;
        let granted = locks.iter().map(|lock| ("", lock));
        for (prefix, lock) in granted.chain(waiting.iter().map(|lock| ("waiting ", lock))) {
            writeln!(f, "{indent}{INDENT}{INDENT}{prefix}{}", range(*lock))?;
        }
        writeln!(f, "{indent}{INDENT}}}")?;
    }
    writeln!(f, "{indent}}}")
}

fn range((kind, range): (LockType, ByteRange)) -> String {
    format!("{kind} {}", quoted(&range.to_string()))
}

/// Any text in quotes.
fn quoted(text: &str) -> String {
    match word(text) {
        bare if !bare.starts_with('"') => format!("\"{bare}\""),
        quoted => quoted,
    }
}

/// A text in KDL syntax, in quotes if necessary.
fn word(text: &str) -> String {
    KdlValue::from(text).to_string()
}
