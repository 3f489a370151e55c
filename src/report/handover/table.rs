use std::io;
use std::time::Duration;

use imglock_qemu::{Distribution, HandoverEnd, HandoverSeries, Handovers};

use crate::phrase::count;
use crate::report::columns::Columns;
use crate::report::page::Page;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD, PLAIN};
use crate::report::times;

const COLUMNS: Columns = Columns { label: 36, cell: 10 };

/// Writes how long the image had no holder.
pub fn gaps(measured: &Handovers, page: &mut Page<'_>) -> io::Result<()> {
    let heads = ["seen", "shortest", "median", "9 of 10", "longest"];
    writeln!(page)?;
    COLUMNS.head("The image has no holder", &heads, page)?;
    for series in &measured.series {
        let seen = series.watched.len() - series.missed();
        let unshared = series.unshared();
        let words = series.handling.words();
        numbers(&format!("  {words}"), seen.to_string(), series.held(), page)?;
        let seen = unshared.map_or(0, |all| all.count).to_string();
        numbers("    until all bytes are locked again", seen, unshared, page)?;
        write!(page, "{FAINT}")?;
        numbers("    the watcher did not look for", String::new(), series.holes(), page)?;
        write!(page, "{FAINT:#}")?;
    }
    match measured.series.iter().map(HandoverSeries::missed).sum() {
        0 => Ok(()),
        missed => {
            let missed = count(missed, "gap was", "gaps were");
            writeln!(
                page,
                "  {CAREFUL}{missed} not seen{CAREFUL:#}: the watcher did not look then."
            )
        }
    }
}

/// Writes how often an opener that retries was granted the image, and how the guest went on.
pub fn openers(measured: &Handovers, page: &mut Page<'_>) -> io::Result<()> {
    writeln!(page)?;
    let heads = ["granted", "runs", "shared", "paused", "resumed"];
    COLUMNS.head("An opener (mode rw) retries", &heads, page)?;
    for series in &measured.series {
        let all = &series.contested;
        let ends = |end: &HandoverEnd| all.iter().filter(|one| one.end == *end).count();
        let resumed = all.iter().filter(|one| one.recovered == Some(true)).count();
        let careful = |number: usize| (if number > 0 { CAREFUL } else { PLAIN }, number);
        let cells = [
            careful(series.granted()),
            (GOOD, ends(&HandoverEnd::Runs)),
            careful(ends(&HandoverEnd::RunsShared)),
            (PLAIN, ends(&HandoverEnd::Paused)),
            (PLAIN, resumed),
        ];
        let cells = cells.map(|(style, number)| (style, number.to_string()));
        COLUMNS.row(&format!("  {}", series.handling.words()), cells, page)?;
    }
    let legend = "granted: the opener acquired the image. runs: the guest runs, and its image is \
                  locked. shared: the guest runs, but openers that share writing are granted \
                  beside it. paused: the guest was refused its image; resumed: `cont` was granted \
                  after the opener had closed.";
    page.paragraph("  ", &format!("{FAINT}{legend}{FAINT:#}"))?;
    let two = measured.two_held();
    let style = if two == 0 { GOOD } else { BAD };
    writeln!(page, "\nHandovers with two holders at the end: {style}{two}{style:#}")
}

/// Every unexpected end of a handover, once.
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

fn words(end: &HandoverEnd) -> String {
    match end {
        HandoverEnd::Runs => "the guest runs".to_owned(),
        HandoverEnd::RunsShared => {
            "the guest runs without the lock that excludes other writers".to_owned()
        }
        HandoverEnd::Paused => "the guest is paused".to_owned(),
        HandoverEnd::Other { status, destination, source } => {
            format!("the guest is {status}; the destination {destination}, the source {source}")
        }
        HandoverEnd::Failed { why } => why.clone(),
    }
}

fn numbers(
    label: &str,
    seen: String,
    times: Option<Distribution>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let times =
        times.map(|all| [all.shortest_us, all.spread.median_us, all.p90_us, all.spread.worst_us]);
    let times = times.into_iter().flatten().map(|us| times::readable(Duration::from_micros(us)));
    COLUMNS.row(label, [seen].into_iter().chain(times).map(|cell| (PLAIN, cell)), page)
}
