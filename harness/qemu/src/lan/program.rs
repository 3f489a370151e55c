use super::error::LanError;
use super::hearing::HeardProgram;
use super::talk::Talk;
use super::wire::Request;

/// A background program in a guest. It ends with the guest.
#[derive(Debug)]
pub struct GuestProgram<'guest> {
    guest: &'guest Talk,
    id: u64,
    /// The program and its arguments, for messages.
    called: String,
}

impl<'guest> GuestProgram<'guest> {
    pub(super) fn new(guest: &'guest Talk, id: u64, called: String) -> GuestProgram<'guest> {
        GuestProgram { guest, id, called }
    }

    /// Waits for a line of either output that contains `words`, and returns it.
    ///
    /// # Errors
    /// If the program ends without such a line, or there is none in time.
    pub fn await_line(&self, words: &str) -> Result<String, LanError> {
        let at = format!("a line with \"{words}\" ({})", self.called);
        let found = self.guest.until(&at, self.guest.patience(), |heard| {
            let program = heard.programs.get(&self.id)?;
            match program.lines.iter().find(|line| line.contains(words)) {
                Some(line) => Some(Ok(line.clone())),
                None => program.is_over().then(|| Err(ended(program))),
            }
        });
        match found {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(why)) => Err(self.guest.lost(&at, &why)),
            Err(LanError::Late { guest, at, waited, console }) => {
                let lines = self.lines().unwrap_or_default();
                let at = format!("{at}, after these lines: {}", lines.join(" / "));
                Err(LanError::Late { guest, at, waited, console })
            }
            Err(lost) => Err(lost),
        }
    }

    /// All lines of both outputs so far.
    ///
    /// # Errors
    /// If the guest is lost.
    pub fn lines(&self) -> Result<Vec<String>, LanError> {
        self.guest
            .until(&self.called, self.guest.patience(), |heard| {
                Some(heard.programs.get(&self.id).map(|program| program.lines.clone()))
            })
            .map(Option::unwrap_or_default)
    }

    /// Writes a line to its standard input.
    ///
    /// # Errors
    /// If it has closed its input, or the guest is lost.
    pub fn say(&self, line: &str) -> Result<(), LanError> {
        let request = Request::Say { process: self.id, line: line.to_owned() };
        self.guest.ask(&self.called, request).map(drop)
    }

    /// Sends a signal (signal(7)).
    ///
    /// # Errors
    /// If the program has ended, or the guest is lost.
    pub fn signal(&self, signal: i32) -> Result<(), LanError> {
        let request = Request::Signal { process: self.id, signal };
        self.guest.ask(&self.called, request).map(drop)
    }

    /// Waits for its end, and returns its exit status as a shell reports it.
    ///
    /// # Errors
    /// If it does not end in time, or the guest is lost.
    pub fn await_end(&self) -> Result<i32, LanError> {
        let at = format!("the end ({})", self.called);
        self.guest.until(&at, self.guest.patience(), |heard| {
            heard.programs.get(&self.id).filter(|program| program.is_over())?.status
        })
    }

    /// Sends SIGTERM, waits for its end, and returns its exit status.
    ///
    /// # Errors
    /// As [`GuestProgram::signal`] and [`GuestProgram::await_end`].
    pub fn end(self) -> Result<i32, LanError> {
        self.signal(nix::libc::SIGTERM)?;
        self.await_end()
    }
}

fn ended(program: &HeardProgram) -> String {
    let status = program.status.unwrap_or_default();
    format!("it ended with status {status} after these lines: {}", program.lines.join(" / "))
}
