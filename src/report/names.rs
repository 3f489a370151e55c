//! Parts of the names that results carry. The only place where they are split.

use std::collections::BTreeMap;

/// Scenarios, or what belongs to them, by theme.
pub fn by_theme<'n, T>(
    all: impl IntoIterator<Item = T>,
    name: impl Fn(&T) -> &'n str,
) -> BTreeMap<&'n str, Vec<T>> {
    let mut themes: BTreeMap<&str, Vec<T>> = BTreeMap::new();
    for one in all {
        themes.entry(theme(name(&one))).or_default().push(one);
    }
    themes
}

/// The folder of a scenario, `posix` of `posix/hot-unplug`; empty for none.
pub fn theme(scenario: &str) -> &str {
    scenario.rsplit_once('/').map_or("", |(theme, _)| theme)
}

/// A scenario's name without its folder.
pub fn stem(scenario: &str) -> &str {
    scenario.rsplit_once('/').map_or(scenario, |(_, stem)| stem)
}

/// The actor of a lock's holder: `vm1` of `vm1.disk` (OFD) and of `vm1` (POSIX).
pub fn actor(holder: &str) -> &str {
    holder.split_once('.').map_or(holder, |(actor, _)| actor)
}
