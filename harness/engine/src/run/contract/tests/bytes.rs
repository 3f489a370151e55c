//! Lock bytes that should not be in the table, and bytes that are missing.

use rstest::rstest;

use crate::run::history::{History, keeps};
use imglock_core::Backend::{self, Ofd, Posix};

#[track_caller]
fn breaches(backend: Backend, lines: &str) -> Vec<String> {
    History::on(backend).tells(lines).breaches()
}

mod left_behind {
    use super::*;

    const BY_NOBODY: &str = "no name: lock bytes outlive the opener that took them; \
                             they are kept by a descriptor that belongs to no open node";

    #[rstest]
    #[case::by_a_refused_opener(
        "vm2 open disk rw => refused write",
        "read 100-101 vm1.disk, read 201 vm1.disk, read 100"
    )]
    #[case::by_a_refused_opener_that_is_still_named(
        "vm2 open disk rw => refused write",
        "read 100-101 vm1.disk, read 201 vm1.disk, read 201 vm2.disk"
    )]
    #[case::by_a_closed_opener(
        "vm1 close disk => done",
        "read 100-101 vm1.disk, read 201 vm1.disk"
    )]
    #[case::by_a_dead_opener("vm1 kill => done", "read 101")]
    #[case::by_an_opener_that_executed_another_program("vm1 exec => done", "read 201 vm1.disk")]
    fn under_ofd(#[case] step: &str, #[case] table: &str) {
        let lines = format!("vm1 open disk rw => granted\n{step} | {table}");
        assert_eq!(breaches(Ofd, &lines), [BY_NOBODY]);
    }

    #[rstest]
    #[case::by_a_refused_opener(
        "vm2 open disk rw => refused write",
        "read 100-101 vm1, read 201 vm1, read 100 vm2",
        "vm2"
    )]
    #[case::by_a_closed_opener("vm1 close disk => done", "read 100-101 vm1", "vm1")]
    #[case::by_a_dead_opener("vm1 exit => done", "read 201 vm1", "vm1")]
    fn under_posix(#[case] step: &str, #[case] table: &str, #[case] by: &str) {
        let lines = format!("vm1 open disk rw => granted\n{step} | {table}");
        let message = "lock bytes outlive the opener that took them; they are kept by";
        assert_eq!(breaches(Posix, &lines), [format!("no name: {message} {by}")]);
    }

    #[rstest]
    #[case::set_to_less("vm1 set disk ro => granted", "holds write; does not share -")]
    #[case::set_to_nothing(
        "vm1 set disk none => granted",
        "holds consistent-read write; does not share write"
    )]
    #[case::inactivated(
        "vm1 inactivate disk => done",
        "holds consistent-read write; does not share write"
    )]
    #[case::shared_again("vm1 set disk share-rw => granted", "holds -; does not share write")]
    #[case::reopened_with_less("vm1 reopen disk ro => granted", "holds write; does not share -")]
    fn by_an_opener_that_gave_them_up(#[case] step: &str, #[case] kept: &str) {
        for (backend, owner) in [(Ofd, "vm1.disk"), (Posix, "vm1")] {
            let lines = format!(
                "vm1 open disk rw => granted
                 {step} | read 100-101 {owner}, read 201 {owner}"
            );
            let told = History::on(backend).tells(&lines);
            let message = "lock bytes outlive the opener that took them; they are kept by";
            assert_eq!(told.breaches(), [format!("no name: {message} {owner}")]);
            assert_eq!(told.actual(), [format!("{owner} {kept}")]);
        }
    }

    #[test]
    fn by_an_opener_that_is_not_active_yet() {
        let lines = "vm1 open disk rw inactive => granted | read 100 vm1.disk";
        let message = "lock bytes outlive the opener that took them; they are kept by vm1.disk";
        assert_eq!(breaches(Ofd, lines), [format!("no name: {message}")]);
    }

    #[rstest]
    #[case::the_child_alone("", "child.disk", "child.disk, which only inherited the descriptor")]
    #[case::child_and_grandchild(
        "child fork grandchild => done",
        "child.disk+grandchild.disk",
        "child.disk and grandchild.disk, which only inherited the descriptor"
    )]
    fn with_an_heir(#[case] more: &str, #[case] holders: &str, #[case] by: &str) {
        let lines = format!(
            "vm1 open disk ro => granted
             vm1 fork child => done
             {more}
             vm1 kill => done | read 100 {holders}, read 201 {holders}"
        );
        let message = "lock bytes outlive the opener that took them; they are kept by";
        assert_eq!(breaches(Ofd, &lines), [format!("leaked-lock: {message} {by}")]);
    }

    #[test]
    fn on_an_image_that_its_owner_does_not_have_open() {
        let lines = "vm1 open disk ro => granted | \
                     read 100 vm1, read 201 vm1, base read 100 vm1, base read 201 vm1";
        let message = "lock bytes outlive the opener that took them; they are kept by vm1";
        assert_eq!(breaches(Posix, lines), [format!("no name: {message}")]);
    }
}

