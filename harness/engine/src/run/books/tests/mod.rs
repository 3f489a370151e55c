//! The content of the books after each action.

mod names;

use rstest::rstest;

use super::{Books, Role};
use crate::run::history::History;
use imglock_core::{
    Action,
    Backend::{self, Ofd, Posix},
    Locking, Mode,
};
use imglock_shorthand::action;

/// `vm1.disk rw #0`, followed by unusual properties: `given`, `inherited`,
/// `inactive`, `by-hand`, `base`.
fn shown(books: &Books) -> String {
    assert_eq!(books.census, books.recounted(), "as it was kept, and as it is");
    let nodes = books.nodes().map(|(name, node)| {
        let mode = Mode::ALL.iter().find(|mode| mode.claim() == node.claim).expect("a mode");
        let mut words = vec![name.to_string(), mode.to_string(), format!("#{}", node.description)];
        let said = |word: &str, is: bool| is.then(|| word.to_owned());
        words.extend(said("given", node.role == Role::Given));
        words.extend(said("inherited", node.role == Role::Inherited));
        words.extend(said("inactive", !node.active));
        words.extend(said("by-hand", node.raw_locks));
        words.extend(said("base", node.image == 1));
        words.join(" ")
    });
    nodes.collect::<Vec<_>>().join(", ")
}

const OPEN: &str = "vm1 open disk rw => granted";

#[rstest]
#[case::open("vm1 open spare rw image=base.img => granted", "vm1.disk rw #0, vm1.spare rw #1 base")]
#[case::open_inactive(
    "vm1 open spare rw inactive => granted",
    "vm1.disk rw #0, vm1.spare rw #1 inactive"
)]
#[case::open_refused("vm2 open disk rw => refused write", "vm1.disk rw #0")]
#[case::open_of_nothing("vm2 open disk rw image=none.img => ENOENT", "vm1.disk rw #0")]
#[case::open_half_way("vm2 open disk rw pause=1 => paused", "vm1.disk rw #0")]
#[case::close("vm1 close disk => done", "")]
#[case::close_of_nothing("vm2 close disk => not-open", "vm1.disk rw #0")]
#[case::reopen("vm1 reopen disk ro => granted", "vm1.disk ro #1")]
#[case::open_after_a_reopen(
    "vm1 reopen disk ro => granted
     vm1 open spare ro => granted",
    "vm1.disk ro #1, vm1.spare ro #2"
)]
#[case::reopen_refused("vm1 reopen disk none => refused write", "vm1.disk rw #0")]
#[case::set("vm1 set disk ro => granted", "vm1.disk ro #0")]
#[case::set_refused("vm1 set disk ro => refused write", "vm1.disk rw #0")]
#[case::inactivate("vm1 inactivate disk => done", "vm1.disk rw #0 inactive")]
#[case::activate(
    "vm1 inactivate disk => done
     vm1 activate disk => granted",
    "vm1.disk rw #0"
)]
#[case::activate_refused(
    "vm1 inactivate disk => done
     vm1 activate disk => refused write",
    "vm1.disk rw #0 inactive"
)]
#[case::read("vm1 read disk at=0 len=1 => data .", "vm1.disk rw #0")]
#[case::write("vm1 put disk data=x => done", "vm1.disk rw #0")]
#[case::seek("vm1 seek disk to=5 => done", "vm1.disk rw #0")]
#[case::dup("vm1 dup disk as=spare => done", "vm1.disk rw #0, vm1.spare rw #0 given")]
#[case::dup_failed("vm1 dup disk as=spare => EMFILE", "vm1.disk rw #0")]
#[case::dup_of_nothing("vm1 dup other as=spare => not-open", "vm1.disk rw #0")]
#[case::close_of_the_original(
    "vm1 dup disk as=spare => done
     vm1 close disk => done",
    "vm1.spare rw #0 given"
)]
#[case::set_on_a_copy(
    "vm1 dup disk as=spare => done
     vm1 set spare ro => granted",
    "vm1.disk rw #0, vm1.spare ro #0"
)]
#[case::send(
    "vm2 open other none => granted
     vm1 send disk to=vm2 => done",
    "vm1.disk rw #0, vm2.disk rw #0 given, vm2.other none #1"
)]
#[case::send_in_the_place_of_another(
    "vm2 open disk none => granted
     vm1 send disk to=vm2 => done",
    "vm1.disk rw #0, vm2.disk rw #0 given"
)]
#[case::lock("vm1 lock disk start=0 => granted", "vm1.disk rw #0 by-hand")]
#[case::lock_refused("vm1 lock disk start=0 => EAGAIN", "vm1.disk rw #0 by-hand")]
#[case::lock_that_waits(
    "vm1 lock disk start=0 wait => blocked
     vm1 await => granted",
    "vm1.disk rw #0 by-hand"
)]
#[case::unlock("vm1 unlock disk start=0 => done", "vm1.disk rw #0 by-hand")]
#[case::lock_on_a_copy(
    "vm1 dup disk as=spare => done
     vm1 open other ro => granted
     vm1 lock spare start=0 => granted",
    "vm1.disk rw #0 by-hand, vm1.other ro #1, vm1.spare rw #0 given by-hand"
)]
#[case::asking("vm1 test disk start=0 => free", "vm1.disk rw #0")]
#[case::fork("vm1 fork child => done", "vm1.disk rw #0, child.disk rw #0 inherited")]
#[case::fork_failed("vm1 fork child => EAGAIN", "vm1.disk rw #0")]
#[case::set_by_a_child(
    "vm1 fork child => done
     child set disk ro => granted",
    "vm1.disk rw #0, child.disk ro #0"
)]
#[case::reopen_by_a_child(
    "vm1 fork child => done
     child reopen disk ro => granted",
    "vm1.disk rw #0, child.disk ro #1"
)]
#[case::activate_by_a_child(
    "vm1 inactivate disk => done
     vm1 fork child => done
     child activate disk => granted",
    "vm1.disk rw #0 inactive, child.disk rw #0"
)]
#[case::thread("vm1 thread helper => done", "vm1.disk rw #0")]
#[case::open_by_a_thread(
    "vm1 thread helper => done
     helper open spare ro => granted",
    "vm1.disk rw #0, vm1.spare ro #1"
)]
#[case::close_by_a_thread(
    "vm1 thread helper => done
     helper close disk => done",
    ""
)]
#[case::exit_of_a_thread(
    "vm1 thread helper => done
     helper exit => done",
    "vm1.disk rw #0"
)]
#[case::exit_before_the_thread(
    "vm1 thread helper => done
     vm1 exit => done",
    "vm1.disk rw #0"
)]
#[case::exit_of_all(
    "vm1 thread helper => done
     vm1 exit => done
     helper kill => done",
    ""
)]
#[case::exec("vm1 exec => done", "")]
#[case::exec_with_an_inheritable_descriptor(
    "vm1 open spare ro inherit => granted
     vm1 exec => done",
    "vm1.spare ro #1"
)]
#[case::exec_with_a_copy_of_one(
    "vm1 open spare ro inherit => granted
     vm1 dup spare as=copy => done
     vm1 exec => done",
    "vm1.spare ro #1"
)]
#[case::exec_of_a_thread(
    "vm1 thread helper => done
     helper exec => done",
    "vm1.disk rw #0"
)]
#[case::exec_of_a_thread_with_an_inheritable_descriptor(
    "vm1 open spare ro inherit => granted
     vm1 thread helper => done
     helper exec => done",
    "vm1.disk rw #0, vm1.spare ro #1, helper.spare ro #1"
)]
#[case::exit("vm1 exit => done", "")]
#[case::kill("vm1 kill => done", "")]
#[case::stop("vm1 stop => done", "vm1.disk rw #0")]
#[case::go_on("vm1 continue => done", "vm1.disk rw #0")]
#[case::signal("vm1 signal => done", "vm1.disk rw #0")]
#[case::a_new_image("host create new.img => done\nvm1 close disk => done", "")]
fn after(#[case] lines: &str, #[case] nodes: &str) {
    let history = History::on(Ofd).tells(OPEN).tells(lines);
    assert_eq!(shown(&history.books), nodes);
}

