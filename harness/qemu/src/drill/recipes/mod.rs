//! Ways to bring a real QEMU into each mode, one file for each theme.
//!
//! No recipe depends on time. A QEMU with a monitor has executed its command
//! line when it sends its greeting. Jobs are started so that they never end by
//! themselves. A short-lived tool blocks in its first message
//! ([`Lab::hold_still`]); where it prints none at the right point, its trace
//! does.

mod devices;
mod exports;
mod formats;
mod image;
mod jobs;
mod line;
mod nodes;
mod player;
mod sharing;
mod tools;

use super::recipe::Recipe;
use imglock_core::Mode;

/// All recipes.
const DRILL_THEMES: &[&[Recipe]] = &[
    nodes::RECIPES,
    devices::RECIPES,
    sharing::RECIPES,
    exports::RECIPES,
    formats::RECIPES,
    tools::RECIPES,
    jobs::RECIPES,
];

impl Recipe {
    /// Every recipe: by mode, in the order of [`Mode::ALL`].
    pub fn all() -> impl Iterator<Item = &'static Recipe> {
        Mode::ALL.iter().flat_map(|mode| Recipe::of(*mode))
    }

    /// The recipes of a mode: first those that lead to exactly that mode, then
    /// those that lead to another claim.
    pub fn of(mode: Mode) -> impl Iterator<Item = &'static Recipe> {
        let these = move |strange: bool| {
            let all = DRILL_THEMES.iter().flat_map(|theme| theme.iter());
            all.filter(move |one| one.mode == mode && one.instead.is_some() == strange)
        };
        these(false).chain(these(true))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_mode_has_a_recipe_that_comes_to_just_that() {
        for mode in Mode::ALL {
            assert!(Recipe::of(*mode).any(|one| one.instead.is_none()), "{mode} has none");
        }
    }

    #[test]
    fn every_recipe_is_listed_once() {
        let listed = Recipe::all().count();
        let written: usize = DRILL_THEMES.iter().map(|theme| theme.len()).sum();
        assert_eq!(listed, written);
        let names: BTreeSet<(Mode, &str)> = Recipe::all().map(|one| (one.mode, one.how)).collect();
        assert_eq!(names.len(), listed, "two recipes of a mode have the same words");
    }

    #[test]
    fn what_comes_to_something_else_does_not_come_to_the_mode() {
        for recipe in Recipe::all() {
            assert_ne!(recipe.instead, Some(recipe.mode.claim()), "{}", recipe.how);
        }
    }

    #[test]
    fn a_phrase_fits_into_its_column() {
        for recipe in Recipe::all() {
            let letters = recipe.how.chars().count();
            assert!(letters <= 48, "{letters} letters: {}", recipe.how);
        }
    }
}
