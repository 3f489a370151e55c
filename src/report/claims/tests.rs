use std::path::Path;

use imglock_engine::ClaimSweep;

use super::samples::{agreeing, differing, half, silent};
use super::{Ending, write};
use crate::report::shown::{shown, snapshots};

fn told(sweep: &ClaimSweep, ending: &Ending<'_>) -> String {
    let text = shown(|out| write(sweep, ending, out));
    // A file is shown as it is.
    let wide = |line: &&str| line.chars().count() > 101 && !line.starts_with("  about ");
    assert_eq!(text.lines().find(wide), None, "{text}");
    text
}

snapshots! {
    a_person_reads_that_all_agree: told(&agreeing(), &Ending::default());
    a_person_reads_what_differs_and_how_to_see_it_again: told(&differing(), &Ending::default());
}

#[test]
fn what_is_interrupted_can_be_gone_on_with() {
    let ending =
        Ending { stopped: true, file: Some(Path::new("my sweep.json")), ..Ending::default() };
    insta::assert_snapshot!(told(&half(), &ending));
    let text = told(&half(), &Ending { file: None, ..ending });
    assert!(text.ends_with("Add --report json=FILE to be able to --resume FILE.\n"));
}

#[test]
fn a_process_without_an_answer_ends_it() {
    let saved = Some((Path::new("found"), 1));
    insta::assert_snapshot!(told(&silent(), &Ending { saved, ..Ending::default() }));
}

#[test]
fn a_report_is_read_as_it_was_written() {
    for sweep in [agreeing(), differing(), half(), silent()] {
        let text = serde_json::to_string_pretty(&sweep).expect("JSON");
        assert_eq!(serde_json::from_str::<ClaimSweep>(&text).expect(&text), sweep);
    }
    let text = serde_json::to_string_pretty(&differing().arrangements[1]).expect("JSON");
    insta::assert_snapshot!(text);
}