#[rstest]
#[case::granted("vm1 await => granted", "vm1.disk rw #0", false)]
#[case::refused("vm1 await => refused write", "", false)]
#[case::still_paused("vm1 await => paused", "", true)]
#[case::still_blocked("vm1 await => blocked", "", true)]
#[case::killed("vm1 kill => done", "", false)]
#[case::stopped("vm1 stop => done", "", true)]
fn a_step_half_way_is_pending_until_it_ends(
    #[case] line: &str,
    #[case] nodes: &str,
    #[case] pending: bool,
) {
    let history = History::on(Ofd).tells("vm1 open disk rw pause=2 => paused").tells(line);
    assert_eq!(shown(&history.books), nodes);
    assert_eq!(history.books.pending("vm1").is_some(), pending);
    assert_eq!(history.books.all_pending().count(), usize::from(pending));
}

#[test]
fn who_has_an_image_open_keeps_it_under_any_name() {
    let lines = "host rename disk.img to=old.img => done
                 host create disk.img => done
                 vm2 open disk rw => granted";
    let books = History::on(Ofd).tells(OPEN).tells(lines).books;
    let image = |actor| books.node(actor, "disk").map(|node| node.image);
    assert_eq!((image("vm1"), image("vm2")), (Some(0), Some(2)));
}

