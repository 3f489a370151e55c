//! The quality of locks on a file system, as a table and in words.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use anstyle::Style;
use imglock_core::Backend;
use imglock_engine::{
    Environment, Probe, ProbeAdvice, ProbeAnswer, ProbeDelays, ProbeEvidence, ProbeMeasurement,
    ProbeStanding, ProbeTheme, ProbeTiming, ProbeTrial, ReleaseDelay, TimeSpread, probe_meaning,
};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::json::pretty;
use super::palette::{BAD, CAREFUL, FAINT, GOOD, PLAIN, STRONG};
use super::times;
use super::wrap::wrapped;

/// The columns of a line: its label, then one for each backend.
const LABEL: usize = 44;
const CELL: usize = 18;
const WIDTH: usize = LABEL + 2 * CELL;

/// The version of the document. It rises with a change that could break a reader.
const SCHEMA: u32 = 2;

/// One directory: its file system, the table, the gaps in it, consequences,
/// and the evidence of broken properties.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(probe: &Probe, timeout: Duration, out: &mut dyn Write) -> io::Result<()> {
    place(probe, out)?;
    let [ofd, posix] = Backend::ALL.map(Backend::name);
    writeln!(out, "\n{:LABEL$}{STRONG}{ofd:CELL$}{posix}{STRONG:#}", "")?;
    for theme in ProbeTheme::ALL {
        writeln!(out, "{STRONG}{}{STRONG:#}", theme.heading())?;
        for measured in probe.properties.iter().filter(|m| m.property.theme() == theme) {
            line(measured.property.words(), Backend::ALL.map(|b| answer(measured, b)), out)?;
        }
    }
    releases(probe, timeout, out)?;
    untried(probe, out)?;
    writeln!(out, "\n{STRONG}Consequences for QEMU{STRONG:#}")?;
    for advice in probe_meaning(probe) {
        paragraph(&format!("- {}", advice.sentences()), out)?;
    }
    evidence(probe, out)
}

fn place(probe: &Probe, out: &mut dyn Write) -> io::Result<()> {
    let Environment { kernel, architecture, file_system, mount_options, .. } = &probe.environment;
    writeln!(out, "{STRONG}{}{STRONG:#}", probe.path.display())?;
    let file_system = if file_system.is_empty() { "unknown file system" } else { file_system };
    let about = format!("{file_system} on Linux {kernel} ({architecture})");
    writeln!(out, "  {about}")?;
    let options = mount_options.join(", ");
    for line in wrapped(&options, WIDTH - 2, "") {
        writeln!(out, "  {FAINT}{line}{FAINT:#}")?;
    }
    let style = if probe.reach.is_whole() { FAINT } else { CAREFUL };
    let reach = format!("{style}Reach{style:#}: {}.", probe.reach.meaning());
    wrapped(&reach, WIDTH - 2, "").iter().try_for_each(|line| writeln!(out, "  {line}"))
}

fn line(label: &str, cells: [(Style, String); 2], out: &mut dyn Write) -> io::Result<()> {
    let pad = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()).max(1));
    let [(left, ofd), (right, posix)] = cells;
    let (before, between) = (pad(label, LABEL - 2), pad(&ofd, CELL));
    writeln!(out, "  {label}{before}{left}{ofd}{left:#}{between}{right}{posix}{right:#}")
}

fn answer(measured: &ProbeMeasurement, backend: Backend) -> (Style, String) {
    let ProbeTrial { answer, standing, .. } = measured.on(backend);
    match (standing, answer) {
        (ProbeStanding::Holds, ProbeAnswer::No) => (CAREFUL, "no, by rule".to_owned()),
        (ProbeStanding::Holds, answer) => (GOOD, answer.to_string()),
        (ProbeStanding::Broken, answer) => (BAD, answer.to_string()),
        (ProbeStanding::NotTried, answer) => (FAINT, answer.to_string()),
    }
}

type Series = fn(&ProbeDelays) -> TimeSpread;

