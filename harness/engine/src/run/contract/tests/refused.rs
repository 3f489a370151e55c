//! Openers that were refused, rightly or wrongly.

use rstest::rstest;

use crate::run::history::{breaks, keeps};
use imglock_core::Backend::{self, Ofd, Posix};

const WITHOUT_REASON: &str = "vm2.disk was refused although no live opener conflicts with it";

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

    #[rstest]
    #[case::that_does_not_conflict("force-share")]
    #[case::on_another_image("base rw")]
    fn by_a_peer(#[case] peer: &str) {
        let lines = format!("vm2 open disk rw beside {peer} => refused write");
        breaks(Ofd, &lines, &format!("no name: {WITHOUT_REASON}"));
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

    /// QEMU takes read locks only, and read locks do not conflict.
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

mod refused_where_a_close_is_not_told {
    use super::*;
    use crate::run::history::History;

    fn breaches(backend: Backend, before: &str) -> Vec<String> {
        let lines = format!("{before}\nvm2 open disk rw => refused write");
        History::on(backend).losing_sight_of_ofd().tells(&lines).breaches()
    }

    #[rstest]
    #[case::closed("vm1 open disk rw => granted\nvm1 close disk => done")]
    #[case::killed("vm1 open disk rw => granted\nvm1 kill => done")]
    fn by_one_who_was_there(#[case] before: &str) {
        assert_eq!(breaches(Ofd, before), [format!("leaked-lock: {WITHOUT_REASON}")]);
        assert_eq!(breaches(Posix, before), [format!("no name: {WITHOUT_REASON}")]);
    }

    #[rstest]
    #[case::nobody("vm1 open disk force-share => granted\nvm1 close disk => done")]
    #[case::elsewhere("vm1 open disk rw image=base.img => granted\nvm1 close disk => done")]
    #[case::refused("vm1 open disk rw => refused write")]
    fn by_one_who_was_not(#[case] before: &str) {
        let breaches = breaches(Ofd, before);
        assert_eq!(breaches.last(), Some(&format!("no name: {WITHOUT_REASON}")));
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
        "vm1 open disk none => granted
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
