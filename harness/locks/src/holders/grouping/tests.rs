use super::*;
use crate::lock_table::AnyLine;

/// Parses a descriptor such as `12:3 ofd-100 posix-5@12`: process and number, then its locks with
/// kind, byte and, for POSIX locks, the process that set them.
fn descriptor(text: &str) -> Descriptor {
    let mut words = text.split(' ');
    let (pid, fd) = words.next().and_then(|word| word.split_once(':')).expect("pid:fd");
    let number = |word: &str| word.parse().expect("a number");
    let task = Task::main(number(pid));
    Descriptor { task, fd: number(fd), lines: words.map(line).collect(), access: None }
}

fn line(word: &str) -> AnyLine {
    let (lock, pid) = word.split_once('@').unwrap_or((word, "-1"));
    let (class, byte) = lock.split_once('-').expect("kind-byte");
    let class = if class == "ofd" { "OFDLCK" } else { "POSIX " };
    AnyLine::parse(&format!("1: {class} ADVISORY  READ {pid} fe:00:9 {byte} {byte}"))
        .expect("a line")
}

/// The resulting owners, each as a list of its members. `?` marks a guess.
fn owners(descriptors: &[&str], counts: &[(&str, usize)], compare: Compare<'_>) -> Vec<String> {
    let descriptors: Vec<Descriptor> = descriptors.iter().map(|text| descriptor(text)).collect();
    let counts = counts.iter().map(|(word, count)| (line(word), *count)).collect();
    let words = |group: &Group| {
        let members: Vec<String> =
            group.members.iter().map(|(task, fd)| format!("{task}:{fd}")).collect();
        format!("{}{}", members.join(" "), if group.guessed { " ?" } else { "" })
    };
    group(&descriptors, &counts, compare).iter().map(words).collect()
}

/// Descriptors have the same description if their numbers are equal, and tasks the same table if the
/// IDs of their processes end with the same digit.
const BY_NUMBER: Compare<'_> = Compare {
    descriptions: &|one, other| Ok(one.1.cmp(&other.1)),
    tables: &|one, other| Ok((one.pid % 10).cmp(&(other.pid % 10))),
};

const REFUSED: Compare<'_> = Compare { descriptions: &|_, _| Err(()), tables: &|_, _| Err(()) };

#[test]
fn descriptors_of_one_description_are_one_owner() {
    let descriptors = ["5:4 ofd-100", "6:3 ofd-100", "7:4 ofd-100", "8:5 ofd-100"];
    assert_eq!(owners(&descriptors, &[("ofd-100", 3)], BY_NUMBER), ["5:4 7:4", "6:3", "8:5"]);
}

/// Enough of them that threads share the work, in an order that has nothing to do with the owners.
#[test]
fn thousands_of_descriptors_are_divided_by_their_descriptions() {
    let descriptors: Vec<String> =
        (0..2_000).map(|pid| format!("{}:{} ofd-100", 10 + pid, pid * 7 % 1_000)).collect();
    let descriptors: Vec<&str> = descriptors.iter().map(String::as_str).collect();
    let found = owners(&descriptors, &[("ofd-100", 1_000)], BY_NUMBER);
    assert_eq!(found.len(), 1_000);
    for (place, owner) in found.iter().enumerate() {
        let fd = place * 7 % 1_000;
        assert_eq!(*owner, format!("{}:{fd} {}:{fd}", 10 + place, 1_010 + place));
    }
}

#[test]
fn what_shows_other_locks_is_another_owner() {
    let descriptors = ["5:4 ofd-100", "6:4 ofd-101"];
    assert_eq!(owners(&descriptors, &[("ofd-100", 1), ("ofd-101", 1)], REFUSED), ["5:4", "6:4"]);
}

#[rstest::rstest]
#[case::one_lock_has_one_owner(1, &["5:4 6:3"])]
#[case::a_lock_each(2, &["5:4 ?", "6:3 ?"])]
#[case::more_locks_than_are_seen(3, &["5:4 ?", "6:3 ?"])]
fn without_kcmp_the_number_of_locks_decides(#[case] count: usize, #[case] expected: &[&str]) {
    assert_eq!(owners(&["5:4 ofd-100", "6:3 ofd-100"], &[("ofd-100", count)], REFUSED), expected);
}

#[test]
fn without_kcmp_who_shares_with_whom_may_stay_open() {
    let descriptors = ["5:4 ofd-100", "6:3 ofd-100", "7:3 ofd-100"];
    assert_eq!(owners(&descriptors, &[("ofd-100", 2)], REFUSED), ["5:4 6:3 7:3 ?"]);
}

#[test]
fn posix_locks_belong_to_the_table_that_shows_them() {
    let descriptors = [
        "5:3 posix-1@5",
        "5:4 posix-2@5",
        // Duplicated by dup.
        "5:9 posix-1@5",
        // Shares its descriptor table with 8, which set the locks and exited.
        "6:3 posix-1@8",
        "7:3 posix-1@8",
    ];
    let once = [("posix-1@5", 1), ("posix-2@5", 1), ("posix-1@8", 1)];
    assert_eq!(owners(&descriptors, &once, REFUSED), ["5:3 5:4 5:9", "6:3 7:3"]);
}

/// A thread with a table of its own can set the locks that another thread of its process has set, too.
#[test]
fn tables_that_show_the_same_posix_locks_are_compared() {
    let descriptors = ["15:3 posix-1@15", "25:3 posix-1@15", "16:4 posix-1@15"];
    let count = [("posix-1@15", 2)];
    assert_eq!(owners(&descriptors, &count, BY_NUMBER), ["15:3 25:3", "16:4"]);
    assert_eq!(owners(&descriptors, &count, REFUSED), ["15:3 16:4 25:3 ?"]);
    assert_eq!(owners(&descriptors[1..], &count, REFUSED), ["16:4 ?", "25:3 ?"]);
}

#[test]
fn one_descriptor_can_show_locks_of_two_owners() {
    let groups = group(&[descriptor("5:3 ofd-1 posix-2@5")], &Counts::new(), REFUSED);
    assert_eq!(
        groups.iter().map(|group| group.owner).collect::<Vec<_>>(),
        [HolderOwner::Description, HolderOwner::Table]
    );
}

#[test]
fn each_owners_locks_are_taken_out_once() {
    let descriptors: Vec<Descriptor> =
        ["5:3 ofd-1", "6:3 ofd-1", "7:4 ofd-1"].iter().map(|text| descriptor(text)).collect();
    let mut counts = Counts::from([(line("ofd-1"), 3), (line("ofd-2"), 1)]);
    let groups = group(&descriptors, &counts, BY_NUMBER);
    assert!(subtract(&groups, &mut counts));
    assert_eq!(counts[&line("ofd-1")], 1);
    assert_eq!(counts[&line("ofd-2")], 1);
    assert!(subtract(&groups[..1], &mut counts));
    assert!(!subtract(&groups, &mut counts), "more locks than the kernel has");
}
