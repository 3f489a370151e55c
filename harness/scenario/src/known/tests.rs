use super::*;
use imglock_core::{Backend, ScenarioName};

const FILE: &str = r#"
// Comments are welcome.
known "A server of its own" {
    scenario "names/*" "contract/close"
    backend ofd
    file-system fuse-locks nfs4
    kernel ">=6.1" "<6.5"
    link "https://example.org/1"
}
known """
    Anything there,
    now and then
    """ {
    scenario names
    file-system fuse-locks
    subject builtin
    expect may-fail
}
"#;

fn known() -> KnownFailures {
    KnownFailures::parse("known.kdl", FILE).expect("a file of known failures")
}

fn run<'a>(names: [&'a str; 2], kernel: &'a str, scenario: &'a ScenarioName) -> RunKey<'a> {
    RunKey { scenario, backend: Backend::Ofd, subject: "builtin", file_systems: names, kernel }
}

#[test]
fn an_entry_says_what_is_expected_why_and_where_it_stands() {
    let known = known();
    let [first, second] = known.entries() else { panic!("{known:?}") };
    assert_eq!(first.known.expected, ExpectedVerdict::Fails);
    assert_eq!(first.known.link.as_deref(), Some("https://example.org/1"));
    assert_eq!((first.source_name.as_str(), first.line), ("known.kdl", 3));
    assert_eq!(second.known.expected, ExpectedVerdict::MayFail);
    assert_eq!(second.known.why, "Anything there, now and then");
    assert_eq!(second.known.link, None);
}

#[rstest::rstest]
#[case::all_conditions("fuse-locks", "fuse", "6.1.0-18-amd64", "names/hard-link", Some(0))]
#[case::under_a_booted_kernel("fuse-locks", "fuse", "6.4.2", "names/hard-link", Some(0))]
#[case::by_what_the_kernel_calls_it("", "nfs4", "6.1.0", "contract/close", Some(0))]
#[case::by_the_last_part("", "nfs4", "6.1.0", "any/close", None)]
#[case::a_later_kernel("fuse-locks", "fuse", "6.5.0", "names/hard-link", Some(1))]
#[case::an_unknown_kernel("fuse-locks", "fuse", "", "names/hard-link", Some(1))]
#[case::another_scenario("fuse-locks", "fuse", "6.1.0", "contract/open", None)]
#[case::another_file_system("fuse", "fuse", "6.1.0", "names/hard-link", None)]
fn the_first_entry_that_fits_counts(
    #[case] name: &str,
    #[case] file_system: &str,
    #[case] kernel: &str,
    #[case] scenario: &str,
    #[case] entry: Option<usize>,
) {
    let known = known();
    let expected = entry.map(|index| known.entries()[index].known.clone());
    assert_eq!(known.of(&run([name, file_system], kernel, &scenario.into())), expected);
}

#[test]
fn locks_and_subject_are_conditions_too() {
    let known = known();
    let name = ScenarioName::from("names/hard-link");
    let ofd = run(["fuse-locks", "fuse"], "6.1.0", &name);
    let posix = RunKey { backend: Backend::Posix, ..ofd };
    assert_eq!(known.of(&posix).map(|known| known.expected), Some(ExpectedVerdict::MayFail));
    assert_eq!(known.of(&RunKey { subject: "qemu-io", ..posix }), None);
}

#[test]
fn of_several_files_the_first_counts() {
    let everything = KnownFailures::parse("all.kdl", "known everything").expect("a file");
    let name = ScenarioName::from("names/a");
    let run = run(["fuse-locks", "fuse"], "6.1.0", &name);
    let why = |known: KnownFailures| known.of(&run).map(|known| known.why);
    assert_eq!(why(known().and(everything.clone())).as_deref(), Some("A server of its own"));
    assert_eq!(why(everything.and(known())).as_deref(), Some("everything"));
}

#[test]
fn an_entry_that_others_leave_nothing_to_is_told() {
    let known = known();
    let name = ScenarioName::from("names/a");
    let old = run(["fuse-locks", "fuse"], "6.1.0", &name);
    let new = RunKey { kernel: "6.6.0", ..old };
    let lines = |runs: &[RunKey<'_>]| -> Vec<usize> {
        known.shadowed(runs.iter().copied()).iter().map(|entry| entry.line).collect()
    };
    assert_eq!(lines(&[old]), [10]);
    assert_eq!(lines(&[old, new]), [0; 0]);
    assert_eq!(lines(&[]), [0; 0]);
}

#[rstest::rstest]
#[case(FILE, true)]
#[case("summary a\nabout b\nvm1 open disk mode=rw", false)]
#[case("", false)]
#[case("known {", false)]
fn a_file_of_known_failures_is_told_from_others(#[case] text: &str, #[case] is_one: bool) {
    assert_eq!(KnownFailures::is_one(text), is_one);
}
