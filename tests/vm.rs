//! Other kernels are booted, and every outcome of a boot is a result.

mod outside;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use imglock_core::{PlaceName, Verdict};
use imglock_engine::{Place, PlaceFate, RunDocument};
use imglock_qemu::QemuProgram;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use outside::kernels::{kernels, mute};
use outside::{Folder, PASSES, imglock, is_met, not_installed, not_root};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

/// One of the quickest scenarios.
const QUICK: &str = "contract/second-writer-is-refused";
/// Long enough for a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// `imglock vm`, with all its files in `folder`.
fn vm(folder: &Folder) -> assert_cmd::Command {
    let mut command = imglock();
    command.arg("vm").env("TMPDIR", folder.path());
    command
}

/// Whether there is a QEMU to boot anything.
fn has_qemu() -> bool {
    is_met("qemu-system", not_installed(&QemuProgram::System.file_name()))
}

/// Runs the command with a JSON report and returns the report.
fn document(
    command: &mut assert_cmd::Command,
    folder: &Folder,
    exit: i32,
) -> (RunDocument, String) {
    let path = folder.path().join("report.json");
    let report = format!("json={}", path.display());
    let output = command.args(["--report", &report]);
    // The arguments behind a `--` have to be the last.
    let output = output.args(["--", QUICK]).output().expect("it runs");
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(exit), "{told}");
    let text = std::fs::read_to_string(path).expect("a report");
    (serde_json::from_str(&text).expect("a document"), told)
}

fn why(place: &Place) -> &str {
    match &place.fate {
        PlaceFate::Lost { why, .. } => why,
        other => panic!("{} is not lost: {other:?}", place.name),
    }
}

#[test]
fn kernels_make_one_table_with_file_systems_and_files_of_ones_own() {
    let kernels = kernels();
    let missing = || not_root("making a file system").or_else(|| not_installed("mkfs.ext4"));
    if kernels.is_empty() || !is_met("file-systems", missing()) {
        return;
    }
    let folder = Folder::new();
    folder.file("own/mine.kdl", PASSES);
    let path = folder.path().join("report.json");
    let output = vm(&folder)
        .current_dir(folder.path().join("own"))
        .arg("--kernel")
        .args(&kernels)
        .args(["--host", "--accel", "tcg", "--report", &format!("json={}", path.display())])
        .args(["--console", folder.path().join("consoles").to_str().expect("UTF-8")])
        .args(["--", QUICK, "mine.kdl", "--fs", "ext4,tmpfs"])
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}{}", String::from_utf8_lossy(&output.stderr));

    let text = std::fs::read_to_string(path).expect("a report");
    let document: RunDocument = serde_json::from_str(&text).expect("a document");
    assert!(document.complete);
    // The running kernel comes first.
    assert_eq!(document.places.len(), 2 * (kernels.len() + 1));
    let running = nix::sys::utsname::uname().expect("a kernel").release().to_owned();
    assert_eq!(document.places[0].environment.kernel, *running.to_string_lossy());
    for (place, kind) in document.places.iter().zip(["ext4", "tmpfs"].iter().cycle()) {
        let kernel = &place.environment.kernel;
        assert_eq!(place.name.to_string(), format!("{kernel}/{kind}"));
        assert_eq!(
            (&place.fate, place.environment.file_system.as_str()),
            (&PlaceFate::Reached, *kind)
        );
        let is_here = **kernel == *running.to_string_lossy();
        match &place.boot {
            Some(boot) => assert_eq!(boot.accelerator, "tcg"),
            None => assert!(is_here, "{kernel} was not booted"),
        }
        let there = || document.results.iter().filter(|result| result.place == place.name);
        assert_eq!(there().filter(|result| result.scenario == "mine.kdl").count(), 2);
        assert_eq!(there().count(), 4);
        assert!(there().all(|result| result.verdict == Verdict::Passed), "{told}");
        if is_here {
            continue;
        }
        let console = folder.path().join("consoles").join(format!("{kernel}.log"));
        let console = std::fs::read_to_string(console).expect("a console");
        assert!(console.contains(&format!("Linux version {kernel}")), "{console}");
    }
    let kernels: Vec<&str> =
        document.places.iter().map(|place| place.environment.kernel.as_str()).collect();
    assert!(kernels.windows(3).all(|three| three[0] != three[2]), "{kernels:?}");
    compare_with_the_running_one(&document, &folder);
}