#[rstest]
#[case(None, Ofd, (Some(Ofd), false))]
#[case(None, Posix, (Some(Posix), false))]
#[case(Some(Locking::Off), Ofd, (None, false))]
#[case(Some(Locking::Off), Posix, (None, false))]
#[case(Some(Locking::Auto), Ofd, (Some(Ofd), false))]
#[case(Some(Locking::Auto), Posix, (None, false))]
#[case(Some(Locking::On), Ofd, (Some(Ofd), false))]
#[case(Some(Locking::On), Posix, (Some(Posix), true))]
fn the_option_locking_decides_which_locks_are_taken(
    #[case] locking: Option<Locking>,
    #[case] run: Backend,
    #[case] locks: (Option<Backend>, bool),
    #[values(true, false)] overridden: bool,
) {
    let (_, Action::Open { mut options, .. }) = action("vm1 open disk rw") else {
        panic!("an open is an open");
    };
    options.locking = locking;
    // A node's own backend takes precedence over that of the run.
    options.backend = overridden.then_some(run);
    let other = if run == Ofd { Posix } else { Ofd };
    let books = History::on(if overridden { other } else { run }).books;
    assert_eq!(books.resolve(&options), locks);
    assert_eq!(books.byte_backend(&options), run);
}

#[test]
fn threads_are_known_by_their_process() {
    let lines = "vm1 thread helper => done\nvm1 fork child => done";
    let books = History::on(Posix).tells(OPEN).tells(lines).books;
    let owners = ["vm1", "helper", "child", "nobody"].map(|actor| books.owner(actor));
    assert_eq!(owners, [Some("vm1"), Some("vm1"), Some("child"), None]);
    assert_eq!(books.full_name("helper", "disk").expect("a name").to_string(), "vm1.disk");
    assert_eq!(books.nodes_of("helper").count(), 1);
}

#[test]
fn a_thread_speaks_for_a_process_that_is_gone() {
    let lines = "vm1 thread helper => done\nvm1 exit => done";
    let books = History::on(Posix).tells(OPEN).tells(lines).books;
    assert_eq!((books.sharer("vm1"), books.owner("vm1")), (Some("helper"), None));
    assert!(!books.has_more_nodes_than(1) && books.has_more_nodes_than(0));
}

/// The claims by which a step counts as a peer in a `together`.
#[rstest]
#[case::open("vm2 open disk ro", Some((0, Mode::Ro)))]
#[case::open_of_another_image("vm2 open disk ro image=base.img", Some((1, Mode::Ro)))]
#[case::open_of_nothing("vm2 open disk ro image=none.img", None)]
#[case::set("vm1 set disk ro", Some((1, Mode::Ro)))]
#[case::reopen("vm1 reopen disk ro", Some((1, Mode::Ro)))]
#[case::activate("vm1 activate disk", Some((1, Mode::Rw)))]
#[case::activate_of_nothing("vm2 activate disk", None)]
#[case::close("vm1 close disk", None)]
fn an_attempt_is_about_an_image_and_a_claim(
    #[case] step: &str,
    #[case] about: Option<(usize, Mode)>,
) {
    let lines = "vm1 open disk rw image=base.img inactive => granted";
    let books = History::on(Ofd).tells(lines).books;
    let (actor, action) = action(step);
    let about = about.map(|(image, mode)| (image, mode.claim()));
    assert_eq!(books.attempted(actor, &action), about);
}

#[test]
fn who_executes_a_program_leaves_the_table_that_it_shared() {
    let lines = "vm1 thread helper => done\nvm1 exec => done";
    let books = History::on(Posix).tells(OPEN).tells(lines).books;
    let names = books.nodes().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
    assert_eq!(names, ["helper.disk"], "its own was closed by exec");
    assert_eq!((books.owner("vm1"), books.owner("helper")), (Some("vm1"), Some("helper")));
    assert_eq!((books.sharer("vm1"), books.sharer("helper")), (Some("vm1"), Some("helper")));
}

#[test]
fn who_executes_a_program_alone_keeps_the_name_of_its_table() {
    let lines = "vm1 thread helper => done\nvm1 kill => done\nhelper exec => done";
    let books = History::on(Posix).tells(OPEN).tells(lines).books;
    assert_eq!((books.owner("helper"), books.nodes().count()), (Some("vm1"), 0));
}

#[test]
fn what_is_being_opened_is_the_image_that_the_name_meant_at_first() {
    let lines = "vm1 open disk ro pause=1 => paused
                 host rename disk.img to=old.img => done
                 host rename base.img to=disk.img => done";
    let mut history = History::on(Ofd).tells(lines);
    assert_eq!(history.books.in_flight().collect::<Vec<_>>(), [(0, Mode::Ro.claim())]);
    history = history.tells("vm1 await => granted");
    assert_eq!(history.books.node("vm1", "disk").map(|node| node.image), Some(0));
    history = history.tells("vm1 reopen disk ro => granted");
    assert_eq!(history.books.node("vm1", "disk").map(|node| node.image), Some(1));
}
