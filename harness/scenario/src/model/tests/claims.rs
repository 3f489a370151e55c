use super::story;

#[test]
fn the_second_writer_is_refused_and_leaves_nothing() {
    story(
        "vm1 open disk rw => granted
         locks => read 100-101 vm1.disk, read 201 vm1.disk | read 100-101 vm1, read 201 vm1
         vm2 open disk rw => refused write
         vm2 close disk => not-open
         vm2 open disk ro => refused shared write
         vm2 open disk force-share => granted
         vm1 close disk => done
         locks => read 100 vm2.disk | read 100 vm2
         vm2 set disk rw => granted
         vm3 open disk ro => refused shared write",
    );
}

#[test]
fn the_first_offending_permission_is_named_wanted_before_unshared() {
    story(
        "vm1 open disk held=write unshared=resize => granted
         vm2 open disk held=all unshared=all => refused resize
         vm3 open disk held=consistent-read unshared=all => refused shared write
         vm4 open disk held=consistent-read unshared=consistent-read => granted
         vm5 open disk held=all unshared=all => refused consistent-read",
    );
}

#[test]
fn two_nodes_of_one_process_conflict_unless_locks_are_posix() {
    story(
        "vm1 open disk rw => granted
         vm1 open copy rw => refused write | granted
         vm2 open disk ro => refused shared write",
    );
}

#[test]
fn giving_up_is_always_granted_and_unlocks() {
    story(
        "vm1 open disk held=all unshared=- => granted
         vm2 open disk held=all unshared=- => granted
         vm1 set disk ro-share-rw => granted
         vm2 set disk none => granted
         locks => read 100 vm1.disk | read 100 vm1",
    );
}

#[test]
fn a_refused_change_keeps_the_old_claim() {
    story(
        "vm1 open disk rw => granted
         vm2 open disk force-share access=read-write => granted
         vm2 set disk qcow2-rw => refused write
         locks => read 100 vm2.disk, read 100-101 vm1.disk, read 201 vm1.disk | read 100 vm2, read 100-101 vm1, read 201 vm1",
    );
}

#[test]
fn a_refused_change_of_one_posix_node_unlocks_bytes_of_another() {
    story(
        "vm1 open disk none => granted
         vm1 open other share-rw => granted
         vm2 open disk nbd-ro => granted
         vm1 set disk resize => refused resize
         locks => read 100 vm2.disk, read 100-101 vm1.other, read 203 vm2.disk | read 100 vm2, read 203 vm2",
    );
}

#[test]
fn giving_up_on_one_posix_node_unlocks_bytes_of_another() {
    story(
        "vm1 open disk share-rw => granted
         vm1 open other share-rw => granted
         vm1 set disk none => granted
         locks => read 100-101 vm1.other | ",
    );
}

#[test]
fn a_foreign_write_lock_stops_the_read_lock_itself() {
    story(
        "vm1 open raw none access=read-write => granted
         vm1 lock raw write start=101 => granted
         vm2 open disk rw => byte 101 EAGAIN
         vm2 open disk ro => refused shared write
         locks => write 101 vm1.raw | write 101 vm1
         vm1 unlock raw start=101 => done
         vm2 open disk rw access=write-only => byte 100 EBADF
         vm2 open disk none access=write-only => granted
         vm2 set disk rw => byte 100 EBADF",
    );
}

#[test]
fn own_write_locks_are_downgraded() {
    story(
        "vm1 open raw rw => granted
         vm1 set raw none => granted
         vm1 lock raw write start=100 len=200 => granted
         vm1 set raw rw => granted
         locks => read 100-101 vm1.raw, read 201 vm1.raw, write 102-200 vm1.raw, write 202-299 vm1.raw | read 100-101 vm1, read 201 vm1, write 102-200 vm1, write 202-299 vm1",
    );
}

#[test]
fn an_inactive_node_locks_nothing_until_it_is_activated() {
    story(
        "src open disk rw => granted
         dst open disk rw inactive => granted
         dst activate disk => refused write
         dst set disk qcow2-rw => granted
         src inactivate disk => done
         src inactivate disk => done
         locks => 
         dst activate disk => granted
         dst activate disk => granted
         locks => read 100-101 dst.disk, read 103 dst.disk, read 201 dst.disk, read 203 dst.disk | read 100-101 dst, read 103 dst, read 201 dst, read 203 dst
         src activate disk => refused write
         dst inactivate disk => done
         src activate disk => granted
         dst set disk none => granted
         dst activate disk => granted",
    );
}

#[test]
fn locking_decides_whether_claims_are_locked() {
    story(
        "vm1 open disk rw => granted
         off open disk rw locking=off => granted
         auto open disk rw locking=auto => refused write | granted
         on open disk rw locking=on => refused write
         off set disk qcow2-rw => granted
         off inactivate disk => done
         off activate disk => granted
         locks => read 100-101 vm1.disk, read 201 vm1.disk | read 100-101 vm1, read 201 vm1",
    );
}

#[test]
fn a_node_may_ask_another_backend_and_they_conflict() {
    story(
        "vm1 open disk rw backend=ofd => granted
         vm1 open copy rw backend=posix => refused write
         vm1 close disk => done
         vm1 open copy rw backend=posix => granted
         vm1 open disk rw backend=ofd => refused write",
    );
}

#[test]
fn images_have_locks_of_their_own() {
    story(
        "vm1 open disk rw => granted
         vm2 open disk rw image=base.img => granted
         vm3 open disk rw image=none.img => ENOENT
         vm3 close disk => not-open",
    );
}

#[test]
fn verbs_of_a_node_that_is_not_there() {
    story(
        "vm1 close disk => not-open
         vm1 set disk rw => not-open
         vm1 reopen disk rw => not-open
         vm1 inactivate disk => not-open
         vm1 activate disk => not-open
         vm1 read disk at=0 len=1 => not-open
         vm1 dup disk as=copy => not-open
         vm1 send disk to=vm2 => not-open
         vm1 lock disk start=0 => not-open
         vm1 test disk start=0 => not-open",
    );
}
