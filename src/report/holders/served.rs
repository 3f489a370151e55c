//! The clients of the kernel's file servers: the locks that threads of the kernel took for them.

use std::io;

use imglock_locks::{
    ClientStatus, FileServer, ServedClient, ServedClients, ServedState, ShareMode, StateKind,
};

use super::owners::{claim, heading, row};
use super::words;
use crate::phrase::{either, list, printable};
use crate::report::page::Page;
use crate::report::palette::{CAREFUL, FAINT};

/// The most clients in a text; JSON has all of them.
const MOST_CLIENTS: usize = 8;
/// The most clients whose addresses are in a sentence.
const MOST_NAMES: usize = 3;

/// Writes a block for each server: the locks, and the clients as far as they are known.
pub fn blocks<'s>(
    served: impl IntoIterator<Item = &'s ServedClients>,
    size: u64,
    page: &mut Page<'_>,
) -> io::Result<()> {
    served.into_iter().try_for_each(|served| match served.is_held() {
        true => block(served, size, page),
        false if served.clients.is_empty() => not_asked(served, page),
        false => {
            heading(&format!("{}, without a lock", clients(served, served.clients.len())), page)?;
            each_client(served, page)
        }
    })
}

fn block(served: &ServedClients, size: u64, page: &mut Page<'_>) -> io::Result<()> {
    heading(&clients(served, served.clients.len()), page)?;
    if let Some(one) = served.claim() {
        row("mode", &mode(served), page)?;
        claim(one.held, one.unshared(), page)?;
    }
    row("locks", &locks(served, size), page)?;
    row("taken by", &format!("threads of {}", served.server.meaning()), page)?;
    each_client(served, page)
}

/// The mode of all locks together.
fn mode(served: &ServedClients) -> String {
    let modes = served.modes();
    match (modes.is_empty(), served.is_one_owner()) {
        (true, true) => "no mode has this claim".to_owned(),
        (true, false) => "no mode has this claim; there can be several owners".to_owned(),
        (false, one) => {
            let names = either(modes.iter().map(|mode| mode.name()));
            match served.least_owners() {
                _ if one => names,
                owners @ 2.. => format!("together that of {names}; at least {owners} owners"),
                _ => format!("{names}, if the locks have one owner"),
            }
        }
    }
}

/// The locks, with a delegation beside them.
fn locks(served: &ServedClients, size: u64) -> String {
    let is_bytes = |lock: &&imglock_locks::OwnedLock| lock.class.backend().is_some();
    let (bytes, others): (Vec<_>, Vec<_>) = served.locks.iter().partition(is_bytes);
    let (bytes, others): (Vec<_>, Vec<_>) =
        (bytes.into_iter().copied().collect(), others.into_iter().copied().collect());
    let mut parts = Vec::new();
    for part in [bytes, others] {
        if !part.is_empty() {
            let part = ServedClients { locks: part, ..served.clone() };
            parts.push(words::protocol_of(&part.locks, part.protocol(size)));
        }
    }
    parts.join("; ")
}

fn each_client(served: &ServedClients, page: &mut Page<'_>) -> io::Result<()> {
    for client in served.clients.iter().take(MOST_CLIENTS) {
        row(&format!("client {}", client.id), &about(client), page)?;
        row("", &states(served, client), page)?;
    }
    if let Some(more @ 1..) = served.clients.len().checked_sub(MOST_CLIENTS) {
        row("", &format!("and {more} more; --json lists them"), page)?;
    }
    if !served.hosts.is_empty() {
        let hosts = either(served.hosts.iter().map(|host| printable(host)));
        row("can be", &format!("{hosts}, as rpc.statd monitors them for some lock"), page)?;
    }
    if served.candidates().any(|client| client.has(StateKind::Delegation)) {
        row("not known", "the locks that a client keeps to itself under its delegation", page)?;
    }
    match served.gap {
        Some(gap) => {
            let all = if served.clients.is_empty() { "" } else { "there can be more: " };
            row("not known", &format!("{all}{}", gap.meaning()), page)
        }
        None => Ok(()),
    }
}

fn not_asked(served: &ServedClients, page: &mut Page<'_>) -> io::Result<()> {
    let Some(gap) = served.gap else { return Ok(()) };
    let words = format!(
        "Not asked: The clients of {} that have the image open are not known: {}.",
        served.server.meaning(),
        gap.meaning()
    );
    writeln!(page)?;
    page.paragraph("  ", &format!("{FAINT}{words}{FAINT:#}"))
}

/// `a client of this machine's NFS server`.
fn clients(served: &ServedClients, number: usize) -> String {
    match (served.server, number) {
        (FileServer::Nfsd, 2..) => "clients of this machine's NFS server".to_owned(),
        (FileServer::Nfsd, _) => "a client of this machine's NFS server".to_owned(),
        (FileServer::Lockd, _) => "an NFSv3 client of this machine's NFS server".to_owned(),
        (FileServer::Ksmbd, _) => "a client of this machine's SMB server".to_owned(),
        (FileServer::Kernel, _) => "an unknown client of the kernel".to_owned(),
    }
}

