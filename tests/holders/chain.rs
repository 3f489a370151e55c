//! The chain of an image: what `holders` says about it, beside what QEMU says.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use imglock_core::Mode;
use nix::libc::{ENOSYS, EPERM, SYS_close_range, SYS_openat2, SYS_unshare};
use serde_json::{Value, json};

use crate::outside::refusing::{Refusal, output_under};
use crate::outside::{imglock, is_met, not_installed};
use crate::place::{Place, locked};

fn tools() -> bool {
    is_met("qemu-tools", not_installed("qemu-img").or_else(|| not_installed("qemu-io")))
}

/// Runs a line in the folder. QEMU looks for a data file in its working directory.
fn run(folder: &Place, line: &str) -> Output {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().expect("a program"));
    command.args(words).current_dir(folder.path()).output().expect("it runs")
}

fn make(folder: &Place, line: &str) {
    let output = run(folder, &format!("qemu-img create -q {line}"));
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// `top.q` with `data.raw`, above `middle.q`, above `base.raw`.
fn chain() -> Place {
    let folder = Place::new();
    make(&folder, "-f raw base.raw 1M");
    make(&folder, "-f qcow2 -b base.raw -F raw middle.q");
    make(&folder, "-f qcow2 -b middle.q -F qcow2 -o data_file=data.raw top.q");
    folder
}

/// The first image in the document about `top`.
fn seen(folder: &Place, options: &[&str], top: &str) -> Value {
    let mut command = imglock();
    command.current_dir(folder.path()).args(["holders", "--json"]).args(options).arg(top);
    let output = command.output().expect("imglock runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    })
}

/// The answer about the whole chain for a mode.
fn answer(document: &Value, mode: Mode) -> Value {
    let answers = document["images"][0]["chain"]["answers"].as_array().expect("answers");
    let one = answers.iter().find(|answer| answer["mode"] == mode.name());
    one.expect("an answer for each mode").clone()
}

/// What opens the chain, in which mode it opens the top, and whether it shares `write`.
const OPENERS: [(&str, Mode, bool); 5] = [
    ("qemu-io -f qcow2 -c quit", Mode::Qcow2Rw, true),
    ("qemu-io -f qcow2 -r -c quit", Mode::Qcow2Ro, true),
    ("qemu-io -f qcow2 -r -U -c quit", Mode::ForceShare, true),
    ("qemu-img map -f qcow2", Mode::Qcow2Ro, true),
    ("qemu-img convert -f qcow2 -O raw", Mode::Qcow2Ro, false),
];

/// Compares the answers with what each opener of `top` says.
fn assert_agrees(folder: &Place, top: &str, what: &str) {
    let document = seen(folder, &[], top);
    for (line, mode, shares) in OPENERS {
        let target = if line.contains("convert") { " out" } else { "" };
        let output = run(folder, &format!("{line} {top}{target}"));
        let said = String::from_utf8_lossy(&output.stderr);
        let answer = answer(&document, mode);
        let message = match shares {
            true => &answer["when_shared"]["message"],
            false => &answer["message"],
        };
        assert_ne!(answer["answer"], "unknown", "{what}: {answer}");
        let refused = !output.status.success();
        assert_eq!(message.is_string(), refused, "{what}, {line}: {answer}\n{said}");
        let message = message.as_str().unwrap_or_default();
        assert!(said.contains(message), "{what}, {line}: {message}\n{said}");
    }
}

/// Each file of the chain, locked in each mode.
#[rstest::rstest]
fn qemu_opens_a_chain_exactly_when_it_is_said_to(
    #[values("top.q", "data.raw", "middle.q", "base.raw")] file: &str,
) {
    if !tools() {
        return;
    }
    let folder = chain();
    assert_agrees(&folder, "top.q", "nothing is locked");
    for &mode in Mode::ALL {
        let _holder = locked(&folder.path().join(file), mode);
        assert_agrees(&folder, "top.q", &format!("{mode} on {file}"));
    }
}

/// QEMU opens the files one after the other, and reports the first refusal.
#[test]
fn the_first_of_several_refusals_is_the_one_that_qemu_reports() {
    if !tools() {
        return;
    }
    let folder = chain();
    let files = ["top.q", "data.raw", "middle.q", "base.raw"];
    for mode in [Mode::Rw, Mode::Qcow2Rw, Mode::MirrorTarget, Mode::Resize] {
        for other in [Mode::Qcow2Rw, Mode::MirrorTarget] {
            for (index, one) in files.into_iter().enumerate() {
                for two in files.into_iter().skip(index + 1) {
                    let _holders = [(one, mode), (two, other)]
                        .map(|(file, mode)| locked(&folder.path().join(file), mode));
                    assert_agrees(&folder, "top.q", &format!("{mode} on {one}, {other} on {two}"));
                }
            }
        }
    }
}

/// Changes bytes of a file.
fn patch(path: &Path, at: usize, bytes: &[u8]) {
    let mut content = fs::read(path).expect("a file");
    content[at..at + bytes.len()].copy_from_slice(bytes);
    fs::write(path, content).expect("a file");
}

/// A file whose header QEMU refuses, in the middle of a chain.
#[rstest::rstest]
#[case::magic(0, b"QFI\xfa", "the image is not in qcow2 format")]
#[case::version(4, &[0, 0, 0, 9], "unsupported qcow2 version 9")]
#[case::small_clusters(20, &[0, 0, 0, 8], "unsupported cluster size: 2^8")]
#[case::large_clusters(20, &[0, 0, 0, 22], "unsupported cluster size: 2^22")]
#[case::short_header(100, &[0, 0, 0, 96], "the header cannot have 96 bytes")]
#[case::long_header(100, &[0, 2, 0, 0], "the header cannot have 131072 bytes")]
#[case::features(72, &[1, 0, 0, 0, 0, 0, 0, 0], "unsupported qcow2 features: 0x100000000000000")]
#[case::data_file(79, &[4], "the header names no data file, which this image needs")]
#[case::far_name(8, &[0, 0, 0, 0, 0, 1, 0, 1], "invalid backing file offset 65537")]
#[case::long_name(16, &[0, 0, 4, 0], "the backing file name is too long: 1024 bytes")]
#[case::long_format(116, &[0, 0, 0, 16], "the backing format name is too long: 16 bytes")]
#[case::long_extension(116, &[0, 1, 0, 0], "a header extension is too large: 65536 bytes")]
fn a_header_that_qemu_refuses_is_malformed(
    #[case] at: usize,
    #[case] bytes: &[u8],
    #[case] why: &str,
) {
    if !tools() {
        return;
    }
    let folder = chain();
    patch(&folder.path().join("middle.q"), at, bytes);
    let document = seen(&folder, &[], "top.q");
    let file = &document["images"][0]["chain"]["files"][2];
    assert_eq!((&file["stop"], &file["why"]), (&json!("malformed"), &json!(why)));
    assert_eq!(answer(&document, Mode::Qcow2Ro)["answer"], "refused");
    let output = run(&folder, "qemu-io -f qcow2 -r -c quit top.q");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Could not open backing file: "), "{said}");
}

/// The file that QEMU misses is the one that is said to be missing.
#[rstest::rstest]
#[case::the_base("top.q", "base.raw")]
#[case::the_middle("top.q", "middle.q")]
#[case::beside_a_link("link/top.q", "")]
fn a_missing_file_is_named_as_qemu_names_it(#[case] top: &str, #[case] removed: &str) {
    if !tools() {
        return;
    }
    let folder = chain();
    fs::create_dir(folder.path().join("link")).expect("a directory");
    std::os::unix::fs::symlink("../top.q", folder.path().join("link/top.q")).expect("a link");
    if !removed.is_empty() {
        fs::remove_file(folder.path().join(removed)).expect("a file");
    }
    assert_agrees(&folder, top, "a file is missing");
    let message = answer(&seen(&folder, &[], top), Mode::Qcow2Rw)["message"].clone();
    assert!(message.as_str().is_some_and(|it| it.contains("No such file")), "{message}");
}

#[test]
fn the_files_of_a_chain_are_further_images() {
    if !tools() {
        return;
    }
    let folder = chain();
    let _writer = locked(&folder.path().join("middle.q"), Mode::Qcow2Rw);
    let told = |args: &[&str]| {
        let mut command = imglock();
        let output = command.current_dir(folder.path()).arg("holders").args(args).output();
        let output = output.expect("imglock runs");
        let text = String::from_utf8(output.stdout).expect("text");
        (output.status.code(), text.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let (code, text) = told(&["top.q"]);
    for words in [
        "top.q free: not locked",
        "data.raw (data file of top.q) free: not locked",
        "middle.q (backing file of top.q) locked by 1 holder",
        "base.raw (backing file of middle.q) free: not locked",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(code, Some(0), "the image itself is free");
    let (code, text) = told(&["--no-chain", "top.q"]);
    assert!(code == Some(0) && !text.contains("middle.q"), "{text}");

    let (code, text) = told(&["--for", "qcow2-rw", "top.q"]);
    assert_eq!(code, Some(1), "{text}");
    let words = "top.q qcow2-rw would be refused QEMU would report: Could not open backing file: Failed \
                 to get shared \"write\" lock This is about middle.q, the backing file of top.q. \
                 Blocked by pid";
    assert!(text.contains(words), "{text}");
    assert_eq!(told(&["--for", "qcow2-rw", "--no-chain", "top.q"]).0, Some(0));
    let (code, text) = told(&["--for", "force-share", "top.q"]);
    assert!(text.contains("would be granted With data.raw, middle.q and base.raw."), "{text}");
    assert_eq!(code, Some(0));
}

/// A header is a stranger's input.
#[test]
fn a_name_that_leads_out_of_the_directory_is_followed_on_request_only() {
    if !tools() {
        return;
    }
    let folder = Place::new();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("images")).expect("a directory");
    make(&folder, "-f raw base.raw 1M");
    make(&folder, "-f qcow2 -b ../base.raw -F raw images/top.q");
    let _writer = locked(&path("base.raw"), Mode::Rw);
    let inside = seen(&folder, &[], "images/top.q");
    assert_eq!(inside["images"].as_array().map(Vec::len), Some(1));
    let chain = &inside["images"][0]["chain"];
    assert_eq!(
        (&chain["complete"], &chain["files"][1]["stop"]),
        (&json!(false), &json!("outside"))
    );
    assert_eq!(answer(&inside, Mode::Rw)["answer"], "unknown");
    let ask = |options: &[&str]| {
        let mut command = imglock();
        command.current_dir(folder.path()).args(["holders", "--for", "rw"]).args(options);
        command.arg("images/top.q").assert()
    };
    let output = ask(&[]).code(4).get_output().stdout.clone();
    let text = String::from_utf8(output).expect("text");
    assert!(text.contains("unknown: not all of its chain was seen"), "{text}");
    assert!(text.contains("`--follow` looks at it"), "{text}");
    ask(&["--no-chain"]).code(0);
    ask(&["--follow"]).code(1).stdout(predicates::str::contains("base.raw, the backing file of"));
}

/// QEMU waits for a writer of a FIFO; imglock does not open one.
#[test]
fn a_fifo_in_a_header_hangs_nothing() {
    if !tools() {
        return;
    }
    let folder = Place::new();
    nix::unistd::mkfifo(&folder.path().join("fifo"), nix::sys::stat::Mode::S_IRWXU)
        .expect("a FIFO");
    make(&folder, "-u -f qcow2 -b fifo -F qcow2 top.q 1M");
    for options in [&[][..], &["--follow"]] {
        let document = seen(&folder, options, "top.q");
        let file = &document["images"][0]["chain"]["files"][1];
        assert_eq!(file["why"], "it is a FIFO, not an image");
    }
}

/// A kernel before 5.6, or a seccomp filter of a container.
#[rstest::rstest]
#[case::no_openat2(&[Refusal::call(SYS_openat2, ENOSYS)])]
#[case::a_filter_refuses_openat2(&[Refusal::call(SYS_openat2, EPERM)])]
#[case::no_close_range(&[Refusal::call(SYS_close_range, ENOSYS)])]
#[case::no_own_table(&[Refusal::call(SYS_close_range, EPERM), Refusal::call(SYS_unshare, EPERM)])]
fn a_chain_is_followed_on_old_kernels_too(#[case] refusals: &[Refusal]) {
    if !tools() {
        return;
    }
    let folder = chain();
    fs::create_dir(folder.path().join("sub")).expect("a directory");
    make(&folder, "-f qcow2 -b ../top.q -F qcow2 sub/out.q");
    let said = |top: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_imglock"));
        command.current_dir(folder.path()).args(["holders", "--json", top]);
        let output = output_under(refusals, command);
        let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        document["images"][0]["chain"].clone()
    };
    let whole = said("top.q");
    assert_eq!(
        (&whole["complete"], whole["files"].as_array().map(Vec::len)),
        (&json!(true), Some(4))
    );
    assert_eq!(said("sub/out.q")["files"][1]["stop"], "outside");
}
