use super::story;

#[test]
fn locks_belong_to_the_file_whatever_its_name() {
    story(
        "host hardlink hard.img to=disk.img => done
         host symlink soft.img to=hard.img => done
         vm1 open disk rw => granted
         vm2 open disk rw image=hard.img => refused write
         vm2 open disk rw image=soft.img => refused write
         host rename disk.img to=old.img => done
         vm2 open disk rw => ENOENT
         vm2 open disk rw image=old.img => refused write
         host unlink hard.img => done
         vm2 open disk rw image=soft.img => ENOENT
         host create disk.img size=10 => done
         vm2 open disk rw => granted",
    );
}

#[test]
fn names_that_are_there_or_not() {
    story(
        "host create disk.img size=1 => EEXIST
         host hardlink base.img to=disk.img => EEXIST
         host hardlink base.img to=none.img => ENOENT
         host symlink disk.img to=base.img => EEXIST
         host symlink dangling.img to=none.img => done
         host create dangling.img size=1 => EEXIST
         host rename none.img to=disk.img => ENOENT
         host unlink none.img => ENOENT
         vm1 open disk ro image=dangling.img => ENOENT
         host create none.img size=1 => done
         vm1 open disk ro image=dangling.img => granted",
    );
}

#[test]
fn a_file_without_a_name_keeps_its_locks() {
    story(
        "vm1 open disk force-share => granted
         host rename base.img to=disk.img => done
         vm2 open disk force-share => granted
         locks => read 100 vm1.disk, base read 100 vm2.disk | read 100 vm1, base read 100 vm2",
    );
}
