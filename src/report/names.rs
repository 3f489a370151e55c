//! Scenarios by theme.

use std::collections::BTreeMap;

use imglock_core::ScenarioName;

/// Scenarios, or what belongs to them, by theme.
pub fn by_theme<'n, T>(
    all: impl IntoIterator<Item = T>,
    name: impl Fn(&T) -> &'n ScenarioName,
) -> BTreeMap<&'n str, Vec<T>> {
    let mut themes: BTreeMap<&str, Vec<T>> = BTreeMap::new();
    for one in all {
        themes.entry(name(&one).theme()).or_default().push(one);
    }
    themes
}
