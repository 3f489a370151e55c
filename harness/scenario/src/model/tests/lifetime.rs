use super::{story, story_on};
use imglock_core::Backend;

#[test]
fn the_dead_hold_nothing() {
    story(
        "vm1 open disk rw => granted
         vm1 kill => done
         locks => 
         vm2 open disk rw => granted
         vm2 exit => done
         locks => ",
    );
}

#[test]
fn threads_share_nodes_and_posix_locks() {
    story(
        "vm1 open disk rw => granted
         vm1 thread helper => done
         helper open more ro => refused shared write | granted
         helper lock disk write start=0 => granted
         locks => read 100-101 vm1.disk, read 201 vm1.disk, write 0 vm1.disk | read 100-101 vm1, read 201 vm1, write 0 vm1
         vm2 open raw none => granted
         vm2 test raw write start=0 len=1 => held write 0 by ofd | held write 0 by helper
         vm2 test raw write start=100 len=1 => held read 100-101 by ofd | held read 100-101 by vm1
         vm1 kill => done
         vm2 test raw write start=0 len=1 => held write 0 by ofd | held write 0 by helper
         helper close disk => done
         locks => ",
    );
}

#[test]
fn the_table_keeps_the_name_of_its_first_actor() {
    story(
        "vm1 thread helper => done
         vm1 exit => done
         helper open disk ro => granted
         locks => read 100 vm1.disk, read 201 vm1.disk | read 100 vm1, read 201 vm1
         helper exit => done
         locks => ",
    );
}

#[test]
fn exec_keeps_locks_and_closes_on_exec() {
    story(
        "vm1 open disk ro inherit => granted
         vm1 open extra force-share image=base.img => granted
         locks => read 100 vm1.disk, read 201 vm1.disk, base read 100 vm1.extra | read 100 vm1, read 201 vm1, base read 100 vm1
         vm1 exec => done
         locks => read 100 vm1.disk, read 201 vm1.disk | read 100 vm1, read 201 vm1
         vm1 close extra => not-open
         vm1 open more force-share => granted
         vm1 exec => done
         locks => read 100 vm1.disk, read 201 vm1.disk | 
         vm1 reopen disk ro => granted
         vm1 exec => done
         vm1 close disk => done",
    );
}

#[test]
fn exec_of_a_thread_leaves_the_shared_table() {
    story(
        "vm1 open disk ro inherit => granted
         vm1 thread helper => done
         helper exec => done
         locks => read 100 helper.disk+vm1.disk, read 201 helper.disk+vm1.disk | read 100 vm1, read 201 vm1
         vm1 exit => done
         locks => read 100 helper.disk, read 201 helper.disk | 
         helper exit => done
         locks => ",
    );
}

#[test]
fn a_duplicate_is_closed_on_exec_and_takes_posix_locks_along() {
    story(
        "vm1 open disk ro inherit => granted
         vm1 dup disk as=spare => done
         vm1 fork child => done
         child exec => done
         child close spare => not-open
         child close disk => done
         vm1 exec => done
         locks => read 100 vm1.disk, read 201 vm1.disk | ",
    );
}

#[test]
fn other_verbs_of_a_process_change_no_lock() {
    story(
        "vm1 open disk ro => granted
         vm1 stop => done
         vm1 continue => done
         vm1 signal => done
         locks => read 100 vm1.disk, read 201 vm1.disk | read 100 vm1, read 201 vm1",
    );
}

#[test]
fn spawning_twice_is_once() {
    let mut world = story_on(Backend::Posix, "vm1 open disk ro => granted");
    world.spawn("vm1");
    world.spawn("vm2");
    assert_eq!(world.locks().len(), 2);
}
