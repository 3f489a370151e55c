//! Openers that were granted at the same time, rightly or wrongly.

use rstest::rstest;

use crate::run::history::{History, breaks, keeps};
use imglock_core::Backend::{self, Ofd, Posix};

const BOTH: &str = "vm2.disk and vm1.disk conflict, and both were granted";

/// Both hold `rw`, and the kernel's table shows it.
const TWO_WRITERS: &str = "read 100-101 vm1.disk, read 201 vm1.disk, \
                           read 100-101 vm2.disk, read 201 vm2.disk";

mod both_granted {
    use super::*;

    #[rstest]
    #[case::the_first_locks_nothing("locking=off", "")]
    #[case::the_second_locks_nothing("", "locking=off")]
    #[case::neither_does("locking=off", "locking=off")]
    fn because_one_locks_nothing(#[case] first: &str, #[case] second: &str) {
        let lines = format!(
            "vm1 open disk rw {first} => granted
             vm2 open disk rw {second} => granted"
        );
        breaks(Ofd, &lines, &format!("unlocked: {BOTH}"));
    }

    #[test]
    fn because_auto_finds_no_ofd_locks() {
        let lines = "vm1 open disk rw locking=on => granted
                     vm2 open disk rw locking=auto => granted";
        breaks(Posix, lines, &format!("unlocked: {BOTH}"));
        breaks(Ofd, lines, &format!("lock-loss: {BOTH}"));
    }

    #[rstest]
    #[case::under_posix_one_process_is_one_owner(Posix, "same-owner")]
    #[case::under_ofd_it_is_two(Ofd, "lock-loss")]
    fn to_one_process(#[case] backend: Backend, #[case] hazard: &str) {
        let lines = "vm1 open disk rw => granted
                     vm1 open spare rw => granted";
        let message = "vm1.spare and vm1.disk conflict, and both were granted";
        breaks(backend, lines, &format!("{hazard}: {message}"));
    }

    #[test]
    fn to_two_threads_of_one_process() {
        let lines = "vm1 open disk rw => granted
                     vm1 thread helper => done
                     helper open spare rw => granted";
        let message = "vm1.spare and vm1.disk conflict, and both were granted";
        breaks(Posix, lines, &format!("same-owner: {message}"));
    }

    #[rstest]
    #[case::ofd_first("ofd", "posix")]
    #[case::posix_first("posix", "ofd")]
    fn to_one_process_that_mixes_backends(#[case] first: &str, #[case] second: &str) {
        let held = |backend: &str, node: &str| match backend {
            "ofd" => format!("read 100-101 vm1.{node}, read 201 vm1.{node}"),
            _ => "read 100-101 vm1, read 201 vm1".to_owned(),
        };
        let (disk, spare) = (held(first, "disk"), held(second, "spare"));
        let lines = format!(
            "vm1 open disk rw backend={first} => granted | {disk}
             vm1 open spare rw backend={second} => granted | {disk}, {spare}"
        );
        let message = "vm1.spare and vm1.disk conflict, and both were granted";
        breaks(Ofd, &lines, &format!("no name: {message}"));
    }

    #[test]
    fn because_the_first_has_lost_its_locks() {
        let lines = "vm1 open disk rw => granted | read 100-101 vm1, read 201 vm1
                     vm1 open cdrom force-share => granted | read 100-101 vm1, read 201 vm1
                     vm1 close cdrom => done |
                     vm2 open disk rw => granted | read 100-101 vm2, read 201 vm2";
        let lost = "lock-loss: vm1.disk is open and has lost its locks".to_owned();
        let granted = format!("lock-loss: {BOTH}");
        assert_eq!(History::on(Posix).tells(lines).breaches(), [lost, granted]);
    }

    #[test]
    fn in_a_table_that_nobody_read() {
        let lines = "vm1 open disk rw => granted
                     vm2 open disk rw => granted";
        breaks(Ofd, lines, &format!("lock-loss: {BOTH}"));
    }

    #[test]
    fn though_the_kernel_has_both_their_locks() {
        let lines = format!(
            "vm1 open disk rw => granted | read 100-101 vm1.disk, read 201 vm1.disk
             vm2 open disk rw => granted | {TWO_WRITERS}"
        );
        breaks(Ofd, &lines, &format!("no name: {BOTH}"));
        let told = History::on(Ofd).tells(&lines);
        assert_eq!(
            told.actual(),
            ["vm2.disk was granted: it holds consistent-read write; does not share write"]
        );
    }

    #[rstest]
    #[case::by_set("vm2 open disk force-share => granted", "vm2 set disk rw")]
    #[case::by_reopen("vm2 open disk force-share => granted", "vm2 reopen disk rw")]
    #[case::by_activate("vm2 open disk rw inactive => granted", "vm2 activate disk")]
    #[case::by_await("vm2 open disk rw pause=1 => paused", "vm2 await")]
    fn in_some_other_way_than_open(#[case] before: &str, #[case] step: &str) {
        let lines = format!(
            "{before}
             vm1 open disk force-share => granted
             vm1 open spare rw => granted
             {step} => granted"
        );
        let message = "vm2.disk and vm1.spare conflict, and both were granted";
        breaks(Ofd, &lines, &format!("lock-loss: {message}"));
    }
}

