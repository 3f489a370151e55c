use super::{Failure, engine};

impl Failure {
    /// What to do next, in one line without a full stop.
    pub fn advice(&self) -> Option<String> {
        let advice = match self {
            Failure::NoMatch { nearest: Some(nearest), .. } => {
                return Some(format!("did you mean `{nearest}`?"));
            }
            Failure::NoFault { nearest: Some(nearest), .. } => {
                return Some(format!("did you mean `{nearest}`?"));
            }
            Failure::Unwritable { file, .. } => {
                return Some(format!("choose another path with {}", file.option()));
            }
            #[cfg(feature = "vm")]
            Failure::NotInAGuest(_) | Failure::Payload(_) => return None,
            #[cfg(not(feature = "vm"))]
            Failure::NoVm => "install it with `cargo install`, without --no-default-features",
            #[cfg(feature = "vm")]
            Failure::Kernel(error) => return engine::kernel(error),
            Failure::Site(error) => return engine::site(error),
            Failure::Harness(error) => return engine::harness(error),
            Failure::Race(error) => return engine::race(error),
            Failure::Handover(error) => return engine::handover(error),
            Failure::Probe(error) => return engine::probe(error),
            Failure::Survey(error) => return engine::survey(error),
            Failure::Hold(failure) => return failure.advice(),
            Failure::NoMatch { .. } => "`imglock list` lists all scenarios",
            Failure::NoFault { .. } => "`imglock self-test --list` lists all faults",
            Failure::EmptyFolder { .. } => "scenarios are files that end in .kdl",
            Failure::NoBackend { .. } => "choose another backend with --backend",
            Failure::NoFileSystem { .. } => "choose one with --fs",
            Failure::NoQemu { .. } => "name the directory that contains them with --qemu-dir",
            Failure::NothingToMix => {
                "install qemu-storage-daemon (Debian: qemu-utils), or name its directory with \
                 --qemu-dir"
            }
            Failure::NoPlayer { .. } => {
                "install it (Debian: qemu-system-x86, qemu-utils), or name its directory with \
                 --qemu-dir"
            }
            Failure::NotTried { .. } => {
                "choose another directory with --dir, or another QEMU with --qemu-dir"
            }
            Failure::NoPairs => "select other scenarios, or run without --mix",
            Failure::NoScenarios => "name a scenario file or folder of your own",
            Failure::NoReport { .. } => "`imglock run --report json=FILE` writes a report",
            Failure::Report { .. } => "choose another path with --report",
            Failure::SaveMany { .. } => {
                "name a folder, or select one case with --case and one --backend"
            }
            Failure::NoCases => "increase --cases, or choose a larger part with --shard",
            Failure::EmptyShard => "select more scenarios, or choose a larger part with --shard",
            Failure::SeveralHistories { .. } => "select one race with --backend and --subject",
            Failure::SameReport { .. } => "give each report a file of its own",
            Failure::NoCommand(_) => "`imglock help` lists all commands",
            Failure::Incomplete { .. } => "run again with -v to see the reason",
            Failure::NoFaultTried => {
                "choose other locks with --backend, or another directory with --dir"
            }
            Failure::NothingRan => {
                "choose another directory with --dir, or another subject with --subject"
            }
            Failure::ClaimsOfQemu => "run it with --subject builtin",
            Failure::NotResumed { .. } => {
                "repeat the options of the interrupted sweep, or start a new one without --resume"
            }
            Failure::Invalid(_)
            | Failure::Unreadable { .. }
            | Failure::History(_)
            | Failure::Signals(_)
            | Failure::Output(_)
            | Failure::NoMatrix
            | Failure::Interrupted => return None,
        };
        Some(advice.to_owned())
    }
}
