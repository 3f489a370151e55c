//! The messages that a user sees for a wrong file: every kind of mistake, rendered.

use imglock_scenario::{KnownFailures, ModeMatrix, Scenario, TextError};
use miette::{GraphicalReportHandler, GraphicalTheme};
use rstest::{Context, rstest};

const HEAD: &str = "summary \"A story\"\nabout \"Why it happens.\"\n";

fn rendered(error: &TextError) -> String {
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .render_report(&mut text, error)
        .expect("a string takes any text");
    text
}

fn snapshot(name: &str, text: &str) {
    let error = Scenario::parse("story", "story.kdl", text).expect_err("the file is wrong");
    assert_reads_like(name, &error);
}

fn assert_reads_like(name: &str, error: &TextError) {
    assert!(!error.problems().is_empty());
    for problem in error.problems() {
        assert!(problem.advice().is_some_and(|help| !help.is_empty()), "{problem} has no help");
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("diagnostics");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, rendered(error)));
}

/// Mistakes in the head, and in whole files.
#[rstest]
#[case::empty_file("")]
#[case::no_about("summary \"A story\"\nvm1 open disk mode=rw")]
#[case::empty_texts("summary \"\"\nabout \"  \"\nvm1 open disk mode=rw")]
#[case::two_summaries("summary a\nsummary b\nabout c\nvm1 open disk mode=rw")]
#[case::summary_of_two_lines("summary \"\"\"\n  a\n  b\n  \"\"\"\nabout c\nvm1 open disk mode=rw")]
#[case::summary_is_a_number("summary 5\nabout #true\nvm1 open disk mode=rw")]
#[case::no_steps("summary a\nabout b\nheld\n")]
#[case::head_line_misspelt("sumary \"A story\"\nabout b\nvm1 open disk mode=rw")]
#[case::not_kdl("summary \"A story\nabout b\nvm1 open disk mode=rw }")]
#[case::block_not_closed("summary a\nabout b\nvm1 open disk mode=rw {\n    expect granted\n")]
#[case::text_not_closed("summary \"a\nabout b\nvm1 open disk mode=rw")]
#[case::bare_range(
    "summary a\nabout b\nvm1 open f mode=none\nheld {\n    vm1 f {\n        read 0-9\n    }\n}"
)]
#[case::bare_true("summary a\nabout b\nvm1 open disk mode=rw inactive=true")]
#[case::nested_too_deeply(
    "summary a\nabout b\nrepeat 1 { repeat 1 { repeat 1 { repeat 1 { repeat 1 { repeat 1 { repeat 1 { repeat 1 { repeat 1 { vm1 exit; }}}}}}}}}"
)]
fn files(#[case] text: &str, #[context] context: Context) {
    snapshot(context.description.unwrap_or_default(), text);
}

