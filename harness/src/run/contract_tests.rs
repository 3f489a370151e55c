//! Openers that were granted or refused, and should not have been.

use rstest::rstest;

use super::history::History;
use crate::lock::Backend::{self, Ofd, Posix};

/// A history that ends in one breach.
#[track_caller]
fn breaks(backend: Backend, lines: &str, breach: &str) {
    assert_eq!(History::on(backend).tells(lines).breaches(), [breach], "\n{lines}");
}

#[track_caller]
fn keeps(backend: Backend, lines: &str) {
    let none: [&str; 0] = [];
    assert_eq!(History::on(backend).tells(lines).breaches(), none, "\n{lines}");
}

const BOTH: &str = "vm2.disk and vm1.disk conflict, and both were granted";
const WITHOUT_REASON: &str = "vm2.disk was refused although no live opener is in its way";

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

    #[test]
    fn to_one_process_that_mixes_backends() {
        let lines =
            "vm1 open disk rw backend=ofd => granted | read 100-101 vm1.disk, read 201 vm1.disk
                     vm1 open spare rw => granted | read 100-101 vm1.disk, read 201 vm1.disk, \
                         read 100-101 vm1, read 201 vm1";
        breaks(Posix, lines, "no name: vm1.spare and vm1.disk conflict, and both were granted");
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

mod refused_for_no_reason {
    use super::*;

    #[rstest]
    #[case::nobody("")]
    #[case::only_compatible("vm1 open disk force-share => granted")]
    #[case::another_image("vm1 open disk rw image=base.img => granted")]
    #[case::only_a_closed_one(
        "vm1 open disk rw => granted
         vm1 close disk => done"
    )]
    #[case::only_a_dead_one(
        "vm1 open disk rw => granted
         vm1 exit => done"
    )]
    #[case::only_a_refused_one(
        "vm0 open disk rw => granted
         vm1 open disk rw => refused write
         vm0 close disk => done"
    )]
    #[case::only_one_that_gave_up(
        "vm1 open disk rw => granted
         vm1 inactivate disk => done"
    )]
    #[case::only_one_that_closed_it_in_exec(
        "vm1 open disk rw => granted
         vm1 exec => done"
    )]
    #[case::only_an_attempt_that_was_given_up(
        "vm1 open disk rw pause=2 => paused
         vm1 kill => done"
    )]
    #[case::only_an_attempt_that_does_not_conflict("vm1 open disk force-share pause=2 => paused")]
    #[case::only_an_attempt_on_another_image("vm1 open disk rw image=base.img pause=2 => paused")]
    #[case::only_bytes_locked_elsewhere(
        "vm1 open disk none image=base.img => granted
         vm1 lock disk write start=0 len=0 => granted"
    )]
    fn there_is(#[case] before: &str, #[values(Ofd, Posix)] backend: Backend) {
        let lines = format!("{before}\nvm2 open disk rw => refused write");
        breaks(backend, &lines, &format!("no name: {WITHOUT_REASON}"));
    }

    #[test]
    fn by_a_peer_that_does_not_conflict() {
        let lines = "vm2 open disk rw beside force-share => refused write";
        breaks(Ofd, lines, &format!("no name: {WITHOUT_REASON}"));
    }

    #[test]
    fn by_itself() {
        let lines = "vm2 open disk ro => granted
                     vm2 set disk rw => refused write";
        breaks(Ofd, lines, &format!("no name: {WITHOUT_REASON}"));
    }

    #[test]
    fn by_a_copy_of_its_own_description() {
        let lines = "vm2 open disk rw => granted
                     vm2 send disk to=vm1 => done
                     vm2 set disk resize => refused write";
        let lines = format!("vm1 open other force-share => granted\n{lines}");
        breaks(Ofd, &lines, &format!("no name: {WITHOUT_REASON}"));
    }

    /// QEMU takes read locks only, so none of them keeps another from locking.
    #[rstest]
    #[case::a_conflicting_holder("vm1 open disk rw => granted")]
    #[case::a_conflicting_attempt("vm1 open disk rw pause=2 => paused")]
    #[case::an_inherited_read_lock(
        "vm1 open disk rw => granted
         vm1 fork child => done
         vm1 kill => done"
    )]
    fn on_a_lock_byte_itself(#[case] before: &str) {
        let lines = format!("{before}\nvm2 open disk rw => byte 100 EAGAIN");
        breaks(Ofd, &lines, &format!("no name: {WITHOUT_REASON}"));
    }

    #[rstest]
    #[case::by_fork("vm1 fork child => done\nvm1 kill => done")]
    #[case::by_fork_and_fork(
        "vm1 fork child => done\nchild fork grandchild => done\nvm1 exit => done\nchild exit => done"
    )]
    fn but_a_copy_that_was_inherited(#[case] inherited: &str) {
        let lines = format!(
            "vm1 open disk rw => granted
             {inherited}
             vm2 open disk rw => refused write"
        );
        breaks(Ofd, &lines, &format!("leaked-lock: {WITHOUT_REASON}"));
    }
}

