use super::{action, story, world};
use crate::model::Prediction;
use imglock_core::Backend;

#[test]
fn a_bind_mount_is_another_name_of_the_image() {
    story(
        "host symlink soft.img to=disk.img => done
         host bind copy.img to=soft.img => done
         vm1 open disk rw => granted
         vm2 open disk rw image=copy.img => refused write
         vm1 put disk at=0 data=one => done
         vm2 open disk force-share image=copy.img => granted
         vm2 read disk at=0 len=3 => data one
         vm1 open peek none image=copy.img => granted
         vm1 close peek => done
         locks => read 100 vm2.disk, read 100-101 vm1.disk, read 201 vm1.disk | read 100 vm2",
    );
}

#[test]
fn a_read_only_mount_has_no_descriptor_for_writers() {
    story(
        "host bind copy.img to=disk.img read-only => done
         host bind again.img to=copy.img => done
         host symlink soft.img to=again.img => done
         vm1 open disk rw image=copy.img => EROFS
         vm1 open disk none access=write-only image=again.img => EROFS
         vm1 open disk ro image=soft.img => granted
         vm1 reopen disk rw => EROFS
         vm2 open disk rw => refused write
         vm1 reopen disk force-share => granted
         vm2 open disk rw => granted",
    );
}

#[test]
fn a_name_that_is_mounted_on_stays_where_it_is() {
    story(
        "host bind copy.img to=disk.img => done
         host bind copy.img to=base.img => EEXIST
         host bind other.img to=none.img => ENOENT
         host unlink copy.img => EBUSY
         host rename copy.img to=none.img => EBUSY
         host rename base.img to=copy.img => EBUSY
         host rename none.img to=copy.img => ENOENT
         host rename copy.img to=copy.img => done
         host hardlink more.img to=copy.img => EXDEV
         host hardlink base.img to=copy.img => EEXIST
         host hardlink copy.img to=base.img => EEXIST
         host overlay top.img over=copy.img => EXDEV
         host overlay base.img over=copy.img => EEXIST
         host overlay top.img over=none.img => ENOENT
         host create copy.img size=1 => EEXIST",
    );
}

#[test]
fn a_mount_outlives_the_name_that_it_was_made_of() {
    story(
        "host bind copy.img to=disk.img => done
         host rename disk.img to=old.img => done
         host bind again.img to=copy.img => done
         vm1 open disk rw image=old.img => granted
         vm2 open disk rw image=again.img => refused write
         host rename base.img to=old.img => done
         vm2 open disk rw image=again.img => refused write
         vm2 open base rw image=old.img => granted
         host bind more.img to=copy.img => ENOENT
         host unlink old.img => done
         host bind more.img to=again.img => ENOENT",
    );
}

#[test]
fn an_overlay_has_locks_of_its_own_and_keeps_them() {
    story(
        "host overlay top.img over=disk.img => done
         vm1 open disk rw => granted
         vm2 open disk ro image=top.img => granted
         vm3 open disk rw image=top.img => refused write
         vm4 open f none access=read-write image=top.img => granted
         vm3 open disk rw image=top.img => refused write
         vm2 close disk => done
         vm3 open disk rw image=top.img => granted
         host bind more.img to=top.img => done
         vm2 open disk ro image=more.img => refused shared write
         vm1 open peek none image=disk.img => granted
         vm3 open peek none image=disk.img => granted
         vm3 close peek => done
         vm4 open disk ro image=top.img => refused shared write",
    );
}

#[test]
fn an_overlay_shows_the_lower_data_until_it_is_opened_for_writing() {
    story(
        "vm1 open disk share-rw => granted
         vm1 put disk at=0 data=lower => done
         host overlay top.img over=disk.img => done
         vm2 open disk force-share image=top.img => granted
         vm2 read disk at=0 len=5 => data lower
         vm3 open disk rw image=top.img => granted
         vm1 put disk at=0 data=again => done
         vm2 read disk at=0 len=5 => data lower
         vm3 put disk at=0 data=upper => done
         vm2 read disk at=0 len=5 => data upper
         vm1 read disk at=0 len=5 => data again
         vm3 put disk at=1048576 data=longer => done
         vm3 lock disk read whence=end start=-1 => granted
         vm3 test disk write start=1048581 => free",
    );
}

/// A reopen for writing and a refused open copy the file up as well. An open that the mount refuses
/// does not.
#[test]
fn what_was_written_under_an_overlay_is_nobodys_to_say() {
    let text = |line: &str| {
        format!(
            "vm1 open disk share-rw => granted
             host overlay top.img over=disk.img => done
             host bind shut.img to=top.img read-only => done
             vm2 open disk ro image=top.img => granted
             {line}
             vm1 put disk at=0 data=late => done"
        )
    };
    let copies = [
        "vm2 reopen disk share-rw => granted",
        "vm3 open disk rw image=top.img => refused write",
        "vm3 open disk none access=write-only image=top.img => granted",
    ];
    for line in copies {
        story(&format!("{}\nvm2 read disk at=0 len=4 => data ....", text(line)));
    }
    let copies_not = [
        "vm3 open disk rw image=shut.img => EROFS",
        "vm3 open disk force-share image=top.img => granted",
        "vm3 open disk rw image=none.img => ENOENT",
    ];
    let questions = [
        "vm2 read disk at=0 len=4 => ? data late",
        "vm2 lock disk read start=-4 len=1 whence=end => ? granted",
        "vm2 test disk read start=-4 len=1 whence=end => ? free",
    ];
    for line in copies_not {
        for question in questions {
            story(&format!("{}\n{question}", text(line)));
        }
        // Outcomes that do not depend on the data are still predicted.
        story(&format!("{}\nvm2 lock disk read start=0 => granted", text(line)));
    }
}

#[test]
fn a_write_of_nothing_leaves_nothing_in_doubt() {
    let text = "vm1 open disk share-rw => granted
                host overlay top.img over=disk.img => done
                vm1 put disk at=0 data= => done
                vm2 open disk ro image=top.img => granted
                vm2 read disk at=0 len=1 => data .";
    story(text);
}

#[test]
fn the_reason_for_not_knowing_is_said() {
    let mut world = world(Backend::Ofd);
    for line in [
        "vm1 open disk share-rw",
        "host overlay top.img over=disk.img",
        "vm1 put disk at=0 data=late",
        "vm2 open disk ro image=top.img",
    ] {
        let (actor, action) = action(line);
        let outcome = world.predict(actor, &action).outcome().expect("an outcome");
        world.apply(actor, &action, &outcome);
    }
    let (actor, action) = action("vm2 read disk at=0 len=4");
    let Prediction::Unknown(why) = world.predict(actor, &action) else { panic!("it is known") };
    assert_eq!(why, "overlayfs does not define the data of a file whose lower file was written");
}
