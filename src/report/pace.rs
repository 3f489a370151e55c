use std::time::{Duration, Instant};

/// Limits how often a file is written again while the work goes on.
#[derive(Debug)]
pub struct Pace {
    /// The shortest time between two writes.
    pub least: Duration,
    /// The time between two writes, in multiples of the time that one takes:
    /// a report of many places has tens of megabytes.
    pub rest: u32,
    /// The end of the last write.
    pub written: Instant,
    /// Its duration.
    pub took: Duration,
}

impl Pace {
    /// The pace of a file that is written for the first time now.
    pub fn new(least: Duration, rest: u32) -> Pace {
        Pace { least, rest, written: Instant::now(), took: Duration::ZERO }
    }

    /// Whether enough time has passed since the last write.
    pub fn is_due(&self) -> bool {
        self.written.elapsed() >= self.least.max(self.took * self.rest)
    }

    /// Writes, and measures it.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn write<E>(&mut self, write: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let began = Instant::now();
        write()?;
        self.written = Instant::now();
        self.took = began.elapsed();
        Ok(())
    }
}
