//! What the contract says of runs, each a few lines of a scenario.

mod bytes;
mod copies;
mod granted;
mod refused;
