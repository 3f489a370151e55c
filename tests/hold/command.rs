//! The command that runs during the hold: its exit code, and the environment
//! and descriptors that it does and does not receive.

use std::os::unix::fs::PermissionsExt;

use rstest::rstest;

use crate::holder::{hold, run};
use crate::outside::Folder;

#[rstest]
#[case::success("exit 0", 0)]
#[case::its_own("exit 7", 7)]
#[case::the_largest("exit 255", 255)]
#[case::terminated("kill -TERM $$", 128 + 15)]
#[case::killed("kill -KILL $$", 128 + 9)]
#[case::by_a_realtime_signal("kill -40 $$", 128 + 40)]
#[case::after_it_was_stopped(
    "(until grep -q '^State:.T' /proc/$$/status; do :; done; kill -CONT $$) & kill -STOP $$; exit 3",
    3
)]
fn imglock_ends_as_its_command_does(#[case] script: &str, #[case] code: i32) {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let ended = run(hold(&image, "rw", &["--", "sh", "-c", script]));
    assert_eq!((ended.code, ended.stderr.as_str()), (code, ""));
}

#[test]
fn what_is_not_there_or_no_program_is_told_apart() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let program = folder.file("program", "no program");
    let no_program = || run(hold(&image, "rw", &["--", program.to_str().expect("UTF-8")]));
    let missing = run(hold(&image, "rw", &["--", "no-such-command", "-x"]));
    assert_eq!(missing.code, 127, "{missing:?}");
    assert_eq!(
        missing.stderr,
        "error: there is no command no-such-command: No such file or directory\n\
         help: check the spelling of the command, and that its directory is in PATH\n"
    );
    let forbidden = no_program();
    assert_eq!(forbidden.code, 126, "{forbidden:?}");
    assert_eq!(
        folder.redacted(forbidden.stderr.as_bytes()),
        "error: cannot execute DIR/program: Permission denied\n\
         help: check that it is a program and that you may execute it\n"
    );
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("ours");
    let nonsense = no_program();
    assert_eq!(nonsense.code, 126, "{nonsense:?}");
    assert!(nonsense.stderr.contains("Exec format error"), "{nonsense:?}");
}

#[test]
fn the_command_is_told_where_the_image_is_even_if_it_goes_elsewhere() {
    let folder = Folder::new();
    folder.file("my disk.img", "");
    let script = "cd / && ls \"$IMGLOCK_IMAGE\"; echo ${IMGLOCK_FD-none}";
    let mut command = hold("my disk.img".as_ref(), "rw", &["--", "sh", "-c", script]);
    command.current_dir(folder.path()).env("IMGLOCK_FD", "of an outer hold");
    let ended = run(command);
    assert_eq!(folder.redacted(ended.stdout.as_bytes()), "DIR/my disk.img\nnone\n", "{ended:?}");
}

#[test]
fn the_command_gets_the_descriptor_only_if_it_is_to_inherit_it() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let list = "for fd in /proc/$$/fd/*; do readlink $fd; done";
    let plain = run(hold(&image, "rw", &["--", "sh", "-c", list]));
    let heir = run(hold(&image, "rw", &["--inherit", "--", "sh", "-c", list]));
    let numbered = "readlink /proc/$$/fd/$IMGLOCK_FD";
    let number = run(hold(&image, "rw", &["--inherit", "--", "sh", "-c", numbered]));
    let name = format!("{}\n", image.display());
    // Descriptors 0, 1 and 2, and the one with which the shell lists the directory.
    assert!(!plain.stdout.contains(&name), "{plain:?}");
    assert!(!plain.stdout.contains("socket:"), "imglock's own are not passed on either: {plain:?}");
    assert!(heir.stdout.contains(&name), "{heir:?}");
    assert_eq!(number.stdout, name, "{number:?}");
}

#[test]
fn only_a_command_can_inherit() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let ended = run(hold(&image, "rw", &["--inherit"]));
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("<COMMAND>"), "{ended:?}");
}

#[test]
fn the_exit_code_of_a_refusal_can_be_chosen() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let inner = env!("CARGO_BIN_EXE_imglock");
    for (arguments, code) in [("", 1), ("--conflict-exit-code 75", 75), ("--wait 0", 1)] {
        let again = format!("{inner} hold $IMGLOCK_IMAGE --mode rw {arguments} -- echo ran");
        let ended = run(hold(&image, "rw", &["--", "sh", "-c", &again]));
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{arguments}: {ended:?}");
    }
}