/// The words for `blocked by ...`: `a client of this machine's NFS server (10.0.0.2)`.
pub fn name(served: &ServedClients) -> String {
    let clients = clients(served, served.candidates().count());
    let addresses = addresses(served);
    match addresses.len() {
        0 => clients,
        1..=MOST_NAMES => format!("{clients} ({})", list(addresses)),
        more => format!("{clients} ({more} hosts)"),
    }
}

/// `NFS clients`, for the heading of an image.
pub fn short_name(served: &ServedClients) -> &'static str {
    match served.server {
        FileServer::Nfsd if served.candidates().count() > 1 => "NFS clients",
        other => other.client(),
    }
}

/// The addresses of the clients that can hold the locks, without ports.
fn addresses(served: &ServedClients) -> Vec<String> {
    let address = |client: &ServedClient| {
        let address = client.address.as_deref()?;
        let (address, _) = address.rsplit_once(':').unwrap_or((address, ""));
        Some(printable(address.trim_matches(['[', ']'])))
    };
    let mut addresses: Vec<String> = served.candidates().filter_map(address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// `10.0.0.2:932, "Linux NFSv4.2 a", NFSv4.2, confirmed`.
fn about(client: &ServedClient) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.push(client.address.as_deref().map_or("at an unknown address".to_owned(), printable));
    parts.extend(client.name.as_deref().map(|name| format!("\"{}\"", printable(name))));
    parts.extend(client.minor_version.map(|minor| format!("NFSv4.{minor}")));
    parts.push(match client.status {
        Some(ClientStatus::Courtesy) => {
            format!("{CAREFUL}out of contact{CAREFUL:#} (courtesy)")
        }
        Some(ClientStatus::Expirable) => {
            format!("{CAREFUL}out of contact{CAREFUL:#}, being dropped (expirable)")
        }
        Some(status) => status.name().to_owned(),
        None => "status unknown".to_owned(),
    });
    parts.join(", ")
}

/// `open to read and write, lock`.
fn states(served: &ServedClients, client: &ServedClient) -> String {
    let mut parts: Vec<String> = client.states.iter().map(state).collect();
    if client.is_unlocked_writer() && served.is_held() {
        parts.push(format!("{CAREFUL}without a lock{CAREFUL:#}"));
    }
    parts.join(", ")
}

fn state(state: &ServedState) -> String {
    let times = if state.count > 1 { format!(" ({} times)", state.count) } else { String::new() };
    let words = match (state.kind, state.access, state.deny) {
        (StateKind::Open, Some(access), deny) => {
            let deny = deny.and_then(verbs);
            let deny = deny.map_or(String::new(), |deny| format!(" and denying others to {deny}"));
            format!("open{}{deny}", to(access))
        }
        (StateKind::Delegation, Some(access), _) => match access.write {
            true => "write delegation".to_owned(),
            false => "read delegation".to_owned(),
        },
        (StateKind::Lock, ..) => "locks".to_owned(),
        (kind, ..) => kind.name().to_owned(),
    };
    words + &times
}

fn to(access: ShareMode) -> String {
    verbs(access).map_or(String::new(), |verbs| format!(" to {verbs}"))
}

fn verbs(share: ShareMode) -> Option<&'static str> {
    match (share.read, share.write) {
        (true, true) => Some("read and write"),
        (true, false) => Some("read"),
        (false, true) => Some("write"),
        (false, false) => None,
    }
}

/// What to do about these locks, a sentence each.
pub fn advice<'s>(served: impl IntoIterator<Item = &'s ServedClients>) -> Vec<String> {
    let served = served.into_iter().filter(|served| served.is_held());
    served.flat_map(advice_about).collect()
}

fn advice_about(served: &ServedClients) -> Vec<String> {
    let addresses = addresses(served);
    let there = match addresses.len() {
        0 if !served.hosts.is_empty() && served.hosts.len() <= MOST_NAMES => {
            either(served.hosts.iter().map(|host| printable(host)))
        }
        1..=MOST_NAMES => list(addresses),
        _ => "the hosts that have the image".to_owned(),
    };
    let mut sentences = vec![format!(
        "Threads of the kernel, which cannot be killed, took the locks of {}. `imglock holders` on \
         {there} shows the process that holds the image; end it there.",
        served.server.client(),
    )];
    let (lost, there): (Vec<&ServedClient>, Vec<&ServedClient>) =
        served.candidates().partition(|client| client.is_expirable());
    if !lost.is_empty() {
        sentences.push(format!(
            "{} out of contact: the server drops all its locks when another opener asks for a lock that \
             conflicts with one of them. A process there may go on as if it had them.",
            numbered(&lost)
        ));
    }
    if let Some(first) = there.first() {
        sentences.push(format!(
            "As a last resort, `echo expire > /proc/fs/nfsd/clients/{}/ctl` on this machine makes the \
             server forget {}: all its locks and opens are lost, on every file, and its processes are \
             not told.",
            first.id,
            if there.len() == 1 { "this client" } else { "that one of these clients" }
        ));
    }
    sentences
}

/// `Client 3 is`, `Clients 3 and 5 are`.
fn numbered(clients: &[&ServedClient]) -> String {
    let ids: Vec<String> = clients.iter().map(|client| client.id.to_string()).collect();
    match &ids[..] {
        [one] => format!("Client {one} is"),
        many => format!("Clients {} are", list(many)),
    }
}

#[cfg(test)]
mod tests;
