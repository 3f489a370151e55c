//! Statements that hold, and statements that do not.

use std::collections::BTreeMap;

use rstest::rstest;

use super::{Comparison, compare};
use crate::run::history::{History, table};
use imglock_core::{
    Backend::{self, Ofd, Posix},
    LockHolder,
};
use imglock_scenario::{HeldEntry, HeldStatement};

/// A statement, written as a table whose holders are nodes.
fn statement(text: &str) -> HeldStatement {
    let mut entries: BTreeMap<LockHolder, HeldEntry> = BTreeMap::new();
    for lock in table(Ofd, text) {
        let holder = lock.holders.first().expect("a node");
        let LockHolder::Node(node) = holder else { panic!("{holder} is no node") };
        let entry = entries.entry(holder.clone()).or_insert_with(|| HeldEntry {
            node: node.clone(),
            locks: Vec::new(),
            waiting: Vec::new(),
        });
        let side = if lock.waiting { &mut entry.waiting } else { &mut entry.locks };
        side.push((lock.kind, lock.range));
    }
    HeldStatement { backends: vec![Ofd, Posix], entries: entries.into_values().collect(), line: 1 }
}

fn compared(backend: Backend, before: &str, stated: &str, kernel: &str) -> Comparison {
    let history = History::on(backend).tells(before);
    compare(&history.books, &statement(stated), &table(backend, kernel))
}

#[track_caller]
fn holds(backend: Backend, before: &str, stated: &str, kernel: &str) {
    let comparison = compared(backend, before, stated, kernel);
    assert_eq!(comparison.stated, comparison.actual);
    assert!(comparison.agrees());
}

const TWO: &str = "vm1 open disk rw => granted
                   vm2 open disk none => granted";

#[rstest]
#[case::nothing_at_all("", "")]
#[case::word_for_word(
    "read 100-101 vm1.disk, read 201 vm1.disk",
    "read 100-101 vm1.disk, read 201 vm1.disk"
)]
#[case::in_another_order(
    "read 201 vm1.disk, read 100 vm1.disk",
    "read 100 vm1.disk, read 201 vm1.disk"
)]
#[case::neighbours_stated_apart("read 100 vm1.disk, read 101 vm1.disk", "read 100-101 vm1.disk")]
#[case::neighbours_seen_apart("read 100-101 vm1.disk", "read 100 vm1.disk, read 101 vm1.disk")]
#[case::stated_twice("read 100-105 vm1.disk, read 103 vm1.disk", "read 100-105 vm1.disk")]
#[case::up_to_the_end("write 0-eof vm1.disk, write 5-eof vm1.disk", "write 0-eof vm1.disk")]
#[case::two_owners("read 100 vm1.disk, read 100 vm2.disk", "read 100 vm2.disk, read 100 vm1.disk")]
#[case::an_ofd_lock_that_is_waited_for(
    "write 5 vm1.disk, ->read 0-9 vm2.disk",
    "write 5 vm1.disk, ->read 0-9"
)]
fn a_statement_holds(#[case] stated: &str, #[case] kernel: &str) {
    holds(Ofd, TWO, stated, kernel);
}

