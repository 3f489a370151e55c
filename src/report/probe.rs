//! What locking is worth on a file system, as a table and in words.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::Style;
use imglock_harness::lock::Backend;
use imglock_harness::probe::{
    Advice, Answer, Delays, Evidence, Measured, Probe, Property, Release, Spread, Standing, Theme,
    Timing, Trial, meaning,
};
use imglock_harness::run::Environment;
use serde::Serialize;
use textwrap::{WordSeparator, WordSplitter};
use unicode_width::UnicodeWidthStr;

use super::palette::{BAD, CAREFUL, FAINT, GOOD, PLAIN, STRONG};
use super::times;

/// The columns of a line: what it is about, then one for each backend.
const LABEL: usize = 44;
const CELL: usize = 18;
const WIDTH: usize = LABEL + 2 * CELL;

/// The version of the document; it rises when a reader could be broken.
const SCHEMA: u32 = 1;

/// One directory: where, the table, what was not tried, what it means, and the
/// evidence of what is not as it must be.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(probe: &Probe, timeout: Duration, out: &mut dyn Write) -> io::Result<()> {
    place(probe, out)?;
    let [ofd, posix] = Backend::ALL.map(Backend::name);
    writeln!(out, "\n{:LABEL$}{STRONG}{ofd:CELL$}{posix}{STRONG:#}", "")?;
    for theme in Theme::ALL {
        writeln!(out, "{STRONG}{}{STRONG:#}", theme.heading())?;
        for measured in probe.properties.iter().filter(|m| m.property.theme() == theme) {
            line(measured.property.words(), Backend::ALL.map(|b| answer(measured, b)), out)?;
        }
    }
    releases(probe, timeout, out)?;
    untried(probe, out)?;
    writeln!(out, "\n{STRONG}What it means for QEMU{STRONG:#}")?;
    for advice in meaning(probe) {
        paragraph(&advice.sentences(), "- ", out)?;
    }
    evidence(probe, out)
}

fn place(probe: &Probe, out: &mut dyn Write) -> io::Result<()> {
    let Environment { kernel, architecture, file_system, mount_options, .. } = &probe.environment;
    writeln!(out, "{STRONG}{}{STRONG:#}", probe.directory.display())?;
    let file_system = if file_system.is_empty() { "unknown file system" } else { file_system };
    let about = format!("{file_system} on Linux {kernel} ({architecture})");
    writeln!(out, "  {about}")?;
    let options = mount_options.join(", ");
    for line in textwrap::wrap(&options, WIDTH - 2) {
        writeln!(out, "  {FAINT}{line}{FAINT:#}")?;
    }
    Ok(())
}

fn line(label: &str, cells: [(Style, String); 2], out: &mut dyn Write) -> io::Result<()> {
    let pad = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()).max(1));
    let [(left, ofd), (right, posix)] = cells;
    let (before, between) = (pad(label, LABEL - 2), pad(&ofd, CELL));
    writeln!(out, "  {label}{before}{left}{ofd}{left:#}{between}{right}{posix}{right:#}")
}

fn answer(measured: &Measured, backend: Backend) -> (Style, String) {
    let Trial { answer, standing, .. } = measured.on(backend);
    match (standing, answer) {
        (Standing::Holds, Answer::No) => (CAREFUL, "no, by rule".to_owned()),
        (Standing::Holds, answer) => (GOOD, answer.to_string()),
        (Standing::Broken, answer) => (BAD, answer.to_string()),
        (Standing::NotTried, answer) => (FAINT, answer.to_string()),
    }
}

type Series = fn(&Delays) -> Spread;

