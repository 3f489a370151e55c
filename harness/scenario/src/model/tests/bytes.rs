use super::story;

#[test]
fn locks_split_merge_and_are_reported() {
    story(
        "vm1 open f none access=read-write => granted
         vm2 open f none access=read-write => granted
         vm1 lock f write start=0 len=10 => granted
         vm2 lock f start=9 len=1 => EAGAIN
         vm2 lock f start=10 len=0 => granted
         vm1 unlock f start=4 len=2 => done
         locks => read 10-eof vm2.f, write 0-3 vm1.f, write 6-9 vm1.f | read 10-eof vm2, write 0-3 vm1, write 6-9 vm1
         vm2 test f start=0 len=0 => held write 0-3 by ofd | held write 0-3 by vm1
         vm2 test f start=4 len=2 => free
         vm1 test f start=0 len=0 => free
         vm1 test f write start=0 len=0 => held read 10-eof by ofd | held read 10-eof by vm2
         vm1 lock f start=10 len=5 => granted
         vm2 lock f write start=20 len=5 => granted
         vm2 lock f write start=12 len=5 => EAGAIN",
    );
}

#[test]
fn the_range_is_looked_at_before_the_descriptor() {
    story(
        "vm1 open r none access=read-only => granted
         vm1 open w none access=write-only => granted
         vm1 lock r write start=0 => EBADF
         vm1 lock w start=0 => EBADF
         vm1 lock r write start=-1 => EINVAL
         vm1 lock w start=9223372036854775807 len=2 => EOVERFLOW
         vm1 lock r start=0 => granted
         vm1 lock w write start=1 => granted
         vm1 test r write start=5 => free
         vm1 unlock w start=-1 => EINVAL
         vm1 unlock r start=0 len=-1 => EINVAL
         vm1 test r start=5 len=-6 => EINVAL
         vm1 test r whence=end start=9223372036854775807 => EOVERFLOW
         vm1 unlock w start=0 len=0 => done",
    );
}

#[test]
fn a_process_conflicts_with_itself_across_backends() {
    story(
        "vm1 open f none access=read-write backend=ofd => granted
         vm1 open g none access=read-write backend=posix image=disk.img => granted
         vm1 lock f write start=0 => granted
         vm1 lock g start=0 => EAGAIN
         vm1 test g start=0 => held write 0 by ofd
         vm1 unlock f start=0 => done
         vm1 lock g start=0 => granted
         vm1 test f write start=0 => held read 0 by vm1",
    );
}

#[test]
fn nodes_without_claim_locks_can_still_lock_bytes() {
    story(
        "vm1 open f rw locking=off => granted
         vm1 lock f write start=0 => granted
         vm2 open f none access=read-write => granted
         vm2 test f start=0 => held write 0 by ofd | held write 0 by vm1",
    );
}
