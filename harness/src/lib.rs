//! Engine of `imglock`: finds out whether image locks hold.

pub mod image;
pub mod lock;
pub mod model;
pub mod scenario;
pub mod step;