/// Mistakes in lines, each after a correct head.
#[rstest]
#[case::unknown_backend("backends odf\nvm1 open disk mode=rw")]
#[case::backend_twice("backends ofd ofd\nvm1 open disk mode=rw")]
#[case::unknown_hazard("hazard posix=lock-los\nhazard\nvm1 open disk mode=rw")]
#[case::hazard_of_another_backend("backends ofd\nhazard posix=lock-loss\nvm1 open disk mode=rw")]
#[case::unknown_file_system("file-system overlayfs\nvm1 open disk mode=rw")]
#[case::file_system_twice("file-system fuse fuse\nfile-system ext4\nvm1 open disk mode=rw")]
#[case::image_size(
    "image a.img size=-1\nimage b.img size=1073741825\nimage c.img size=\"4096\"\nvm1 open disk mode=rw"
)]
#[case::image_twice("image a.img\nimage a.img\nvm1 open disk mode=rw")]
#[case::image_names(
    "image \"../a.img\"\nimage ..\nimage \"\"\nimage -a\nimage \"a\\u{0}b\"\nvm1 open disk mode=rw"
)]
#[case::unknown_image("image base.img\nvm1 open disk image=bas.img mode=rw\nhost unlink top.img")]
#[case::unknown_verb("vm1 opne disk mode=rw")]
#[case::no_verb("vm1")]
#[case::unknown_block("togehter {\n    vm1 open disk mode=rw\n    vm2 open disk mode=rw\n}")]
#[case::host_with_process_verb("host open disk mode=rw")]
#[case::process_with_host_verb("vm1 unlink disk.img")]
#[case::host_with_unknown_verb("host hardlnk a.img to=disk.img")]
#[case::reserved_name("ofd open disk mode=rw\nvm1 fork host\nvm1 send disk to=held")]
#[case::bad_name("vm.1 open disk mode=rw\nvm2 open \"my disk\" mode=rw")]
#[case::unknown_mode("vm1 open disk mode=share-wr")]
#[case::unknown_permission("vm1 open disk held=\"write read\" unshared=\"writ\"")]
#[case::unknown_words("vm1 open disk mode=rw access=readonly backend=odf locking=yes")]
#[case::no_mode("vm1 open disk\nvm1 set disk\nvm1 reopen disk access=read-only")]
#[case::mode_and_held("vm1 open disk mode=rw held=write")]
#[case::force_share_with_writing("vm1 open disk mode=force-share access=read-write")]
#[case::read_only_with_writing(
    "vm1 open disk held=resize access=read-only\nvm2 open disk mode=rw access=read-only"
)]
#[case::wrong_types(
    "vm1 open disk mode=5 inactive=yes pause-after=\"3\"\nvm1 read disk at=1.5 len=#null"
)]
#[case::missing_properties(
    "vm1 open f mode=none\nvm1 lock f start=0\nvm1 dup f\nvm1 send f\nhost rename disk.img"
)]
#[case::mounts_with_missing_properties("host bind copy.img\nhost overlay top.img\nhost bind")]
#[case::mounts_with_others_properties(
    "host overlay top.img to=disk.img\nhost hardlink a.img to=disk.img read-only=#true\nhost bind b.img to=disk.img read-only=yes"
)]
#[case::mounts_of_what_is_not_there(
    "host bind copy.img to=dsk.img\nhost overlay top.img over=copi.img\nvm1 open disk image=tpo.img mode=rw"
)]
#[case::mounts_together(
    "together {\n    vm1 open disk mode=rw\n    host bind copy.img to=disk.img\n}\nvm1 overlay top.img over=disk.img"
)]
#[case::mounts_in_other_places(
    "host bind \"../copy.img\" to=\"/etc/passwd\"\nhost overlay \"..\" over=-a"
)]
#[case::missing_names("vm1 open mode=rw\nvm1 fork\nhost create")]
#[case::out_of_range(
    "vm1 open disk mode=rw pause-after=-1\nvm1 read disk at=-1 len=5000\nvm1 seek disk to=99999999999999999999"
)]
#[case::unknown_lock_words(
    "vm1 open f mode=none\nvm1 lock f type=wriet start=0 len=1 whence=start"
)]
#[case::unknown_property("vm1 open disk mode=rw pauseafter=3")]
#[case::property_twice("vm1 open disk mode=rw mode=ro")]
#[case::stray_argument("vm1 open disk rw mode=rw\nvm1 close disk now")]
#[case::stray_block("vm1 open disk mode=rw {\n    vm2 open disk mode=rw\n}\nimage a.img { b; }")]
fn lines(#[case] text: &str, #[context] context: Context) {
    snapshot(context.description.unwrap_or_default(), &format!("{HEAD}{text}"));
}

/// Mistakes in `expect` and `held`.
#[rstest]
#[case::unknown_outcome("vm1 open disk mode=rw { expect grantd; }")]
#[case::unknown_refusal("vm1 open disk mode=rw { expect \"refused wrte\"; }")]
#[case::unquoted_held(
    "vm1 open f mode=none\nvm1 test f type=read start=0 len=1 { expect held read 0 by vm1; }"
)]
#[case::unquoted_refusal("vm1 open disk mode=rw { expect refused write; }")]
#[case::impossible_outcome("vm1 open disk mode=rw\nvm1 close disk { expect granted; }")]
#[case::two_expects("vm1 open disk mode=rw {\n    expect granted\n    expect granted\n}")]
#[case::backend_expected_twice("vm1 open disk mode=rw { expect ofd=granted ofd=EBADF; }")]
#[case::plain_and_by_backend("vm1 open disk mode=rw { expect granted ofd=granted; }")]
#[case::empty_expect("vm1 open disk mode=rw { expect; }")]
#[case::expect_of_another_backend("backends ofd\nvm1 open disk mode=rw { expect posix=granted; }")]
#[case::expect_of_no_backend("vm1 open disk mode=rw { expect odf=granted; }")]
#[case::expect_is_a_number("vm1 open disk mode=rw { expect 5; }")]
#[case::expected_stranger(
    "vm1 open f mode=none\nvm1 test f type=read start=0 len=1 { expect \"held read 0-9 by vm9\"; }"
)]
#[case::held_of_another_backend(
    "backends ofd\nvm1 open disk mode=rw\nheld backend=posix { vm1 disk mode=rw; }"
)]
#[case::held_stranger("vm1 open disk mode=rw\nheld { vm2 disk mode=rw; vm1 dsk mode=rw; }")]
#[case::held_nothing("vm1 open disk mode=rw\nheld { vm1 disk; vm1; }")]
#[case::held_ranges(
    "vm1 open f mode=none\nheld { vm1 f { read \"9-0\"; wirte 5; waiting 3; read -1; }}"
)]
#[case::held_with_argument("vm1 open disk mode=rw\nheld vm1 disk mode=rw")]
fn statements(#[case] text: &str, #[context] context: Context) {
    snapshot(context.description.unwrap_or_default(), &format!("{HEAD}{text}"));
}

