//! What is different between two runs, and what of it is worse.