mod granted_rightly {
    use super::*;

    #[rstest]
    #[case::compatible("vm1 open disk share-rw => granted", "vm2 open disk share-rw => granted")]
    #[case::another_image(
        "vm1 open disk rw => granted",
        "vm2 open disk rw image=base.img => granted"
    )]
    #[case::nothing_claimed(
        "vm1 open disk commit-source => granted",
        "vm2 open disk none => granted"
    )]
    #[case::still_inactive("vm1 open disk rw => granted", "vm2 open disk rw inactive => granted")]
    #[case::the_first_is_inactive(
        "vm1 open disk rw inactive => granted",
        "vm2 open disk rw => granted"
    )]
    #[case::the_first_gave_up(
        "vm1 open disk rw => granted
         vm1 set disk none => granted",
        "vm2 open disk rw => granted"
    )]
    #[case::the_first_is_closed(
        "vm1 open disk rw => granted
         vm1 close disk => done",
        "vm2 open disk rw => granted"
    )]
    #[case::the_first_is_dead(
        "vm1 open disk rw => granted
         vm1 kill => done",
        "vm2 open disk rw => granted"
    )]
    #[case::the_first_was_refused(
        "vm0 open disk rw => granted
         vm1 open disk rw => refused write
         vm0 close disk => done",
        "vm2 open disk rw => granted"
    )]
    #[case::the_first_is_only_half_way(
        "vm1 open disk rw pause=1 => paused",
        "vm2 open disk rw => granted"
    )]
    #[case::a_mere_copy_is_no_opener(
        "vm1 open disk rw => granted
         vm1 dup disk as=spare => done
         vm1 close disk => done",
        "vm2 open disk rw => granted"
    )]
    #[case::nor_is_an_inherited_one(
        "vm1 open disk rw => granted
         vm1 fork child => done
         vm1 exit => done",
        "vm2 open disk rw => granted"
    )]
    #[case::one_description_is_one_opener(
        "vm1 open disk ro => granted
         vm1 send disk to=vm1 => done",
        "vm1 set disk rw => granted"
    )]
    #[case::a_claim_noted_while_inactive(
        "vm1 open disk rw => granted
         vm2 open disk ro inactive => granted",
        "vm2 set disk rw => granted"
    )]
    fn although_somebody_is_there(
        #[case] before: &str,
        #[case] step: &str,
        #[values(Ofd, Posix)] backend: Backend,
    ) {
        keeps(backend, &format!("{before}\n{step}"));
    }
}

mod slipped_in {
    use super::*;

    const HANDOVER: &str = "source open disk rw => granted
                            destination open disk rw inactive => granted
                            source inactivate disk => done";

    #[rstest]
    #[case::by_an_open("third open disk rw")]
    #[case::by_a_reader_that_shares_no_writing("third open disk ro")]
    #[case::by_one_that_locks_nothing("third open disk rw locking=off")]
    fn between_source_and_destination(#[case] third: &str) {
        let message = "third.disk took the image between source.disk and destination.disk";
        let lines = format!("{HANDOVER}\n{third} => granted");
        breaks(Ofd, &lines, &format!("handover-gap: {message}"));
        breaks(Posix, &lines, &format!("handover-gap: {message}"));
    }

    #[test]
    fn by_one_that_had_it_open_for_nothing() {
        let lines = "third open disk none => granted
                     source open disk rw => granted
                     destination open disk rw inactive => granted
                     source inactivate disk => done
                     third set disk rw => granted";
        let message = "third.disk took the image between source.disk and destination.disk";
        breaks(Ofd, lines, &format!("handover-gap: {message}"));
    }

    #[rstest]
    #[case::the_destination("destination activate disk => granted")]
    #[case::the_source_again("source activate disk => granted")]
    #[case::nobody("third open disk rw => refused write")]
    #[case::one_who_gets_along("third open disk force-share => granted")]
    #[case::on_another_image("third open disk rw image=base.img => granted")]
    #[case::the_destination_by_another_node("destination open other rw => granted")]
    #[case::after_it_has_gone(
        "destination kill => done
         third open disk rw => granted"
    )]
    #[case::after_the_source_has(
        "source close disk => done
         third open disk rw => granted"
    )]
    fn is_not_said_of(#[case] next: &str) {
        let found = History::on(Ofd).tells(&format!("{HANDOVER}\n{next}")).breaches();
        assert!(!found.iter().any(|breach| breach.starts_with("handover-gap")), "{found:?}");
    }

    #[rstest]
    #[case::without_a_destination(
        "source open disk rw => granted
         source inactivate disk => done
         third open disk rw => granted"
    )]
    #[case::without_a_source(
        "destination open disk rw inactive => granted
         third open disk rw => granted"
    )]
    #[case::of_a_destination_that_never_had_it(
        "first open disk rw inactive => granted
         first inactivate disk => done
         second open disk rw inactive => granted
         third open disk rw => granted"
    )]
    #[case::once_the_source_has_it_again(
        "source open disk rw => granted
         destination open disk rw inactive => granted
         source inactivate disk => done
         source activate disk => granted
         source close disk => done
         third open disk rw => granted"
    )]
    fn takes_a_handover(#[case] lines: &str) {
        keeps(Ofd, lines);
    }
}
