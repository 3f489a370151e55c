use imglock_core::{Outcome, Verdict};
use imglock_engine::{
    Change, ComparedFinding, ComparedRun, Comparison, DifferenceKind, Place, PlaceChange,
    PlaceFate, RunChange,
};
use imglock_scenario::{Known, Standing};

use crate::phrase::{count, printable};
use crate::report::{action, table_words, times};

/// The answer in a few words: `nothing broke`, `2 runs and 1 place broke`.
pub fn verdict(comparison: &Comparison) -> String {
    let runs = comparison.count(Change::Broken);
    let places = comparison.places.iter().filter(|place| place.change == Change::Broken).count();
    let parts = [(runs, "run", "runs"), (places, "place", "places")];
    let parts = parts.into_iter().filter(|(number, ..)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, one, many)| count(number, one, many)).collect();
    format!("{} broke", if parts.is_empty() { "nothing".to_owned() } else { parts.join(" and ") })
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

/// What a reader must know first.
pub fn cautions(comparison: &Comparison) -> Vec<&'static str> {
    let planted = |place: &PlaceChange| {
        [&place.old, &place.new].into_iter().flatten().any(|it| it.environment.planted.is_some())
    };
    let cautions = [
        (
            !comparison.old_complete,
            "The older runs are incomplete: a run shown as new may only be missing there.",
        ),
        (!comparison.new_complete, "The newer runs are incomplete: what is missing was not run."),
        (
            comparison.places.iter().any(planted),
            "A fault was planted on purpose: the result says nothing about a kernel.",
        ),
    ];
    cautions.into_iter().filter(|(applies, _)| *applies).map(|(_, caution)| caution).collect()
}

/// The change of a place as a whole, if it is worth a line.
pub fn of_place(place: &PlaceChange) -> Option<String> {
    let runs = |number| count(number, "run", "runs");
    let why = |side: &Option<Place>| match side.as_ref().map(|it| &it.fate) {
        Some(PlaceFate::Lost { why, .. } | PlaceFate::Skipped { why }) => why.clone(),
        _ => String::new(),
    };
    let (old, new, all) = (why(&place.old), why(&place.new), runs(place.runs.len()));
    let words = match place.change {
        Change::Broken => format!("it was lost: {new}"),
        Change::Fixed => format!("it is no longer lost; before: {old}"),
        Change::Changed => format!("it is lost in another way: {new}; before: {old}"),
        Change::Untried => format!("it is skipped now: {new}"),
        Change::Tried => format!("it was skipped before: {old}"),
        Change::New => format!("only the newer document has it ({all})"),
        Change::Gone => format!("only the older document has it ({all})"),
        Change::Slower | Change::NotRun | Change::Same => return None,
    };
    let not_run = match place.count(Change::NotRun) {
        0 => String::new(),
        number => format!(" ({} not run)", runs(number)),
    };
    Some(printable(&(words + &not_run)))
}

/// The change of a run, in a sentence or two.
pub fn verdicts(run: &RunChange) -> String {
    let (old, new) = match (&run.old, &run.new) {
        (Some(old), Some(new)) => (old, new),
        (None, Some(new)) => {
            return format!("It {}; the older document has no such run.", now(new));
        }
        _ => return "The newer document has no such run.".to_owned(),
    };
    let words = match (old.verdict, new.verdict) {
        (Verdict::Skipped, Verdict::Skipped) => "It is skipped as before.".to_owned(),
        (Verdict::Skipped, _) => format!("It {}; it was skipped before: {}.", now(new), old.reason),
        (_, Verdict::Skipped) => format!("It {}; it is skipped now: {}.", before(old), new.reason),
        (one, other) if one == other => format!("It {} as before, but differently.", now(new)),
        _ => format!("It {}; now it {}.", before(old), now(new)),
    };
    let known = match (&new.known, new.standing, new.verdict) {
        (Some(known), Standing::Known, _) => Some(("That is a known failure", known)),
        (Some(known), Standing::Surprise, Verdict::Passed) => {
            Some(("Its known failure no longer occurs", known))
        }
        (Some(known), Standing::Surprise, _) => Some(("Its known failure is another one", known)),
        (Some(_), ..) => None,
        (None, ..) => {
            let known = old.known.as_ref().filter(|_| old.standing == Standing::Known);
            known.map(|known| ("Before, it was a known failure", known))
        }
    };
    let known = known.map(|(what, known)| format!(" {what}: {}.", because(known)));
    printable(&(words + &known.unwrap_or_default()))
}

fn because(known: &Known) -> String {
    let why = known.why.trim_end_matches('.');
    match &known.link {
        Some(link) => format!("{why} ({link})"),
        None => why.to_owned(),
    }
}

fn now(account: &ComparedRun) -> &'static str {
    verbs(account.verdict)[1]
}

fn before(account: &ComparedRun) -> &'static str {
    verbs(account.verdict)[0]
}

