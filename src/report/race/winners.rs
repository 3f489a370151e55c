use std::io::{self, Write};

use imglock_harness::race::RaceSum;
use indicatif::HumanCount;

use super::{count_of, paragraph, percent, rounds_of};
use crate::report::palette::{GOOD, STRONG};

/// The longest bar.
const BAR: usize = 40;

/// More lines than this are cut at both ends.
const LINES: usize = 12;

/// How many were granted in how many rounds.
pub fn write(sum: &RaceSum, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{STRONG}Granted in a round{STRONG:#}")?;
    let most = sum.winners.iter().copied().max().unwrap_or(0).max(1);
    let shown = |(_, times): &(usize, &u64)| sum.winners.len() <= LINES || **times > 0;
    for (granted, times) in sum.winners.iter().enumerate().filter(shown) {
        let label = if granted == 0 { "nobody".to_owned() } else { granted.to_string() };
        let part = *times as f64 * 100.0 / sum.rounds.max(1) as f64;
        let bar = bar(*times as f64 / most as f64);
        let times = HumanCount(*times).to_string();
        write!(out, "  {label:>6}  {times:>11}  {:>8}", percent(part))?;
        match bar.is_empty() {
            true => writeln!(out)?,
            false => writeln!(out, "  {GOOD}{bar}{GOOD:#}")?,
        }
    }
    let contested = format!("Somebody was refused in {}", rounds_of(sum.contested, sum));
    let text = match sum.nobody_won {
        0 => format!("{contested}, everybody in none."),
        lost => format!(
            "{contested}, everybody in {}: openers that come at the same moment may all lose.",
            rounds_of(lost, sum)
        ),
    };
    paragraph(&text, "  ", out)?;
    if sum.counts > 0 {
        let lost = match sum.lost_updates {
            0 => "none is lost".to_owned(),
            1 => "1 is lost".to_owned(),
            lost => format!("{} are lost", HumanCount(lost)),
        };
        let counts = count_of(sum.counts, "count", "counts");
        paragraph(&format!("Of {counts} in the image {lost}."), "  ", out)?;
    }
    Ok(())
}

/// A bar in eighths of a column; what is there at all can be seen.
fn bar(part: f64) -> String {
    let eighths = (part * (BAR * 8) as f64).round() as usize;
    let eighths = if part > 0.0 { eighths.max(1) } else { 0 };
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    format!("{}{rest}", "█".repeat(eighths / 8))
}
