//! The predictions of a rehearsal, and where they stop.

use rstest::rstest;

use super::*;

/// The rehearsal of `lines`, one line for each event: outcome and locks, `?`
/// where they are not predicted.
fn rehearsed(backend: Backend, lines: &str) -> Vec<String> {
    let text = format!("summary s\nabout a\n{lines}");
    let scenario = Scenario::parse("theme/name", "name.kdl", &text).expect("a scenario");
    let told = |event: &Event| {
        let outcome = match &event.kind {
            EventKind::Step(step) => step.outcome.as_ref().map_or("?".into(), Outcome::to_string),
            EventKind::Held { .. } => "held".to_owned(),
        };
        let locks = event.table.as_ref().map_or("?".into(), |table| {
            let locks = table.iter().map(|lock| {
                let holders: Vec<String> = lock.holders.iter().map(ToString::to_string).collect();
                format!("{}:{}", holders.join("+"), lock.range)
            });
            locks.collect::<Vec<_>>().join(" ")
        });
        format!("{}: {outcome} [{locks}]", event.line)
    };
    rehearse(&scenario, backend).events.iter().map(told).collect()
}

#[rstest]
#[case::ofd_locks_outlive_a_close(Backend::Ofd, "vm1.disk:100-101 vm1.disk:201")]
#[case::posix_locks_do_not(Backend::Posix, "")]
fn a_second_close_is_foreseen_for_each_backend(#[case] backend: Backend, #[case] left: &str) {
    let story = "vm1 open disk mode=rw\nvm1 open cdrom mode=none\nvm1 close cdrom";
    let foreseen = rehearsed(backend, story);
    assert_eq!(foreseen[2], format!("5: done [{left}]"));
}

#[rstest]
#[case::ofd(Backend::Ofd, "refused write", ":100-101 :201")]
#[case::posix(Backend::Posix, "granted", "vm2:100-101 vm2:201")]
fn where_no_end_is_told_an_ofd_lock_is_nobodys_and_stays(
    #[case] backend: Backend,
    #[case] outcome: &str,
    #[case] locks: &str,
) {
    let story =
        "file-system fuse-locks\nvm1 open disk mode=rw\nvm1 close disk\nvm2 open disk mode=rw";
    let foreseen = rehearsed(backend, story);
    assert_eq!(foreseen[2], format!("6: {outcome} [{locks}]"));
    // Elsewhere, and in a scenario for several file systems, the close releases
    // the lock.
    let anywhere = story.replace("fuse-locks", "fuse fuse-locks");
    assert!(rehearsed(Backend::Ofd, &anywhere)[2].starts_with("6: granted"));
}

#[test]
fn every_round_and_every_statement_for_the_backend_is_an_event() {
    let story = "repeat 2 {\n vm1 open disk mode=tool-ro\n vm1 close disk\n}\n\
                 held backend=posix\nheld backend=ofd";
    let expected = [
        "4: granted [vm1.disk:100]",
        "5: done []",
        "4: granted [vm1.disk:100]",
        "5: done []",
        "8: held []",
    ];
    assert_eq!(rehearsed(Backend::Ofd, story), expected);
}

const CONTEST: &str = "together {\n vm1 open disk mode=rw\n vm2 open disk mode=rw\n}\nvm1 exit";

#[test]
fn who_wins_is_not_foreseen_nor_what_follows() {
    let expected = ["4: ? [?]", "5: ? [?]", "7: ? [?]"];
    assert_eq!(rehearsed(Backend::Ofd, CONTEST), expected);
}

#[test]
fn steps_at_the_same_moment_that_get_along_are_foreseen() {
    let foreseen = rehearsed(Backend::Ofd, &CONTEST.replace("mode=rw", "mode=tool-ro"));
    let expected =
        ["4: granted [?]", "5: granted [vm1.disk:100 vm2.disk:100]", "7: done [vm2.disk:100]"];
    assert_eq!(foreseen, expected);
}

#[test]
fn tables_of_very_many_nodes_are_left_out() {
    let crowd = format!("repeat {MOST_NODES_READ} as=n {{\n vm$n open disk mode=none\n}}\n");
    let foreseen = rehearsed(Backend::Ofd, &format!("{crowd}one open disk mode=none"));
    assert_eq!(foreseen[MOST_NODES_READ - 1], "4: granted []");
    assert_eq!(foreseen[MOST_NODES_READ], "6: granted [?]");
}