/// Lines that are correct alone, but wrong at their position.
#[rstest]
#[case::child_before_fork("vm1 open disk mode=rw\nchild close disk\nvm1 fork child")]
#[case::after_exit("vm1 open disk mode=rw\nvm1 kill\nvm1 close disk")]
#[case::actor_twice("vm1 fork child\nvm1 thread child\nvm1 fork vm1")]
#[case::forked_too_late(
    "vm1 open disk mode=rw\nchild close disk\nchild exit\nvm1 send disk to=child\nvm1 fork child"
)]
#[case::while_stopped("vm1 open disk mode=rw\nvm1 stop\nvm1 close disk")]
#[case::while_blocked(
    "vm1 open f mode=none\nvm1 lock f type=read start=0 len=1 wait=#true { expect blocked; }\nvm1 close f"
)]
#[case::while_paused("vm1 open f mode=rw pause-after=1 { expect paused; }\nvm1 close f")]
#[case::await_nothing("vm1 open f mode=none\nvm1 await")]
#[case::never_opened("vm1 open disk mode=rw\nvm1 close disc\nvm2 close disk")]
#[case::open_twice("vm1 open disk mode=rw\nvm1 open disk mode=rw\nvm1 dup disk as=disk")]
#[case::send_to_itself("vm1 open disk mode=rw\nvm1 send disk to=vm1 as=copy")]
#[case::together_of_one("together {\n    vm1 open disk mode=rw\n}")]
#[case::together_of_the_same(
    "together {\n    vm1 open disk mode=rw\n    vm1 open cdrom mode=ro\n}"
)]
#[case::together_with_fork(
    "together {\n    vm1 fork child\n    held\n    host unlink disk.img\n    vm2 open disk mode=rw\n}"
)]
#[case::repeat_nothing("repeat 0 as=n { vm1 exit; }\nrepeat 3\nrepeat as=\"a b\" { vm2 exit; }")]
#[case::repeat_too_often("repeat 1000 as=n { repeat 1001 { vm1 open \"d$n\" mode=none; }}")]
#[case::counter_taken("repeat 2 as=n { repeat 2 as=n { vm1 open \"d$n\" mode=none; }}")]
#[case::unknown_counter("vm$n open disk mode=rw\nrepeat 2 as=round { vm$rund open disk mode=rw; }")]
#[case::head_in_repeat("repeat 2 { image a.img; vm1 open disk mode=rw; vm1 close disk; }")]
#[case::open_twice_in_repeat("repeat 2 as=n { vm1 open disk mode=rw; }")]
#[case::too_many_processes("repeat 20001 as=n { vm$n open disk mode=share-rw; }")]
#[case::slip_does_not_spread(
    "vm1 opne disk mode=rw\nvm1 close disk\nvm1 frok child\nchild close disk\nhost crate a.img\nvm1 open other image=a.img mode=rw"
)]
fn stories(#[case] text: &str, #[context] context: Context) {
    snapshot(context.description.unwrap_or_default(), &format!("{HEAD}{text}"));
}

/// Mistakes in the mode matrix.
#[rstest]
#[case::matrix_empty("")]
#[case::matrix_without_columns("ro . .")]
#[case::matrix_cells("columns ro rw rwx ro\nro . x w . .\nrw W\nrow .\nro .")]
fn matrices(#[case] text: &str, #[context] context: Context) {
    let error = ModeMatrix::parse("matrix.kdl", text).expect_err("the table is wrong");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("diagnostics");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let name = context.description.unwrap_or_default();
    settings.bind(|| insta::assert_snapshot!(name, rendered(&error)));
}

/// Mistakes in a file of known failures.
#[rstest]
#[case::known_misspelt("knwon \"why\"\nsummary \"A story\"")]
#[case::known_without_reason("known\nknown \"\"\nknown 5")]
#[case::known_words("known why { scenarios \"posix/*\"; kernel; backend odf; expect fail; }")]
#[case::known_patterns("known why {\n    scenario \"posix/[a\" posix posix\n}")]
#[case::known_kernels(
    "known one { kernel \"=>6.1\" 6.5; }\nknown two { kernel \">=6.5\" \"<6.1\"; }\nknown three {\n    kernel \"6.1-amd64\"\n    kernel \"6.5\"\n}"
)]
#[case::known_words_left_over(
    "known why because {\n    expect fails times-out\n    link { a; }\n    file-system ext4 size=5\n}"
)]
#[case::known_shadowed(
    "known one {\n    scenario posix\n    file-system ext4\n}\nknown two {\n    scenario \"posix/fork\"\n    backend posix\n    file-system ext4\n}\nknown three {\n    file-system ext4\n}"
)]
fn known_failures(#[case] text: &str, #[context] context: Context) {
    let error = KnownFailures::parse("known.kdl", text).expect_err("the file is wrong");
    assert_reads_like(context.description.unwrap_or_default(), &error);
}
