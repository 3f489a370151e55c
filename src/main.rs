//! The `imglock` command: tests whether image locks work.

mod cli;
mod command;
mod exit;
mod failure;
mod input;
mod interrupt;
mod library;
mod log;
mod output;
mod phrase;
mod report;
mod selection;

use cli::Cli;
use output::Output;

fn main() -> std::process::ExitCode {
    imglock_qemu::init();
    let cli = Cli::read();
    log::start(cli.verbose);
    let mut output = Output::new(cli.color);
    match command::run(cli, &mut output) {
        Ok(exit) => exit.into(),
        Err(failure) => failure.print(output.errors()).into(),
    }
}
