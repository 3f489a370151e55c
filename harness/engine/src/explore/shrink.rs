//! Shrinks a case that differs to the smallest one that still differs.
//!
//! Lines are deleted by halves, then by quarters, and so on down to single
//! lines. After that, each line is made simpler. Every candidate is rebuilt
//! from the beginning: lines that make no sense any more are left out, and the
//! expected outcomes of opens are computed again. A candidate is kept if a run
//! shows a finding of the same judge.

use std::time::Instant;

use super::simpler;
use super::trial::Trial;
use super::{ExploreCase, ExploreFinding};
use crate::process::ProcessError;
use crate::run::Engine;
use imglock_scenario::{ImageDeclaration, Item, Scenario};

/// A scenario that differs, while it is shrunk.
pub(super) struct Shrinking<'a> {
    pub(super) engine: &'a mut Engine,
    pub(super) case: ExploreCase,
    /// The finding that must remain.
    pub(super) fault: ExploreFinding,
    /// The smallest scenario so far, and its run.
    pub(super) scenario: Scenario,
    pub(super) trial: Trial,
    /// The time at which shrinking ends.
    pub(super) until: Instant,
}

impl Shrinking<'_> {
    /// Makes the scenario as small as possible in the available time.
    pub(super) fn run(&mut self) -> Result<(), ProcessError> {
        self.cut()?;
        loop {
            let mut better = self.delete()?;
            better |= self.simplify()?;
            if !better || self.is_late() {
                return Ok(());
            }
        }
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Removes the lines after the finding, which were not run.
    fn cut(&mut self) -> Result<bool, ProcessError> {
        let played = self.trial.played(&self.scenario).to_vec();
        self.attempt(&self.scenario.images.clone(), &played)
    }

    fn delete(&mut self) -> Result<bool, ProcessError> {
        let mut better = false;
        let mut size = self.scenario.items.len().div_ceil(2);
        while size > 0 {
            // From the end, so that the remaining lines keep their index.
            let mut at = self.scenario.items.len();
            while at > 0 {
                let end = at.min(self.scenario.items.len());
                at = end.saturating_sub(size);
                let mut items = self.scenario.items.clone();
                items.drain(at..end);
                better |= self.attempt(&self.scenario.images.clone(), &items)?;
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        Ok(better)
    }

    fn simplify(&mut self) -> Result<bool, ProcessError> {
        let mut better = false;
        while self.simplify_whole()? {
            better = true;
        }
        let mut at = 0;
        while at < self.scenario.items.len() {
            if self.simplify_line(at)? {
                better = true;
            } else {
                at += 1;
            }
        }
        Ok(better)
    }

    fn simplify_whole(&mut self) -> Result<bool, ProcessError> {
        for Scenario { images, items, .. } in simpler::whole(&self.scenario) {
            if self.attempt(&images, &items)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn simplify_line(&mut self, at: usize) -> Result<bool, ProcessError> {
        for line in simpler::line(&self.scenario.items[at]) {
            let mut items = self.scenario.items.clone();
            items.splice(at..=at, line);
            if self.attempt(&self.scenario.images.clone(), &items)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tries these lines. They become the scenario if they differ from it and
    /// show the finding.
    fn attempt(
        &mut self,
        images: &[ImageDeclaration],
        items: &[Item],
    ) -> Result<bool, ProcessError> {
        let scenario = self.case.retold(images, items);
        if self.is_late() || scenario.items.is_empty() || scenario == self.scenario {
            return Ok(false);
        }
        let trial = Trial::run(self.engine, &scenario, self.case.backend)?;
        let shows = trial.shows(&self.fault);
        if shows {
            self.scenario = scenario;
            self.trial = trial;
        }
        Ok(shows)
    }
}
