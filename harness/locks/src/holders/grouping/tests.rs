use super::*;
use crate::lock_table::AnyLine;

/// Parses a descriptor such as `12:3 ofd-100 posix-5@12`: process and number, then its locks with
/// kind, byte and, for POSIX locks, the process that set them.
fn descriptor(text: &str) -> Descriptor {
    let mut words = text.split(' ');
    let (pid, fd) = words.next().and_then(|word| word.split_once(':')).expect("pid:fd");
    let number = |word: &str| word.parse().expect("a number");
    Descriptor { pid: number(pid), fd: number(fd), lines: words.map(line).collect(), access: None }
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
            group.members.iter().map(|(pid, fd)| format!("{pid}:{fd}")).collect();
        format!("{}{}", members.join(" "), if group.guessed { " ?" } else { "" })
    };
    group(&descriptors, &counts, compare).iter().map(words).collect()
}

/// Descriptors have the same description if their numbers are equal.
fn by_number(one: (i32, RawFd), other: (i32, RawFd)) -> Result<Ordering, ()> {
    Ok(one.1.cmp(&other.1))
}

fn refused(_: (i32, RawFd), _: (i32, RawFd)) -> Result<Ordering, ()> {
    Err(())
}

#[test]
fn descriptors_of_one_description_are_one_owner() {
    let descriptors = ["5:4 ofd-100", "6:3 ofd-100", "7:4 ofd-100", "8:5 ofd-100"];
    assert_eq!(owners(&descriptors, &[("ofd-100", 3)], &by_number), ["5:4 7:4", "6:3", "8:5"]);
}

#[test]
fn what_shows_other_locks_is_another_owner() {
    let descriptors = ["5:4 ofd-100", "6:4 ofd-101"];
    assert_eq!(owners(&descriptors, &[("ofd-100", 1), ("ofd-101", 1)], &refused), ["5:4", "6:4"]);
}

#[rstest::rstest]
#[case::one_lock_has_one_owner(1, &["5:4 6:3"])]
#[case::a_lock_each(2, &["5:4 ?", "6:3 ?"])]
#[case::more_locks_than_are_seen(3, &["5:4 ?", "6:3 ?"])]
fn without_kcmp_the_number_of_locks_decides(#[case] count: usize, #[case] expected: &[&str]) {
    assert_eq!(owners(&["5:4 ofd-100", "6:3 ofd-100"], &[("ofd-100", count)], &refused), expected);
}

#[test]
fn without_kcmp_who_shares_with_whom_may_stay_open() {
    let descriptors = ["5:4 ofd-100", "6:3 ofd-100", "7:3 ofd-100"];
    assert_eq!(owners(&descriptors, &[("ofd-100", 2)], &refused), ["5:4 6:3 7:3 ?"]);
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
    assert_eq!(owners(&descriptors, &[], &refused), ["5:3 5:4 5:9", "6:3 7:3"]);
}

#[test]
fn one_descriptor_can_show_locks_of_two_owners() {
    let groups = group(&[descriptor("5:3 ofd-1 posix-2@5")], &Counts::new(), &refused);
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
    let groups = group(&descriptors, &counts, &by_number);
    assert!(subtract(&groups, &mut counts));
    assert_eq!(counts[&line("ofd-1")], 1);
    assert_eq!(counts[&line("ofd-2")], 1);
    assert!(subtract(&groups[..1], &mut counts));
    assert!(!subtract(&groups, &mut counts), "more locks than the kernel has");
}
