use miette::SourceSpan;

use super::draft::Draft;
use super::head::{self, Head};
use super::{Scenario, ScenarioError, body, story};
use crate::text::{Problems, Reader};
use imglock_core::ScenarioName;

impl Scenario {
    /// Parses a scenario.
    ///
    /// `name` is its name in reports, `source_name` the name of the file in messages.
    ///
    /// # Errors
    /// All problems of `text`, each with its position.
    ///
    /// ```
    /// use imglock_scenario::Scenario;
    ///
    /// let text = r#"
    ///     summary "Two writers exclude each other"
    ///     about "Each holds `write` and does not share it."
    ///     vm1 open disk mode=rw
    ///     vm2 open disk mode=rw { expect "refused write"; }
    /// "#;
    /// let scenario = Scenario::parse("two-writers", "two-writers.kdl", text)?;
    /// assert_eq!(scenario.actors(), ["vm1", "vm2"]);
    /// # Ok::<(), imglock_scenario::ScenarioError>(())
    /// ```
    pub fn parse(
        name: impl Into<ScenarioName>,
        source_name: &str,
        text: &str,
    ) -> Result<Scenario, ScenarioError> {
        let mut reader = Reader::new(text);
        let scenario = read(name.into(), text, &mut reader);
        match scenario {
            Some(scenario) if reader.problems.is_empty() => Ok(scenario),
            _ => Err(ScenarioError::new(source_name, text, reader.problems.into_sorted())),
        }
    }
}

fn read(name: ScenarioName, text: &str, reader: &mut Reader<'_>) -> Option<Scenario> {
    let document = reader.document()?;
    let head = Head::read(document.nodes(), reader);
    let mut scope = head.scope();
    let body: Vec<kdl::KdlNode> = document
        .nodes()
        .iter()
        .filter(|node| !head::WORDS.contains(&node.name().value()))
        .cloned()
        .collect();
    let drafts = body::items(&body, &mut scope, reader);
    if countable(&drafts, text, &mut reader.problems) {
        story::check(&drafts, &head, &mut reader.problems);
    }
    Some(Scenario {
        name,
        summary: head.summary,
        about: head.about,
        backends: head.backends,
        file_systems: head.file_systems,
        hazards: head.hazards,
        images: head.images,
        items: drafts.into_iter().filter_map(Draft::into_item).collect(),
    })
}

/// Checks that there is at least one step, and not too many.
fn countable(drafts: &[Draft], text: &str, problems: &mut Problems) -> bool {
    if !any_step(drafts) {
        problems.add(
            SourceSpan::from((text.trim_end().len(), 0)),
            "no step before this point",
            "the scenario has no steps",
            "add a line `PROCESS VERB ...`, such as `vm1 open disk mode=rw`",
        );
    }
    let count = steps(drafts);
    if count > body::MOST_STEPS {
        problems.add(
            SourceSpan::from((0, 0)),
            "too many steps",
            format!("the scenario has {count} steps with all repeats written out"),
            format!("the maximum is {} steps; use fewer rounds", body::MOST_STEPS),
        );
    }
    count <= body::MOST_STEPS
}

fn any_step(drafts: &[Draft]) -> bool {
    drafts.iter().any(|draft| match draft {
        Draft::Step(_) | Draft::Broken(_) => true,
        Draft::Held(..) => false,
        Draft::Together(_, inside) | Draft::Repeat { items: inside, .. } => any_step(inside),
    })
}

/// The number of lines of the drafts, with all repeats written out.
fn steps(drafts: &[Draft]) -> u64 {
    drafts.iter().fold(0, |sum, draft| {
        let more = match draft {
            Draft::Step(_) | Draft::Broken(_) | Draft::Held(..) => 1,
            Draft::Together(_, drafts) => steps(drafts),
            Draft::Repeat { count, items, .. } => steps(items).saturating_mul(u64::from(*count)),
        };
        sum.saturating_add(more)
    })
}
