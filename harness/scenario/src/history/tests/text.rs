//! A short notation for histories. It is converted to the file format and parsed.

use serde_json::{Value, json};

use crate::history::{History, HistoryFinding, HistoryJudgement, HistoryMatter, HistoryVerdict};
use imglock_core::{Outcome, Refusal};

/// Parses `AT OPENER WORD ...` lines. An opener `vm1.disk` belongs to the process `vm1`.
///
/// `header` states the differences from a complete OFD history with time stamps of 1 ns: `posix`,
/// `incomplete`, `coarse` (10 ns).
pub fn history(header: &str, lines: &str) -> History {
    let is = |word: &str| header.split_whitespace().any(|one| one == word);
    let mut text = json!({
        "schema": 1,
        "resolution_ns": if is("coarse") { 10 } else { 1 },
        "complete": !is("incomplete"),
        "backend": if is("posix") { "posix" } else { "ofd" },
    })
    .to_string();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        text.push('\n');
        text.push_str(&event(line).to_string());
    }
    History::read("history", text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{lines}"))
}

fn event(line: &str) -> Value {
    let (at, rest) = line.split_once(' ').expect("a time");
    let (opener, rest) = rest.trim().split_once(' ').expect("an opener");
    let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let at: u64 = at.parse().expect("a time");
    let process = opener.split('.').next();
    let mut event = json!({ "at_ns": at, "opener": opener, "process": process, "event": word });
    match (word, rest) {
        ("open", rest) => {
            let (mode, image) = rest.split_once(" of ").unwrap_or((rest, ""));
            event["mode"] = mode.into();
            if !image.is_empty() {
                event["image"] = image.into();
            }
        }
        ("refused", over) if !over.is_empty() => {
            let Refusal { side, permission } = refusal(over);
            event["side"] = side.name().into();
            event["permission"] = permission.name().into();
        }
        ("died", alive) if !alive.is_empty() => {
            event["alive_ns"] = alive.parse::<u64>().expect("a time").into();
        }
        _ => assert_eq!(rest, "", "{line}"),
    }
    event
}

fn refusal(over: &str) -> Refusal {
    match format!("refused {over}").parse() {
        Ok(Outcome::Refused(refusal)) => refusal,
        other => panic!("{over}: {other:?}"),
    }
}

/// A short text for the judgement.
pub fn said(history: &History, judgement: &HistoryJudgement) -> String {
    let mut words = match &judgement.verdict {
        HistoryVerdict::Valid => "valid".to_owned(),
        HistoryVerdict::Unknown(finding) => format!("unknown: {}", matter(history, finding)),
        HistoryVerdict::Invalid(finding) => matter(history, finding),
    };
    for shown in &judgement.hazards {
        words += &format!("; {} {}", shown.count, matter(history, &shown.first));
    }
    words
}

/// A short text for the openers without an answer.
pub fn suspected(history: &History, judgement: &HistoryJudgement) -> String {
    judgement.suspected.as_ref().map_or(String::new(), |suspected| {
        let image = history.images[suspected.first.image].name.as_deref();
        let image = image.map_or(String::new(), |name| format!(" on {name}"));
        format!("{} {}{image}", suspected.refusals, matter(history, &suspected.first))
    })
}

fn matter(history: &History, finding: &HistoryFinding) -> String {
    let name = |stay: &crate::history::Opening| &*history.openers[stay.opener].name;
    match &finding.matter {
        HistoryMatter::TwoHolders { first, second } => {
            format!("{} and {}", name(first), name(second))
        }
        HistoryMatter::Unjustified { refused, before, after } => {
            let mut words = format!("{} without cause", name(refused));
            for (neighbour, when) in [(before, "before"), (after, "after")] {
                if let Some(one) = neighbour {
                    words += &format!(", {} {} ns {when}", name(&one.stay), one.apart_ns);
                }
            }
            words
        }
        HistoryMatter::Suspect { suspect, refused } => {
            let refused =
                refused.as_ref().map_or(String::new(), |one| format!(" of {}", name(one)));
            format!("suspect{refused}: {}", name(suspect))
        }
        HistoryMatter::NeverReleased { holder } => format!("{} never let go", name(holder)),
        HistoryMatter::SameOwner { first, second } => {
            format!("same owner: {} and {}", name(first), name(second))
        }
        HistoryMatter::LockLoss { loser, closer, other } => {
            format!("{} lost its lock to {}: {}", name(loser), name(closer), name(other))
        }
    }
}
