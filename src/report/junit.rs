use std::io::{self, Write};

use imglock_core::Backend;
use imglock_engine::{Builtin, Place, PlaceFate, ScenarioResult};
use imglock_scenario::Standing;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{RunRecord, evidence, standing};

/// Writes the results as JUnit XML: a suite for each place and backend.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new("imglock");
    report.set_time(record.elapsed);
    for place in &record.tour.places {
        for backend in Backend::ALL {
            report.add_test_suites(suite(record, place, backend));
        }
        report.add_test_suites(arrival(place));
    }
    report.serialize(&mut *out).map_err(io::Error::other)
}

/// The runs at a place with a backend; `None` without any.
fn suite(record: &RunRecord, place: &Place, backend: Backend) -> Option<TestSuite> {
    let mut cases =
        record.tour.results_at(&place.name).filter(|result| result.backend == backend).peekable();
    cases.peek()?;
    let mut suite = TestSuite::new(match place.name.to_string().as_str() {
        "" => backend.name().to_owned(),
        name => format!("{name} {backend}"),
    });
    let environment = &place.environment;
    suite.add_property(("kernel", environment.kernel.as_str()));
    suite.add_property(("architecture", environment.architecture.as_str()));
    suite.add_property(("file_system", environment.file_system.as_str()));
    suite.add_property(("mount_options", environment.mount_options.join(",").as_str()));
    suite.add_property(("imglock", environment.imglock.as_str()));
    if let Some(sentence) = environment.blind_spot() {
        suite.add_property(("locks", sentence));
    }
    for binary in &environment.qemu {
        suite.add_property((binary.file_name(), binary.version.clone()));
    }
    if let Some(fault) = environment.planted {
        suite.add_property(("planted", fault.name()));
    }
    suite.add_test_cases(cases.map(|result| case(record, result)));
    Some(suite)
}

/// A place that was not reached, or lost, as a case of its own.
fn arrival(place: &Place) -> Option<TestSuite> {
    let status = match &place.fate {
        PlaceFate::Reached => return None,
        PlaceFate::Skipped { why } => skipped(why),
        PlaceFate::Lost { why, console } => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(&**why).set_description(console.join("\n"));
            status
        }
    };
    let mut suite = TestSuite::new(place.name.to_string());
    let mut case = TestCase::new("arrival", status);
    case.set_classname("imglock.place");
    suite.add_test_case(case);
    Some(suite)
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}

fn case(record: &RunRecord, result: &ScenarioResult) -> TestCase {
    let status = match result.standing() {
        Standing::Passed => TestCaseStatus::success(),
        Standing::Skipped => skipped(&result.reason),
        // JUnit has no status for a known failure, which must not look like a new one.
        Standing::Known => skipped(&format!("known to fail: {}", standing::known(result))),
        Standing::Bad | Standing::Surprise => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(standing::reason(result)).set_type(result.verdict.name());
            status.set_description(evidence::plain(record, result));
            status
        }
    };
    let mut case = TestCase::new(result.scenario.as_str(), status);
    case.set_classname(match result.subject.as_str() {
        Builtin::NAME => format!("imglock.{}", result.backend),
        subject => format!("imglock.{}.{subject}", result.backend),
    });
    case.set_time(result.duration);
    case
}
