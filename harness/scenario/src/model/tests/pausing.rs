use super::story;

#[test]
fn a_paused_open_has_the_locks_it_made() {
    story(
        "vm1 open disk rw pause=2 => paused
         locks => read 100-101 | read 100-101 vm1
         vm2 open disk ro => refused shared write
         vm1 await => granted
         locks => read 100-101 vm1.disk, read 201 vm1.disk | read 100-101 vm1, read 201 vm1",
    );
}

#[test]
fn both_may_be_refused_when_they_start_together() {
    story(
        "vm1 open disk rw pause=3 => paused
         vm2 open disk rw pause=3 => paused
         vm1 await => refused write
         vm2 await => granted
         vm1 close disk => not-open",
    );
}

#[test]
fn a_test_that_was_made_is_not_repeated() {
    story(
        "vm1 open disk rw pause=5 => paused
         vm2 open disk held=write => refused write
         vm2 open disk held=consistent-read unshared=- => granted
         vm2 lock disk start=201 => granted
         vm1 await => granted",
    );
}

#[test]
fn the_last_call_is_no_place_to_pause() {
    story(
        "vm1 open disk rw pause=6 => granted
         vm1 close disk => done
         vm1 open disk rw pause=5 => paused
         vm1 await => granted
         vm2 open disk rw pause=4 => paused
         vm2 await => refused write
         vm2 open disk rw pause=5 => refused write
         vm2 open disk none pause=1 => granted
         vm1 set disk none pause=1 => granted
         vm1 set disk rw pause=1 => paused
         locks => read 100 vm1.disk | read 100 vm1
         vm1 await => granted",
    );
}

#[test]
fn a_lock_that_fails_ends_the_attempt_before_the_pause() {
    story(
        "vm1 open f none access=read-write => granted
         vm1 lock f write start=101 => granted
         vm2 open disk rw pause=2 => byte 101 EAGAIN
         vm2 open disk rw pause=1 => paused
         vm1 unlock f start=101 => done
         vm2 await => granted",
    );
}

#[test]
fn killed_while_paused_it_leaves_nothing() {
    story(
        "vm1 open disk rw pause=2 => paused
         vm1 kill => done
         locks => ",
    );
}

#[test]
fn refused_after_a_pause_it_is_closed() {
    story(
        "vm2 open disk share-rw => granted
         vm1 open disk rw pause=2 => paused
         locks => read 100-101, read 100-101 vm2.disk | read 100-101 vm1, read 100-101 vm2
         vm1 await => refused shared write
         locks => read 100-101 vm2.disk | read 100-101 vm2
         vm1 set disk ro => not-open",
    );
}

#[test]
fn what_is_being_opened_is_no_node_to_anybody_else() {
    story(
        "vm1 thread helper => done
         vm1 open disk ro pause=1 => paused
         helper read disk at=0 len=1 => not-open
         helper close disk => not-open
         helper fork child => done
         child close disk => not-open
         vm1 await => granted
         helper close disk => done
         child close disk => not-open
         locks => read 100, read 201 | ",
    );
}

#[test]
fn who_dies_half_way_leaves_its_threads_a_descriptor_without_a_name() {
    story(
        "vm1 thread helper => done
         vm1 open disk rw pause=2 => paused
         vm1 kill => done
         helper close disk => not-open
         locks => read 100-101 | read 100-101 vm1
         helper exit => done
         locks => ",
    );
}

#[test]
fn what_was_taken_half_way_is_known_to_its_taker_alone() {
    story(
        "vm1 open disk none access=read-write => granted
         vm1 thread helper => done
         vm1 set disk rw pause=2 => paused
         locks => read 100-101 vm1.disk | read 100-101 vm1
         vm1 kill => done
         helper set disk ro => granted
         helper set disk none => granted
         locks => read 101 vm1.disk | read 101 vm1",
    );
}