fn releases(probe: &Probe, timeout: Duration, out: &mut dyn Write) -> io::Result<()> {
    let rounds = probe.releases.iter().filter_map(|release| match release.timing {
        Timing::Measured(delays) => Some(delays.rounds),
        _ => None,
    });
    let times = match rounds.max() {
        Some(1) => "  one round".to_owned(),
        Some(rounds) => format!("  {rounds} rounds, median and worst"),
        None => String::new(),
    };
    writeln!(out, "{STRONG}Killed, it is gone{STRONG:#}{FAINT}{times}{FAINT:#}")?;
    let lines: [(&str, bool, Series); 4] = [
        ("after the SIGKILL", false, |delays| delays.from_kill),
        ("after the death of its process", false, |delays| delays.after_exit),
        ("after the SIGKILL, with io_uring", true, |delays| delays.from_kill),
        ("after the death, with io_uring", true, |delays| delays.after_exit),
    ];
    for (label, uring, series) in lines {
        let cell = |backend: Backend| {
            let found = |r: &&Release| r.backend == backend && r.uring == uring;
            match probe.releases.iter().find(found).map(|release| &release.timing) {
                Some(Timing::Measured(delays)) => (PLAIN, spread(series(delays), delays.rounds)),
                Some(Timing::NotReleased) => (BAD, format!("not in {timeout:?}")),
                Some(Timing::NotTried { .. }) | None => (FAINT, "not tried".to_owned()),
            }
        };
        line(label, Backend::ALL.map(cell), out)?;
    }
    Ok(())
}

fn spread(spread: Spread, rounds: usize) -> String {
    let [median, worst] =
        [spread.median_us, spread.worst_us].map(|us| times::readable(Duration::from_micros(us)));
    match (spread.worst_us, rounds) {
        (0, _) => "at once".to_owned(),
        (_, 1) => worst,
        _ => format!("{median}, {worst}"),
    }
}

/// Why there are gaps in the table; the same reason only once.
fn untried(probe: &Probe, out: &mut dyn Write) -> io::Result<()> {
    let mut reasons: Vec<(&str, &str)> = Vec::new();
    for measured in &probe.properties {
        for backend in Backend::ALL {
            match &measured.on(backend).answer {
                Answer::NotTried { why } => reasons.push(("not tried", why)),
                Answer::NoAnswer { why } => reasons.push(("no answer", why)),
                _ => {}
            }
        }
    }
    for release in &probe.releases {
        if let Timing::NotTried { why } = &release.timing {
            reasons.push(("not tried", why));
        }
    }
    let mut said = Vec::new();
    for reason in reasons {
        if !said.contains(&reason) {
            if said.is_empty() {
                writeln!(out)?;
            }
            paragraph(&format!("{}: {}", reason.0, reason.1), "", out)?;
            said.push(reason);
        }
    }
    Ok(())
}

fn paragraph(text: &str, bullet: &str, out: &mut dyn Write) -> io::Result<()> {
    let options = textwrap::Options::new(WIDTH)
        .initial_indent("  ")
        .subsequent_indent("    ")
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    for line in textwrap::wrap(&format!("{bullet}{text}"), options) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Step by step, how each property was seen to be broken.
fn evidence(probe: &Probe, out: &mut dyn Write) -> io::Result<()> {
    for measured in &probe.properties {
        for backend in Backend::ALL {
            let Trial { answer, standing, evidence } = measured.on(backend);
            if *standing != Standing::Broken || evidence.is_empty() {
                continue;
            }
            let (theme, words) = heading(measured.property);
            writeln!(out, "\n{STRONG}{theme} {words}{STRONG:#} ({backend}): {BAD}{answer}{BAD:#}")?;
            steps(evidence, out)?;
        }
    }
    Ok(())
}

fn heading(property: Property) -> (&'static str, &'static str) {
    (property.theme().heading(), property.words())
}

fn steps(evidence: &[Evidence], out: &mut dyn Write) -> io::Result<()> {
    let width = evidence.iter().map(|evidence| evidence.step.width()).max().unwrap_or(0);
    for Evidence { step, outcome, expected } in evidence {
        let (style, must) = match expected {
            Some(expected) if expected != outcome => (BAD, format!(", must be {expected}")),
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
    /// Whether everything that could be tried is as it must be.
    holds: bool,
    #[serde(flatten)]
    probe: &'a Probe,
    meaning: Vec<Said>,
}

#[derive(Serialize)]
struct Said {
    #[serde(flatten)]
    advice: Advice,
    text: String,
}

/// One JSON document with every directory in it.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(probes: &[Probe], out: &mut dyn Write) -> io::Result<()> {
    let said = |advice: Advice| Said { text: advice.sentences(), advice };
    let entry = |probe| Entry {
        holds: Probe::holds(probe),
        probe,
        meaning: meaning(probe).into_iter().map(said).collect(),
    };
    let document = Document { schema: SCHEMA, probes: probes.iter().map(entry).collect() };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
