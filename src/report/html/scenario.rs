//! One scenario: story, drawings, what was found.

use std::collections::BTreeMap;

use imglock_harness::lock::Backend;
use imglock_harness::run::{Finding, ScenarioResult, Standing, Verdict};
use imglock_harness::scenario::Scenario;
use maud::{Markup, html};

use super::lanes::{self, Picture};
use crate::report::{RunRecord, course, palette, times};

/// A scenario and what came of it, on each backend that it ran on.
pub struct Entry<'r> {
    /// Its name.
    pub name: &'r str,
    /// The scenario, if the record has it.
    pub scenario: Option<&'r Scenario>,
    /// The results, by backend.
    pub results: Vec<&'r ScenarioResult>,
}

impl Entry<'_> {
    /// The folder it is in; empty for none.
    pub fn theme(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(theme, _)| theme)
    }

    fn is_bad(&self) -> bool {
        self.results.iter().any(|one| one.standing().is_news())
    }
}

/// Every scenario that has a result, by name.
pub fn entries(record: &RunRecord) -> Vec<Entry<'_>> {
    let mut entries: BTreeMap<&str, Entry<'_>> = BTreeMap::new();
    for result in &record.results {
        let scenario = record.scenario(result);
        let name = result.scenario.as_str();
        let entry = entries.entry(name);
        entry.or_insert(Entry { name, scenario, results: Vec::new() }).results.push(result);
    }
    for entry in entries.values_mut() {
        // Sorting keeps the order of the places.
        entry.results.sort_by_key(|result| result.backend);
    }
    entries.into_values().collect()
}

/// The scenario as a part of the page that can be opened; open from the
/// start when something is not as it must be.
pub fn article(record: &RunRecord, entry: &Entry<'_>) -> Markup {
    let verdicts: Vec<String> = entry
        .results
        .iter()
        .map(|one| format!("{}:{}", one.backend, slug(one.verdict.name())))
        .collect();
    let hazards = entry
        .results
        .iter()
        .flat_map(|one| one.hazards.iter().map(move |hazard| format!("{}:{hazard}", one.backend)));
    let hazards = hazards.collect::<Vec<_>>().join(" ");
    let stem = entry.name.rsplit_once('/').map_or(entry.name, |(_, stem)| stem);
    html! {
        article id=(slug(entry.name)) data-theme=(entry.theme()) data-verdicts=(verdicts.join(" "))
            data-hazards=(hazards) {
            details open[entry.is_bad()] {
                summary {
                    h4 { (stem) }
                    span.badges {
                        (badges(entry))
                        @for (hazard, on) in shown_hazards(entry) {
                            span.badge.hazard { (hazard) " on " (on) }
                        }
                    }
                    @if let Some(scenario) = entry.scenario { p { (prose(&scenario.summary)) } }
                }
                div.body {
                    div.about { (about(entry)) }
                    div.drawings {
                        (drawings(record, entry))
                        (rerun(record, entry))
                    }
                }
            }
        }
    }
}

/// A badge for each result; those that stand alike on the same locks at
/// several places share one.
fn badges(entry: &Entry<'_>) -> Markup {
    let mut alike: Vec<(String, &ScenarioResult, usize)> = Vec::new();
    for one in &entry.results {
        let what = format!("{} {}", course::locks(one), palette::standing(one).0);
        match alike.iter_mut().find(|(other, ..)| *other == what) {
            Some((.., number)) if !one.place.is_empty() => *number += 1,
            _ => alike.push((what, one, 1)),
        }
    }
    html! {
        @for (what, first, number) in alike {
            span.badge.(class(first.standing())) {
                (what)
                @if number > 1 {
                    " at " (number) " places"
                } @else if !first.place.is_empty() {
                    " at " (first.place)
                }
            }
        }
    }
}

fn class(standing: Standing) -> &'static str {
    match standing {
        Standing::Passed => "good",
        Standing::Bad | Standing::Surprise => "bad",
        Standing::Known | Standing::Skipped => "careful",
    }
}

/// The hazards that showed themselves, each with its backends.
fn shown_hazards(entry: &Entry<'_>) -> BTreeMap<String, String> {
    let mut hazards: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for one in &entry.results {
        for hazard in &one.hazards {
            let on = hazards.entry(hazard.to_string()).or_default();
            if !on.contains(&one.backend.name()) {
                on.push(one.backend.name());
            }
        }
    }
    hazards.into_iter().map(|(hazard, on)| (hazard, on.join(" and "))).collect()
}

