//! A scenario that is written and parsed again is unchanged.

use std::path::Path;

use imglock_scenario::{Item, Scenario};
use rstest::rstest;

/// Line numbers have no effect on a run, and differ in the written text.
fn without_lines(mut scenario: Scenario) -> Scenario {
    fn forget(items: &mut [Item]) {
        for item in items {
            match item {
                Item::Step(step) => step.line = 0,
                Item::Held(statement) => statement.line = 0,
                Item::Together(block) => {
                    block.line = 0;
                    block.steps.iter_mut().for_each(|step| step.line = 0);
                }
                Item::Repeat { items, .. } => forget(items),
            }
        }
    }
    forget(&mut scenario.items);
    scenario
}

fn read(text: &str) -> Scenario {
    let parsed = Scenario::parse("x", "x.kdl", text);
    without_lines(parsed.unwrap_or_else(|error| panic!("{error:?}\n{text}")))
}

#[test]
fn every_scenario_of_ours_comes_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut count = 0;
    for theme in std::fs::read_dir(folder).expect("the scenarios").flatten() {
        if !theme.path().is_dir() {
            continue;
        }
        for file in std::fs::read_dir(theme.path()).expect("a theme").flatten() {
            let text = std::fs::read_to_string(file.path()).expect("a readable file");
            let scenario = read(&text);
            assert_eq!(read(&scenario.to_string()), scenario, "{}", file.path().display());
            count += 1;
        }
    }
    assert!(count > 100, "only {count} scenarios were found");
}

#[rstest]
#[case::quotes(r#""He said \"no\"""#, r#""A backslash \\ and \"\"\" here""#)]
#[case::lines(r#""true""#, "\"\"\"\n    One.\n\n    Two\n      deep.\n    \"\"\"")]
fn what_is_hard_to_write_comes_back(#[case] summary: &str, #[case] about: &str) {
    let body = "file-system overlay fuse-locks\nhazard posix=same-owner\nimage a.img size=1\nimage \"b c.img\" size=2\n\
                vm1 open disk image=\"b c.img\" mode=rw { expect ofd=\"refused shared write\" posix=granted; }\n\
                held backend=ofd { vm1 disk { read \"0-eof\"; waiting write 7; }; }\n\
                vm1 write disk at=0 data=\"a \\\"quoted\\\" word\"\n";
    let scenario = read(&format!("summary {summary}\nabout {about}\n{body}"));
    assert_eq!(read(&scenario.to_string()), scenario, "{scenario}");
}
