//! A scenario is skipped if a resource limit of this user is too low, and the
//! reason names the resource. The other scenarios run.

use std::process::Command;

#[rstest::rstest]
#[case::to_start_the_processes(64, "and this user may open 64; raise the limit with `ulimit -n`")]
#[case::to_make_the_images(46, "imglock has no free descriptor here (Too many open files")]
fn too_few_descriptors_skip_what_needs_more(#[case] limit: u32, #[case] why: &str) {
    let run = Command::new("sh")
        .args(["-c", "ulimit -n \"$limit\" && exec \"$imglock\" run -j 1 'contract/*'"])
        .env("limit", limit.to_string())
        .env("imglock", env!("CARGO_BIN_EXE_imglock"))
        .output()
        .expect("sh runs");
    let text = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&run.stderr));
    assert!(text.contains("skipped    contract/fifty-latecomers-are-refused"), "{text}");
    assert!(text.contains(why), "{text}");
    assert!(text.contains("passed     contract/second-writer-is-refused"), "{text}");
}
