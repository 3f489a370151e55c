use std::io::{self, Write};

use imglock_harness::fault::Fault;
use imglock_harness::lock::Backend;
use imglock_harness::run::Environment;
use imglock_harness::self_test::{Catch, End, Fate, FaultResult, Hunt, SelfTest};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::grid;
use crate::phrase::count;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};
use crate::report::times;

/// The columns of a hunter's name, of a backend's, of a time.
const HUNTER: usize = 9;
const BACKEND: usize = 7;
const TIME: usize = 8;
/// The columns of a paragraph.
const WIDTH: usize = 100;

/// Where, what was found without a fault, each fault and who noticed it, and
/// what that comes to. Lines are cut to fit `width`, if there is one.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(tested: &SelfTest, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let Environment { kernel, file_system, .. } = &tested.environment;
    writeln!(
        out,
        "{STRONG}Would anybody notice?{STRONG:#} One fault at a time, on {file_system}, Linux {kernel}"
    )?;
    baseline(tested, out)?;
    let ended: Vec<&FaultResult> =
        tested.results.iter().filter(|result| result.fate() != Fate::Open).collect();
    if !ended.is_empty() {
        table(&ended, width, out)?;
        if tested.thorough {
            grid::write(tested, &ended, out)?;
        }
        survivors(&ended, out)?;
    }
    if tested.is_sound() { sum(tested, out) } else { unsound(tested, out) }
}

/// What is said beside the progress bar.
pub fn so_far(tested: &SelfTest) -> String {
    match tested.baseline.last() {
        None => "without a fault first".to_owned(),
        Some(Hunt { hunter, .. }) => format!("{hunter} looks"),
    }
}

/// The columns of the longest name.
pub(super) fn name_width(faults: impl Iterator<Item = Fault>) -> usize {
    faults.map(|fault| fault.name().len()).max().unwrap_or(0)
}

fn baseline(tested: &SelfTest, out: &mut dyn Write) -> io::Result<()> {
    for Hunt { hunter, backend, runs, duration, end } in &tested.baseline {
        let what = format!("{runs} {}", hunter.runs_of());
        let lead = format!("{:HUNTER$} {:BACKEND$}", hunter.name(), backend.name());
        match end {
            End::Nothing => writeln!(
                out,
                "{FAINT}  no fault  {lead} {what}, nothing found in {}{FAINT:#}",
                times::readable(*duration)
            )?,
            End::Skipped(why) => {
                writeln!(out, "{FAINT}  no fault  {lead} skipped: {why}{FAINT:#}")?
            }
            End::Caught(Catch { at, said }) => {
                writeln!(out, "  {BAD}no fault{BAD:#}  {lead} {at}: {said}")?;
            }
        }
    }
    Ok(())
}

fn table(ended: &[&FaultResult], width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let names = name_width(ended.iter().map(|result| result.fault));
    writeln!(
        out,
        "\n{FAINT}  {:names$}  {:HUNTER$} {:BACKEND$} {:>TIME$}  where, and what was said{FAINT:#}",
        "fault", "caught by", "backend", "after"
    )?;
    let mut place = None;
    for result in ended {
        if place.replace(result.fault.place()) != Some(result.fault.place()) {
            writeln!(out, "{STRONG}{}{STRONG:#}", result.fault.place())?;
        }
        let (style, hunter, backend, words) = match (result.fate(), result.caught()) {
            (_, Some((hunt, Catch { at, said }))) => {
                (GOOD, hunt.hunter.name(), hunt.backend.name(), format!("{at}: {said}"))
            }
            (Fate::Skipped, _) => (CAREFUL, "skipped", "", reasons(result)),
            _ => (BAD, "nobody", "", "see below".to_owned()),
        };
        let after = match result.fate() {
            Fate::Skipped => String::new(),
            _ => times::readable(result.after()),
        };
        let used = 2 + names + 2 + HUNTER + 1 + BACKEND + 1 + TIME + 2;
        let words = width.map_or(words.clone(), |width| cut(&words, width.saturating_sub(used)));
        writeln!(
            out,
            "  {:names$}  {style}{hunter:HUNTER$}{style:#} {backend:BACKEND$} \
             {FAINT}{after:>TIME$}{FAINT:#}  {words}",
            result.fault.name()
        )?;
    }
    Ok(())
}

