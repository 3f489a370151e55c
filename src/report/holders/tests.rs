use std::time::Duration;

use imglock_harness::holders::{Holder, Survey};
use imglock_harness::image::Mode;
use imglock_harness::lock::LockType;
use imglock_harness::lock_table::LockClass;

use super::text::Text;
use super::{changes, json, samples};

fn plain(bytes: &[u8]) -> String {
    String::from_utf8(anstream::adapter::strip_bytes(bytes).into_vec()).expect("text")
}

/// What a person reads in a terminal of so many columns.
fn told(survey: &Survey, asked: Option<Mode>, width: usize) -> String {
    let mut out = Vec::new();
    let text = Text { now: &samples::now(), width };
    text.write(survey, asked, &mut out).expect("a vector can be written");
    let text = plain(&out);
    for line in text.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "too wide: {line}");
    }
    text
}

/// Where the tests run as root or not must make no difference.
fn assert_reads_like(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    let next = "(run as root to see all|that takes the capability CAP_SYS_PTRACE)";
    settings.add_filter(
        &format!("looked\\s+into;\\s+{}", next.replace(' ', "\\s+")),
        "looked into; NEXT",
    );
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn a_guest_is_found_at_once() {
    let survey = samples::survey(vec![samples::guest()]);
    insta::assert_snapshot!("a_guest_in_80_columns", told(&survey, None, 80));
    insta::assert_snapshot!("a_guest_in_120_columns", told(&survey, None, 120));
}

#[test]
fn a_child_that_was_left_behind_is_called_out() {
    insta::assert_snapshot!(told(&samples::survey(vec![samples::left_behind()]), None, 80));
}

#[test]
fn processes_that_share_an_owner_are_one_block() {
    insta::assert_snapshot!(told(&samples::survey(vec![samples::shared()]), None, 80));
}

#[test]
fn a_guess_is_said_to_be_one() {
    let mut image = samples::shared();
    image.holders[0].guessed = true;
    let text = told(&samples::survey(vec![image]), None, 120);
    assert!(text.contains("who shares one with whom could not be found out"), "{text}");
}

#[test]
fn locks_that_are_none_of_qemus_are_named() {
    insta::assert_snapshot!(told(&samples::survey(samples::foreign()), None, 80));
}

#[test]
fn two_protocols_on_one_image_are_a_danger() {
    insta::assert_snapshot!(told(&samples::survey(vec![samples::two_protocols()]), None, 80));
}

#[test]
fn whoever_waits_is_named_as_far_as_known() {
    insta::assert_snapshot!(told(&samples::survey(vec![samples::waiting()]), None, 80));
}

#[test]
fn what_cannot_be_seen_is_said() {
    let text = told(&samples::unexplained(), None, 80);
    assert_reads_like("what_cannot_be_seen_is_said", &text);
}

#[test]
fn who_locks_nothing_is_shown_with_what_it_can_do() {
    let survey = samples::survey(vec![samples::beside_the_unlocked()]);
    insta::assert_snapshot!(told(&survey, None, 80));
}

#[test]
fn free_images_need_a_line_each() {
    let images = vec![samples::image(Vec::new()), samples::image(Vec::new())];
    insta::assert_snapshot!(told(&samples::survey(images), None, 80));
}

#[test]
fn a_question_is_answered_with_who_is_in_the_way() {
    let images = vec![samples::image(Vec::new()), samples::shared(), samples::two_protocols()];
    let survey = samples::survey(images);
    insta::assert_snapshot!("asked_for_ro", told(&survey, Some(Mode::Ro), 80));
    let foreign = samples::survey(samples::foreign().into_iter().take(3).collect());
    insta::assert_snapshot!("asked_for_force_share", told(&foreign, Some(Mode::ForceShare), 80));
}

#[test]
fn colours_lead_the_eye() {
    let mut out = Vec::new();
    let text = Text { now: &samples::now(), width: 80 };
    text.write(&samples::survey(vec![samples::guest()]), None, &mut out).expect("written");
    let text = String::from_utf8(out).expect("text");
    assert!(text.contains("\u{1b}[1m\u{1b}[31mlocked\u{1b}[0m"), "{text:?}");
    assert!(text.contains("\u{1b}[1mpid 812 qemu-system-x86_64\u{1b}[0m"), "{text:?}");
}

#[test]
fn json_holds_everything() {
    let mut survey = samples::unexplained();
    survey.images.push(samples::shared());
    survey.images.push(samples::waiting());
    survey.images.extend(samples::foreign().into_iter().take(1));
    let mut out = Vec::new();
    json::document(&survey, &mut out).expect("a vector can be written");
    insta::assert_snapshot!(plain(&out));
    let mut line = Vec::new();
    json::line(&survey, &mut line).expect("a vector can be written");
    let read = |bytes: &[u8]| -> serde_json::Value { serde_json::from_slice(bytes).expect("JSON") };
    assert_eq!(read(&line), read(&out));
    assert_eq!(plain(&line).lines().count(), 1);
}

/// From one survey to the next: a holder came, one went, one changed its
/// mode, one stayed; somebody began to wait; a lock could not be explained.
fn changed() -> (Survey, Survey) {
    let holder = |pid: i32, mode: Mode| -> Holder {
        let age = std::time::Duration::from_secs(60);
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
    // What makes no difference.
    after.holders[0].processes[0].fds = vec![99];
    (samples::survey(vec![before]), samples::survey(vec![after]))
}

#[test]
fn a_change_is_a_line() {
    let (before, after) = changed();
    let mut out = Vec::new();
    for change in changes::between(&before, &after) {
        changes::line(&change, &samples::now(), true, &mut out).expect("a vector can be written");
    }
    insta::assert_snapshot!(plain(&out));
    assert_eq!(changes::between(&after, &after), []);
}

#[test]
fn a_change_is_a_document() {
    let (before, after) = changed();
    let mut out = Vec::new();
    for change in changes::between(&before, &after) {
        json::change(&change, &samples::now(), &mut out).expect("a vector can be written");
    }
    insta::assert_snapshot!(plain(&out));
}

/// Anybody may call a process and its arguments anything, and root reads it in a terminal.
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
