use imglock_harness::compare::{Account, Change, Comparison, Objection, PlaceChange, RunChange};
use imglock_harness::run::{Departure, Fate, Judge, Known, Standing, Verdict};
use imglock_harness::step::Outcome;

use crate::phrase::{count, printable};
use crate::report::{course, table_words, times};

/// The answer in a few words: `nothing broke`, `2 runs and a kernel broke`.
pub fn verdict(comparison: &Comparison) -> String {
    let runs = match comparison.count(Change::Broken) {
        0 => None,
        runs => Some(count(runs, "run", "runs")),
    };
    let places = comparison.places.iter().filter(|place| place.change == Change::Broken).count();
    let places = match places {
        0 => None,
        places => Some(count(places, "place", "places")),
    };
    let parts: Vec<String> = runs.into_iter().chain(places).collect();
    let subject = if parts.is_empty() { "nothing".to_owned() } else { parts.join(" and ") };
    format!("{subject} broke")
}

/// `157 runs: 2 broken, 1 fixed, 154 the same`.
pub fn counts(comparison: &Comparison) -> String {
    let parts = Change::ALL.into_iter().filter_map(|change| {
        let number = comparison.count(change);
        let word = if change == Change::Same { "the same" } else { change.name() };
        (number > 0).then(|| format!("{number} {word}"))
    });
    let runs = comparison.places.iter().map(|place| place.runs.len()).sum();
    format!("{}: {}", count(runs, "run", "runs"), parts.collect::<Vec<_>>().join(", "))
}

/// What must be known before the rest is read.
pub fn cautions(comparison: &Comparison) -> Vec<String> {
    let mut words = Vec::new();
    if !comparison.old_complete {
        words.push("The older runs had not all ended, so what is new may not be.".to_owned());
    }
    if !comparison.new_complete {
        words.push("The newer runs had not all ended: what is missing was not run.".to_owned());
    }
    let planted = |place: &PlaceChange| {
        [&place.old, &place.new].into_iter().flatten().any(|it| it.environment.planted.is_some())
    };
    if comparison.places.iter().any(planted) {
        words.push("A fault was planted on purpose: this says nothing about a kernel.".to_owned());
    }
    words
}

/// What has become of a place as a whole, where that is to be told.
pub fn of_place(place: &PlaceChange) -> Option<String> {
    let runs = || count(place.runs.len(), "run", "runs");
    let why = |side: &Option<imglock_harness::run::Place>| match side.as_ref().map(|it| &it.fate) {
        Some(Fate::Lost { why, .. } | Fate::Skipped { why }) => why.clone(),
        _ => String::new(),
    };
    let words = match place.change {
        Change::Broken => format!("it was lost: {}", why(&place.new)),
        Change::Fixed => format!("it is no longer lost; before: {}", why(&place.old)),
        Change::Changed => {
            format!("it is lost in another way: {}; before: {}", why(&place.new), why(&place.old))
        }
        Change::Untried => format!("it is skipped now: {}", why(&place.new)),
        Change::Tried => format!("it was skipped before: {}", why(&place.old)),
        Change::New => format!("only the newer document has it ({})", runs()),
        Change::Gone => format!("only the older document has it ({})", runs()),
        _ => return None,
    };
    let not_run = match place.count(Change::NotRun) {
        0 => String::new(),
        runs => format!(" ({} not run)", count(runs, "run", "runs")),
    };
    Some(printable(&(words + &not_run)))
}

/// What has become of a run, in a sentence or two.
pub fn verdicts(run: &RunChange) -> String {
    let RunChange { old, new, .. } = run;
    let (Some(new), Some(old)) = (new, old) else {
        return match (old, new) {
            (None, Some(new)) => {
                format!("It {}, and the older document has no such run.", now(new))
            }
            _ => "The newer document has no such run.".to_owned(),
        };
    };
    let mut words = match (old.verdict, new.verdict) {
        (Verdict::Skipped, Verdict::Skipped) => "It is skipped as before.".to_owned(),
        (Verdict::Skipped, _) => {
            format!("It {}, and was skipped before: {}.", now(new), old.reason)
        }
        (_, Verdict::Skipped) => format!("It {}, and is skipped now: {}.", before(old), new.reason),
        (one, other) if one == other => format!("It {} as before, but otherwise.", now(new)),
        _ => format!("It {}, and {} now.", before(old), now(new)),
    };
    if let Some(known) = &new.known {
        words += " ";
        words += &match (new.standing, new.verdict) {
            (Standing::Known, _) => format!("That is known: {}.", because(known)),
            (Standing::Surprise, Verdict::Passed) => {
                format!("It is known to fail, which is true no more: {}.", because(known))
            }
            (Standing::Surprise, _) => {
                format!("Another failure is known, and not this one: {}.", because(known))
            }
            _ => String::new(),
        };
    } else if let (Some(known), true) = (&old.known, old.standing == Standing::Known) {
        words += &format!(" Before, it was known to fail: {}.", because(known));
    }
    printable(words.trim_end())
}

fn because(known: &Known) -> String {
    let why = known.why.trim_end_matches('.');
    match &known.link {
        Some(link) => format!("{why} ({link})"),
        None => why.to_owned(),
    }
}

