//! Executes the requests of a test, in a guest.

mod background;
mod ksmbd;
mod lock;
mod mountd;
mod perform;
mod voice;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

use super::wire::{Answer, Asked, GuestRefusal, Request, Told, VERSION};
use background::Background;
use perform::perform;
use voice::Voice;

pub(super) use lock::run_holder;

/// The maximum length of a request.
const LONGEST: u64 = 4 << 20;

/// The background programs by number.
type Programs = Arc<Mutex<BTreeMap<u64, Background>>>;

/// Says hello on `port` and executes the requests that arrive there, each in a
/// thread of its own: a mount may have to wait for a server.
///
/// # Errors
/// If the port fails, or a line is not a request.
pub(super) fn serve(port: &File) -> io::Result<()> {
    let voice = Arc::new(Voice::new(port.try_clone()?));
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    voice.tell(&Told::Hello { version: VERSION, release })?;
    let programs = Programs::default();
    let mut lines = BufReader::new(port);
    loop {
        let mut line = Vec::new();
        if (&mut lines).take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let Asked { id, request } = serde_json::from_slice(&line)?;
        let (voice, programs) = (Arc::clone(&voice), Arc::clone(&programs));
        let answer = move || {
            let answer = execute(id, &request, &voice, &programs);
            // If the port fails, the reader of requests ends.
            let _ = voice.tell(&Told::Answer { id, answer });
        };
        std::thread::Builder::new().spawn(answer)?;
    }
}

fn execute(
    id: u64,
    request: &Request,
    voice: &Arc<Voice>,
    programs: &Programs,
) -> Result<Answer, GuestRefusal> {
    let running = || programs.lock().unwrap_or_else(PoisonError::into_inner);
    let start = |command| {
        // Locked meanwhile, so that the next request for it finds it.
        let mut running = running();
        running.insert(id, Background::start(id, command, voice)?);
        Ok(Answer::Done)
    };
    match request {
        Request::Start(program) => start(perform::command(program)),
        Request::HoldLock(lock) => start(lock::holder(lock)?),
        Request::Say { process, line } => {
            background::known(running().get_mut(process))?.say(line)?;
            Ok(Answer::Done)
        }
        Request::Signal { process, signal } => {
            background::known(running().get_mut(process))?.signal(*signal)?;
            Ok(Answer::Done)
        }
        other => perform(other),
    }
}

#[cfg(test)]
mod tests;
