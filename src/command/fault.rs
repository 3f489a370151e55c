use imglock_harness::fault::Fault;

use crate::failure::Failure;

/// The fault of this name.
///
/// # Errors
/// When there is none.
pub fn named(name: &str) -> Result<Fault, Failure> {
    name.parse().map_err(|_| {
        let nearest = Fault::ALL
            .iter()
            .map(|fault| (strsim::normalized_damerau_levenshtein(name, fault.name()), fault.name()))
            .filter(|(likeness, _)| *likeness > 0.5)
            .max_by(|(one, _), (other, _)| one.total_cmp(other))
            .map(|(_, nearest)| nearest);
        Failure::NoFault { name: name.to_owned(), nearest }
    })
}