fn now(account: &Account) -> &'static str {
    match account.verdict {
        Verdict::Passed => "passes",
        Verdict::Failed => "fails",
        Verdict::TimedOut => "times out",
        Verdict::Skipped => "is skipped",
    }
}

fn before(account: &Account) -> &'static str {
    match account.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::TimedOut => "timed out",
        Verdict::Skipped => "was skipped",
    }
}

/// What is to be said of a run in a list, beside its title.
pub fn brief(run: &RunChange) -> String {
    let reason = |account: &Option<Account>| account.as_ref().map(|it| it.reason.clone());
    let words = match run.change {
        Change::Broken | Change::Fixed | Change::Changed => verdicts(run),
        Change::Untried => reason(&run.new).unwrap_or_default(),
        Change::Tried | Change::New => {
            run.new.as_ref().map(|it| now(it).to_owned()).unwrap_or_default()
        }
        Change::Gone | Change::NotRun => {
            run.old.as_ref().map(|it| format!("{} before", before(it))).unwrap_or_default()
        }
        Change::Slower => slower(run),
        Change::Same => String::new(),
    };
    printable(&words)
}

fn slower(run: &RunChange) -> String {
    let [old, new] = [&run.old, &run.new]
        .map(|side| side.as_ref().map(|it| times::readable(it.duration)).unwrap_or_default());
    let often = run.times.unwrap_or(1.0);
    format!("{old} -> {new}, {often:.1} times as long")
}

/// The first step that is different, in a line; `None` where none is.
pub fn first_difference(run: &RunChange) -> Option<String> {
    let parting = run.parting.as_ref()?;
    let image = run.images.first().map(String::as_str);
    let at = format!("line {}: {}", parting.line, course::words(&parting.text, image));
    let words = match &parting.what {
        Departure::Outcome { first, second } => {
            let word = |side: &Option<Outcome>| {
                side.as_ref().map_or("no answer".to_owned(), ToString::to_string)
            };
            format!("{at}: {} -> {}", word(first), word(second))
        }
        Departure::Locks { .. } => format!("{at}: other locks afterwards"),
        Departure::Step { first, second } => {
            format!("the scenario is not the same: `{first}` -> `{second}`")
        }
        Departure::End { first, second } if first < second => {
            format!("{at}: the older run ended before it")
        }
        Departure::End { .. } => format!("{at}: the newer run ended before it"),
    };
    Some(printable(&words))
}

/// What is different about the step itself, besides its outcome: each line
/// says which side it is of, if of one.
pub fn beyond_outcome(run: &RunChange) -> Vec<(&'static str, Vec<String>)> {
    match run.parting.as_ref().map(|parting| &parting.what) {
        Some(Departure::Locks { first, second }) => {
            let told = |table: &Option<Vec<_>>| match table {
                None => vec!["not read".to_owned()],
                Some(table) if table.is_empty() => vec!["none".to_owned()],
                Some(table) => table_words::sentences_of_any_run(&run.images, table),
            };
            let clean = |lines: Vec<String>| lines.iter().map(|line| printable(line)).collect();
            vec![("locks before", clean(told(first))), ("locks now", clean(told(second)))]
        }
        Some(Departure::End { .. } | Departure::Step { .. }) => {
            vec![("", first_difference(run).into_iter().collect())]
        }
        _ => Vec::new(),
    }
}

/// What a judge objects to, in lines.
pub struct Objected {
    /// Who.
    pub judge: Judge,
    /// `objects to line 13: vm2 open disk mode=rw`.
    pub to: String,
    /// What it says, what was expected, and what was.
    pub lines: Vec<String>,
}

/// What the judges object to: in the newer run, or in the older one where
/// that is the one that failed.
pub fn objections(run: &RunChange) -> Vec<Objected> {
    let failed =
        |account: &&Account| matches!(account.verdict, Verdict::Failed | Verdict::TimedOut);
    let side = run.new.as_ref().filter(failed).or(run.old.as_ref().filter(failed));
    let image = run.images.first().map(String::as_str);
    let told = |objection: &Objection| {
        let Objection { judge, line, text, expected, actual, message, .. } = objection;
        let to = match line {
            Some(line) => format!("objects to line {line}: {}", course::words(text, image)),
            None => "objects to the run as a whole".to_owned(),
        };
        let mut lines: Vec<String> = Some(printable(message)).into_iter().collect();
        for (label, side) in [("expected", expected), ("actual", actual)] {
            for (number, part) in side.split("; ").enumerate() {
                let label = if number == 0 { label } else { "" };
                lines.push(format!("{label:8}  {}", printable(part)));
            }
        }
        lines.retain(|line| !["", "expected", "actual"].contains(&line.trim()));
        Objected { judge: *judge, to: printable(&to), lines }
    };
    side.map(|account| account.objections.iter().map(told).collect()).unwrap_or_default()
}

/// Why the newer run is as it is, where no judge says it.
pub fn bare_reason(run: &RunChange) -> Option<String> {
    let new = run.new.as_ref()?;
    (new.objections.is_empty() && !new.reason.is_empty()).then(|| printable(&new.reason))
}
