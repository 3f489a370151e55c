//! Tests of the judge: with histories written by hand, with random histories that are possible, and
//! against a simple judge that compares every pair of openings.

mod accepted;
mod faults;
mod naive;
mod openers;
mod random;
mod rejected;
mod silent;
mod text;
mod written;
