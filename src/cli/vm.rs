use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser};
use imglock_harness::vm::AcceleratorChoice;

use super::place::parse_seconds;
use super::{ReportArgs, RunArgs};

/// What `vm` reads.
#[derive(Debug, Args)]
pub struct VmArgs {
    /// A kernel: a bzImage, a /boot/vmlinuz, or a Debian linux-image .deb,
    /// which need not be installed. Several make one table.
    #[arg(long = "kernel", value_name = "FILE", required = true, num_args = 1..)]
    pub kernels: Vec<PathBuf>,
    /// Run on the kernel that is running as well, without a guest, before the
    /// others: in the temporary directory, or as root on what --fs makes.
    #[arg(long)]
    pub host: bool,
    /// Where modules are, for kernels that are in no package: /lib/modules, or
    /// /lib/modules/RELEASE; may be given more than once.
    ///
    /// Those of the file systems that --fs names are loaded, with all that they
    /// need. Without any, file systems have to be built in.
    #[arg(long = "modules", value_name = "DIR")]
    pub modules: Vec<PathBuf>,
    /// What runs the guests: kvm, tcg, or auto, which tries KVM where it is
    /// there and gives it up when a guest shows no sign of life.
    #[arg(long, value_name = "ACCEL", default_value = "auto", value_parser = accelerators())]
    pub accel: AcceleratorChoice,
    /// How long a guest under KVM may say nothing before `--accel auto` gives
    /// KVM up, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = parse_seconds)]
    pub accel_patience: Duration,
    /// How much memory a guest has [default: what its run takes].
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(64..))]
    pub memory: Option<u32>,
    /// How many processors a guest has [default: 2, or 1 where there is one].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=255))]
    pub cpus: Option<u16>,
    /// What the kernels are told besides, such as `lockdep` or
    /// `rdinit=/bin/sh`; may be given more than once.
    #[arg(long = "append", value_name = "WORDS", allow_hyphen_values = true)]
    pub more: Vec<String>,
    /// How long a kernel may take until its init is heard of, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = parse_seconds)]
    pub boot_timeout: Duration,
    /// How long the run in a guest may say nothing, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = parse_seconds)]
    pub timeout: Duration,
    /// How many kernels run at a time [default: as there are cores for their
    /// processors].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Where to look for QEMU before PATH; may be given more than once.
    #[arg(long = "qemu-dir", value_name = "DIR")]
    pub qemu_dirs: Vec<PathBuf>,
    /// Keep all that the kernels say on their consoles: in this file, or in
    /// files of their own in this folder.
    #[arg(long, value_name = "FILE|DIR")]
    pub console: Option<PathBuf>,
    /// How it is told.
    #[command(flatten)]
    pub report: ReportArgs,
    /// What `imglock run` is called with in each guest; `imglock run --help`
    /// says what there is.
    ///
    /// A scenario file or folder is taken along. Without --fs the runs take
    /// place on a tmpfs.
    #[arg(last = true, value_name = "ARGS")]
    pub arguments: Vec<String>,
}

/// What `imglock run` is told in a guest.
#[derive(Debug, Parser)]
#[command(
    name = "imglock vm ... --",
    disable_help_flag = true,
    about = None,
    long_about = None,
    max_term_width = 100
)]
pub struct GuestArgs {
    /// As `run` reads it.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Options of `run` that cannot be had in a guest, and why.
const NOT_IN_A_GUEST: &[(&str, &str)] = &[
    ("dir", "a guest has its own directories; --fs makes file systems there"),
    ("keep", "a guest's directories end with it"),
    ("reports", "give --report to `imglock vm`, before the --"),
    ("format", "give --format to `imglock vm`, before the --"),
    ("known", "give --known to `imglock vm`, before the --"),
    ("baseline", "give --baseline to `imglock vm`, before the --"),
    ("casts", "there is no QEMU in a guest"),
    ("mix", "there is no QEMU in a guest"),
    ("qemu_dirs", "there is no QEMU in a guest; --qemu-dir before the -- says what runs it"),
];

/// An option that cannot be had in a guest.
#[derive(Debug, PartialEq, Eq)]
pub struct NotInAGuest {
    /// Such as `--dir`.
    pub option: String,
    /// Why not.
    pub why: &'static str,
}

impl VmArgs {
    /// What each guest's run is told; ends the process when that is no usage
    /// of `run` at all.
    ///
    /// # Errors
    /// When it cannot be told that in a guest.
    pub fn guest(&self) -> Result<RunArgs, NotInAGuest> {
        let words = std::iter::once("run").chain(self.arguments.iter().map(String::as_str));
        let matches = GuestArgs::command().try_get_matches_from(words);
        let matches = matches.unwrap_or_else(|error| error.exit());
        for (id, why) in NOT_IN_A_GUEST {
            if matches.value_source(id) == Some(ValueSource::CommandLine) {
                return Err(NotInAGuest { option: long_name(id), why });
            }
        }
        let args = GuestArgs::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        Ok(args.run)
    }
}

/// What an option is called on the command line.
fn long_name(id: &str) -> String {
    let command = GuestArgs::command();
    let option = command.get_arguments().find(|option| option.get_id() == id);
    let long = option.and_then(clap::Arg::get_long);
    format!("--{}", long.unwrap_or(id))
}

fn accelerators() -> impl TypedValueParser<Value = AcceleratorChoice> {
    let names = AcceleratorChoice::ALL.iter().map(|choice| choice.name());
    PossibleValuesParser::new(names).map(|word| {
        let named = AcceleratorChoice::ALL.iter().find(|choice| choice.name() == word);
        named.copied().unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Parser)]
    struct Words {
        #[command(flatten)]
        vm: VmArgs,
    }

    fn vm(words: &[&str]) -> VmArgs {
        let words = ["vm", "--kernel", "a.deb"].iter().chain(words);
        Words::try_parse_from(words).expect("arguments").vm
    }

    #[test]
    fn kernels_may_be_named_together_or_one_by_one() {
        let args = vm(&["b.deb", "--kernel", "c", "--", "contract", "--fs", "ext4"]);
        assert_eq!(args.kernels, ["a.deb", "b.deb", "c"].map(PathBuf::from));
        assert_eq!(args.arguments, ["contract", "--fs", "ext4"]);
    }

    #[rstest::rstest]
    #[case(&["--dir", "/mnt"], "--dir")]
    #[case(&["--keep"], "--keep")]
    #[case(&["--report", "json=x"], "--report")]
    #[case(&["--format", "json"], "--format")]
    #[case(&["--known", "k.kdl"], "--known")]
    #[case(&["--baseline", "old.json"], "--baseline")]
    #[case(&["--subject", "qemu-io"], "--subject")]
    #[case(&["--mix"], "--mix")]
    #[case(&["--qemu-dir", "/"], "--qemu-dir")]
    fn what_a_guest_does_not_have_is_refused(#[case] words: &[&str], #[case] option: &str) {
        let args = vm(&[&["--", "contract"], words].concat());
        assert_eq!(args.guest().expect_err("refused").option, option);
    }

    #[test]
    fn everything_else_is_for_the_guest() {
        let words =
            ["--", "posix", "--fs", "ext4,tmpfs", "--timeout", "3", "--deny-ofd", "-j", "1"];
        let run = vm(&words).guest().expect("a run");
        assert_eq!((run.patterns.len(), run.file_systems().len()), (1, 2));
        assert_eq!(run.place.timeout, Duration::from_secs(3));
    }
}
