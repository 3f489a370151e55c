use std::io::{self, Write};

use imglock_harness::lock::Backend;
use imglock_harness::run::{ScenarioResult, Verdict};
use imglock_harness::subject::Builtin;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{RunRecord, evidence};

/// Writes the results as JUnit XML: a suite for each backend.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new("imglock");
    report.set_time(record.elapsed);
    for backend in Backend::ALL {
        let mut cases = record.results.iter().filter(|result| result.backend == backend).peekable();
        if cases.peek().is_none() {
            continue;
        }
        let mut suite = TestSuite::new(backend.name());
        let environment = &record.environment;
        suite.add_property(("kernel", environment.kernel.as_str()));
        suite.add_property(("architecture", environment.architecture.as_str()));
        suite.add_property(("file_system", environment.file_system.as_str()));
        suite.add_property(("mount_options", environment.mount_options.join(",").as_str()));
        suite.add_property(("imglock", environment.imglock.as_str()));
        for binary in &environment.qemu {
            suite.add_property((binary.program.file_name(), binary.version.to_string()));
        }
        if let Some(fault) = environment.planted {
            suite.add_property(("planted", fault.name()));
        }
        suite.add_test_cases(cases.map(|result| case(record, result)));
        report.add_test_suite(suite);
    }
    report.serialize(&mut *out).map_err(io::Error::other)
}

fn case(record: &RunRecord, result: &ScenarioResult) -> TestCase {
    let status = match result.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(&*result.reason);
            status
        }
        Verdict::Failed | Verdict::TimedOut => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(&*result.reason);
            status.set_type(result.verdict.name());
            status.set_description(evidence::plain(record, result));
            status
        }
    };
    let mut case = TestCase::new(&*result.scenario, status);
    case.set_classname(match result.subject.as_str() {
        Builtin::NAME => format!("imglock.{}", result.backend),
        subject => format!("imglock.{}.{subject}", result.backend),
    });
    case.set_time(result.duration);
    case
}
