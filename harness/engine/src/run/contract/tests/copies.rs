//! Openers and the copies of their descriptors, in combinations that random
//! scenarios found first.

use crate::run::history::{History, breaks, keeps};
use imglock_core::Backend::{Ofd, Posix};

mod a_reopen {
    use super::*;

    #[test]
    fn leaves_its_bytes_to_a_duplicate() {
        let lines = "vm1 open disk none => granted
                     vm1 dup disk as=spare => done
                     vm1 reopen spare tool-ro => granted | read 100 vm1.disk, read 100 vm1.spare";
        let message = "lock bytes outlive the opener that took them; they are kept by vm1.disk";
        breaks(Ofd, lines, &format!("leaked-lock: {message}"));
    }

    #[test]
    fn to_less_does_not_meet_who_keeps_more_on_the_old_description() {
        let lines = "vm1 open disk rw => granted
                     vm1 dup disk as=spare => done
                     vm1 reopen spare ro => granted | read 100-101 vm1.disk, read 201 vm1.disk, read 100 vm1.spare, read 201 vm1.spare";
        breaks(Ofd, lines, "unchecked: vm1.spare and vm1.disk conflict, and both were granted");
        let again = format!("{lines}\nvm1 set spare ro => granted");
        assert_eq!(History::on(Ofd).tells(&again).breaches().len(), 2, "it is as it was");
    }

    #[test]
    fn by_a_name_of_another_image_does_not_meet_who_is_there() {
        let lines = "vm1 open disk rw => granted
                     vm2 open disk rw image=base.img => granted
                     host rename base.img to=disk.img => done
                     vm1 reopen disk rw => granted | base read 100-101 vm2.disk, base read 201 vm2.disk, base read 100-101 vm1.disk, base read 201 vm1.disk";
        breaks(Ofd, lines, "unchecked: vm1.disk and vm2.disk conflict, and both were granted");
    }

    #[test]
    fn has_its_name_where_no_table_is_read_too() {
        let lines = "vm1 open disk rw => granted
                     vm2 open disk rw image=base.img => granted
                     host rename base.img to=disk.img => done
                     vm1 reopen disk rw => granted";
        breaks(Ofd, lines, "unchecked: vm1.disk and vm2.disk conflict, and both were granted");
        let lines = "vm1 open disk none => granted
                     vm1 dup disk as=spare => done
                     vm1 reopen spare ro => granted
                     vm1 set spare rw => refused write";
        let message = "vm1.spare was refused although no live opener conflicts with it";
        breaks(Ofd, lines, &format!("leaked-lock: {message}"));
    }

    #[test]
    fn meets_what_was_locked_by_hand_on_what_it_leaves() {
        keeps(
            Ofd,
            "vm1 open disk tool-ro access=read-write => granted
             vm1 lock disk write start=100 => granted
             vm1 reopen disk tool-ro => byte 100 EAGAIN",
        );
    }
}

#[test]
fn who_lost_its_locks_is_granted_what_it_believes_to_have() {
    let lines = "vm1 open disk ro => granted
                 vm1 open other none => granted
                 vm1 close other => done |
                 vm2 open disk rw => granted | read 100-101 vm2, read 201 vm2
                 vm1 set disk ro => granted | read 100-101 vm2, read 201 vm2";
    let all = History::on(Posix).tells(lines).breaches();
    assert!(all.iter().all(|breach| breach.starts_with("lock-loss: ")), "{all:?}");
    assert_eq!(all.len(), 3, "the loss, and both grants: {all:?}");
}

#[test]
fn a_posix_lock_by_hand_is_in_the_way_of_a_copy_in_another_process() {
    let lines = "vm1 open disk none access=read-write => granted
                 vm1 fork child => done
                 child lock disk write start=100 => granted
                 vm1 set disk tool-ro => byte 100 EAGAIN";
    keeps(Posix, lines);
    let message = "vm1.disk was refused although no live opener conflicts with it";
    breaks(Ofd, lines, &format!("no name: {message}"));
}

#[test]
fn a_copy_in_another_process_is_an_opener_of_its_own_under_posix() {
    let lines = "vm1 open disk rw => granted
                 vm1 fork child => done
                 child set disk none => granted
                 child set disk rw => refused write";
    keeps(Posix, lines);
}

#[test]
fn a_lock_that_is_waited_for_may_come_at_any_time() {
    keeps(
        Ofd,
        "vm1 open disk ro => granted
         vm2 open disk none access=read-write => granted
         vm2 lock disk write start=201 wait => blocked | read 100 vm1.disk, read 201 vm1.disk
         vm1 kill => done | write 201 vm2.disk",
    );
}