#[rstest]
#[case::missing(
    "read 100-101 vm1.disk, read 201 vm1.disk",
    "read 100-101 vm1.disk",
    "vm1.disk has read 100-101 (image 0); vm1.disk has read 201 (image 0)",
    "vm1.disk has read 100-101 (image 0)"
)]
#[case::all_of_them_missing("read 100 vm1.disk", "", "vm1.disk has read 100 (image 0)", "")]
#[case::one_more("", "read 100 vm1.disk", "", "vm1.disk has read 100 (image 0)")]
#[case::one_more_of_nobody(
    "read 100 vm1.disk",
    "read 100 vm1.disk, read 100",
    "vm1.disk has read 100 (image 0)",
    "? has read 100 (image 0); vm1.disk has read 100 (image 0)"
)]
#[case::one_more_of_another_process(
    "read 100 vm1.disk",
    "read 100 vm1.disk, read 100 vm3",
    "vm1.disk has read 100 (image 0)",
    "vm1.disk has read 100 (image 0); vm3 has read 100 (image 0)"
)]
#[case::another_type(
    "read 100 vm1.disk",
    "write 100 vm1.disk",
    "vm1.disk has read 100 (image 0)",
    "vm1.disk has write 100 (image 0)"
)]
#[case::another_range(
    "read 100-101 vm1.disk",
    "read 100-102 vm1.disk",
    "vm1.disk has read 100-101 (image 0)",
    "vm1.disk has read 100-102 (image 0)"
)]
#[case::a_hole(
    "read 100-102 vm1.disk",
    "read 100 vm1.disk, read 102 vm1.disk",
    "vm1.disk has read 100-102 (image 0)",
    "vm1.disk has read 100 (image 0); vm1.disk has read 102 (image 0)"
)]
#[case::another_owner(
    "read 100 vm1.disk",
    "read 100 vm2.disk",
    "vm1.disk has read 100 (image 0)",
    "vm2.disk has read 100 (image 0)"
)]
#[case::another_image(
    "read 100 vm1.disk",
    "base read 100 vm1.disk",
    "vm1.disk has read 100 (image 0)",
    "vm1.disk has read 100 (image 1)"
)]
#[case::only_waited_for(
    "read 5 vm2.disk",
    "->read 5",
    "vm2.disk has read 5 (image 0)",
    "? waits for read 5 (image 0)"
)]
#[case::already_granted(
    "->read 5 vm2.disk",
    "read 5 vm2.disk",
    "? waits for read 5 (image 0)",
    "vm2.disk has read 5 (image 0)"
)]
#[case::two_types_side_by_side(
    "read 0-9 vm1.disk",
    "read 0-4 vm1.disk, write 5-9 vm1.disk",
    "vm1.disk has read 0-9 (image 0)",
    "vm1.disk has read 0-4 (image 0); vm1.disk has write 5-9 (image 0)"
)]
#[case::two_who_wait_side_by_side(
    "->read 0-9 vm2.disk",
    "->read 0-4, ->read 5-9",
    "? waits for read 0-9 (image 0)",
    "? waits for read 0-4 (image 0); ? waits for read 5-9 (image 0)"
)]
#[case::a_node_that_is_not_open(
    "read 100 vm2.spare",
    "read 100 vm2.spare",
    "vm2.spare, which is not open",
    "vm2.spare has read 100 (image 0)"
)]
#[case::a_node_of_nobody("read 100 vm9.disk", "", "vm9.disk, which is not open", "")]
fn a_statement_fails_over(
    #[case] stated: &str,
    #[case] kernel: &str,
    #[case] stated_words: &str,
    #[case] actual_words: &str,
) {
    let comparison = compared(Ofd, TWO, stated, kernel);
    assert_eq!(comparison.stated.join("; "), stated_words);
    assert_eq!(comparison.actual.join("; "), actual_words);
    assert!(!comparison.agrees());
}

#[rstest]
#[case::its_first_name("read 100 vm1.disk")]
#[case::another_name("read 100 vm2.disk")]
#[case::every_name("read 100 vm1.disk, read 100 vm2.disk, read 100 vm1.spare, read 100 child.disk")]
#[case::half_under_each("read 100 child.disk, read 100 vm1.spare")]
fn a_description_may_be_listed_under(#[case] stated: &str) {
    let before = "vm2 open f none image=base.img => granted
                  vm1 open disk rw => granted
                  vm1 dup disk as=spare => done
                  vm1 send disk to=vm2 => done
                  vm2 fork child => done";
    holds(Ofd, before, stated, "read 100 child.disk+vm1.disk+vm1.spare+vm2.disk");
    holds(Ofd, before, stated, "read 100 vm2.disk");
    let stated = compared(Ofd, before, stated, "").stated;
    assert_eq!(stated, ["child.disk has read 100 (image 0)"], "and is called by its first name");
}

#[test]
fn two_descriptions_of_one_process_are_not_one() {
    let before = "vm1 open disk ro => granted\nvm1 open spare ro => granted";
    let comparison = compared(Ofd, before, "read 100 vm1.disk", "read 100 vm1.spare");
    assert!(!comparison.agrees());
}

mod under_posix {
    use super::*;

    const NODES: &str = "vm1 open disk ro => granted
                         vm1 open spare share-rw => granted
                         vm1 thread helper => done
                         vm1 open base ro image=base.img => granted
                         vm2 open disk none => granted";

