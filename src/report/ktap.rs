use std::collections::BTreeMap;
use std::io::{self, Write};

use imglock_core::{PlaceName, Verdict};
use imglock_engine::{Place, PlaceFate, ScenarioResult};
use imglock_scenario::Standing;

use super::{Reporter, RunRecord, Summary, evidence, standing};

/// The Kernel Test Anything Protocol, version 1
/// (Documentation/dev-tools/ktap.rst), with the directives and totals of
/// kselftest (tools/testing/selftests/kselftest.h): a result line for each
/// scenario and backend, with the evidence before it as diagnostic lines.
///
/// Each named place is a subtest. Its lines are kept until it ends, since
/// several places may run at the same time.
#[derive(Debug, Default)]
pub struct Ktap {
    subtests: BTreeMap<PlaceName, Subtest>,
    ended: usize,
}

#[derive(Debug, Default)]
struct Subtest {
    results: usize,
    is_bad: bool,
    text: Vec<u8>,
}

impl Reporter for Ktap {
    fn begin(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "KTAP version 1")?;
        if let Some(warning) = record.warning() {
            writeln!(out, "# {warning}")?;
        }
        let places = record.tour.has_named_places();
        writeln!(
            out,
            "1..{}",
            if places { record.tour.planned_places.len() } else { record.tour.expected() }
        )
    }

    fn ended(
        &mut self,
        record: &RunRecord,
        result: &ScenarioResult,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let subtest = self.subtests.entry(result.place.clone()).or_default();
        subtest.results += 1;
        subtest.is_bad |= result.standing().is_news();
        let text = &mut subtest.text;
        if result.standing().is_news() {
            for line in evidence::plain(record, result).lines() {
                writeln!(text, "{}", format!("# {line}").trim_end())?;
            }
        }
        writeln!(text, "{}", line(result, subtest.results))?;
        if !record.tour.has_named_places() {
            out.write_all(text)?;
            text.clear();
        }
        out.flush()
    }

    fn left(&mut self, record: &RunRecord, place: &Place, out: &mut dyn Write) -> io::Result<()> {
        if !record.tour.has_named_places() {
            return Ok(());
        }
        let Subtest { is_bad, text, results } =
            self.subtests.remove(&place.name).unwrap_or_default();
        if results > 0 {
            writeln!(out, "  KTAP version 1\n  # Subtest: {}", place.name)?;
            let planned =
                if place.is_lost() { results } else { record.tour.planned_at(&place.name) };
            writeln!(out, "  1..{planned}")?;
            for line in String::from_utf8_lossy(&text).lines() {
                writeln!(out, "  {line}")?;
            }
            writeln!(out, "  {}", totals(record.tour.results_at(&place.name)))?;
        }
        self.ended += 1;
        let (number, name) = (self.ended, &place.name);
        let skip = match &place.fate {
            PlaceFate::Skipped { why } => format!(" # SKIP {why}"),
            PlaceFate::Reached => String::new(),
            PlaceFate::Lost { why, console } => {
                writeln!(out, "# {why}")?;
                console.iter().try_for_each(|line| writeln!(out, "# > {line}"))?;
                String::new()
            }
        };
        let ok = if is_bad || place.is_lost() { "not ok" } else { "ok" };
        writeln!(out, "{ok} {number} {name}{skip}")?;
        out.flush()
    }

    fn finish(&mut self, record: &RunRecord, out: &mut dyn Write) -> io::Result<()> {
        if !record.tour.has_named_places() && record.tour.is_complete() {
            writeln!(out, "{}", totals(record.tour.results.iter()))?;
        }
        if !record.tour.is_complete() {
            let (ran, expected) = (record.tour.results.len(), record.tour.expected());
            writeln!(out, "# ended early: {ran} of {expected} ran")?;
        }
        Ok(())
    }
}

fn line(result: &ScenarioResult, number: usize) -> String {
    // `#` begins the directive, so a name must not contain it.
    let (name, locks) = (result.scenario.as_str().replace('#', "_"), standing::locks(result));
    let ok = if result.standing().is_news() { "not ok" } else { "ok" };
    let known = standing::known(result);
    let directive = match (result.standing(), result.verdict) {
        (Standing::Skipped, _) => format!(" # SKIP {}", result.reason),
        (Standing::Known, _) => format!(" # XFAIL {known}"),
        (Standing::Surprise, Verdict::Passed) => format!(" # XPASS known to fail: {known}"),
        (_, Verdict::TimedOut) => " # TIMEOUT".to_owned(),
        _ => String::new(),
    };
    format!("{ok} {number} {name} {locks}{directive}")
}

/// The totals in the format of kselftest's `ksft_print_cnts`.
fn totals<'r>(results: impl Iterator<Item = &'r ScenarioResult>) -> String {
    let Summary { passed, failed, timed_out, skipped, known, surprises, .. } = Summary::of(results);
    let bad = failed + timed_out;
    format!(
        "# Totals: pass:{passed} fail:{bad} xfail:{known} xpass:{surprises} skip:{skipped} error:0"
    )
}
