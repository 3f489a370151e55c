use imglock_scenario::History;

use super::{json, text};
use crate::report::shown::{shown, snapshots, widest};

/// An event a line: AT OPENER EVENT, and what else it says as JSON. An opener
/// `vm1.disk` is of process `vm1`.
fn history(header: &str, lines: &str) -> History {
    let mut text = header.to_owned();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.splitn(4, ' ');
        let mut word = || words.next().unwrap_or_default();
        let (at, opener, event, more) = (word(), word(), word(), word());
        let process = opener.split('.').next().unwrap_or_default();
        text += &format!(
            "\n{{\"at_ns\":{at},\"opener\":\"{opener}\",\"process\":\"{process}\",\"event\":\"{event}\"{more}}}"
        );
    }
    History::read("history", text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn told(history: &History, width: usize) -> String {
    let text = shown(|out| text::write(history, &history.judge(), width, out));
    assert!(widest(&text) <= width, "{text}");
    assert!(text.lines().all(|line| line.trim_end() == line), "{text}");
    text
}

const OFD: &str = r#"{"schema":1,"resolution_ns":1,"complete":true,"backend":"ofd"}"#;
const POSIX: &str = r#"{"schema":1,"resolution_ns":1,"complete":true,"backend":"posix"}"#;
const COARSE: &str = r#"{"schema":1,"clock":"host \u001b[2J","resolution_ns":2000,"complete":false,"backend":"ofd"}"#;

const TWO: &str = r#"
    7000 vm1.disk open ,"mode":"rw"
    7410 vm1.disk granted
    7500 vm2.disk open ,"mode":"rw"
    7930 vm2.disk granted
    9000 vm1.disk close
    9090 vm1.disk closed
    9900 vm2.disk died ,"alive_ns":9500
    12000 vm3.disk open ,"mode":"ro"
    12100 vm3.disk refused
    12200 vm4.disk open ,"mode":"tool-ro"
    12300 vm4.disk granted
    12400 vm4.disk died
"#;

/// The lines of [`TWO`] without those of an opener.
fn without(opener: &str) -> String {
    TWO.lines().filter(|line| !line.contains(opener)).collect::<Vec<_>>().join("\n")
}

/// Both the loss and the conflict of siblings.
const LOST: &str = r#"
    100 vm1.disk open ,"mode":"rw"
    500 vm1.disk granted
    600 vm1.cdrom open ,"mode":"ro"
    700 vm1.cdrom granted
    800 vm1.cdrom close
    830 vm1.cdrom closed
    1000 vm2.disk open ,"mode":"rw"
    1400 vm2.disk granted
    1500 vm1.disk close
    1510 vm1.disk closed
    1600 vm2.disk close
    1700 vm2.disk closed
"#;

const REFUSED: &str = r#"
    100 vm1.disk open ,"mode":"rw"
    500 vm1.disk granted
    900 vm1.disk close
    950 vm1.disk closed
    3950000100 a-host.with-a-rather-long-name.example.disk open ,"held":["write"],"shared":[]
    3950000200 a-host.with-a-rather-long-name.example.disk refused ,"permission":"resize","side":"unshared"
    3950000430 vm3.disk open ,"held":["resize"],"shared":["consistent-read","write"]
    3950000800 vm3.disk granted
    3950000900 vm3.disk close
    3950000920 vm3.disk closed
    3960000800 vm4.disk open ,"mode":"none"
    3960000900 vm4.disk close
    3960000910 vm4.disk closed
"#;

/// An opener that died in its attempt, and two that were refused beside it.
const SILENT: &str = r#"
    1000 vm1.disk open ,"mode":"rw"
    9000 vm2.disk open ,"mode":"rw"
    9400 vm2.disk refused ,"permission":"write","side":"wanted"
    19000 vm3.disk open ,"mode":"ro"
    19500 vm3.disk refused
    29000 vm1.disk died ,"alive_ns":2000
"#;

/// An opener that is never heard of again.
const SILENT_TO_THE_END: &str = r#"
    1000 vm1.disk open ,"held":["write"],"shared":["resize"]
    9000 vm2.disk open ,"mode":"force-share"
    9400 vm2.disk granted
    9500 vm2.disk close
    9600 vm2.disk closed
"#;

snapshots! {
    two_holders_are_not_told_before_a_shorter_contradiction: told(&history(OFD, TWO), 100);
    two_holders_are_drawn_beside_each_other: told(&history(OFD, &without("vm3")), 100);
    what_stands_closest_to_a_refusal_is_drawn_with_it: told(&history(OFD, REFUSED), 100);
    a_narrow_terminal_has_room_for_it:
        told(&history(POSIX, &LOST.replace("vm1.cdrom", "vm1.tray")), 60);
    hazards_are_drawn_and_are_no_contradiction: told(&history(POSIX, LOST), 100);
    whoever_died_without_an_answer_is_a_suspect: told(&history(COARSE, SILENT), 100);
    whoever_gave_no_answer_may_still_hold_it: told(&history(OFD, SILENT_TO_THE_END), 80);
    a_doubt_is_told_as_one: told(&history(COARSE, &without("vm3")), 100);
}

#[test]
fn images_have_names_where_there_are_several() {
    let lines = r#"
        1 vm1.base open ,"mode":"backing","image":"base.img"
        2 vm1.base granted
        3 vm1.top open ,"mode":"rw","image":"top.img"
        4 vm1.top granted
        5 vm2.base open ,"mode":"rw","image":"base.img"
        9 vm2.base granted
    "#;
    let header = OFD.replace("true", "false");
    insta::assert_snapshot!(told(&history(&header, lines), 100));
}

#[test]
fn a_valid_history_needs_two_lines() {
    let lines = TWO.lines().skip_while(|line| !line.contains("vm4")).collect::<Vec<_>>();
    insta::assert_snapshot!(told(&history(OFD, &lines.join("\n")), 100));
}

#[test]
fn json_names_the_suspect() {
    let history = history(COARSE, SILENT);
    let document = shown(|out| json::document(&history, &history.judge(), out));
    let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    let suspected = serde_json::to_string_pretty(&document["suspected"]).expect("JSON");
    insta::assert_snapshot!(suspected);
}

#[test]
fn json_holds_the_evidence_and_the_hazards() {
    let lines = format!("{LOST}\n 2000 vm1.disk open ,\"mode\":\"rw\"\n 2001 vm1.disk refused");
    let history = history(POSIX, &lines);
    insta::assert_snapshot!(shown(|out| json::document(&history, &history.judge(), out)));
}