fn releases(probe: &Probe, timeout: Duration, out: &mut dyn Write) -> io::Result<()> {
    let rounds = probe.releases.iter().filter_map(|release| match release.timing {
        ProbeTiming::Measured(delays) => Some(delays.rounds),
        _ => None,
    });
    let times = match rounds.max() {
        Some(1) => "  one round".to_owned(),
        Some(rounds) => format!("  {rounds} rounds, median and worst"),
        None => String::new(),
    };
    writeln!(out, "{STRONG}Time until a lock is released{STRONG:#}{FAINT}{times}{FAINT:#}")?;
    let lines: [(&str, bool, Series); 4] = [
        ("after the SIGKILL", false, |delays| delays.from_kill),
        ("after the process has exited", false, |delays| delays.after_exit),
        ("after the SIGKILL, with io_uring", true, |delays| delays.from_kill),
        ("after the exit, with io_uring", true, |delays| delays.after_exit),
    ];
    for (label, uring, series) in lines {
        let cell = |backend: Backend| {
            let found = |r: &&ReleaseDelay| r.backend == backend && r.uring == uring;
            match probe.releases.iter().find(found).map(|release| &release.timing) {
                Some(ProbeTiming::Measured(delays)) => {
                    (PLAIN, spread(series(delays), delays.rounds))
                }
                Some(ProbeTiming::NotReleased) => (BAD, format!("not within {timeout:?}")),
                Some(ProbeTiming::NotTried { .. }) | None => (FAINT, "not tried".to_owned()),
            }
        };
        line(label, Backend::ALL.map(cell), out)?;
    }
    Ok(())
}

fn spread(spread: TimeSpread, rounds: usize) -> String {
    let [median, worst] =
        [spread.median_us, spread.worst_us].map(|us| times::readable(Duration::from_micros(us)));
    match (spread.worst_us, rounds) {
        (0, _) => "at once".to_owned(),
        (_, 1) => worst,
        _ => format!("{median}, {worst}"),
    }
}

/// The reasons for gaps in the table, each once.
fn untried(probe: &Probe, out: &mut dyn Write) -> io::Result<()> {
    let answers = probe.properties.iter().flat_map(|m| Backend::ALL.map(|b| &m.on(b).answer));
    let answers = answers.filter_map(|answer| match answer {
        ProbeAnswer::NotTried { why } => Some(("not tried", why)),
        ProbeAnswer::NoAnswer { why } => Some(("no answer", why)),
        _ => None,
    });
    let releases = probe.releases.iter().filter_map(|release| match &release.timing {
        ProbeTiming::NotTried { why } => Some(("not tried", why)),
        _ => None,
    });
    let mut written = BTreeSet::new();
    for (answer, why) in answers.chain(releases) {
        if written.insert((answer, why)) {
            write!(out, "{}", if written.len() == 1 { "\n" } else { "" })?;
            paragraph(&format!("{answer}: {why}"), out)?;
        }
    }
    Ok(())
}

fn paragraph(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let lines = wrapped(text, WIDTH - 2, "  ");
    lines.iter().try_for_each(|line| writeln!(out, "  {line}"))
}

/// The steps that show each broken property.
fn evidence(probe: &Probe, out: &mut dyn Write) -> io::Result<()> {
    for measured in &probe.properties {
        let (theme, words) = (measured.property.theme().heading(), measured.property.words());
        for backend in Backend::ALL {
            let ProbeTrial { answer, standing, evidence } = measured.on(backend);
            if *standing == ProbeStanding::Broken && !evidence.is_empty() {
                let name = format!("{STRONG}{theme} {words}{STRONG:#} ({backend})");
                writeln!(out, "\n{name}: {BAD}{answer}{BAD:#}")?;
                steps(evidence, out)?;
            }
        }
    }
    Ok(())
}

fn steps(evidence: &[ProbeEvidence], out: &mut dyn Write) -> io::Result<()> {
    let width = evidence.iter().map(|evidence| evidence.step.width()).max().unwrap_or(0);
    for ProbeEvidence { step, outcome, expected } in evidence {
        let (style, must) = match expected {
            Some(expected) if expected != outcome => (BAD, format!(", expected {expected}")),
            _ => (PLAIN, String::new()),
        };
        let pad = " ".repeat(width - step.width());
        writeln!(out, "  {step}{pad}  {style}{outcome}{style:#}{must}")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    probes: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    /// Whether every property that could be tried holds.
    holds: bool,
    #[serde(flatten)]
    probe: &'a Probe,
    meaning: Vec<Said>,
}

#[derive(Serialize)]
struct Said {
    #[serde(flatten)]
    advice: ProbeAdvice,
    text: String,
}

/// One JSON document for all directories.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(probes: &[Probe], out: &mut dyn Write) -> io::Result<()> {
    let said = |advice: ProbeAdvice| Said { text: advice.sentences(), advice };
    let entry = |probe| Entry {
        holds: Probe::holds(probe),
        probe,
        meaning: probe_meaning(probe).into_iter().map(said).collect(),
    };
    pretty(&Document { schema: SCHEMA, probes: probes.iter().map(entry).collect() }, out)
}

#[cfg(test)]
mod tests;
