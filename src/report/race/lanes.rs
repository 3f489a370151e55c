//! One round, drawn: a lane for each opener, from its attempt to its end.

use std::io;
use std::time::Duration;

use imglock_engine::{RaceEvidence, RaceSum, RaceTurn};
use imglock_scenario::{HistoryMatter, OpenAnswer, Opening, OpeningEnd};

use crate::phrase::count;
use crate::report::page::Page;
use crate::report::palette::{FAINT, PLAIN, STRONG, TAKEN};
use crate::report::times;

/// The columns of a lane.
const LANE: usize = 26;

/// With more openers than this, only those of the finding are drawn.
const MOST: usize = 8;

/// Draws the openers of the round.
pub fn write(sum: &RaceSum, evidence: &RaceEvidence, page: &mut Page<'_>) -> io::Result<()> {
    let concerned = concerned(evidence);
    let drawn: Vec<&RaceTurn> = match sum.openers <= MOST {
        true => evidence.turns.iter().collect(),
        false => {
            let is_shown = |turn: &&RaceTurn| match concerned.is_empty() {
                true => turn.is_granted(),
                false => concerned.contains(&turn.stay.opener),
            };
            evidence.turns.iter().filter(is_shown).take(MOST).collect()
        }
    };
    let hidden = sum.openers - drawn.len().min(sum.openers);
    let from = drawn.iter().map(|turn| turn.stay.attempt_ns).min().unwrap_or(0);
    let until = drawn.iter().map(|turn| last(&turn.stay)).max().unwrap_or(0).max(from + 1);
    let span = Duration::from_nanos(until - from);
    let scale = Scale { from, until };
    let ends = format!("0{:>1$}", times::readable(span), LANE - 1);
    writeln!(page, "    {:25}{FAINT}{ends}{FAINT:#}", "")?;
    for turn in drawn {
        let RaceTurn { mode, stay, .. } = turn;
        let (mark, style) = match concerned.contains(&stay.opener) {
            true => ("▸", STRONG),
            false => (" ", PLAIN),
        };
        let name = format!("opener {}", stay.opener + 1);
        let lane = scale.lane(stay);
        write!(page, "  {mark} {style}{name:<9} {:<13}{style:#}  ", mode.name())?;
        match words(turn) {
            words if words.is_empty() => writeln!(page, "{TAKEN}{}{TAKEN:#}", lane.trim_end())?,
            words => writeln!(page, "{TAKEN}{lane}{TAKEN:#} {words}")?,
        }
    }
    if sum.openers > MOST && hidden > 0 {
        let others = count(hidden, "other opener", "other openers");
        writeln!(page, "    {FAINT}and {others}{FAINT:#}")?;
    }
    writeln!(page, "    {FAINT}█ holds the image  ░ opens or closes it  × is refused{FAINT:#}")
}

/// The words beside the lane.
fn words(turn: &RaceTurn) -> String {
    match (&turn.failure, turn.stay.answer) {
        // The reason stands above the lanes.
        (Some(_), _) => "failed".to_owned(),
        (None, Some((_, OpenAnswer::Refused(Some(refusal))))) => format!("× {refusal}"),
        (None, Some((_, OpenAnswer::Refused(None)))) => "×".to_owned(),
        _ => String::new(),
    }
}

struct Scale {
    from: u64,
    until: u64,
}

impl Scale {
    fn column(&self, at: u64) -> usize {
        let part = (at - self.from) as f64 / (self.until - self.from) as f64;
        ((part * LANE as f64) as usize).min(LANE - 1)
    }

    fn lane(&self, stay: &Opening) -> String {
        let mut cells = [' '; LANE];
        let mut fill = |from: u64, until: u64, cell: char| {
            cells[self.column(from)..=self.column(until)].fill(cell);
        };
        fill(stay.attempt_ns, last(stay), '░');
        match (stay.answer, stay.end) {
            (Some((at, OpenAnswer::Granted)), Some(OpeningEnd::Closed { from_ns: until, .. })) => {
                fill(at, until, '█');
            }
            (Some((at, OpenAnswer::Granted)), _) => fill(at, self.until, '█'),
            (Some((at, OpenAnswer::Refused(_))), _) => fill(at, at, '×'),
            _ => {}
        }
        cells.iter().collect()
    }
}

fn last(stay: &Opening) -> u64 {
    match (stay.end, stay.answer) {
        (Some(OpeningEnd::Closed { until_ns, .. } | OpeningEnd::Died { until_ns, .. }), _) => {
            until_ns
        }
        (None, Some((at, _))) => at,
        (None, None) => stay.attempt_ns,
    }
}

/// The openers that a finding is about.
fn concerned(evidence: &RaceEvidence) -> Vec<usize> {
    let stays = match &evidence.matter {
        None => vec![],
        Some(
            HistoryMatter::TwoHolders { first, second }
            | HistoryMatter::SameOwner { first, second },
        ) => {
            vec![first, second]
        }
        Some(HistoryMatter::LockLoss { loser, closer, other }) => vec![loser, closer, other],
        Some(HistoryMatter::Unjustified { refused, .. }) => vec![refused],
        Some(HistoryMatter::NeverReleased { holder }) => vec![holder],
        Some(HistoryMatter::Suspect { suspect, refused }) => {
            std::iter::once(suspect).chain(refused).collect()
        }
    };
    let failed = evidence.turns.iter().filter(|turn| turn.failure.is_some());
    stays.into_iter().chain(failed.map(|turn| &turn.stay)).map(|stay| stay.opener).collect()
}
