use std::io::{self, Write};

use imglock_harness::run::{ScenarioResult, Verdict};

use super::{Reporter, RunRecord, course, evidence};

/// The Kernel Test Anything Protocol, version 1
/// (Documentation/dev-tools/ktap.rst): a result line for each scenario and
/// backend, with the evidence before it as diagnostic lines.
pub struct Ktap;

impl Reporter for Ktap {
    fn begin(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "KTAP version 1")?;
        if let Some(warning) = record.warning() {
            writeln!(out, "# {warning}")?;
        }
        writeln!(out, "1..{}", record.planned.len())
    }

    fn ended(
        &mut self,
        record: &RunRecord,
        result: &ScenarioResult,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if matches!(result.verdict, Verdict::Failed | Verdict::TimedOut) {
            for line in evidence::plain(record, result).lines() {
                writeln!(out, "{}", format!("# {line}").trim_end())?;
            }
        }
        let number = record.results.len();
        // `#` parts the description from the directive.
        let name = result.scenario.replace('#', "_");
        let words = match result.verdict {
            Verdict::Passed | Verdict::Skipped => "ok",
            Verdict::Failed | Verdict::TimedOut => "not ok",
        };
        let directive = match result.verdict {
            Verdict::Passed | Verdict::Failed => String::new(),
            Verdict::Skipped => format!(" # SKIP {}", result.reason),
            Verdict::TimedOut => " # TIMEOUT".to_owned(),
        };
        writeln!(out, "{words} {number} {name} {}{directive}", course::on(result))?;
        out.flush()
    }

    fn finish(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
        if record.is_complete() {
            return Ok(());
        }
        writeln!(out, "# ended early: {} of {} ran", record.results.len(), record.planned.len())
    }
}
