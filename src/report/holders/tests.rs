use std::io::Write;
use std::time::Duration;

use imglock_core::{LockType, Mode};
use imglock_locks::{Chain, Holder, HolderProcess, LockClass, Survey};

use super::chain::Chains;
use super::text::Text;
use super::{changes, json, samples};
use crate::report::shown::{coloured, shown, snapshots, widest};

/// The images of a survey, each looked at alone.
fn alone(survey: &Survey) -> Chains {
    Chains::of(survey.images.iter().map(|image| Chain::alone(&image.path)).collect())
}

/// The text for a terminal of this width.
fn told(survey: &Survey, asked: Option<Mode>, width: usize) -> String {
    let text = Text { clock: &samples::clock(), width, chains: &alone(survey) };
    let text = shown(|out| text.write(survey, asked, out));
    assert!(widest(&text) <= width, "too wide: {text}");
    text
}

/// Compares the text, whether the tests run as root or not.
fn assert_reads_like(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    let capabilities = "That needs the capabilities CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE";
    let next = format!("(Run as root to see all|{capabilities})").replace(' ', "\\s+");
    settings.add_filter(&next, "NEXT");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn a_guest_is_found_at_once() {
    let survey = samples::survey(vec![samples::guest()]);
    insta::assert_snapshot!("a_guest_in_80_columns", told(&survey, None, 80));
    insta::assert_snapshot!("a_guest_in_120_columns", told(&survey, None, 120));
}

snapshots! {
    a_child_that_was_left_behind_is_called_out:
        told(&samples::survey(vec![samples::left_behind()]), None, 80);
    processes_that_share_an_owner_are_one_block:
        told(&samples::survey(vec![samples::shared()]), None, 80);
    locks_that_are_none_of_qemus_are_named: told(&samples::survey(samples::foreign()), None, 80);
    two_protocols_on_one_image_are_a_danger:
        told(&samples::survey(vec![samples::two_protocols()]), None, 80);
    two_writers_that_share_the_image_are_a_note:
        told(&samples::survey(vec![samples::shared_disk()]), None, 80);
    whoever_waits_is_named_as_far_as_known:
        told(&samples::survey(vec![samples::waiting()]), None, 80);
    a_process_that_is_exiting_is_the_most_likely_holder:
        told(&samples::survey(vec![samples::ending()]), None, 80);
    who_locks_nothing_is_shown_with_what_it_can_do:
        told(&samples::survey(vec![samples::beside_the_unlocked()]), None, 80);
    what_only_the_kernel_knows_is_said_with_its_reach:
        told(&samples::survey(samples::from_elsewhere()), None, 80);
    users_of_an_earlier_file_of_the_name_are_named:
        told(&samples::survey(vec![samples::replaced()]), None, 80);
    a_granted_answer_names_users_that_no_lock_keeps_out:
        told(&samples::survey(vec![samples::beside_the_unlocked()]), Some(Mode::ForceShare), 80);
    an_answer_says_when_it_is_not_known:
        told(&samples::survey(samples::from_elsewhere()), Some(Mode::Ro), 80);
}

#[test]
fn a_guess_is_said_to_be_one() {
    let mut image = samples::shared();
    image.holders[0].guessed = true;
    let text = told(&samples::survey(vec![image]), None, 120);
    assert!(text.contains("which of them share one is unknown"), "{text}");
}

#[test]
fn what_cannot_be_seen_is_said() {
    let text = told(&samples::unexplained(), None, 80);
    assert_reads_like("what_cannot_be_seen_is_said", &text);
}

#[test]
fn free_images_need_a_line_each() {
    insta::assert_snapshot!(told(&samples::survey(vec![samples::image(Vec::new()); 2]), None, 80));
}

#[test]
fn a_question_is_answered_with_who_is_in_the_way() {
    let images = vec![samples::image(Vec::new()), samples::shared(), samples::two_protocols()];
    let survey = samples::survey(images);
    insta::assert_snapshot!("asked_for_ro", told(&survey, Some(Mode::Ro), 80));
    let foreign = samples::survey(samples::foreign().into_iter().take(3).collect());
    insta::assert_snapshot!("asked_for_force_share", told(&foreign, Some(Mode::ForceShare), 80));
}

/// Two processes that share both of their descriptions, so that their names alternate.
#[test]
fn a_process_with_several_descriptions_counts_once() {
    let both = || {
        [812, 813].map(|pid| HolderProcess {
            orphan: true,
            ..samples::process(pid, "qemu-io disk.img", Duration::from_secs(60))
        })
    };
    let holder = || samples::holder(both().to_vec(), samples::of_mode(LockClass::Ofd, Mode::Rw));
    let survey = samples::survey(vec![samples::image(vec![holder(), holder()])]);
    let text = told(&survey, Some(Mode::Rw), 120);
    assert!(text.contains("Blocked by pid 812 qemu-io and pid 813 qemu-io\n"), "{text}");
    assert!(text.contains("pids 812 and 813 still run"), "{text}");
    assert!(text.contains("`kill 812 813`"), "{text}");
}

#[test]
fn colours_lead_the_eye() {
    let survey = samples::survey(vec![samples::guest()]);
    let text = Text { clock: &samples::clock(), width: 80, chains: &alone(&survey) };
    let text = coloured(|out| text.write(&survey, None, out));
    assert!(text.contains("\u{1b}[1m\u{1b}[31mlocked\u{1b}[0m"), "{text:?}");
    assert!(text.contains("\u{1b}[1mpid 812 qemu-system-x86_64\u{1b}[0m"), "{text:?}");
}

#[test]
fn json_holds_everything() {
    let mut survey = samples::unexplained();
    let more = samples::foreign().into_iter().take(1).chain(samples::from_elsewhere());
    let more = [samples::shared(), samples::waiting()].into_iter().chain(more);
    survey.images.extend(samples::survey(more.collect()).images);
    let document = shown(|out| json::document(&survey, &alone(&survey), out));
    insta::assert_snapshot!(document);
    let line = shown(|out| json::line(&survey, &alone(&survey), out));
    let read = |text: &str| -> serde_json::Value { serde_json::from_str(text).expect("JSON") };
    assert_eq!(read(&line), read(&document));
    assert_eq!(line.lines().count(), 1);
}

/// Two surveys between which a holder came, one went, one changed its mode, one
/// stayed, a process began to wait, and a lock of an unknown owner came.
fn changed() -> (Survey, Survey) {
    let holder = |pid: i32, mode: Mode| -> Holder {
        let age = Duration::from_secs(60);
        let process = samples::process(pid, "qemu-io disk.img", age);
        samples::holder(vec![process], samples::of_mode(LockClass::Ofd, mode))
    };
    let mut before = samples::image(vec![
        holder(1, Mode::ShareRw),
        holder(2, Mode::ToolRo),
        holder(3, Mode::Resize),
    ]);
    let mut after = samples::image(vec![
        holder(1, Mode::ShareRw),
        holder(3, Mode::ToolRw),
        holder(4, Mode::NbdRw),
    ]);
    before.waiters = samples::waiting().waiters.into_iter().take(1).collect();
    after.waiters = samples::waiting().waiters.into_iter().take(2).collect();
    after.unexplained = samples::unexplained().images[0].unexplained[..1].to_vec();
    // This makes no difference.
    after.holders[0].processes[0].fds = vec![99];
    (samples::survey(vec![before]), samples::survey(vec![after]))
}

#[test]
fn a_change_is_a_line() {
    let (before, after) = changed();
    let changes = changes::between(&before, &after);
    let line = |change, out: &mut dyn Write| changes::line(change, &samples::clock(), true, out);
    insta::assert_snapshot!(shown(|out| changes.iter().try_for_each(|change| line(change, out))));
    assert_eq!(changes::between(&after, &after), []);
}

#[test]
fn a_change_is_a_document() {
    let (before, after) = changed();
    let changes = changes::between(&before, &after);
    let line = |change, out: &mut dyn Write| json::change(change, &samples::clock(), out);
    insta::assert_snapshot!(shown(|out| changes.iter().try_for_each(|change| line(change, out))));
}

/// The name and arguments of a process are arbitrary text, and root reads them in a terminal.
#[test]
fn a_name_cannot_play_with_the_terminal() {
    let mut stranger =
        samples::process(812, "qemu\u{1b}[2J --name my\nvm", Duration::from_secs(60));
    stranger.command.push("two words".to_owned());
    stranger.orphan = true;
    stranger.parent = Some("\u{1b}]0;init\u{7}".to_owned());
    let lock = samples::lock(LockClass::Ofd, LockType::Read, 100, 100);
    let mut image = samples::image(vec![samples::holder(vec![stranger], vec![lock])]);
    image.path = "/srv/\u{1b}[31mdisk.img".into();
    let text = told(&samples::survey(vec![image]), None, 100);
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    assert!(text.contains(r"/srv/\u{1b}[31mdisk.img  locked"), "{text}");
    assert!(text.contains(r"pid 812 qemu\u{1b}[2J"), "{text}");
    assert!(text.contains(r"now \u{1b}]0;init\u{7} (pid 700)"), "{text}");
    assert!(text.contains(r"'qemu\u{1b}[2J' --name 'my\nvm' 'two words'"), "{text}");
}
