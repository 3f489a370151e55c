use std::io;

use imglock_engine::{Detection, Fault, FaultCatch, FaultFate, FaultResult, HuntEnd, SelfTest};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::report::page::Page;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};
use crate::report::times;

/// The columns of a detector's name, of a backend, of a time.
const HUNTER: usize = 9;
const BACKEND: usize = 7;
const TIME: usize = 8;

/// The width of the longest name.
pub fn name_width(faults: impl Iterator<Item = Fault>) -> usize {
    faults.map(|fault| fault.name().len()).max().unwrap_or(0)
}

/// Writes what each detector found without a fault.
pub fn baseline(tested: &SelfTest, page: &mut Page<'_>) -> io::Result<()> {
    for Detection { hunter, backend, runs, duration, end } in &tested.baseline {
        let (style, found) = match end {
            HuntEnd::Nothing => {
                let (what, took) = (hunter.runs_of(), times::readable(*duration));
                (FAINT, format!("{runs} {what}, nothing found in {took}"))
            }
            HuntEnd::Skipped(why) => (FAINT, format!("skipped: {why}")),
            HuntEnd::Caught(FaultCatch { at, said }) => (BAD, format!("{at}: {said}")),
        };
        let (hunter, backend) = (hunter.name(), backend.name());
        writeln!(page, "  {style}no fault  {hunter:HUNTER$} {backend:BACKEND$} {found}{style:#}")?;
    }
    Ok(())
}

/// Writes a line for each fault, below its place: which detector caught it, when and how.
pub fn faults(ended: &[&FaultResult], width: Option<usize>, page: &mut Page<'_>) -> io::Result<()> {
    let names = name_width(ended.iter().map(|result| result.fault));
    writeln!(
        page,
        "\n{FAINT}  {:names$}  {:HUNTER$} {:BACKEND$} {:>TIME$}  where, and the message{FAINT:#}",
        "fault", "caught by", "backend", "after"
    )?;
    let mut place = None;
    for result in ended {
        if place.replace(result.fault.place()) != Some(result.fault.place()) {
            writeln!(page, "{STRONG}{}{STRONG:#}", result.fault.place())?;
        }
        let after = times::readable(result.after());
        let (style, hunter, backend, after, words) = match (result.fate(), result.caught()) {
            (_, Some((hunt, FaultCatch { at, said }))) => {
                (GOOD, hunt.hunter.name(), hunt.backend.name(), after, format!("{at}: {said}"))
            }
            (FaultFate::Skipped, _) => (CAREFUL, "skipped", "", String::new(), reasons(result)),
            _ => (BAD, "none", "", after, "see below".to_owned()),
        };
        let used = 2 + names + 2 + HUNTER + 1 + BACKEND + 1 + TIME + 2;
        let words = width.map_or(words.clone(), |width| cut(&words, width.saturating_sub(used)));
        writeln!(
            page,
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

/// The text, cut off with `…` where it is wider than `width`.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    text.chars().take_while(fits).chain(['…']).collect()
}
