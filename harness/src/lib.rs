//! Engine of `imglock`: finds out whether image locks hold.

pub mod image;
pub mod lock;
pub mod lock_table;
pub mod model;
pub mod process;
pub mod run;
pub mod scenario;
pub mod step;
pub mod sweep;

pub use process::init;
