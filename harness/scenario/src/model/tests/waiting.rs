use super::{story, story_on};
use imglock_core::Backend;

const THREE: &str = "a open f none access=read-write => granted
    b open f none access=read-write => granted
    c open f none access=read-write => granted\n";

#[test]
fn who_waits_is_shown_and_then_granted() {
    story(&format!(
        "{THREE} a lock f write start=0 len=10 => granted
         b lock f start=0 len=0 wait => blocked
         b await => blocked
         locks => ->read 0-eof, write 0-9 a.f | ->read 0-eof b, write 0-9 a
         a unlock f start=0 len=5 => done
         b await => blocked
         a unlock f start=5 len=5 => done
         locks => read 0-eof b.f | read 0-eof b
         b await => granted
         b await => ECHILD"
    ));
}

#[test]
fn the_first_to_come_is_the_first_served() {
    story(&format!(
        "{THREE} a lock f write start=0 => granted
         b lock f write start=0 wait => blocked
         c lock f start=0 wait => blocked
         a close f => done
         locks => ->read 0, write 0 b.f | ->read 0 c, write 0 b
         b await => granted
         c await => blocked
         b lock f start=0 => granted
         c await => granted"
    ));
}

#[test]
fn all_that_can_go_do_go() {
    story(&format!(
        "{THREE} d open f none access=read-write => granted
         a lock f write start=0 len=10 => granted
         b lock f start=0 len=5 wait => blocked
         c lock f write start=20 wait => granted
         c lock f write start=3 wait => blocked
         d lock f start=9 wait => blocked
         a kill => done
         b await => granted
         c await => blocked
         d await => granted"
    ));
}

#[test]
fn a_circle_of_posix_owners_is_a_deadlock() {
    story(&format!(
        "{THREE} a lock f write start=0 => granted
         b lock f write start=1 => granted
         c lock f write start=2 => granted
         a lock f write start=1 wait => blocked
         b lock f write start=2 wait => blocked
         c lock f write start=0 wait => blocked | EDEADLK"
    ));
}

#[test]
fn a_deadlock_may_show_only_when_the_waiter_wakes() {
    story_on(
        Backend::Posix,
        &format!(
            "{THREE} a lock f start=0 => granted
             b lock f start=0 => granted
             c lock f write start=1 => granted
             c lock f write start=0 wait => blocked
             b lock f write start=1 wait => blocked
             a unlock f start=0 => done
             c await => EDEADLK
             b await => blocked
             c unlock f start=1 => done
             b await => granted"
        ),
    );
}

#[rstest::rstest]
#[case::followed_to_its_end(12, "EDEADLK")]
#[case::too_long_to_follow(13, "blocked")]
fn a_chain_is_followed_only_so_far(#[case] owners: usize, #[case] outcome: &str) {
    let mut text = String::new();
    for i in 0..owners {
        text += &format!("p{i} open f none access=read-write => granted\n");
        text += &format!("p{i} lock f write start={i} => granted\n");
    }
    for i in 0..owners - 1 {
        text += &format!("p{i} lock f write start={} wait => blocked\n", i + 1);
    }
    text += &format!("p{} lock f write start=0 wait => {outcome}\n", owners - 1);
    story_on(Backend::Posix, &text);
}

#[test]
fn a_signal_interrupts_a_wait_and_nothing_else() {
    story(&format!(
        "{THREE} a lock f write start=0 => granted
         b lock f write start=0 wait => blocked
         b signal => done
         locks => write 0 a.f | write 0 a
         b await => EINTR
         b lock f write start=0 wait => blocked
         a unlock f start=0 => done
         b signal => done
         b await => granted"
    ));
}