mod gone {
    use super::*;

    const LOST: &str = "lock-loss: vm1.disk is open and has lost its locks";

    #[rstest]
    #[case::all("", "holds consistent-read write; does not share write")]
    #[case::one_held("read 100 vm1.disk, read 201 vm1.disk", "holds write; does not share -")]
    #[case::one_unshared("read 100-101 vm1.disk", "holds -; does not share write")]
    #[case::into_a_queue(
        "read 100 vm1.disk, ->read 101 vm1.disk, read 201 vm1.disk",
        "holds write; does not share -"
    )]
    fn from_a_live_opener(#[case] table: &str, #[case] missing: &str) {
        let told = History::on(Ofd).tells(&format!("vm1 open disk rw => granted | {table}"));
        assert_eq!(told.breaches(), [LOST]);
        assert_eq!(told.actual(), [format!("missing from the kernel's lock table: {missing}")]);
    }

    #[test]
    fn and_told_once() {
        let lines = "vm1 open disk rw => granted | read 100 vm1
                     vm1 read disk => data . |
                     vm1 close disk => done |";
        assert_eq!(breaches(Posix, lines), [LOST]);
    }

    #[test]
    fn and_told_again_of_the_next_opener_of_that_name() {
        let lines = "vm1 open disk rw => granted |
                     vm1 close disk => done |
                     vm1 open disk rw => granted |";
        assert_eq!(breaches(Posix, lines), [LOST, LOST]);
    }

    #[test]
    fn from_both_nodes_of_a_process() {
        let lines = "vm1 open disk ro => granted | read 100 vm1, read 201 vm1
                     vm1 open spare ro => granted | read 100 vm1, read 201 vm1
                     vm1 open other none => granted | read 100 vm1, read 201 vm1
                     vm1 close other => done |";
        let spare = "lock-loss: vm1.spare is open and has lost its locks";
        assert_eq!(breaches(Posix, lines), [LOST, spare]);
    }

    #[test]
    fn to_another_process() {
        let lines = "vm1 open disk ro => granted | read 100 vm1, read 201 vm1
                     vm2 open disk none => granted | read 100 vm2, read 201 vm2";
        let by_vm2 = "no name: lock bytes outlive the opener that took them; they are kept by vm2";
        assert_eq!(breaches(Posix, lines), [LOST, by_vm2]);
    }

    #[test]
    fn to_another_description_of_the_same_process() {
        let lines = "vm1 open disk ro => granted | read 100 vm1.disk, read 201 vm1.disk
                     vm1 open spare none => granted | read 100 vm1.spare, read 201 vm1.spare";
        let by_spare =
            "no name: lock bytes outlive the opener that took them; they are kept by vm1.spare";
        assert_eq!(breaches(Ofd, lines), [LOST, by_spare]);
    }

    #[test]
    fn to_another_image() {
        let lines = "vm1 open disk ro => granted | base read 100 vm1, base read 201 vm1";
        let by_vm1 = "no name: lock bytes outlive the opener that took them; they are kept by vm1";
        assert_eq!(breaches(Posix, lines), [LOST, by_vm1]);
    }
}

mod as_they_must_be {
    use super::*;