/// Compares the guests' results with those of the running kernel: nothing
/// broke. After one verdict of a guest is reversed, that run broke, and no
/// other.
fn compare_with_the_running_one(document: &RunDocument, folder: &Folder) {
    let running = &document.places[0].environment.kernel;
    let part = |of_running: bool| {
        let mut part = document.clone();
        part.places.retain(|place| (place.environment.kernel == *running) == of_running);
        let is_there = |name: &PlaceName| part.places.iter().any(|place| place.name == *name);
        part.results.retain(|result| is_there(&result.place));
        part
    };
    let write = |name: &str, document: &RunDocument| {
        folder.file(name, &serde_json::to_string(document).expect("JSON"))
    };
    let (old, mut guests) = (write("old.json", &part(true)), part(false));
    let new = write("new.json", &guests);
    let nothing = imglock().arg("compare").args([&old, &new]).output().expect("it runs");
    let told = String::from_utf8_lossy(&nothing.stdout);
    assert_eq!(nothing.status.code(), Some(0), "{told}");
    assert!(told.contains("nothing broke"), "{told}");

    let spoilt = guests.results.iter_mut().find(|result| result.scenario == "mine.kdl");
    let spoilt = spoilt.expect("a run in a guest");
    spoilt.verdict = Verdict::Failed;
    let place = spoilt.place.clone();
    let new = write("spoilt.json", &guests);
    let broke = imglock().arg("compare").args([&old, &new]).output().expect("it runs");
    let told = String::from_utf8_lossy(&broke.stdout);
    assert_eq!(broke.status.code(), Some(1), "{told}");
    let kernel = place.kernel.as_deref().expect("a guest's place");
    let kind = place.file_system.expect("a file system that was made").name();
    assert!(told.contains("1 run broke") || told.contains("1 broken"), "{told}");
    for word in ["mine.kdl", kernel, kind] {
        assert!(told.contains(word), "{word} is not in\n{told}");
    }
}

/// Neither failure is a hang, and the reports distinguish them.
#[rstest::rstest]
#[case::there_is_none("rdinit=/nowhere", "it found no init to start")]
#[case::it_ends("IMGLOCK_ROLE=none -- --version", "its init ended while it booted")]
fn a_kernel_whose_init_fails_is_lost(#[case] words: &str, #[case] said: &str) {
    let Some(kernel) = kernels().into_iter().next() else { return };
    let folder = Folder::new();
    let mut command = vm(&folder);
    command.arg("--kernel").arg(kernel).args(["--accel", "tcg", "--append", words]);
    let (document, told) = document(&mut command, &folder, 1);
    let [place] = document.places.as_slice() else { panic!("{:?}", document.places) };
    assert!(why(place).starts_with(said), "{}", why(place));
    assert!(told.contains("Kernel panic - not syncing"), "{told}");
    assert_eq!(place.name, PlaceName::HERE.under(&place.environment.kernel));
}

#[test]
fn a_run_that_falls_silent_is_lost_and_the_place_is_named() {
    let Some(kernel) = kernels().into_iter().next() else { return };
    let folder = Folder::new();
    let mut command = vm(&folder);
    // Starting a program takes longer than this timeout.
    command.arg("--kernel").arg(kernel).args(["--accel", "tcg", "--timeout", "0.001"]);
    let (document, _) = document(&mut command, &folder, 1);
    let lost = document.places.iter().find(|place| place.is_lost()).expect("a lost place");
    assert!(why(lost).starts_with("it fell silent for 0.001 seconds"), "{}", why(lost));
}

/// KVM is used if it works. It is abandoned if it can be opened but does
/// nothing, as inside some guests.
#[test]
fn kvm_is_used_where_it_works_and_given_up_where_it_does_not() {
    let Some(kernel) = kernels().into_iter().next() else { return };
    let folder = Folder::new();
    let mut command = vm(&folder);
    command.arg("--kernel").arg(kernel).args(["--accel", "auto", "--accel-patience", "3"]);
    let (document, told) = document(&mut command, &folder, 0);
    let boot = document.places[0].boot.as_ref().expect("a boot");
    let device = std::fs::File::options().read(true).write(true).open("/dev/kvm");
    let given_up = told.contains("KVM does not work here (");
    let expected = if device.is_ok() && !given_up { "kvm" } else { "tcg" };
    assert_eq!(boot.accelerator, expected, "{told}");
    assert!(device.is_ok() || !given_up, "{told}");
}

