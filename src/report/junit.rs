use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

use imglock_core::Backend;
use imglock_engine::{Builtin, Place, PlaceFate, ScenarioResult};
use imglock_scenario::Standing;
use maud::{Markup, PreEscaped, html};

use super::{RunRecord, evidence, standing};

/// Writes the results as JUnit XML: a suite for each place and backend.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
    let mut suites = Vec::new();
    for place in &record.tour.places {
        suites.extend(Backend::ALL.into_iter().filter_map(|backend| suite(record, place, backend)));
        suites.extend(arrival(place));
    }
    let count = |counted| suites.iter().map(|suite| suite.count(counted)).sum::<usize>();
    let tests: usize = suites.iter().map(|suite| suite.cases.len()).sum();
    let report = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        testsuites name="imglock" tests=(tests) skipped=(count(SKIPPED)) failures=(count(FAILURE))
            errors=(count(ERROR)) time=(seconds(record.elapsed)) {
            @for suite in &suites { "\n    " (suite.markup()) }
            "\n"
        }
        "\n"
    };
    out.write_all(closed(report.into_string()).as_bytes())
}

/// One `<testsuite>`.
struct Suite<'a> {
    name: Cow<'a, str>,
    properties: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    cases: Vec<Case<'a>>,
}

/// One `<testcase>`.
struct Case<'a> {
    name: &'a str,
    class: Cow<'a, str>,
    took: Option<Duration>,
    outcome: Option<Outcome>,
}

/// The element in a `<testcase>` of a test that did not pass.
struct Outcome {
    tag: &'static str,
    message: String,
    kind: Option<&'static str>,
    text: Option<String>,
}

const SKIPPED: &str = "skipped";
const FAILURE: &str = "failure";
const ERROR: &str = "error";

impl Suite<'_> {
    /// The number of cases with such an outcome.
    fn count(&self, tag: &str) -> usize {
        let outcomes = self.cases.iter().filter_map(|case| case.outcome.as_ref());
        outcomes.filter(|outcome| outcome.tag == tag).count()
    }

    fn markup(&self) -> Markup {
        html! {
            testsuite name=(clean(&self.name)) tests=(self.cases.len())
                skipped=(self.count(SKIPPED)) errors=(self.count(ERROR))
                failures=(self.count(FAILURE)) {
                @if !self.properties.is_empty() {
                    "\n        " properties {
                        @for (name, value) in &self.properties {
                            "\n            " property name=(clean(name)) value=(clean(value)) {}
                        }
                        "\n        "
                    }
                }
                @for case in &self.cases { "\n        " (case.markup()) }
                "\n    "
            }
        }
    }
}

impl Case<'_> {
    fn markup(&self) -> Markup {
        html! {
            testcase name=(clean(self.name)) classname=(clean(&self.class))
                time=[self.took.map(seconds)] {
                @if let Some(outcome) = &self.outcome {
                    "\n            " (outcome.markup()) "\n        "
                }
            }
        }
    }
}

impl Outcome {
    fn skipped(why: String) -> Outcome {
        Outcome { tag: SKIPPED, message: why, kind: None, text: None }
    }

    fn markup(&self) -> Markup {
        let (message, text) = (clean(&self.message), self.text.as_deref().map(clean));
        html! {
            @match self.tag {
                SKIPPED => { skipped message=(message) {} }
                FAILURE => { failure message=(message) type=[self.kind] { (text.unwrap_or_default()) } }
                _ => { error message=(message) type=[self.kind] { (text.unwrap_or_default()) } }
            }
        }
    }
}

/// Writes empty elements in the short form. A text cannot be meant, since a `>`
/// in it is escaped.
fn closed(xml: String) -> String {
    let empty = ["property", "testcase", "skipped"].map(|tag| format!("></{tag}>"));
    empty.iter().fold(xml, |xml, end| xml.replace(end, "/>"))
}

/// A time as JUnit has it, in seconds.
fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// The text without colours, and without characters that XML 1.0 does not allow.
fn clean(text: &str) -> String {
    let allowed = |c: &char| match *c {
        '\t' | '\n' | '\r' => true,
        c => c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'),
    };
    anstream::adapter::strip_str(text).to_string().chars().filter(allowed).collect()
}

/// The runs at a place with a backend; `None` without any.
fn suite<'a>(record: &'a RunRecord, place: &'a Place, backend: Backend) -> Option<Suite<'a>> {
    let mut cases =
        record.tour.results_at(&place.name).filter(|result| result.backend == backend).peekable();
    cases.peek()?;
    let name = match place.name.to_string().as_str() {
        "" => Cow::from(backend.name()),
        name => Cow::from(format!("{name} {backend}")),
    };
    let environment = &place.environment;
    let mut properties: Vec<(Cow<'_, str>, Cow<'_, str>)> = vec![
        ("kernel".into(), environment.kernel.as_str().into()),
        ("architecture".into(), environment.architecture.as_str().into()),
        ("file_system".into(), environment.file_system.as_str().into()),
        ("mount_options".into(), environment.mount_options.join(",").into()),
        ("imglock".into(), environment.imglock.as_str().into()),
    ];
    properties.extend(environment.blind_spot().map(|sentence| ("locks".into(), sentence.into())));
    let qemu = environment.qemu.iter();
    properties
        .extend(qemu.map(|binary| (binary.file_name().into(), binary.version.as_str().into())));
    properties.extend(environment.planted.map(|fault| ("planted".into(), fault.name().into())));
    Some(Suite { name, properties, cases: cases.map(|result| case(record, result)).collect() })
}

/// A place that was not reached, or lost, as a case of its own.
fn arrival(place: &Place) -> Option<Suite<'_>> {
    let outcome = match &place.fate {
        PlaceFate::Reached => return None,
        PlaceFate::Skipped { why } => Outcome::skipped(why.to_string()),
        PlaceFate::Lost { why, console } => Outcome {
            tag: ERROR,
            message: why.to_string(),
            kind: None,
            text: Some(console.join("\n")),
        },
    };
    let case =
        Case { name: "arrival", class: "imglock.place".into(), took: None, outcome: Some(outcome) };
    Some(Suite { name: place.name.to_string().into(), properties: Vec::new(), cases: vec![case] })
}

fn case<'a>(record: &RunRecord, result: &'a ScenarioResult) -> Case<'a> {
    let outcome = match result.standing() {
        Standing::Passed => None,
        Standing::Skipped => Some(Outcome::skipped(result.reason.clone())),
        // JUnit has no status for a known failure, which must not look like a new one.
        Standing::Known => {
            Some(Outcome::skipped(format!("known to fail: {}", standing::known(result))))
        }
        Standing::Bad | Standing::Surprise => Some(Outcome {
            tag: FAILURE,
            message: standing::reason(result).to_string(),
            kind: Some(result.verdict.name()),
            text: Some(evidence::plain(record, result)),
        }),
    };
    Case {
        name: result.scenario.as_str(),
        class: match result.subject.as_str() {
            Builtin::NAME => format!("imglock.{}", result.backend).into(),
            subject => format!("imglock.{}.{subject}", result.backend).into(),
        },
        took: Some(result.duration),
        outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::colours("\u{1b}[31mBUG\u{1b}[0m: here", "BUG: here")]
    #[case::control_characters("a\u{0}b\u{8}c\u{ffff}", "abc")]
    #[case::white_space("a\tb\nc", "a\tb\nc")]
    #[case::markup("<&\"", "<&\"")]
    fn a_text_is_cleaned_for_xml(#[case] text: &str, #[case] cleaned: &str) {
        assert_eq!(clean(text), cleaned);
    }
}
