use std::io::{self, Write};
use std::time::Duration;

use imglock_harness::handover::{Distribution, End, Handling, Handovers, Series};
use serde::Serialize;

use crate::phrase::count;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD, PLAIN, STRONG};
use crate::report::times;

/// The columns of a line: what it is about, and then the numbers.
const LABEL: usize = 36;
const CELL: usize = 10;

/// The distributions of a series.
#[derive(Debug, Serialize)]
pub struct Summary {
    handling: Handling,
    /// How long nobody held the image, where that was seen.
    held: Option<Distribution>,
    /// How long it was not locked in full, where that was seen.
    unshared: Option<Distribution>,
    /// The longest hole of the watcher in each handover.
    holes: Option<Distribution>,
    /// In how many handovers the watcher saw no gap.
    missed: usize,
    /// In how many of those with an opener it was let in.
    granted: usize,
}

impl Summary {
    /// Of these handovers.
    pub fn of(series: &Series) -> Summary {
        Summary {
            handling: series.handling,
            held: series.held(),
            unshared: series.unshared(),
            holes: series.holes(),
            missed: series.missed(),
            granted: series.granted(),
        }
    }
}

/// How long nobody held the image.
pub fn gaps(measured: &Handovers, out: &mut dyn Write) -> io::Result<()> {
    let heads = ["seen", "shortest", "median", "9 of 10", "longest"];
    heading("Nobody holds the image", &heads, out)?;
    for series in &measured.series {
        let seen = series.watched.len() - series.missed();
        let label = format!("  {}", series.handling.words());
        numbers(&label, &seen.to_string(), series.held(), out)?;
        let (unshared, holes) = (series.unshared(), series.holes());
        let seen = unshared.map_or(0, |all| all.count).to_string();
        numbers("    until all is locked again", &seen, unshared, out)?;
        write!(out, "{FAINT}")?;
        numbers("    the watcher's longest hole", "", holes, out)?;
        write!(out, "{FAINT:#}")?;
    }
    let missed: usize = measured.series.iter().map(Series::missed).sum();
    if missed > 0 {
        let missed = count(missed, "gap was", "gaps were");
        writeln!(out, "  {CAREFUL}{missed} not seen{CAREFUL:#}, for the watcher had holes.")?;
    }
    Ok(())
}

/// How an opener fared that kept trying, and the guest.
pub fn openers(measured: &Handovers, out: &mut dyn Write) -> io::Result<()> {
    let heads = ["let in", "runs", "shared", "paused", "resumed"];
    heading("An opener (mode rw) keeps trying", &heads, out)?;
    for series in &measured.series {
        let all = &series.contested;
        let ends = |end: &End| all.iter().filter(|one| one.end == *end).count();
        let resumed = all.iter().filter(|one| one.recovered == Some(true)).count();
        let (granted, shared) = (series.granted(), ends(&End::RunsShared));
        let style = |bad: bool| if bad { CAREFUL } else { PLAIN };
        write!(out, "  {:1$}", series.handling.words(), LABEL - 2)?;
        for (number, style) in [
            (granted, style(granted > 0)),
            (ends(&End::Runs), GOOD),
            (shared, style(shared > 0)),
            (ends(&End::Paused), PLAIN),
            (resumed, PLAIN),
        ] {
            write!(out, "{style}{number:>CELL$}{style:#}")?;
        }
        writeln!(out)?;
    }
    let words = [
        "let in: the opener had the image. runs: the guest went on, its image locked. shared: it",
        "went on, and openers that share writing are let in beside it. paused: it was refused its",
        "image; of these, resumed: `cont` was granted once the opener had gone.",
    ];
    for line in words {
        writeln!(out, "  {FAINT}{line}{FAINT:#}")?;
    }
    let two = measured.two_held();
    let style = if two == 0 { GOOD } else { BAD };
    writeln!(out, "\nTwo at once held the image: {style}{}{style:#}", never(two))
}

fn never(two: usize) -> String {
    match two {
        0 => "never, at the end of any handover".to_owned(),
        two => format!("at the end of {}", count(two, "handover", "handovers")),
    }
}

/// What went wrong, each thing once.
pub fn failures(measured: &Handovers) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for series in &measured.series {
        let watched = series.watched.iter().filter(|one| !one.is_as_it_must_be());
        let contested = series.contested.iter().filter(|one| !one.is_as_it_must_be());
        let ends = watched.map(|one| &one.end).chain(contested.map(|one| &one.end));
        for end in ends {
            let text = format!("{}: {}", series.handling.words(), words(end));
            if !all.contains(&text) {
                all.push(text);
            }
        }
    }
    all
}

fn words(end: &End) -> String {
    match end {
        End::Runs => "the guest runs".to_owned(),
        End::RunsShared => "the guest runs without excluding who shares".to_owned(),
        End::Paused => "the guest is paused".to_owned(),
        End::Other { status, destination, source } => {
            format!("the guest is {status}; the destination {destination}, the source {source}")
        }
        End::Failed { why } => why.clone(),
    }
}

fn heading(label: &str, heads: &[&str], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "\n{STRONG}{label:LABEL$}")?;
    for head in heads {
        write!(out, "{head:>CELL$}")?;
    }
    writeln!(out, "{STRONG:#}")
}

fn numbers(
    label: &str,
    count: &str,
    times: Option<Distribution>,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "{label:LABEL$}{count:>CELL$}")?;
    let all =
        times.map(|all| [all.shortest_us, all.spread.median_us, all.p90_us, all.spread.worst_us]);
    for us in all.into_iter().flatten() {
        write!(out, "{:>CELL$}", times::readable(Duration::from_micros(us)))?;
    }
    writeln!(out)
}