#[test]
fn a_kernel_that_never_speaks_is_lost() {
    if !has_qemu() {
        return;
    }
    let folder = Folder::new();
    let image = mute(folder.path());
    let mut command = vm(&folder);
    command.arg("--kernel").arg(image).args(["--accel", "tcg", "--boot-timeout", "1.5"]);
    let (document, _) = document(&mut command, &folder, 1);
    let [place] = document.places.as_slice() else { panic!("{:?}", document.places) };
    assert_eq!(place.name, "6.99.0-mute".into());
    let said = "no output on its console within 1.5 seconds";
    assert!(why(place).starts_with(said), "{}", why(place));
    std::fs::remove_file(folder.path().join("bzImage")).expect("it is there");
    std::fs::remove_file(folder.path().join("report.json")).expect("it is there");
    assert_empty(folder.path());
}

#[test]
fn what_is_wrong_is_told_before_anything_boots() {
    if !has_qemu() {
        return;
    }
    let folder = Folder::new();
    let image = mute(folder.path());
    let text = folder.file("notes.txt", &"no kernel at all\n".repeat(100));
    let no_kernel = contains("notes.txt cannot be booted: it is a text file");
    vm(&folder).arg("--kernel").arg(text).assert().code(2).stderr(no_kernel);
    let dir = contains("error: --dir cannot be given after the --: a guest has");
    vm(&folder).arg("--kernel").arg(&image).args(["--", "--dir", "/"]).assert().code(2).stderr(dir);
    let pattern = contains("matches `contrac`\nhelp: did you mean `contract`?");
    vm(&folder)
        .arg("--kernel")
        .arg(&image)
        .args(["--", "contrac"])
        .assert()
        .code(3)
        .stderr(pattern);
    let usage = contains("unexpected argument '--fss'").and(contains("--fs"));
    vm(&folder).arg("--kernel").arg(&image).args(["--", "--fss"]).assert().code(2).stderr(usage);
    let modules =
        contains("contains no modules of 6.99.0-mute\nhelp: name /lib/modules/6.99.0-mute");
    vm(&folder)
        .arg("--kernel")
        .arg(&image)
        .arg("--modules")
        .arg(folder.path())
        .args(["--", "--fs", "xfs"])
        .assert()
        .code(2)
        .stderr(modules);
}

#[test]
fn without_an_emulator_it_says_what_to_install() {
    let folder = Folder::new();
    let image = mute(folder.path());
    let advice = contains("install it (Debian: qemu-system-x86");
    vm(&folder)
        .env("PATH", folder.path())
        .arg("--kernel")
        .arg(image)
        .assert()
        .code(4)
        .stderr(advice);
}

#[rstest::rstest]
#[case::interrupted(Signal::SIGINT, Some(130))]
#[case::terminated(Signal::SIGTERM, Some(130))]
#[case::killed(Signal::SIGKILL, None)]
fn no_emulator_outlives_the_command(#[case] signal: Signal, #[case] exit: Option<i32>) {
    if !has_qemu() {
        return;
    }
    let (folder, scratch) = (Folder::new(), Folder::new());
    let image = mute(folder.path());
    let mut child = Command::new(env!("CARGO_BIN_EXE_imglock"))
        .args(["vm", "--accel", "tcg", "--kernel"])
        .arg(image)
        .env("TMPDIR", scratch.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("imglock starts");
    await_emulators(scratch.path(), true, &mut child);
    kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), signal).expect("it lives");
    assert_eq!(child.wait().expect("our child").code(), exit);
    await_emulators(scratch.path(), false, &mut child);
    let gone = Instant::now() + PATIENCE;
    while std::fs::read_dir(scratch.path()).expect("a folder").next().is_some() {
        assert!(Instant::now() < gone, "the scratch directory is left behind");
        std::thread::yield_now();
    }
}

/// Waits until an emulator uses `scratch`, or until none does.
fn await_emulators(scratch: &Path, there: bool, child: &mut Child) {
    let scratch = scratch.to_str().expect("UTF-8");
    let is_one = |process: std::fs::DirEntry| {
        let told = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let told = String::from_utf8_lossy(&told).into_owned();
        told.contains("qemu-system") && told.contains(scratch)
    };
    let deadline = Instant::now() + PATIENCE;
    while std::fs::read_dir("/proc").expect("proc").flatten().any(is_one) != there {
        assert!(Instant::now() < deadline, "an emulator: expected {there}");
        assert!(!there || child.try_wait().expect("our child").is_none(), "it ended by itself");
        std::thread::yield_now();
    }
}

fn assert_empty(directory: &Path) {
    let left: Vec<_> = std::fs::read_dir(directory)
        .expect("the directory is still there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert!(left.is_empty(), "left behind {left:?}");
}