#[test]
fn who_dies_half_way_leaves_its_bytes_to_its_threads() {
    let lines = "vm1 thread helper => done
                 vm1 open disk rw pause=2 => paused
                 vm1 kill => done | read 100-101";
    let message = "lock bytes outlive the opener that took them; \
                   they are kept by a descriptor that belongs to no open node";
    breaks(Ofd, lines, &format!("leaked-lock: {message}"));
    keeps(Ofd, &format!("{}\nhelper kill => done |", lines.replace("| read 100-101", "")));
}

#[test]
fn what_has_leaked_is_in_the_way() {
    let lines = "vm1 open disk none => granted
                 vm1 dup disk as=spare => done
                 vm1 reopen spare ro => granted | read 100 vm1.disk, read 201 vm1.disk, read 100 vm1.spare, read 201 vm1.spare
                 vm1 set spare rw => refused write | read 100 vm1.disk, read 201 vm1.disk, read 100 vm1.spare, read 201 vm1.spare";
    let all = History::on(Ofd).tells(lines).breaches();
    assert!(all.iter().all(|breach| breach.starts_with("leaked-lock: ")), "{all:?}");
    assert!(all.iter().any(|breach| breach.contains("refused although")), "{all:?}");
}

#[test]
fn a_call_that_waits_keeps_its_description_open() {
    let lines = "vm1 open disk ro => granted
                 vm1 thread helper => done
                 helper lock disk write start=100 wait => blocked
                 vm1 close disk => done | read 100, read 201";
    let message = "lock bytes outlive the opener that took them; \
                   they are kept by a descriptor that belongs to no open node";
    breaks(Ofd, lines, &format!("leaked-lock: {message}"));
}

#[test]
fn a_call_that_waits_keeps_what_a_reopen_leaves() {
    let lines = "vm1 open disk none => granted
                 vm1 thread helper => done
                 helper lock disk read start=204 wait => blocked
                 vm1 reopen disk tool-ro => granted | read 100, read 100 vm1.disk";
    let message = "lock bytes outlive the opener that took them; \
                   they are kept by a descriptor that belongs to no open node";
    breaks(Ofd, lines, &format!("leaked-lock: {message}"));
}

#[test]
fn who_is_half_way_and_killed_at_the_same_moment_may_have_been_in_the_way() {
    keeps(Ofd, "vm2 open disk ro beside rw => refused shared write");
}

#[test]
fn who_lost_its_locks_and_reopens_is_granted_what_it_believes_to_have() {
    let lines = "vm1 open disk ro => granted
                 vm1 fork child => done
                 child set disk none => granted |
                 vm3 open disk rw => granted | read 100-101 vm3.disk, read 201 vm3.disk
                 vm1 reopen disk ro => granted | read 100-101 vm3.disk, read 201 vm3.disk, read 100 vm1.disk, read 201 vm1.disk";
    let all = History::on(Ofd).tells(lines).breaches();
    assert!(all.iter().all(|breach| breach.starts_with("lock-loss: ")), "{all:?}");
    assert_eq!(all.len(), 3, "the loss, and both grants: {all:?}");
}

#[test]
fn a_copy_whose_locks_are_gone_is_granted_what_it_believes_to_have() {
    let lines = "vm1 open disk ro => granted
                 vm1 dup disk as=spare => done
                 vm1 inactivate disk => done |
                 vm2 open disk rw => granted | read 100-101 vm2.disk, read 201 vm2.disk
                 vm1 reopen spare ro => granted | read 100-101 vm2.disk, read 201 vm2.disk, read 100 vm1.spare, read 201 vm1.spare";
    breaks(Ofd, lines, "lock-loss: vm1.spare and vm2.disk conflict, and both were granted");
}

#[rstest::rstest]
#[case::a_child("helper fork child => done")]
#[case::who_executes_a_program("helper exec => done")]
fn what_is_being_opened_is_copied_without_a_name_by(#[case] copy: &str) {
    let lines = format!(
        "vm1 thread helper => done
         vm1 open disk tool-ro inherit pause=1 => paused
         {copy}
         vm1 await => granted
         vm1 close disk => done | read 100"
    );
    let message = "lock bytes outlive the opener that took them; \
                   they are kept by a descriptor that belongs to no open node";
    breaks(Ofd, &lines, &format!("leaked-lock: {message}"));
}
