//! The checker on histories made by hand, on random ones that really can have
//! been, and beside a checker that compares everything with everything.

mod accepted;
mod faults;
mod naive;
mod openers;
mod random;
mod rejected;
mod text;
mod written;