    #[rstest]
    #[case::whole("read 100-101 vm1.disk, read 201 vm1.disk")]
    #[case::piece_by_piece("read 100 vm1.disk, read 101 vm1.disk, read 201 vm1.disk")]
    #[case::beside_bytes_that_mean_nothing(
        "read 99-101 vm1.disk, read 201 vm1.disk, write 0-9 vm1.disk, read 204-eof vm1.disk"
    )]
    fn under_ofd(#[case] table: &str) {
        keeps(Ofd, &format!("vm1 open disk rw => granted | {table}"));
    }

    #[rstest]
    #[case::by_dup("vm1 dup disk as=spare => done", "vm1 close disk => done", "vm1.spare")]
    #[case::by_sending("vm1 send disk to=vm2 => done", "vm1 kill => done", "vm2.disk")]
    fn when_a_copy_was_given(#[case] give: &str, #[case] end: &str, #[case] left: &str) {
        let held = |owner: &str| format!("read 100 {owner}, read 201 {owner}");
        let both = format!("vm1.disk+{left}");
        let lines = format!(
            "vm2 open f none => granted
             vm1 open disk ro => granted | {}
             {give} | {}
             {end} | {}",
            held("vm1.disk"),
            held(&both),
            held(left)
        );
        keeps(Ofd, &lines);
    }

    #[test]
    fn when_the_one_who_inherited_lives_beside_the_opener() {
        let lines = "vm1 open disk ro => granted
                     vm1 fork child => done | read 100 child.disk+vm1.disk, read 201 child.disk+vm1.disk
                     child exit => done | read 100 vm1.disk, read 201 vm1.disk";
        keeps(Ofd, lines);
    }

    #[test]
    fn when_a_child_inherits_no_posix_locks() {
        let lines = "vm1 open disk ro => granted | read 100 vm1, read 201 vm1
                     vm1 fork child => done | read 100 vm1, read 201 vm1
                     vm1 kill => done |";
        keeps(Posix, lines);
    }

    #[test]
    fn when_a_process_has_two_nodes() {
        let lines = "vm1 open disk ro => granted | read 100 vm1, read 201 vm1
                     vm1 open spare resize => granted | read 100-101 vm1, read 103 vm1, read 201 vm1";
        let same_owner = "same-owner: vm1.spare and vm1.disk conflict, and both were granted";
        assert_eq!(breaches(Posix, lines), [same_owner], "of the bytes there is nothing to say");
    }

    #[test]
    fn when_a_thread_shows_its_process() {
        let lines = "vm1 thread helper => done |
                     helper open disk ro => granted | read 100 vm1, read 201 vm1
                     vm1 exit => done | read 100 vm1, read 201 vm1";
        keeps(Posix, lines);
    }

    #[test]
    fn when_there_are_several_images() {
        let lines = "vm1 open disk ro => granted | read 100 vm1.disk, read 201 vm1.disk
                     vm1 open base backing image=base.img => granted | \
                         read 100 vm1.disk, read 201 vm1.disk, \
                         base read 100 vm1.base, base read 201 vm1.base, base read 203 vm1.base
                     vm1 close disk => done | \
                         base read 100 vm1.base, base read 201 vm1.base, base read 203 vm1.base";
        keeps(Ofd, lines);
    }

    #[rstest]
    #[case::an_open_without_a_holder_yet("vm1 open disk rw pause=2 => paused | read 100-101")]
    #[case::an_upgrade(
        "vm1 open disk ro => granted
         vm1 set disk rw pause=1 => paused | read 100-101 vm1.disk, read 201 vm1.disk"
    )]
    fn in_the_middle_of(#[case] lines: &str) {
        keeps(Ofd, lines);
    }

    #[rstest]
    #[case::a_stranger(
        "vm1 open f none => granted
         vm1 lock f start=0 len=0 => granted | read 0-eof vm1.f"
    )]
    #[case::a_strangers_copy(
        "vm1 open f none => granted
         vm1 dup f as=spare => done
         vm1 lock f start=0 len=0 => granted
         vm1 close f => done | read 0-eof vm1.spare"
    )]
    #[case::an_opener_that_locks_more(
        "vm1 open disk ro => granted
         vm1 lock disk start=102 len=1 => granted | \
             read 100 vm1.disk, read 102 vm1.disk, read 201 vm1.disk"
    )]
    #[case::an_opener_that_locks_harder(
        "vm1 open disk rw => granted
         vm1 lock disk write start=100 len=1 => granted | \
             write 100 vm1.disk, read 101 vm1.disk, read 201 vm1.disk"
    )]
    fn with_byte_verbs_of(#[case] lines: &str) {
        keeps(Ofd, lines);
    }

    #[test]
    fn with_nothing_locked_by_one_who_locks_nothing() {
        keeps(Ofd, "vm1 open disk rw locking=off => granted |");
        keeps(Posix, "vm1 open disk rw locking=auto => granted |");
    }
}
