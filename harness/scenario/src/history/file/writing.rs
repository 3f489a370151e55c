use std::borrow::Cow;
use std::io::{self, Write};

use super::header::HistoryHeader;
use super::line::{Line, Word};
use crate::history::span::NEVER;
use crate::history::{HistoryTerms, OpenAnswer, Opening, OpeningEnd};
use imglock_core::{Claim, Mode, Permissions};

/// A writer that writes a history opening by opening while it happens.
///
/// The events of one opening are written together. They may overlap in time with those of other
/// openings.
#[derive(Debug)]
pub struct HistoryFile<W: Write> {
    out: W,
}

impl<W: Write> HistoryFile<W> {
    /// Writes the header. `out` should be buffered.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn begin(out: W, terms: &HistoryTerms<'_>) -> io::Result<HistoryFile<W>> {
        let mut file = HistoryFile { out };
        file.line(&HistoryHeader::new(terms.backend, terms.complete, terms.resolution_ns))?;
        Ok(file)
    }

    /// Writes these openings. They must be later than all earlier ones of the same openers.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn add(&mut self, stays: &[Opening], terms: &HistoryTerms<'_>) -> io::Result<()> {
        for stay in stays {
            self.stay(stay, terms)?;
        }
        Ok(())
    }

    /// Flushes the buffer and returns the writer.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn stay(&mut self, stay: &Opening, terms: &HistoryTerms<'_>) -> io::Result<()> {
        let opener = terms.openers.get(stay.opener);
        let name = match opener {
            Some(opener) => Cow::Borrowed(opener.name.as_str()),
            None => Cow::Owned(format!("opener{}", stay.opener)),
        };
        let line = |at_ns, word: Word| {
            let word: &str = word.into();
            Line { at_ns, opener: name.clone(), event: word.into(), ..Line::default() }
        };
        let mut open = line(stay.attempt_ns, Word::Open);
        open.process = opener.map(|opener| opener.process.as_str().into());
        claimed(&mut open, stay.claim);
        self.line(&open)?;
        match stay.answer {
            Some((at, OpenAnswer::Granted)) => self.line(&line(at, Word::Granted))?,
            Some((at, OpenAnswer::Refused(refusal))) => {
                let mut refused = line(at, Word::Refused);
                if let Some(refusal) = refusal {
                    refused.permission = Some(refusal.permission.name().into());
                    refused.side = Some(refusal.side.name().into());
                }
                self.line(&refused)?;
            }
            None => {}
        }
        match stay.end {
            Some(OpeningEnd::Closed { from_ns, until_ns }) => {
                self.line(&line(from_ns, Word::Close))?;
                if until_ns != NEVER {
                    self.line(&line(until_ns, Word::Closed))?;
                }
            }
            Some(OpeningEnd::Died { from_ns, until_ns }) => {
                let alive_ns = Some(from_ns);
                self.line(&Line { alive_ns, ..line(until_ns, Word::Died) })?;
            }
            None => {}
        }
        Ok(())
    }

    fn line(&mut self, line: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")
    }
}

/// Writes the claim as a mode if a mode has it, otherwise as permissions.
fn claimed(line: &mut Line<'_>, claim: Claim) {
    match Mode::ALL.iter().find(|mode| mode.claim() == claim) {
        Some(mode) => line.mode = Some(mode.name().into()),
        None => {
            let names = |set: Permissions| set.each().map(|one| one.name().into()).collect();
            line.held = Some(names(claim.held));
            line.shared = Some(names(claim.shared));
        }
    }
}
