//! The result of a race, for a page of 80 columns.

mod found;
mod lanes;
#[cfg(test)]
mod samples;
mod share;
#[cfg(test)]
mod tests;
mod verdict;
mod winners;

use std::io::{self, Write};

use imglock_engine::{RaceLeftOut, RaceSum};

use super::environment;
use super::groups::groups;
use super::page::Page;
use super::palette::{CAREFUL, FAINT, STRONG};
use crate::phrase::list;

/// The columns of a page.
const WIDTH: usize = 80;

/// Writes how the race was set up, how many openers were granted, the findings, and the verdict.
pub fn write(sum: &RaceSum, out: &mut dyn Write) -> io::Result<()> {
    let page = &mut Page::new(out, WIDTH);
    head(sum, page)?;
    if sum.rounds == 0 {
        return writeln!(page, "\n{CAREFUL}Stopped before the first round ended.{CAREFUL:#}");
    }
    winners::write(sum, page)?;
    found::write(sum, page)?;
    writeln!(page)?;
    verdict::write(sum, page)?;
    writeln!(page, "\n{FAINT}Again:{FAINT:#}  {}", again(sum))
}

fn head(sum: &RaceSum, page: &mut Page<'_>) -> io::Result<()> {
    let RaceSum { environment, backend, subject, openers, sharing, .. } = sum;
    if let Some(fault) = environment.planted {
        let words = format!(
            "{CAREFUL}A fault was planted on purpose, {fault}: {} The results below say nothing \
             about this machine.{CAREFUL:#}",
            fault.meaning()
        );
        page.paragraph("", &words)?;
    }
    writeln!(page, "{STRONG}Race of {openers} openers on {backend} locks{STRONG:#}")?;
    let programs = match environment.qemu.is_empty() {
        true => String::new(),
        false => format!(" ({})", environment::qemu(environment)),
    };
    let place = environment::place(environment);
    page.paragraph("  ", &format!("{subject} openers{programs}; {place}"))?;
    let modes = match sum.modes.as_slice() {
        [one] => format!("mode {one}"),
        few if few.len() <= 4 => format!("modes {}", names(sum, ", ")),
        many => format!("{} modes", many.len()),
    };
    let shared = match sharing {
        0 => "each opener is a process of its own".to_owned(),
        sharing => {
            let numbers = (openers - sharing..*openers).map(|index| (index + 1).to_string());
            let numbers: Vec<String> = numbers.collect();
            format!("openers {} are one process", list(numbers.iter().map(String::as_str)))
        }
    };
    page.paragraph("  ", &format!("{modes}, seed {}; {shared}", sum.seed))?;
    let left_out = sum.left_out.iter().map(|RaceLeftOut { mode, why }| (why, mode.name()));
    for (why, modes) in groups(left_out) {
        let are = if modes.len() == 1 { "is" } else { "are" };
        let line = format!("{CAREFUL}{} {are} left out: {why}{CAREFUL:#}", list(modes));
        page.paragraph("  ", &line)?;
    }
    Ok(())
}

fn names(sum: &RaceSum, between: &str) -> String {
    sum.modes.iter().map(|mode| mode.name()).collect::<Vec<_>>().join(between)
}

/// The command that runs the same race.
fn again(sum: &RaceSum) -> String {
    let usual = if sum.openers > 2 && sum.environment.qemu.is_empty() { 2 } else { 0 };
    let rounds = sum.planned.unwrap_or(sum.rounds);
    let flags = [
        (sum.openers != 4).then(|| format!("--openers {}", sum.openers)),
        (sum.sharing != usual).then(|| format!("--sharing {}", sum.sharing)),
        Some(format!("--rounds {rounds}")),
        (sum.subject != "builtin").then(|| format!("--subject {}", sum.subject)),
        sum.environment.planted.map(|fault| format!("--plant {fault}")),
        (sum.modes.len() <= 8).then(|| format!("--modes {}", names(sum, ","))),
    ];
    let command = format!("imglock race --backend {} --seed {}", sum.backend, sum.seed);
    flags.into_iter().flatten().fold(command, |line, flag| format!("{line} {flag}"))
}