fn reasons(result: &FaultResult) -> String {
    let mut reasons: Vec<&str> = result.skipped().map(|(_, why)| why).collect();
    reasons.dedup();
    reasons.join("; ")
}

/// So much of a text as fits, with a sign where something is missing.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

/// What it means that nobody noticed.
fn survivors(ended: &[&FaultResult], out: &mut dyn Write) -> io::Result<()> {
    for result in ended.iter().filter(|result| result.fate() == Fate::Survived) {
        let name = result.fault.name();
        writeln!(
            out,
            "\n{BAD}survived{BAD:#}  {STRONG}{name}{STRONG:#}: {}",
            result.fault.meaning()
        )?;
        let looked: Vec<String> = result.hunts.iter().map(looked).collect();
        let words = format!(
            "It was there, and nobody noticed: {}. Were it real, they would find nothing, too. So \
             that they find nothing says nothing about this fault.",
            looked.join(", ")
        );
        for line in textwrap::wrap(&words, WIDTH - 2) {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

fn looked(hunt: &Hunt) -> String {
    let Hunt { hunter, backend, runs, end, .. } = hunt;
    match end {
        End::Skipped(why) => format!("{hunter} not on {backend} ({why})"),
        _ => format!("{hunter} on {backend} ({runs} {})", hunter.runs_of()),
    }
}

fn sum(tested: &SelfTest, out: &mut dyn Write) -> io::Result<()> {
    let time = times::readable(tested.elapsed);
    let [caught, survived, skipped] =
        [Fate::Caught, Fate::Survived, Fate::Skipped].map(|fate| tested.count(fate));
    let style = |number, style| if number == 0 { FAINT } else { style };
    let (good, bad, careful) = (style(caught, GOOD), style(survived, BAD), style(skipped, CAREFUL));
    writeln!(
        out,
        "\n{}: {good}{caught} caught{good:#}, {bad}{survived} survived{bad:#}, \
         {careful}{skipped} skipped{careful:#} in {time}",
        count(tested.results.len(), "fault", "faults")
    )?;
    if !tested.complete {
        let open = tested.count(Fate::Open);
        writeln!(out, "{STRONG}interrupted{STRONG:#}: {open} more were not looked for to the end")?;
    }
    let example = tested.results.iter().find(|result| result.caught().is_some());
    let by_suite = example.and_then(FaultResult::caught);
    if let (Some(FaultResult { fault, .. }), Some((hunt, catch))) = (example, by_suite)
        && let Some((scenario, _)) = catch.at.split_once(':')
    {
        let line = format!("imglock run {scenario} --plant {fault} --backend {}", hunt.backend);
        writeln!(out, "{FAINT}To see one in full: {line}{FAINT:#}")?;
    }
    Ok(())
}

/// Something was found where nothing was planted.
fn unsound(tested: &SelfTest, out: &mut dyn Write) -> io::Result<()> {
    let red = tested.baseline.iter().filter(|hunt| matches!(hunt.end, End::Caught(_)));
    let by: Vec<String> = red.map(|hunt| format!("{} on {}", hunt.hunter, hunt.backend)).collect();
    writeln!(
        out,
        "\n{BAD}nothing can be concluded{BAD:#}: {} found something without a fault, so what is \
         found with one says nothing.\n\
         Either locks are not as they must be here (`imglock run` shows it in full), or a step \
         took too long (allow more with --timeout).",
        by.join(", ")
    )
}

/// Backends on which a hunter was sent out.
pub(super) fn backends(tested: &SelfTest) -> Vec<Backend> {
    let has = |backend: &Backend| tested.baseline.iter().any(|hunt| hunt.backend == *backend);
    Backend::ALL.into_iter().filter(has).collect()
}
