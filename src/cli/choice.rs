use clap::builder::{PossibleValuesParser, TypedValueParser};
use imglock_core::Mode;

/// Reads the name of one of `choices`; help and errors list all names.
pub(super) fn one_of<T: Copy + Send + Sync + 'static>(
    choices: impl IntoIterator<Item = T>,
    name: impl Fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let named: Vec<(&str, T)> = choices.into_iter().map(|one| (name(one), one)).collect();
    PossibleValuesParser::new(named.iter().map(|(name, _)| *name)).try_map(move |word| {
        let found = named.iter().find(|(name, _)| *name == word);
        found.map(|(_, choice)| *choice).ok_or("not one of the possible values")
    })
}

/// Reads the name of a mode.
pub(super) fn mode_parser() -> impl TypedValueParser<Value = Mode> {
    one_of(Mode::ALL.iter().copied(), Mode::name)
}

/// The members of `all` that are in `given`, in the order of `all`. An empty
/// `given` selects all of them.
pub fn chosen<T: Copy + PartialEq>(all: &[T], given: &[T]) -> Vec<T> {
    let is_chosen = |one: &T| given.is_empty() || given.contains(one);
    all.iter().copied().filter(is_chosen).collect()
}

/// `items` without repetitions, in their order.
pub fn once<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut once: Vec<T> = Vec::new();
    for item in items {
        if !once.contains(&item) {
            once.push(item);
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_keeps_the_usual_order() {
        assert_eq!(chosen(&[1, 2, 3], &[3, 1, 3]), [1, 3]);
        assert_eq!(chosen(&[1, 2, 3], &[]), [1, 2, 3]);
    }

    #[test]
    fn the_first_of_equal_items_stays() {
        assert_eq!(once([2, 1, 2, 3, 1]), [2, 1, 3]);
    }
}