#[test]
fn a_stopped_waiter_loses_its_place() {
    story(&format!(
        "{THREE} a lock f write start=0 => granted
         b lock f write start=0 wait => blocked
         c lock f write start=0 wait => blocked
         b stop => done
         locks => write 0 a.f, ->write 0 | write 0 a, ->write 0 c
         b await => blocked
         b continue => done
         a unlock f start=0 => done
         c await => granted
         b stop => done
         c unlock f start=0 => done
         locks =>
         b continue => done
         b await => granted
         c lock f write start=0 wait => blocked
         c stop => done
         c signal => done
         c continue => done
         c await => EINTR"
    ));
}

#[test]
fn a_killed_waiter_is_out_of_the_queue() {
    story(&format!(
        "{THREE} a lock f write start=0 => granted
         b lock f write start=0 wait => blocked
         c lock f write start=0 wait => blocked
         b kill => done
         a exit => done
         c await => granted
         locks => write 0 c.f | write 0 c"
    ));
}

#[test]
fn weakening_a_lock_lets_waiters_in_at_no_certain_time() {
    story(
        "vm1 open f none access=read-write => granted
         vm2 open f none => granted
         vm1 lock f write start=201 => granted
         vm2 lock f start=201 wait => blocked
         vm1 set f rw => ? granted
         vm2 await => granted
         locks => read 100-101 vm1.f, read 201 vm1.f, read 201 vm2.f | read 100-101 vm1, read 201 vm1, read 201 vm2",
    );
}

/// Letters stand for POSIX or OFD owners. Each waits for the next one, and the last one for the first.
/// Kernel 6.18 returned these outcomes to the last one.
#[rstest::rstest]
#[case("pp", "EDEADLK")]
#[case("op", "EDEADLK")]
#[case("opp", "EDEADLK")]
#[case("po", "blocked")]
#[case("oo", "blocked")]
#[case("ppo", "blocked")]
#[case("pop", "blocked")]
#[case("oop", "blocked")]
#[case("opo", "blocked")]
#[case("poo", "blocked")]
fn of_mixed_circles_only_some_are_noticed(#[case] circle: &str, #[case] outcome: &str) {
    let mut text = String::new();
    for (i, owner) in circle.chars().enumerate() {
        let backend = if owner == 'p' { "posix" } else { "ofd" };
        text += &format!("a{i} open f none access=read-write backend={backend} => granted\n");
        text += &format!("a{i} lock f write start={i} => granted\n");
    }
    let last = circle.len() - 1;
    for i in 0..last {
        text += &format!("a{i} lock f write start={} wait => blocked\n", i + 1);
    }
    text += &format!("a{last} lock f write start=0 wait => {outcome}\n");
    story(&text);
}

#[test]
fn a_waiting_call_keeps_its_description_open() {
    story(
        "vm1 open f none access=read-write => granted
         vm1 thread helper => done
         vm1 lock f write start=5 => granted
         vm2 open f none access=read-write => granted
         vm2 lock f write start=0 => granted
         helper lock f write start=0 wait => blocked
         vm1 close f => done
         locks => write 0 vm2.f, ->write 0, write 5 | write 0 vm2, ->write 0 vm1
         vm2 unlock f start=0 => done
         helper await => granted | EBADF
         locks =>",
    );
}

#[test]
fn a_call_that_starts_again_finds_its_descriptor_closed() {
    story(
        "vm1 open f none access=read-write => granted
         vm1 thread helper => done
         vm2 open f none access=read-write => granted
         vm2 lock f write start=0 => granted
         helper lock f write start=0 wait => blocked
         helper stop => done
         vm1 close f => done
         helper continue => done
         helper await => EBADF",
    );
}

#[test]
fn a_thread_waits_for_its_whole_table() {
    story_on(
        Backend::Posix,
        "a open f none access=read-write => granted
         b open f none access=read-write => granted
         a lock f write start=0 => granted
         b lock f write start=1 => granted
         a thread helper => done
         helper lock f write start=1 wait => blocked
         b lock f write start=0 wait => EDEADLK
         helper kill => done
         b lock f write start=0 wait => blocked
         a close f => done
         b await => granted",
    );
}