fn about(entry: &Entry<'_>) -> Markup {
    let paragraphs = entry.scenario.map_or("", |scenario| &scenario.about).split("\n\n");
    html! {
        @for paragraph in paragraphs.filter(|text| !text.trim().is_empty()) {
            p { (prose(&paragraph.split_whitespace().collect::<Vec<_>>().join(" "))) }
        }
    }
}

fn rerun(record: &RunRecord, entry: &Entry<'_>) -> Markup {
    // Of many places those are worth it where something is not as usual.
    let passed = |one: &&&ScenarioResult| one.standing() == Standing::Passed;
    let some = entry.results.iter().filter(|one| !passed(one));
    let first = entry.results.iter().filter(passed).take(Backend::ALL.len());
    let lines = some.chain(first).map(|one| record.rerun.line(one));
    html! {
        p.rerun {
            span { "Run it again:" }
            @for line in lines { code { (line) } }
        }
    }
}

/// Text in which `backticks` part code from prose.
fn prose(text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A drawing for each run, or one for all of them that are the same.
fn drawings(record: &RunRecord, entry: &Entry<'_>) -> Markup {
    let mut drawn: Vec<(Vec<&ScenarioResult>, Picture)> = Vec::new();
    for one in entry.results.iter().filter(|one| !one.trace.events.is_empty()) {
        let picture = lanes::picture(one, entry.name);
        match drawn.iter_mut().find(|(_, other)| other.svg.0 == picture.svg.0) {
            Some((runs, _)) => runs.push(one),
            None => drawn.push((vec![one], picture)),
        }
    }
    html! {
        @for (runs, picture) in &drawn { (figure(runs, picture)) }
        @for one in &entry.results { (said(record, one)) }
    }
}

fn figure(runs: &[&ScenarioResult], picture: &Picture) -> Markup {
    let names = runs.iter().map(|one| course::on(one)).collect::<Vec<_>>().join(" and ");
    let took: Vec<String> = runs.iter().map(|one| times::readable(one.duration)).collect();
    html! {
        figure {
            figcaption { strong { "on " (names) } " " span { (took.join(" and ")) } }
            div.scroll role="region" aria-label={ "What happened on " (names) } tabindex="0" {
                (picture.svg)
            }
            @if picture.lanes_left_out > 0 {
                p.note {
                    (picture.lanes_left_out) " more processes have no lane here; the report "
                    code { "json=FILE" } " has them all."
                }
            }
            @if let Some(legend) = &picture.legend { p.note { (legend) } }
        }
    }
}

/// Why it was skipped, or what the judges found.
fn said(record: &RunRecord, result: &ScenarioResult) -> Markup {
    let failures: Vec<&Finding> = course::failures(result).collect();
    let reason = palette::reason(result);
    let told = failures.iter().any(|finding| finding.message == reason);
    let (word, _) = palette::standing(result);
    html! {
        @if !told && !reason.is_empty() {
            p.reason { strong { (word) " on " (course::on(result)) ": " } (prose(&reason)) }
        }
        @for finding in failures {
            section.finding {
                h5 { (finding.judge) " objects on " (course::on(result)) " to " (place(result, finding)) }
                p { (prose(&finding.message)) }
                dl {
                    @if !finding.expected.is_empty() { div { dt { "expected" } dd { (prose(&finding.expected)) } } }
                    @if !finding.actual.is_empty() { div { dt { "actual" } dd { (prose(&finding.actual)) } } }
                    @if let Some(hazard) = finding.hazard {
                        div { dt { "hazard" } dd { (hazard) ": " (hazard.meaning()) } }
                    }
                }
            }
        }
        @if result.verdict == Verdict::Failed && record.scenario(result).is_none() {
            p.note { "The scenario itself is not part of this record." }
        }
    }
}

fn place(result: &ScenarioResult, finding: &Finding) -> String {
    let event = finding.event.and_then(|index| result.trace.events.get(index));
    event.map_or_else(
        || "the run as a whole".to_owned(),
        |event| {
            let first = result.trace.images.first().map(String::as_str);
            format!("line {}: {}", event.line, course::words(&event.text, first))
        },
    )
}

/// A name that can be part of an address within the page.
pub fn slug(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect()
}
