use super::story;

#[test]
fn a_posix_reopen_loses_every_lock() {
    story(
        "vm1 open disk ro => granted
         vm1 reopen disk rw => granted
         locks => read 100-101 vm1.disk, read 201 vm1.disk | 
         vm2 open disk rw => refused write | granted
         vm1 set disk ro => granted
         vm1 set disk rw => granted | refused write
         vm1 put disk at=0 data=x => done",
    );
}

#[test]
fn the_node_goes_on_believing() {
    story(
        "vm1 open disk ro => granted
         vm1 reopen disk rw => granted
         vm1 set disk qcow2-rw => granted
         locks => read 100-101 vm1.disk, read 103 vm1.disk, read 201 vm1.disk, read 203 vm1.disk | read 103 vm1, read 203 vm1",
    );
}

#[test]
fn a_refused_reopen_stays_as_it_was_but_closed_a_descriptor() {
    story(
        "vm1 open disk force-share => granted
         vm2 open disk rw => granted
         vm1 reopen disk rw => refused write
         locks => read 100 vm1.disk, read 100-101 vm2.disk, read 201 vm2.disk | read 100-101 vm2, read 201 vm2
         vm1 put disk at=0 data=x => EBADF",
    );
}

#[test]
fn giving_up_tests_nothing() {
    story(
        "vm1 open disk rw => granted
         vm1 reopen disk ro => granted
         locks => read 100 vm1.disk, read 201 vm1.disk | 
         vm1 put disk at=0 data=x => EBADF",
    );
}

#[test]
fn the_new_descriptor_must_be_readable() {
    story(
        "vm1 open disk rw => granted
         vm1 reopen disk rw access=write-only => byte 100 EBADF
         locks => read 100-101 vm1.disk, read 201 vm1.disk | 
         vm1 reopen disk none access=write-only => granted
         locks => ",
    );
}

#[test]
fn write_locks_of_the_old_descriptor_keep_an_ofd_reopen_out() {
    story(
        "vm1 open disk ro access=read-write => granted
         vm1 lock disk write start=100 => granted
         vm1 reopen disk rw => byte 100 EAGAIN | granted
         vm1 set disk none => granted
         vm1 lock disk write start=100 => granted
         vm1 reopen disk rw => granted",
    );
}

#[test]
fn a_duplicate_of_the_old_descriptor_leaks_its_locks() {
    story(
        "vm1 open disk rw => granted
         vm1 dup disk as=spare => done
         vm1 reopen disk ro-share-rw => granted
         locks => read 100 vm1.disk, read 100-101 vm1.spare, read 201 vm1.spare | ",
    );
}

#[test]
fn a_name_that_is_gone_cannot_be_reopened() {
    story(
        "vm1 open disk ro => granted
         host rename disk.img to=old.img => done
         vm1 reopen disk rw => ENOENT
         locks => read 100 vm1.disk, read 201 vm1.disk | read 100 vm1, read 201 vm1
         host rename base.img to=disk.img => done
         vm2 open disk force-share => granted
         vm1 reopen disk rw => granted
         locks => base read 100 vm2.disk, base read 100-101 vm1.disk, base read 201 vm1.disk | base read 100 vm2, base read 100-101 vm1, base read 201 vm1",
    );
}

#[test]
fn the_offset_starts_anew_and_close_on_exec_is_kept() {
    story(
        "vm1 open disk ro inherit => granted
         vm1 seek disk to=50 => done
         vm1 reopen disk ro => granted
         vm1 lock disk whence=cur start=5 => granted
         vm1 exec => done
         locks => read 5 vm1.disk, read 100 vm1.disk, read 201 vm1.disk | read 5 vm1",
    );
}

#[test]
fn without_claim_locks_it_only_swaps_descriptors() {
    story(
        "vm1 open disk ro locking=off => granted
         vm1 open dormant ro inactive => granted
         vm1 lock disk start=0 => granted
         vm1 reopen disk rw => granted
         locks => 
         vm1 reopen dormant rw => granted
         locks => 
         vm1 activate dormant => granted
         locks => read 100-101 vm1.dormant, read 201 vm1.dormant | read 100-101 vm1, read 201 vm1",
    );
}

#[test]
fn one_that_fails_on_the_new_descriptor_has_made_all_calls_on_the_old_one() {
    story(
        "vm1 open disk rw => granted
         vm1 lock disk write start=102 => granted
         vm1 reopen disk held=write-unchanged unshared=write-unchanged access=write-only => byte 102 EBADF
         locks => read 100-101 vm1.disk, read 201 vm1.disk | ",
    );
}
