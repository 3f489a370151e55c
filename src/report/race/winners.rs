use std::io;

use imglock_engine::RaceSum;

use super::share::{percent, rounds_of};
use crate::phrase::{grouped, grouped_count};
use crate::report::page::Page;
use crate::report::palette::{GOOD, STRONG};

/// The longest bar, in columns.
const BAR: usize = 40;

/// With more lines than this, lines of no round are left out.
const LINES: usize = 12;

/// Writes how many openers were granted in how many rounds.
pub fn write(sum: &RaceSum, page: &mut Page<'_>) -> io::Result<()> {
    writeln!(page, "\n{STRONG}Openers granted in a round{STRONG:#}")?;
    let most = sum.winners.iter().copied().max().unwrap_or(0).max(1);
    let shown = |(_, rounds): &(usize, &u64)| sum.winners.len() <= LINES || **rounds > 0;
    for (granted, rounds) in sum.winners.iter().enumerate().filter(shown) {
        let share = percent(*rounds, sum);
        let bar = match bar(*rounds as f64 / most as f64) {
            bar if bar.is_empty() => bar,
            bar => format!("  {GOOD}{bar}{GOOD:#}"),
        };
        writeln!(page, "  {granted:>6}  {:>11}  {share:>8}{bar}", grouped(*rounds))?;
    }
    let contested = format!("At least one opener was refused in {}", rounds_of(sum.contested, sum));
    let text = match sum.nobody_won {
        0 => format!("{contested}, every opener in none."),
        lost => format!(
            "{contested}, every opener in {}: that is allowed, because locking several bytes is \
             not atomic.",
            rounds_of(lost, sum)
        ),
    };
    page.paragraph("  ", &text)?;
    if sum.counts > 0 {
        let counts = grouped_count(sum.counts, "update", "updates");
        let lost = match sum.lost_updates {
            0 => "none".to_owned(),
            lost => grouped(lost),
        };
        page.paragraph("  ", &format!("The image's counter got {counts}, {lost} of them lost."))?;
    }
    Ok(())
}

/// A bar in eighths of a column; a part above 0 is always visible.
fn bar(part: f64) -> String {
    let eighths = (part * (BAR * 8) as f64).round() as usize;
    let eighths = if part > 0.0 { eighths.max(1) } else { 0 };
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    format!("{}{rest}", "█".repeat(eighths / 8))
}