mod refused_rightly {
    use super::*;

    #[rstest]
    #[case::a_holder("vm1 open disk rw => granted")]
    #[case::one_of_several_holders(
        "vm0 open disk force-share => granted
         vm1 open disk ro => granted"
    )]
    #[case::a_holder_by_another_name(
        "host hardlink other.img to=disk.img => done
         vm1 open disk rw image=other.img => granted"
    )]
    #[case::a_thread_of_a_process_that_is_left(
        "vm1 open disk rw => granted
         vm1 thread helper => done
         vm1 exit => done"
    )]
    #[case::a_holder_that_kept_it_in_exec(
        "vm1 open disk rw inherit => granted
         vm1 exec => done"
    )]
    #[case::a_holder_whose_downgrade_failed(
        "vm1 open disk rw => granted
         vm1 set disk none => byte 100 ENOLCK"
    )]
    #[case::a_copy_that_was_given(
        "vm1 open disk rw => granted
         vm3 open other none => granted
         vm1 send disk to=vm3 => done
         vm1 kill => done"
    )]
    #[case::a_copy_that_was_made(
        "vm1 open disk rw => granted
         vm1 dup disk as=spare => done
         vm1 close disk => done"
    )]
    #[case::a_child_that_acquired_for_itself(
        "vm1 open disk ro => granted
         vm1 fork child => done
         child set disk rw => granted
         vm1 kill => done"
    )]
    #[case::an_open_that_is_half_way("vm1 open disk rw pause=2 => paused")]
    #[case::a_change_that_is_half_way(
        "vm1 open disk none => granted
         vm1 set disk rw pause=2 => paused"
    )]
    #[case::a_stranger_that_locks_bytes(
        "vm1 open f none => granted
         vm1 lock f write start=0 len=0 => granted"
    )]
    fn by(#[case] before: &str, #[values(Ofd, Posix)] backend: Backend) {
        keeps(backend, &format!("{before}\nvm2 open disk rw => refused write"));
    }

    #[test]
    fn by_a_peer_of_the_same_moment() {
        keeps(Ofd, "vm2 open disk rw beside rw => refused write");
    }

    #[rstest]
    #[case::a_stranger(
        "vm1 open f none => granted
         vm1 lock f write start=100 len=1 => granted",
        "EAGAIN"
    )]
    #[case::a_copy_of_a_strangers_descriptor(
        "vm1 open f none => granted
         vm1 dup f as=spare => done
         vm1 lock f write start=100 len=1 => granted
         vm1 close f => done",
        "EAGAIN"
    )]
    #[case::its_own_descriptor("", "EBADF")]
    #[case::the_file_system("", "ENOLCK")]
    fn on_a_lock_byte_by(#[case] before: &str, #[case] errno: &str) {
        keeps(Ofd, &format!("{before}\nvm2 open disk rw => byte 100 {errno}"));
    }

    #[rstest]
    #[case("vm2 set disk rw => refused write")]
    #[case("vm2 reopen disk rw => refused write")]
    fn when_it_wants_more(#[case] step: &str) {
        let before = "vm1 open disk ro => granted\nvm2 open disk ro => granted";
        keeps(Ofd, &format!("{before}\n{step}"));
    }

    #[test]
    fn when_it_wants_to_be_active() {
        let lines = "vm1 open disk rw => granted
                     vm2 open disk rw inactive => granted
                     vm2 activate disk => refused write";
        keeps(Ofd, lines);
    }
}
