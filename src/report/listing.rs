//! The list of scenarios.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::Arc;

use imglock_core::{Backend, FileSystem, Hazard};
use imglock_scenario::Scenario;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::json::pretty;
use super::names;
use super::palette::{CAREFUL, FAINT, STRONG};
use super::wrap::wrapped;
use crate::phrase::{count, list};

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    scenarios: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    theme: &'a str,
    summary: &'a str,
    backends: &'a [Backend],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    file_systems: &'a [FileSystem],
    hazards: &'a BTreeMap<Backend, BTreeSet<Hazard>>,
}

/// A JSON document.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(scenarios: &[Arc<Scenario>], out: &mut dyn Write) -> io::Result<()> {
    let scenarios = scenarios
        .iter()
        .map(|scenario| Entry {
            name: scenario.name.as_str(),
            theme: scenario.name.theme(),
            summary: &scenario.summary,
            backends: &scenario.backends,
            file_systems: &scenario.file_systems,
            hazards: &scenario.hazards,
        })
        .collect();
    pretty(&Document { schema: 1, scenarios }, out)
}

/// A text by theme: name, backends, summary (wrapped to `width`, or on one
/// line for searches), and hazards below.
///
/// # Errors
/// When `out` cannot be written.
pub fn human(
    scenarios: &[Arc<Scenario>],
    width: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let themes = names::by_theme(scenarios, |scenario| &scenario.name);
    let name_width =
        scenarios.iter().map(|scenario| scenario.name.stem().width()).max().unwrap_or(0);
    for (theme, scenarios) in &themes {
        writeln!(out, "{STRONG}{}{STRONG:#}", if theme.is_empty() { "." } else { theme })?;
        for scenario in scenarios {
            entry(scenario, name_width, width, out)?;
        }
        writeln!(out)?;
    }
    let number = count(scenarios.len(), "scenario", "scenarios");
    writeln!(out, "{number} in {}", count(themes.len(), "theme", "themes"))
}

fn entry(
    scenario: &Scenario,
    name_width: usize,
    width: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let stem = scenario.name.stem();
    let pad = name_width.saturating_sub(stem.width());
    let on: Vec<&str> = scenario.backends.iter().map(|backend| backend.name()).collect();
    let on = on.join(" ");
    let indent = 2 + name_width + 2 + 9 + 2;
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(24));
    let summary = wrapped(&scenario.summary, room, "").join(&format!("\n{:indent$}", ""));
    writeln!(out, "  {stem}{:pad$}  {FAINT}{on:9}{FAINT:#}  {summary}", "")?;
    if !scenario.file_systems.is_empty() {
        let names = list(scenario.file_systems.iter().map(|one| one.name()));
        writeln!(out, "{:indent$}{FAINT}on {names} only{FAINT:#}", "")?;
    }
    for (backend, hazards) in &scenario.hazards {
        let words: Vec<&str> = hazards.iter().map(|hazard| hazard.name()).collect();
        writeln!(out, "{:indent$}{CAREFUL}{} on {backend}{CAREFUL:#}", "", words.join(", "))?;
    }
    Ok(())
}
