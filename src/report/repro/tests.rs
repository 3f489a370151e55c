use imglock_qemu::DrillResult;

use super::samples::{drill, failed, kept, lost};
use super::{Narrative, line, markdown, sum, terminal};
use crate::report::samples::environment;
use crate::report::shown::shown;

/// The terminal's text and the Markdown.
fn told(told: &DrillResult, control: Option<&DrillResult>) -> [String; 2] {
    let narrative = Narrative { drill: drill(), told, control, environment: environment() };
    [shown(|out| terminal(&narrative, 100, out)), shown(|out| markdown(&narrative, out))]
}

#[test]
fn a_loss_is_told_step_by_step() {
    let (lost, kept) = (lost(), kept());
    let [screen, text] = told(&lost, Some(&kept));
    insta::assert_snapshot!("a_loss_on_the_terminal", screen);
    insta::assert_snapshot!("a_loss_in_markdown", text);
}

#[test]
fn what_a_stranger_printed_does_not_play_with_the_terminal() {
    for text in told(&lost(), None) {
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}

#[test]
fn what_is_not_as_documented_is_told_with_its_reason() {
    for text in told(&failed(), None) {
        assert!(text.contains("failed"), "{text}");
        assert!(text.contains("disk.img: loses was expected"), "{text}");
    }
}

#[test]
fn a_control_that_loses_is_not_called_safe() {
    let lost = lost();
    for text in told(&lost, Some(&lost)) {
        assert!(
            text.contains("the same commands give: disk.img before kept, disk.img lost"),
            "{text}"
        );
        assert!(!text.contains("lose nothing"), "{text}");
    }
}

#[test]
fn all_of_them_are_lines_and_a_sum() {
    let results = [lost(), kept(), failed()];
    insta::assert_snapshot!(shown(|out| {
        results.iter().try_for_each(|result| line(result, out))?;
        sum(&results, out)
    }));
}
