use std::borrow::Cow;
use std::fmt;

use super::{Action, OpenOptions};
use crate::image::{Access, Claim};

impl fmt::Display for Action {
    /// Prints the words of the scenario line after the actor.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind().word())?;
        match self {
            Action::Open { node, options } => open_words(f, node, options),
            Action::Close { node } | Action::Inactivate { node } | Action::Activate { node } => {
                write!(f, " {node}")
            }
            Action::Reopen { node, mode, access } => {
                write!(f, " {node} {mode}")?;
                access_words(f, *access, mode.claim())
            }
            Action::Set { node, mode, pause_after } => {
                write!(f, " {node} {mode}")?;
                pause_words(f, *pause_after)
            }
            Action::Read { node, at, len } => write!(f, " {node} at={at} len={len}"),
            Action::Write { node, at, data } => write!(f, " {node} at={at} data={data:?}"),
            Action::Seek { node, to } => write!(f, " {node} to={to}"),
            Action::Dup { node, copy } => write!(f, " {node} as={copy}"),
            Action::Send { node, to, copy } => write!(f, " {node} to={to} as={copy}"),
            Action::Lock { node, kind, range, wait } => {
                write!(f, " {node} type={kind} {range}")?;
                if *wait { f.write_str(" wait=#true") } else { Ok(()) }
            }
            Action::Unlock { node, range } => write!(f, " {node} {range}"),
            Action::Test { node, kind, range } => write!(f, " {node} type={kind} {range}"),
            Action::Fork { child: name } | Action::Thread { name } => write!(f, " {name}"),
            Action::Exec
            | Action::Exit
            | Action::Kill
            | Action::Stop
            | Action::Continue
            | Action::Signal
            | Action::Await => Ok(()),
            Action::Create { image, size } => write!(f, " {} size={size}", spelled(image)),
            Action::HardLink { name, to }
            | Action::Symlink { name, to }
            | Action::Rename { image: name, to } => {
                write!(f, " {} to={}", spelled(name), spelled(to))
            }
            Action::Unlink { image } => write!(f, " {}", spelled(image)),
            Action::Bind { name, to, read_only } => {
                write!(f, " {} to={}", spelled(name), spelled(to))?;
                if *read_only { f.write_str(" read-only=#true") } else { Ok(()) }
            }
            Action::Overlay { name, over } => {
                write!(f, " {} over={}", spelled(name), spelled(over))
            }
        }
    }
}

/// The name of a file as the scenario format spells it, in quotes if necessary.
fn spelled(name: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '$');
    match name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(plain) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(format!("{name:?}")),
    }
}

fn open_words(f: &mut fmt::Formatter<'_>, node: &str, options: &OpenOptions) -> fmt::Result {
    write!(f, " {node} image={} {}", spelled(&options.image), options.mode)?;
    access_words(f, options.access, options.mode.claim())?;
    if let Some(backend) = options.backend {
        write!(f, " backend={backend}")?;
    }
    if let Some(locking) = options.locking {
        write!(f, " locking={}", locking.name())?;
    }
    if options.inactive {
        f.write_str(" inactive=#true")?;
    }
    if !options.cloexec {
        f.write_str(" cloexec=#false")?;
    }
    pause_words(f, options.pause_after)
}

/// Prints the access only if it differs from the one that the claim implies.
fn access_words(f: &mut fmt::Formatter<'_>, access: Access, claim: Claim) -> fmt::Result {
    if access == Access::needed_by(claim) {
        return Ok(());
    }
    write!(f, " access={}", access.name())
}

fn pause_words(f: &mut fmt::Formatter<'_>, pause_after: Option<u32>) -> fmt::Result {
    match pause_after {
        Some(calls) => write!(f, " pause-after={calls}"),
        None => Ok(()),
    }
}
