use imglock_engine::Fault;

use crate::cli::PlantArgs;
use crate::failure::Failure;
use crate::phrase::nearest;

/// The fault with this name.
///
/// # Errors
/// An unknown name.
pub fn named(name: &str) -> Result<Fault, Failure> {
    name.parse().map_err(|_| {
        let nearest = nearest(name, Fault::ALL.iter().map(|fault| fault.name()));
        Failure::NoFault { name: name.to_owned(), nearest }
    })
}

/// The fault given with `--plant`, if any.
///
/// # Errors
/// An unknown name.
pub fn planted(args: &PlantArgs) -> Result<Option<Fault>, Failure> {
    args.plant.as_deref().map(named).transpose()
}
