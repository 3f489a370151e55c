use std::fmt;
use std::time::Duration;

use imglock_core::ScenarioName;

/// The ways in which a kernel is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Loss {
    /// It panicked, possibly after an oops.
    Died {
        /// The oops.
        fault: Option<String>,
        /// The panic.
        panic: Option<String>,
        /// The progress of the run.
        at: Stage,
    },
    /// There was no output.
    NeverSpoke(Duration),
    /// There was output, but no message from init in time.
    Boot(Duration),
    /// The run printed nothing for too long.
    Silent(Duration, Stage),
    /// Init could not do its work.
    Guest(String),
    /// The run ended early.
    Run {
        /// Its exit status.
        status: i32,
        /// The progress of the run.
        at: Stage,
        /// The last error on the console, if there is one.
        said: Option<String>,
    },
    /// The machine was switched off.
    PoweredOff(Stage),
    /// QEMU exited unexpectedly.
    Qemu {
        /// Its exit status.
        status: Option<i32>,
        /// Its last message.
        message: String,
    },
    /// The data from the port is invalid.
    Garbled(String),
}

/// The progress of a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Init has not reported.
    Boot,
    /// Init runs, and no scenario has ended yet.
    Begun,
    /// The last scenario run that has ended.
    After {
        /// The scenario.
        scenario: ScenarioName,
        /// Lock type and place, in words.
        on: String,
    },
    /// All planned runs have ended.
    Finished,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stage::Boot => f.write_str("while it booted"),
            Stage::Begun => f.write_str("before any scenario had ended"),
            Stage::After { scenario, on } => {
                write!(f, "in the run; {scenario} {on} was the last to end")
            }
            Stage::Finished => f.write_str("after all scenarios had ended"),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loss::Died { fault: None, panic: Some(panic), at } if panic.starts_with(INIT_DIED) => {
                write!(f, "its init ended {at}, and the kernel panicked: {panic}")
            }
            Loss::Died { fault: None, panic: Some(panic), .. } if is_without_init(panic) => {
                write!(f, "it found no init to start, and the kernel panicked: {panic}")
            }
            Loss::Died { fault: Some(fault), at, .. } => {
                write!(f, "the kernel oopsed {at}: {fault}")
            }
            Loss::Died { fault: None, panic, at } => {
                let panic = panic.as_deref().unwrap_or("no message");
                write!(f, "the kernel panicked {at}: {panic}")
            }
            Loss::NeverSpoke(waited) => write!(
                f,
                "no output on its console within {} (does the kernel have a driver for 8250 \
                 serial ports, and a console on them?)",
                seconds(*waited)
            ),
            Loss::Boot(waited) => write!(f, "it did not come up within {}", seconds(*waited)),
            Loss::Silent(waited, at) => {
                write!(f, "it fell silent for {} {at}", seconds(*waited))
            }
            Loss::Guest(why) => write!(f, "its init could not do its work: {why}"),
            Loss::Run { status, at, said } => {
                match status {
                    128.. => write!(f, "imglock was killed by signal {} {at}", status - 128)?,
                    _ => write!(f, "imglock ended with exit code {status} {at}")?,
                }
                said.iter().try_for_each(|said| write!(f, ": {said}"))
            }
            Loss::PoweredOff(at) => write!(f, "it was switched off {at}"),
            Loss::Qemu { status, message } => {
                let status = match status {
                    Some(status @ 128..) => format!("was killed by signal {}", status - 128),
                    Some(status) => format!("ended with exit code {status}"),
                    None => "ended".to_owned(),
                };
                match message.as_str() {
                    "" => write!(f, "QEMU {status} without a message"),
                    message => write!(f, "QEMU {status}: {message}"),
                }
            }
            Loss::Garbled(why) => f.write_str(why),
        }
    }
}

/// The kernel's message after init has exited.
const INIT_DIED: &str = "Attempted to kill init!";

/// The kernel's messages if there is no init.
fn is_without_init(panic: &str) -> bool {
    ["No working init found", "VFS: Unable to mount root fs", "Requested init"]
        .iter()
        .any(|begin| panic.starts_with(begin))
}

/// A duration for a person.
fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        1.0 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn died(fault: Option<&str>, panic: &str) -> Loss {
        Loss::Died {
            fault: fault.map(str::to_owned),
            panic: Some(panic.to_owned()),
            at: Stage::Boot,
        }
    }

    #[test]
    fn each_says_in_a_sentence_what_happened() {
        let after = Stage::After {
            scenario: "posix/hot-unplug".into(),
            on: "on ofd at 6.1.0/ext4".to_owned(),
        };
        let two = Duration::from_secs(2);
        let losses = [
            died(None, "Attempted to kill init! exitcode=0x00000100"),
            died(None, "VFS: Unable to mount root fs on unknown-block(0,0)"),
            died(None, "stack-protector: Kernel stack is corrupted"),
            died(Some("BUG: kernel NULL pointer dereference, address: 0"), "Fatal exception"),
            Loss::NeverSpoke(two),
            Loss::Boot(Duration::from_secs(1)),
            Loss::Silent(Duration::from_millis(1500), after.clone()),
            Loss::Guest("cannot load module xfs: Exec format error".to_owned()),
            Loss::Run {
                status: 4,
                at: Stage::Begun,
                said: Some("no lock works in /tmp".to_owned()),
            },
            Loss::Run { status: 137, at: after.clone(), said: None },
            Loss::PoweredOff(after),
            Loss::Qemu { status: Some(1), message: "invalid accelerator".to_owned() },
            Loss::Qemu { status: Some(139), message: String::new() },
        ];
        let told: Vec<String> = losses.iter().map(Loss::to_string).collect();
        insta::assert_snapshot!(told.join("\n"));
    }
}