fn verbs(verdict: Verdict) -> [&'static str; 2] {
    match verdict {
        Verdict::Passed => ["passed", "passes"],
        Verdict::Failed => ["failed", "fails"],
        Verdict::TimedOut => ["timed out", "times out"],
        Verdict::Skipped => ["was skipped", "is skipped"],
    }
}

/// The words beside a run's title in a list.
pub fn brief(run: &RunChange) -> String {
    let [old, new] = [&run.old, &run.new].map(Option::as_ref);
    let words = match run.change {
        Change::Broken | Change::Fixed | Change::Changed => verdicts(run),
        Change::Untried => new.map(|it| it.reason.clone()).unwrap_or_default(),
        Change::Tried | Change::New => new.map(now).unwrap_or_default().to_owned(),
        Change::Gone | Change::NotRun => {
            old.map(|it| format!("{} before", before(it))).unwrap_or_default()
        }
        Change::Slower => {
            let time = |side: Option<&ComparedRun>| side.map(|it| times::readable(it.duration));
            let [old, new] = [old, new].map(|side| time(side).unwrap_or_default());
            format!("{old} -> {new}, {:.1} times as long", run.times.unwrap_or(1.0))
        }
        Change::Same => String::new(),
    };
    printable(&words)
}

/// The first step that differs, in a line, if there is one.
pub fn first_difference(run: &RunChange) -> Option<String> {
    let difference = run.first_difference.as_ref()?;
    let image = run.images.first().map(String::as_str);
    let at = format!("line {}: {}", difference.line, action::words(&difference.text, image));
    let words = match &difference.what {
        DifferenceKind::Outcome { first, second } => {
            let word = |side: &Option<Outcome>| {
                side.as_ref().map_or("no answer".to_owned(), ToString::to_string)
            };
            format!("{at}: {} -> {}", word(first), word(second))
        }
        DifferenceKind::Locks { .. } => format!("{at}: different locks afterwards"),
        DifferenceKind::Step { first, second } => {
            format!("the scenarios differ: `{first}` -> `{second}`")
        }
        DifferenceKind::End { first, second } if first < second => {
            format!("{at}: the older run ended before it")
        }
        DifferenceKind::End { .. } => format!("{at}: the newer run ended before it"),
    };
    Some(printable(&words))
}

/// The differences of a step besides its outcome: lines below a title, or
/// without a title a sentence.
pub fn beyond_outcome(run: &RunChange) -> Vec<(&'static str, Vec<String>)> {
    match run.first_difference.as_ref().map(|one| &one.what) {
        Some(DifferenceKind::Locks { first, second }) => {
            let told = |table: &Option<Vec<_>>| -> Vec<String> {
                let lines = match table {
                    None => vec!["not read".to_owned()],
                    Some(table) if table.is_empty() => vec!["none".to_owned()],
                    Some(table) => table_words::sentences_of_any_run(&run.images, table),
                };
                lines.iter().map(|line| printable(line)).collect()
            };
            vec![("Locks before:", told(first)), ("Locks now:", told(second))]
        }
        Some(DifferenceKind::End { .. } | DifferenceKind::Step { .. }) => {
            vec![("", first_difference(run).into_iter().collect())]
        }
        _ => Vec::new(),
    }
}

/// The objections of the judges, in the newer run or, if only that failed, in
/// the older one: a title such as `The contract objects to line 13: vm2 open disk
/// mode=rw`, and below it the message and what was expected.
pub fn objections(run: &RunChange) -> Vec<(String, Vec<String>)> {
    let failed =
        |account: &&ComparedRun| matches!(account.verdict, Verdict::Failed | Verdict::TimedOut);
    let side = run.new.as_ref().filter(failed).or(run.old.as_ref().filter(failed));
    let image = run.images.first().map(String::as_str);
    let told = |objection: &ComparedFinding| {
        let ComparedFinding { judge, line, text, expected, actual, message, .. } = objection;
        let to = match line {
            Some(line) => format!("line {line}: {}", action::words(text, image)),
            None => "the run as a whole".to_owned(),
        };
        let mut lines: Vec<String> = vec![printable(message)];
        for (label, side) in [("expected", expected), ("actual", actual)] {
            for (number, part) in side.split("; ").enumerate() {
                let label = if number == 0 { label } else { "" };
                lines.push(format!("{label:8}  {}", printable(part)));
            }
        }
        lines.retain(|line| !["", "expected", "actual"].contains(&line.trim()));
        (printable(&format!("The {judge} objects to {to}")), lines)
    };
    side.map(|account| account.objections.iter().map(told).collect()).unwrap_or_default()
}

/// Why the newer run ended so, where no judge objects.
pub fn bare_reason(run: &RunChange) -> Option<String> {
    let new = run.new.as_ref()?;
    (new.objections.is_empty() && !new.reason.is_empty()).then(|| printable(&new.reason))
}
