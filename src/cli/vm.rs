use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser};
use imglock_qemu::AcceleratorChoice;

use super::choice::one_of;
use super::seconds::parse_limit;
use super::{QemuDirArgs, ReportArgs, RunArgs};

/// Arguments of `vm`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct VmArgs {
    /// Kernels to boot: a bzImage, a /boot/vmlinuz, or a Debian linux-image
    /// .deb, which need not be installed.
    ///
    /// The results of several kernels are shown in one table.
    #[arg(long = "kernel", value_name = "FILE", required = true, num_args = 1..)]
    pub kernels: Vec<PathBuf>,
    /// Also run on the running kernel, without a guest, before the guests.
    ///
    /// The scenarios run in the temporary directory, or, as root, on the file
    /// systems that --fs makes.
    #[arg(long)]
    pub host: bool,
    /// Directory with the modules of kernels that are not in a package:
    /// /lib/modules or /lib/modules/RELEASE; can be repeated.
    ///
    /// The guest loads the modules of the file systems given with --fs, and the
    /// modules that they depend on. Without modules, the file systems must be
    /// built into the kernel.
    #[arg(long = "modules", value_name = "DIR")]
    pub modules: Vec<PathBuf>,
    /// QEMU accelerator for the guests.
    ///
    /// `auto` uses KVM where it is available, and switches to TCG if a guest
    /// under KVM prints nothing (see --accel-patience).
    #[arg(
        long, value_name = "ACCEL", default_value = "auto",
        value_parser = one_of(AcceleratorChoice::ALL.iter().copied(), AcceleratorChoice::name)
    )]
    pub accel: AcceleratorChoice,
    /// Time after which `--accel auto` switches from KVM to TCG if the guest
    /// prints nothing, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = parse_limit)]
    pub accel_patience: Duration,
    /// Memory of a guest, in MiB [default: as much as its run needs].
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(64..))]
    pub memory: Option<u32>,
    /// Number of processors of a guest [default: 2, or 1 on a host with one].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=255))]
    pub cpus: Option<u16>,
    /// Extra kernel command-line parameters, such as `lockdep` or
    /// `rdinit=/bin/sh`; can be repeated.
    #[arg(long = "append", value_name = "WORDS", allow_hyphen_values = true)]
    pub more: Vec<String>,
    /// Time limit for a kernel to boot until its init reports, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = parse_limit)]
    pub boot_timeout: Duration,
    /// Time limit without output from the run in a guest, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = parse_limit)]
    pub timeout: Duration,
    /// Number of guests to run at the same time [default: as many as the cores
    /// allow].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// The directories with QEMU's programs.
    #[command(flatten)]
    pub programs: QemuDirArgs,
    /// Save the console output of the kernels: in this file, or in one file per
    /// kernel in this directory.
    #[arg(long, value_name = "FILE|DIR")]
    pub console: Option<PathBuf>,
    /// The reports.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Arguments for `imglock run` in each guest, after `--`; `imglock run
    /// --help` lists them.
    ///
    /// Scenario files and folders are copied into the guest. Without --fs, the
    /// scenarios run on a tmpfs.
    #[arg(last = true, value_name = "ARGS")]
    pub arguments: Vec<String>,
}

const EXAMPLE: &str = "\
Example:
  imglock vm --kernel linux-image-6.1*.deb -- --fs ext4,tmpfs contract";

/// Arguments of `imglock run` in a guest.
#[derive(Debug, Parser)]
#[command(
    name = "imglock vm ... --",
    disable_help_flag = true,
    about = None,
    long_about = None,
    max_term_width = 100
)]
pub struct GuestArgs {
    /// The arguments of `run`.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Options of `run` that a guest does not support, and the reasons.
const NOT_IN_A_GUEST: &[(&str, &str)] = &[
    ("dir", "a guest has its own directories; --fs makes file systems there"),
    ("keep", "the directories of a guest are lost when it ends"),
    ("reports", "give --report to `imglock vm`, before the --"),
    ("format", "give --format to `imglock vm`, before the --"),
    ("known", "give --known to `imglock vm`, before the --"),
    ("baseline", "give --baseline to `imglock vm`, before the --"),
    ("casts", "there is no QEMU in a guest"),
    ("mix", "there is no QEMU in a guest"),
    (
        "qemu_dirs",
        "there is no QEMU in a guest; to choose the QEMU that runs it, give --qemu-dir before the --",
    ),
];

/// An option that a guest does not support.
#[derive(Debug, PartialEq, Eq)]
pub struct NotInAGuest {
    /// Such as `--dir`.
    pub option: String,
    /// The reason, and an alternative if there is one.
    pub why: &'static str,
}

impl VmArgs {
    /// The arguments of the run in each guest. Ends the process on wrong usage
    /// of `run`.
    ///
    /// # Errors
    /// An option that a guest does not support.
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

/// The name of an option on the command line.
fn long_name(id: &str) -> String {
    let command = GuestArgs::command();
    let option = command.get_arguments().find(|option| option.get_id() == id);
    let long = option.and_then(clap::Arg::get_long);
    format!("--{}", long.unwrap_or(id))
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
    fn kernels_are_given_together_or_one_by_one() {
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
    fn an_option_that_a_guest_does_not_support_is_refused(
        #[case] words: &[&str],
        #[case] option: &str,
    ) {
        let args = vm(&[&["--", "contract"], words].concat());
        assert_eq!(args.guest().expect_err("refused").option, option);
    }

    #[test]
    fn all_other_arguments_are_for_the_guest() {
        let words =
            ["--", "posix", "--fs", "ext4,tmpfs", "--timeout", "3", "--deny-ofd", "-j", "1"];
        let run = vm(&words).guest().expect("a run");
        assert_eq!((run.patterns.len(), run.file_systems().len()), (1, 2));
        assert_eq!(run.place.timeout, Duration::from_secs(3));
    }
}
