use super::story;

#[test]
fn closing_any_descriptor_drops_posix_locks() {
    story(
        "vm1 open disk rw => granted
         vm1 open cdrom force-share image=disk.img => granted
         vm1 close cdrom => done
         locks => read 100-101 vm1.disk, read 201 vm1.disk | 
         vm2 open disk rw => refused write | granted",
    );
}

#[test]
fn a_refused_open_is_a_close_too() {
    story(
        "vm1 open disk share-rw => granted
         vm2 open disk share-rw => granted
         vm1 open more rw => refused shared write
         locks => read 100-101 vm1.disk, read 100-101 vm2.disk | read 100-101 vm2",
    );
}

#[test]
fn a_duplicate_keeps_ofd_locks_and_its_close_drops_posix_ones() {
    story(
        "vm1 open disk rw => granted
         vm1 dup disk as=spare => done
         locks => read 100-101 vm1.disk+vm1.spare, read 201 vm1.disk+vm1.spare | read 100-101 vm1, read 201 vm1
         vm1 close disk => done
         vm2 open disk rw => refused write | granted
         vm1 close spare => done
         vm2 close disk => not-open | done
         vm2 open disk rw => granted",
    );
}

#[test]
fn a_duplicate_knows_what_is_locked() {
    story(
        "vm1 open disk rw => granted
         vm1 dup disk as=spare => done
         vm1 set spare none => granted
         locks => 
         vm1 inactivate disk => done
         vm1 activate disk => granted",
    );
}

#[test]
fn a_passed_descriptor_keeps_ofd_locks_alive() {
    story(
        "vm1 open disk rw => granted
         vm1 send disk to=vm2 => done
         vm1 kill => done
         locks => read 100-101 vm2.disk, read 201 vm2.disk | 
         vm3 open disk rw => refused write | granted
         vm2 exit => done
         locks => | read 100-101 vm3, read 201 vm3",
    );
}

#[test]
fn a_forked_child_inherits_ofd_locks_only() {
    story(
        "vm1 open disk rw => granted
         vm1 fork child => done
         locks => read 100-101 child.disk+vm1.disk, read 201 child.disk+vm1.disk | read 100-101 vm1, read 201 vm1
         vm1 exit => done
         locks => read 100-101 child.disk, read 201 child.disk | 
         child close disk => done
         locks => ",
    );
}

#[test]
fn what_the_child_closes_matters_to_the_child_only() {
    story(
        "vm1 open disk rw => granted
         vm1 fork child => done
         child close disk => done
         locks => read 100-101 vm1.disk, read 201 vm1.disk | read 100-101 vm1, read 201 vm1",
    );
}

#[test]
fn duplicates_share_the_offset_and_data_is_of_the_file() {
    story(
        "vm1 open disk rw => granted
         vm1 dup disk as=spare => done
         vm2 open disk force-share => granted
         vm1 seek spare to=100 => done
         vm1 lock disk write whence=cur start=-10 len=10 => granted
         vm2 test disk write start=0 len=0 => held write 90-99 by ofd | held write 90-99 by vm1
         vm1 put disk at=5 data=hello => done
         vm2 put disk at=5 data=hello => EBADF
         vm2 read disk at=3 len=5 => data ..hel
         vm2 read disk at=1048570 len=100 => data ......
         vm1 put disk at=1048576 data=x => done
         vm2 lock disk whence=end start=-1 len=1 => granted
         vm1 test spare write start=1048000 len=0 => held read 1048576 by ofd | held read 1048576 by vm2
         vm3 open disk none access=write-only => granted
         vm3 read disk at=0 len=1 => EBADF",
    );
}

#[test]
fn a_shared_table_is_named_after_who_still_shares_it() {
    story(
        "vm1 thread helper => done
         vm1 open disk ro inherit => granted
         vm1 exec => done
         helper open own tool-ro => granted
         locks => read 100 helper.disk+vm1.disk, read 100 helper.own, read 201 helper.disk+vm1.disk | read 100 helper, read 201 helper
         helper exec => done
         locks => read 100 helper.disk+vm1.disk, read 201 helper.disk+vm1.disk | ",
    );
}
