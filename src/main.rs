//! The `imglock` command.
fn main() {}