    #[rstest]
    #[case::two_nodes_count_together(
        "read 100 vm1.disk, read 201 vm1.disk, read 100-101 vm1.spare",
        "read 100-101 vm1, read 201 vm1"
    )]
    #[case::one_node_stands_for_all(
        "read 100-101 vm1.spare, read 201 vm1.spare",
        "read 100-101 vm1, read 201 vm1"
    )]
    #[case::a_thread_stands_for_its_process("read 100 helper.disk", "read 100 vm1")]
    #[case::images_are_kept_apart(
        "read 100 vm1.disk, read 201 vm1.base",
        "read 100 vm1, base read 201 vm1"
    )]
    #[case::a_lock_that_is_waited_for("->write 5 vm2.disk", "->write 5 vm2")]
    fn a_statement_holds(#[case] stated: &str, #[case] kernel: &str) {
        holds(Posix, NODES, stated, kernel);
    }

    #[rstest]
    #[case::not_all_of_the_union("read 100 vm1.disk, read 101 vm1.spare", "read 100 vm1")]
    #[case::more_than_the_union("read 100 vm1.disk, read 101 vm1.spare", "read 100-102 vm1")]
    #[case::the_wrong_process("read 100 vm1.disk", "read 100 vm2")]
    #[case::the_wrong_image("read 100 vm1.disk", "base read 100 vm1")]
    #[case::nobody_is_known_to_wait("->write 5 vm2.disk", "->write 5")]
    #[case::granted_beside_what_it_has("read 0-4 vm2.disk, ->read 5-9 vm2.disk", "read 0-9 vm2")]
    #[case::another_one_waits("->write 5 vm2.disk", "->write 5 vm1")]
    fn a_statement_fails_over(#[case] stated: &str, #[case] kernel: &str) {
        let comparison = compared(Posix, NODES, stated, kernel);
        assert!(!comparison.agrees(), "{comparison:?}");
    }
}

/// OFD and POSIX locks in one run.
#[test]
fn each_node_is_held_to_its_own_backend() {
    let before = "vm1 open disk ro => granted\nvm2 open disk ro backend=posix => granted";
    let stated = "read 100 vm1.disk, read 201 vm2.disk";
    holds(Ofd, before, stated, "read 100 vm1.disk, read 201 vm2");
    assert!(!compared(Ofd, before, stated, "read 100 vm1, read 201 vm2.disk").agrees());
}

mod half_way {
    use super::*;

    const OPENING: &str = "vm1 open disk rw pause=2 => paused";

    #[rstest]
    #[case::under_ofd_nobody_shows_the_lock(Ofd, "read 100-101")]
    #[case::but_the_model_does(Ofd, "read 100-101 vm1.disk")]
    #[case::under_posix_the_process_does(Posix, "read 100-101 vm1")]
    fn an_open_holds(#[case] backend: Backend, #[case] kernel: &str) {
        let stated = "read 100-101 vm1.disk";
        let comparison = compared(backend, OPENING, stated, kernel);
        assert!(comparison.agrees(), "{comparison:?}");
    }

    #[test]
    fn an_open_counts_together_with_the_open_nodes_of_its_process() {
        let before = "vm1 open disk ro => granted\nvm1 open spare resize pause=3 => paused";
        let stated = "read 100 vm1.disk, read 201 vm1.disk, read 101 vm1.spare";
        holds(Posix, before, stated, "read 100-101 vm1, read 201 vm1");
    }

    #[rstest]
    #[case::a_byte_too_few(Ofd, OPENING, "read 100 vm1.disk", "read 100-101")]
    #[case::another_process(Posix, OPENING, "read 100 vm1.disk", "read 100 vm2")]
    #[case::another_node(Ofd, OPENING, "read 100 vm1.spare", "read 100")]
    #[case::one_that_locks_nothing(
        Ofd,
        "vm1 open disk rw locking=off pause=2 => paused",
        "read 100 vm1.disk",
        "read 100"
    )]
    #[case::an_open_that_has_been_refused(
        Ofd,
        "vm1 open disk rw pause=2 => paused\nvm1 await => refused write",
        "read 100 vm1.disk",
        "read 100"
    )]
    fn an_open_does_not_hold(
        #[case] backend: Backend,
        #[case] before: &str,
        #[case] stated: &str,
        #[case] kernel: &str,
    ) {
        assert!(!compared(backend, before, stated, kernel).agrees());
    }

    #[test]
    fn a_change_shows_its_node() {
        let before = "vm1 open disk ro => granted\nvm1 set disk rw pause=1 => paused";
        holds(Ofd, before, "read 100-101 vm1.disk", "read 100-101 vm1.disk");
    }
}
