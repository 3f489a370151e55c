use std::collections::BTreeMap;

use super::dice::Dice;
use super::draw::{IMAGES, SIZES};
use super::plot::Plot;
use super::turn;
use imglock_core::Backend;
use imglock_scenario::{ImageDeclaration, Item, Scenario};

/// The maximum number of images that exist from the start.
const MOST_IMAGES: usize = 3;
/// The processes that exist from the start.
const PROCESSES: [&str; 4] = ["vm1", "vm2", "vm3", "vm4"];
/// After this many lines in a row that make no sense, no useful line is left.
const PATIENCE: usize = 200;

/// One random scenario, which its fields determine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExploreCase {
    /// Random seed of the exploration.
    pub seed: u64,
    /// The case number, from 0.
    pub number: u64,
    /// The number of steps; fewer if no actor is left to take them.
    pub steps: usize,
    /// Lock type.
    pub backend: Backend,
}

impl ExploreCase {
    /// Writes the scenario. It is the same every time.
    ///
    /// ```
    /// use imglock_engine::ExploreCase;
    /// use imglock_core::Backend;
    /// use imglock_scenario::Scenario;
    ///
    /// let case = ExploreCase { seed: 1, number: 7, steps: 12, backend: Backend::Ofd };
    /// let text = case.scenario().to_string();
    /// assert_eq!(text, case.scenario().to_string());
    /// assert!(Scenario::parse("seven", "seven.kdl", &text).is_ok());
    /// ```
    pub fn scenario(&self) -> Scenario {
        let mut dice = Dice::new(self.seed, self.number);
        let images = images(&mut dice);
        let processes = &PROCESSES[..2 + dice.below(PROCESSES.len() - 1)];
        let mut plot = Plot::new(self.backend, &images);
        let mut refused = 0;
        while plot.steps() < self.steps && refused < PATIENCE {
            let before = plot.steps();
            turn::take(&mut dice, &mut plot, processes, self.steps - before);
            refused = if plot.steps() == before { refused + 1 } else { 0 };
        }
        self.told(images, plot.into_items())
    }

    /// The same case with other lines. Lines that make no sense any more are
    /// left out.
    pub(super) fn retold(&self, images: &[ImageDeclaration], items: &[Item]) -> Scenario {
        let mut plot = Plot::new(self.backend, images);
        for item in items {
            match item {
                Item::Step(step) => {
                    plot.add(&step.actor, step.action.clone());
                }
                Item::Together(block) => {
                    let steps = block.steps.iter();
                    plot.add_together(
                        steps.map(|step| (step.actor.clone(), step.action.clone())).collect(),
                    );
                }
                Item::Held(_) | Item::Repeat { .. } => {}
            }
        }
        self.told(images.to_vec(), plot.into_items())
    }

    fn told(&self, images: Vec<ImageDeclaration>, items: Vec<Item>) -> Scenario {
        let ExploreCase { seed, number, steps, backend } = self;
        Scenario {
            name: format!("explore/{backend}-{seed}-{number}").into(),
            summary: format!("Case {number} of seed {seed} on {backend}"),
            about: format!(
                "A random case: number {number} of seed {seed} with {steps} steps on {backend}."
            ),
            backends: vec![*backend],
            file_systems: Vec::new(),
            hazards: BTreeMap::new(),
            images,
            items,
        }
    }
}

fn images(dice: &mut Dice) -> Vec<ImageDeclaration> {
    let count = match dice.below(10) {
        0..6 => 1,
        6..9 => 2,
        _ => MOST_IMAGES,
    };
    let names = IMAGES[..count].iter();
    names.map(|name| ImageDeclaration { name: (*name).to_owned(), size: dice.of(SIZES) }).collect()
}
