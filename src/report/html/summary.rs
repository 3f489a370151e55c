//! The result of the run, and its environment.

use std::collections::BTreeMap;

use imglock_core::{Backend, Hazard};
use imglock_engine::Place;
use maud::{Markup, html};

use super::places;
use crate::report::{RunRecord, Summary, standing, times};

/// The page's title.
pub fn title(record: &RunRecord, counts: &Summary) -> String {
    format!("imglock: {}", verdict(record, counts))
}

/// The result in a few words.
fn verdict(record: &RunRecord, counts: &Summary) -> String {
    let all = record.tour.results.len();
    if let Some(fault) = record.rerun.planted {
        return format!("planted fault {fault}, {} of {all} did not pass", counts.bad());
    }
    if !record.tour.is_complete() {
        let how = if record.interrupted { "interrupted" } else { "running" };
        return format!("{how}, {all} of {} ran", record.tour.expected());
    }
    match counts.bad() {
        0 => {
            let also = if record.matrix_is_bad() {
                ", but the mode matrix is not as stated".to_owned()
            } else if record.tour.lost().next().is_some() {
                ", but a kernel was lost".to_owned()
            } else if counts.known > 0 {
                format!(", {} known to fail", counts.known)
            } else {
                String::new()
            };
            format!("{} of {all} passed{also}", counts.passed)
        }
        bad => format!("{bad} of {all} not as expected"),
    }
}

/// The banner.
pub fn header(record: &RunRecord, counts: &Summary) -> Markup {
    let is_bad = counts.bad() > 0 || record.matrix_is_bad() || record.tour.lost().next().is_some();
    let state = if is_bad {
        "bad"
    } else if record.tour.is_complete() {
        "good"
    } else {
        "open"
    };
    html! {
        header.{ "top " (state) } {
            p.brand { "imglock" }
            h1 { "Do image locks hold?" }
            p.verdict { (verdict(record, counts)) }
            @if let Some(warning) = record.warning() { p.planted role="note" { (warning) } }
            @if !record.tour.is_complete() && !record.interrupted {
                p.open {
                    "This page was written at the start of the run and is written again at its end: \
                     load it anew then."
                }
            }
            ul.tiles aria-label="Verdicts" {
                @for (number, words, worth) in counts.counts() {
                    li.(if number == 0 { "zero" } else { worth.class() }) {
                        strong { (number) } " " span { (words) }
                    }
                }
            }
        }
    }
}

/// Environment, hazards, simultaneous starts, and reasons of skipped runs.
pub fn sections(record: &RunRecord, counts: &Summary) -> Markup {
    html! {
        div.columns {
            section aria-labelledby="where" {
                h2 #where { "Environment" }
                @match record.tour.places.as_slice() {
                    [only] => dl { (environment(only)) (course(record)) },
                    _ => { (places::list(record)) dl { (course(record)) } },
                }
            }
            section aria-labelledby="hazards" {
                h2 #hazards { "Known hazards, shown as intended" }
                (hazards(counts))
                @for line in counts.contests() { p.note { (line) } }
                @for line in counts.reasons() { p { (line) } }
            }
        }
    }
}

fn environment(place: &Place) -> Markup {
    let environment = &place.environment;
    let options = environment.mount_options.join(", ");
    let entries = [
        ("kernel", environment.kernel.as_str()),
        ("architecture", environment.architecture.as_str()),
        ("file system", environment.file_system.as_str()),
        ("mount options", options.as_str()),
        ("imglock", environment.imglock.as_str()),
    ];
    html! {
        @if !place.name.is_here() { div { dt { "place" } dd { strong { (place.name) } } } }
        @if let Some((word, _, why)) = standing::fate(place) { div { dt { (word) } dd { (why) } } }
        @for (name, value) in entries {
            div { dt { (name) } dd { (if value.is_empty() { "not known" } else { value }) } }
        }
        @if let Some(sentence) = environment.blind_spot() { div { dt { "locks" } dd { (sentence) } } }
        @for binary in &environment.qemu {
            div { dt { (binary.file_name()) } dd { (binary.version) " " code { (binary.path.display()) } } }
        }
    }
}

/// Start, duration and kept directories.
fn course(record: &RunRecord) -> Markup {
    let began = record.began.format("%Y-%m-%d %H:%M UTC").to_string();
    html! {
        div { dt { "started" } dd { (began) } }
        div { dt { "took" } dd { (times::readable(record.elapsed)) } }
        @if !record.kept.is_empty() {
            div { dt { "kept" } dd {
                @for directory in &record.kept { code { (directory.display()) } " " }
            } }
        }
    }
}

fn hazards(counts: &Summary) -> Markup {
    let mut by_hazard: BTreeMap<Hazard, BTreeMap<Backend, usize>> = BTreeMap::new();
    for ((hazard, backend), number) in &counts.hazards {
        by_hazard.entry(*hazard).or_default().insert(*backend, *number);
    }
    if by_hazard.is_empty() {
        return html! { p { "No run shows a hazard." } };
    }
    html! {
        div.scroll role="region" aria-label="Known hazards by backend" tabindex="0" {
            table.hazards {
                thead { tr {
                    th scope="col" { "hazard" }
                    @for backend in Backend::ALL { th scope="col" { (backend) } }
                } }
                tbody {
                    @for (hazard, numbers) in &by_hazard {
                        tr {
                            th scope="row" { (hazard) span { (hazard.meaning()) } }
                            @for backend in Backend::ALL {
                                td { (numbers.get(&backend).copied().unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
        }
        p.note { "The number of runs whose scenario declares the hazard. A run without it fails." }
    }
}
