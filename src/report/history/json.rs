use std::io::{self, Write};

use imglock_harness::history::{
    Event, EventKind, Finding, Header, History, Judgement, Role, Shown, Verdict,
};
use imglock_harness::image::{Permission, Permissions, Side};
use imglock_harness::step::Hazard;
use serde::Serialize;

use super::{Names, sentence};

/// The version of the document; it rises when a reader could be broken.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    /// `valid`, `unknown` or `invalid`.
    verdict: &'static str,
    /// Why it is not valid, in one sentence.
    reason: Option<String>,
    /// What proves that.
    evidence: Option<Evidence<'a>>,
    /// How many openings contradict the contract, and how many may.
    contradictions: u64,
    unclear: u64,
    hazards: Vec<HazardEntry<'a>>,
    /// The first line of the history.
    header: &'a Header,
    openings: u64,
    granted: u64,
    refused: u64,
    unanswered: u64,
    openers: usize,
    images: usize,
    first_ns: Option<u64>,
    last_ns: Option<u64>,
}

#[derive(Serialize)]
struct HazardEntry<'a> {
    hazard: Hazard,
    /// How many openings show it.
    count: u64,
    /// The first of them.
    reason: String,
    evidence: Evidence<'a>,
}

#[derive(Serialize)]
struct Evidence<'a> {
    kind: &'static str,
    /// Null where the history has one image and does not name it.
    image: Option<&'a str>,
    events: Vec<EventEntry<'a>>,
}

/// What an event is there for.
#[derive(Serialize)]
struct RoleEntry {
    /// `proof`, and of it `point` (where it shows) and `loss` (what took locks
    /// away); `context`, and of it `gone` and `came` (an opener that would
    /// have been in the way).
    role: &'static str,
    /// How long before or after.
    #[serde(skip_serializing_if = "Option::is_none")]
    apart_ns: Option<u64>,
}

/// As a line of a history, and what it is there for.
#[derive(Serialize)]
struct EventEntry<'a> {
    at_ns: u64,
    opener: &'a str,
    process: &'a str,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<Permissions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shared: Option<Permissions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<Permission>,
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<Side>,
    #[serde(flatten)]
    role: RoleEntry,
}

/// One JSON document.
///
/// # Errors
/// When `out` cannot be written.
pub fn document(history: &History, judgement: &Judgement, out: &mut dyn Write) -> io::Result<()> {
    let names = Names::of(history);
    let (verdict, finding) = match &judgement.verdict {
        Verdict::Valid => ("valid", None),
        Verdict::Unknown(finding) => ("unknown", Some(finding)),
        Verdict::Invalid(finding) => ("invalid", Some(finding)),
    };
    let counts = judgement.counts;
    let hazard = |Shown { hazard, count, first }: &Shown| HazardEntry {
        hazard: *hazard,
        count: *count,
        reason: sentence(first, &names),
        evidence: evidence(history, first),
    };
    let document = Document {
        schema: SCHEMA,
        verdict,
        reason: finding.map(|finding| sentence(finding, &names)),
        evidence: finding.map(|finding| evidence(history, finding)),
        contradictions: judgement.contradictions,
        unclear: judgement.unclear,
        hazards: judgement.hazards.iter().map(hazard).collect(),
        header: &history.header,
        openings: counts.openings,
        granted: counts.granted,
        refused: counts.refused,
        unanswered: counts.openings - counts.granted - counts.refused,
        openers: history.openers.len(),
        images: history.images.len(),
        first_ns: counts.span_ns.map(|(first, _)| first),
        last_ns: counts.span_ns.map(|(_, last)| last),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn evidence<'a>(history: &'a History, finding: &Finding) -> Evidence<'a> {
    Evidence {
        kind: finding.matter.name(),
        image: history.images.get(finding.image).and_then(|image| image.name.as_deref()),
        events: finding.matter.events().iter().map(|event| entry(history, event)).collect(),
    }
}

fn role(role: Role) -> RoleEntry {
    let (role, apart_ns) = match role {
        Role::Proof => ("proof", None),
        Role::Point => ("point", None),
        Role::Loss => ("loss", None),
        Role::Context => ("context", None),
        Role::Gone { apart_ns } => ("gone", Some(apart_ns)),
        Role::Came { apart_ns } => ("came", Some(apart_ns)),
    };
    RoleEntry { role, apart_ns }
}

fn entry<'a>(history: &'a History, event: &Event) -> EventEntry<'a> {
    let opener = history.openers.get(event.opener);
    let mut entry = EventEntry {
        at_ns: event.at_ns,
        opener: opener.map_or("", |opener| &opener.name),
        process: opener.map_or("", |opener| &opener.process),
        event: event.kind.name(),
        held: None,
        shared: None,
        permission: None,
        side: None,
        role: role(event.role),
    };
    match event.kind {
        EventKind::Open(claim) => {
            (entry.held, entry.shared) = (Some(claim.held), Some(claim.shared));
        }
        EventKind::Refused(Some(refusal)) => {
            (entry.permission, entry.side) = (Some(refusal.permission), Some(refusal.side));
        }
        _ => {}
    }
    entry
}
