//! One scenario: story, drawings, findings.

use std::collections::{BTreeMap, BTreeSet};

use imglock_core::{Backend, Hazard, ScenarioName, Verdict};
use imglock_engine::ScenarioResult;
use imglock_scenario::{Scenario, Standing};
use maud::{Markup, html};

use super::lanes::{self, Picture};
use crate::phrase::list;
use crate::report::wrap::paragraphs;
use crate::report::{RunRecord, findings, standing, times};

/// A scenario and its results.
pub struct Entry<'r> {
    /// Its name.
    pub name: &'r ScenarioName,
    /// The scenario, if the record has it.
    pub scenario: Option<&'r Scenario>,
    /// The results, by backend.
    pub results: Vec<&'r ScenarioResult>,
}

impl Entry<'_> {
    /// The folder it is in; empty for none.
    pub fn theme(&self) -> &str {
        self.name.theme()
    }

    fn is_bad(&self) -> bool {
        self.results.iter().any(|one| one.standing().is_news())
    }
}

/// Every scenario that has a result, by name.
pub fn entries(record: &RunRecord) -> Vec<Entry<'_>> {
    let mut entries: BTreeMap<&ScenarioName, Entry<'_>> = BTreeMap::new();
    for result in &record.tour.results {
        let scenario = record.scenario(result);
        let name = &result.scenario;
        let entry = entries.entry(name);
        entry.or_insert(Entry { name, scenario, results: Vec::new() }).results.push(result);
    }
    for entry in entries.values_mut() {
        // Sorting keeps the order of the places.
        entry.results.sort_by_key(|result| result.backend);
    }
    entries.into_values().collect()
}

/// The scenario as a part of the page that can be opened; a scenario that
/// needs attention is open from the start.
pub fn article(record: &RunRecord, entry: &Entry<'_>) -> Markup {
    let results = || entry.results.iter().map(|one| (one.backend, one));
    let verdicts = results().map(|(on, one)| format!("{on}:{}", slug(one.verdict.name())));
    let hazards = results()
        .flat_map(|(on, one)| one.hazards.iter().map(move |hazard| format!("{on}:{hazard}")));
    let [verdicts, hazards] =
        [verdicts.collect::<Vec<_>>(), hazards.collect()].map(|words| words.join(" "));
    html! {
        article id=(slug(entry.name.as_str())) data-theme=(entry.theme()) data-verdicts=(verdicts)
            data-hazards=(hazards) {
            details open[entry.is_bad()] {
                summary {
                    h4 { (entry.name.stem()) }
                    span.badges {
                        (badges(entry))
                        @for (hazard, on) in hazards_shown(entry) {
                            span.badge.hazard { (hazard) " on " (list(on.iter().map(|one| one.name()))) }
                        }
                    }
                    @if let Some(scenario) = entry.scenario { p { (prose(&scenario.summary)) } }
                }
                div.body {
                    div.about {
                        @if let Some(scenario) = entry.scenario {
                            @for paragraph in paragraphs(&scenario.about) { p { (prose(&paragraph)) } }
                        }
                    }
                    div.drawings {
                        (drawings(record, entry))
                        (rerun(record, entry))
                    }
                }
            }
        }
    }
}

/// A badge for each result; equal results at several places share one.
fn badges(entry: &Entry<'_>) -> Markup {
    let mut alike: Vec<(String, &ScenarioResult, usize)> = Vec::new();
    for one in &entry.results {
        let words = format!("{} {}", standing::locks(one), standing::word(one));
        match alike.iter_mut().find(|(other, ..)| *other == words) {
            Some((.., number)) if !one.place.is_here() => *number += 1,
            _ => alike.push((words, one, 1)),
        }
    }
    html! {
        @for (words, first, number) in alike {
            span.badge.(standing::worth(first).class()) {
                (words)
                @if number > 1 {
                    " at " (number) " places"
                } @else if !first.place.is_here() {
                    " at " (first.place)
                }
            }
        }
    }
}

/// The hazards that happened, each with its backends.
fn hazards_shown(entry: &Entry<'_>) -> BTreeMap<Hazard, BTreeSet<Backend>> {
    let mut hazards: BTreeMap<Hazard, BTreeSet<Backend>> = BTreeMap::new();
    for one in &entry.results {
        for hazard in &one.hazards {
            hazards.entry(*hazard).or_default().insert(one.backend);
        }
    }
    hazards
}

fn rerun(record: &RunRecord, entry: &Entry<'_>) -> Markup {
    // Of many places, those where the scenario did not pass come first.
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

/// A text with code between `backticks`.
fn prose(text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A drawing for each run; equal drawings are one.
fn drawings(record: &RunRecord, entry: &Entry<'_>) -> Markup {
    let mut drawn: Vec<(Vec<&ScenarioResult>, Picture)> = Vec::new();
    for one in entry.results.iter().filter(|one| !one.trace.events.is_empty()) {
        let picture = lanes::picture(one, entry.name.as_str());
        match drawn.iter_mut().find(|(_, other)| other.svg.0 == picture.svg.0) {
            Some((runs, _)) => runs.push(one),
            None => drawn.push((vec![one], picture)),
        }
    }
    html! {
        @for (runs, picture) in &drawn { (figure(runs, picture)) }
        @for one in &entry.results { (findings(record, one)) }
    }
}

fn figure(runs: &[&ScenarioResult], picture: &Picture) -> Markup {
    let names = runs.iter().map(|one| standing::on(one)).collect::<Vec<_>>().join(" and ");
    let took: Vec<String> = runs.iter().map(|one| times::readable(one.duration)).collect();
    html! {
        figure {
            figcaption { strong { "on " (names) } " " span { (took.join(" and ")) } }
            div.scroll role="region" aria-label={ "What happened on " (names) } tabindex="0" {
                (picture.svg)
            }
            @if picture.lanes_left_out > 0 {
                p.note {
                    (picture.lanes_left_out) " more processes are not drawn; the report "
                    code { "json=FILE" } " has them all."
                }
            }
            @if let Some(legend) = &picture.legend { p.note { (legend) } }
        }
    }
}

/// The reason of a result, and the judges' objections.
fn findings(record: &RunRecord, result: &ScenarioResult) -> Markup {
    let on = standing::on(result);
    html! {
        @if let Some(reason) = findings::reason(result) {
            p.reason { strong { (standing::word(result)) " on " (on) ": " } (prose(&reason)) }
        }
        @for objection in findings::objections(result) {
            section.finding {
                h5 { (objection.judge) " objects on " (on) " to " (objection.place) }
                p { (prose(objection.message)) }
                dl {
                    @for (name, text) in objection.details {
                        div { dt { (name) } dd { (prose(&text)) } }
                    }
                }
            }
        }
        @if result.verdict == Verdict::Failed && record.scenario(result).is_none() {
            p.note { "The scenario itself is not part of this report." }
        }
    }
}

/// A name as part of an address within the page.
pub fn slug(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect()
}
