//! The guest's side: the first program of a booted kernel.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::Stdio;

use super::agent;
use super::interface::{add_address, bring_up, index_of};
use super::order::{ORDER, Order};
use super::role::AGENT;
use super::wire::Told;
use crate::guest::{prepare, reap_until, switch_off, this_program};
use imglock_engine::{ROLE, describe};

/// The bits of an address that name the network.
const PREFIX: u8 = 24;

/// Whether this process is the init of a guest in a network. Only there may it
/// do the following.
pub(super) fn is_first() -> bool {
    std::process::id() == 1 && Path::new(ORDER).is_file()
}

/// Prepares the guest, lets the agent execute requests, and switches the
/// machine off after its end.
pub(super) fn run() {
    match prepare() {
        Ok(port) => {
            if let Err(why) = work(&port) {
                let told = serde_json::to_string(&Told::Failed(why)).unwrap_or_default();
                let _ = (&port).write_all(format!("{told}\n").as_bytes());
            }
        }
        // Only the console can still show the error.
        Err(why) => eprintln!("imglock: {why}"),
    }
    switch_off();
}

fn work(port: &File) -> Result<(), String> {
    let told = |error: io::Error| describe(&error);
    let order = std::fs::read(ORDER).map_err(told)?;
    let order: Order = serde_json::from_slice(&order).map_err(|error| error.to_string())?;
    for module in &order.modules {
        module.load()?;
    }
    rustix::system::sethostname(order.name.as_bytes())
        .map_err(|errno| format!("cannot set the name: {}", describe(&errno.into())))?;
    interfaces(&order).map_err(|error| format!("the network: {}", describe(&error)))?;
    let mut agent = this_program(&order.path)
        .env(ROLE, AGENT.0)
        .stdin(Stdio::from(port.try_clone().map_err(told)?))
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot start the agent: {}", describe(&error)))?;
    let status = reap_until(agent.id()).map_err(told)?;
    // It has been waited for.
    let _ = agent.try_wait();
    Err(format!("the agent ended with status {status}"))
}

/// Brings the interfaces up: the kernel gives the loopback interface its
/// address by itself.
fn interfaces(order: &Order) -> io::Result<()> {
    bring_up(index_of("lo")?)?;
    let card = index_of("eth0")?;
    add_address(card, order.address, PREFIX)?;
    bring_up(card)
}

/// Executes requests that arrive on standard input.
pub(super) fn run_agent() -> i32 {
    let served = rustix::io::dup(rustix::stdio::stdin())
        .map_err(io::Error::from)
        .and_then(|port| agent::serve(&File::from(port)));
    match served {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("error: the agent: {}", describe(&error));
            1
        }
    }
}
