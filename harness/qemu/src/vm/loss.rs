use std::fmt;
use std::time::Duration;

use imglock_core::ScenarioName;

/// How a kernel was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Loss {
    /// It could not go on: a panic, and the oops before it.
    Died {
        /// The oops.
        fault: Option<String>,
        /// The panic.
        panic: Option<String>,
        /// Where its run was.
        at: Stage,
    },
    /// Nothing was heard of it.
    NeverSpoke(Duration),
    /// It spoke, but its first program was not heard of in time.
    Boot(Duration),
    /// Its run fell silent.
    Silent(Duration, Stage),
    /// Its first program could not do what it was told.
    Guest(String),
    /// The run ended before its end.
    Run {
        /// With which status.
        status: i32,
        /// Where it was.
        at: Stage,
        /// What it said last on its console, if it did.
        said: Option<String>,
    },
    /// The machine was switched off.
    PoweredOff(Stage),
    /// QEMU ended by itself.
    Qemu {
        /// With which status.
        status: Option<i32>,
        /// What it printed.
        message: String,
    },
    /// What came over the port makes no sense.
    Garbled(String),
}

/// How far a guest has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its first program has not been heard of.
    Boot,
    /// It runs, and nothing has ended yet.
    Begun,
    /// The last run that has ended.
    After {
        /// Its scenario.
        scenario: ScenarioName,
        /// On which locks and where, in words.
        on: String,
    },
    /// All that was planned has ended.
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
                let panic = panic.as_deref().unwrap_or("it did not say why");
                write!(f, "the kernel panicked {at}: {panic}")
            }
            Loss::NeverSpoke(waited) => write!(
                f,
                "it never spoke: nothing on its console within {} (has it a driver for 8250 \
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
                    "" => write!(f, "QEMU {status} and said nothing"),
                    message => write!(f, "QEMU {status}: {message}"),
                }
            }
            Loss::Garbled(why) => f.write_str(why),
        }
    }
}

/// How the kernel says that the first program has gone.
const INIT_DIED: &str = "Attempted to kill init!";

/// What it says when there is none.
fn is_without_init(panic: &str) -> bool {
    ["No working init found", "VFS: Unable to mount root fs", "Requested init"]
        .iter()
        .any(|begin| panic.starts_with(begin))
}

/// A time as a person says it.
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
