//! What the run came to, and where it took place.

use std::collections::BTreeMap;

use imglock_harness::lock::Backend;
use imglock_harness::run::{Fate, Place, Starts};
use imglock_harness::step::Hazard;
use maud::{Markup, html};

use super::places;
use crate::phrase::count;
use crate::report::{RunRecord, Summary, times};

/// The page's title.
pub fn title(record: &RunRecord, counts: &Summary) -> String {
    format!("imglock: {}", verdict(record, counts))
}

/// What the run came to, in a few words.
fn verdict(record: &RunRecord, counts: &Summary) -> String {
    let all = record.results.len();
    if let Some(fault) = record.rerun.planted {
        return format!("{fault} planted on purpose, {} of {all} did not pass", counts.bad());
    }
    if !record.is_complete() {
        let how = if record.interrupted { "interrupted" } else { "not ended" };
        return format!("{how}, {all} of {} ran", record.expected());
    }
    match counts.bad() {
        0 if record.matrix_is_bad() => {
            format!("{} of {all} as they must be, but not the mode matrix", counts.passed)
        }
        0 if record.lost().next().is_some() => {
            format!("{} of {all} as they must be, but a kernel was lost", counts.passed)
        }
        0 if counts.known > 0 => {
            format!("{} of {all} as they must be, {} as is known", counts.passed, counts.known)
        }
        0 => format!("{} of {all} as they must be", counts.passed),
        bad => format!("{bad} of {all} not as they must be"),
    }
}

/// The banner.
pub fn header(record: &RunRecord, counts: &Summary) -> Markup {
    let is_bad = counts.bad() > 0 || record.matrix_is_bad() || record.lost().next().is_some();
    let state = if is_bad {
        "bad"
    } else if record.is_complete() {
        "good"
    } else {
        "open"
    };
    let always = [
        ("passed", "good", counts.passed),
        ("failed", "bad", counts.failed),
        ("timed out", "bad", counts.timed_out),
        ("skipped", "careful", counts.skipped),
    ];
    let known = [
        ("known to fail", "careful", counts.known),
        ("otherwise than is known", "bad", counts.surprises),
    ];
    let tiles = always.into_iter().chain(known.into_iter().filter(|(.., number)| *number > 0));
    html! {
        header.{ "top " (state) } {
            p.brand { "imglock" }
            h1 { "Do image locks hold?" }
            p.verdict { (verdict(record, counts)) }
            @if let Some(warning) = record.warning() { p.planted role="note" { (warning) } }
            @if !record.is_complete() && !record.interrupted {
                p.open {
                    "This page was written when the run began. It is written again when it ends: \
                     load it anew then."
                }
            }
            ul.tiles aria-label="Verdicts" {
                @for (words, class, number) in tiles {
                    li.(if number == 0 { "zero" } else { class }) {
                        strong { (number) } " " span { (words) }
                    }
                }
            }
        }
    }
}

/// Environment, hazards, starts at the same moment, reasons to skip.
pub fn sections(record: &RunRecord, counts: &Summary) -> Markup {
    html! {
        div.columns {
            section aria-labelledby="where" {
                h2 #where { "Where" }
                @match record.places.as_slice() {
                    [only] => dl { (environment(only)) (course(record)) },
                    _ => { (places::list(record)) dl { (course(record)) } },
                }
            }
            section aria-labelledby="hazards" {
                h2 #hazards { "Hazards reproduced" }
                (hazards(counts))
                @for (backend, starts) in &counts.starts { (contested(*backend, *starts)) }
                @for (reason, number) in &counts.skip_reasons {
                    p { "Skipped " (number) ": " (reason) }
                }
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
    let fate = match &place.fate {
        Fate::Reached => None,
        Fate::Skipped { why } => Some(("skipped", why)),
        Fate::Lost { why, .. } => Some(("lost", why)),
    };
    html! {
        @if !place.name.is_empty() { div { dt { "place" } dd { strong { (place.name) } } } }
        @if let Some((word, why)) = fate { div { dt { (word) } dd { (why) } } }
        @for (name, value) in entries {
            div { dt { (name) } dd { (if value.is_empty() { "not known" } else { value }) } }
        }
        @if let Some(sentence) = environment.blind_spot() { div { dt { "locks" } dd { (sentence) } } }
        @for binary in &environment.qemu {
            div { dt { (binary.file_name()) } dd { (binary.version) " " code { (binary.path.display()) } } }
        }
    }
}

/// When, and how long.
fn course(record: &RunRecord) -> Markup {
    let began = record.began.strftime("%Y-%m-%d %H:%M UTC").to_string();
    html! {
        div { dt { "begun" } dd { (began) } }
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
    for ((hazard, backend), number) in &counts.reproduced {
        by_hazard.entry(*hazard).or_default().insert(*backend, *number);
    }
    if by_hazard.is_empty() {
        return html! { p { "None of the scenarios that ran shows one." } };
    }
    html! {
        div.scroll role="region" aria-label="Hazards reproduced, by backend" tabindex="0" {
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
        p.note { "Counted are scenarios that declare the hazard, and fail when it does not happen." }
    }
}

fn contested(backend: Backend, starts: Starts) -> Markup {
    html! {
        p.note {
            (count(starts.contested, "contested start", "contested starts"))
            " at the same moment on " (backend) "; nobody won " (starts.nobody_won)
            ", as the contract allows."
        }
    }
}
