use super::{action, story_on};
use crate::model::Prediction;
use imglock_core::Backend;

fn foreseen(backend: Backend, before: &str, block: &[&str]) -> Vec<String> {
    let steps: Vec<_> = block.iter().map(|line| action(line)).collect();
    let steps: Vec<_> = steps.iter().map(|(actor, action)| (*actor, action)).collect();
    let predictions = story_on(backend, before).together(&steps);
    predictions
        .into_iter()
        .map(|prediction| match prediction {
            Prediction::Exactly(outcome) => outcome.to_string(),
            Prediction::Unknown(_) => "?".into(),
        })
        .collect()
}

#[rstest::rstest]
#[case::compatible("", &["a open d share-rw", "b open d share-rw"], &["granted", "granted"])]
#[case::conflicting("", &["a open d rw", "b open d rw"], &["?", "?"])]
#[case::one_in_two_ways("", &["a open d rw", "b open d ro", "c open d none"], &["?", "?", "granted"])]
#[case::two_images("", &["a open d rw", "b open d rw image=base.img"], &["granted", "granted"])]
#[case::refused_before(
    "h open d rw => granted",
    &["a open d force-share", "b open d force-share", "c open d nbd-ro"],
    &["granted", "granted", "granted"]
)]
#[case::refused_for_good(
    "h open d rw => granted",
    &["a open d rw", "b open d none"],
    &["refused write", "granted"]
)]
#[case::first_offence_open(
    "h open d rw => granted",
    &["a open d rw", "b open d qcow2-rw"],
    &["?", "?"]
)]
#[case::the_holder_leaves(
    "h open d rw => granted",
    &["a open d rw", "h close d"],
    &["?", "done"]
)]
#[case::another_leaves(
    "h open d share-rw => granted\n i open d share-rw => granted",
    &["a open d share-rw", "h kill"],
    &["granted", "done"]
)]
#[case::names_move("", &["a open d rw", "host unlink disk.img"], &["?", "?"])]
#[case::one_process(
    "h open d none => granted\n h thread i => done",
    &["h set d ro", "i exit"],
    &["?", "?"]
)]
#[case::bytes_apart(
    "a open f none access=read-write => granted\n b open f none access=read-write => granted",
    &["a lock f write start=0 len=5", "b lock f write start=5 len=5"],
    &["granted", "granted"]
)]
#[case::bytes_in_common(
    "a open f none access=read-write => granted\n b open f none access=read-write => granted",
    &["a lock f write start=0 len=5", "b lock f start=4 len=5"],
    &["?", "?"]
)]
#[case::the_reported_lock_may_grow(
    "a open f none access=read-write => granted\n b open f none => granted
     a lock f write start=0 => granted",
    &["a lock f write start=1", "b test f start=0"],
    &["granted", "?"]
)]
#[case::somebody_waits(
    "a open f none access=read-write => granted\n b open f none => granted
     a lock f write start=0 => granted\n b lock f start=0 wait => blocked",
    &["a unlock f start=0", "c open d none"],
    &["?", "?"]
)]
#[case::data_changes(
    "a open d share-rw => granted\n b open d share-rw => granted",
    &["a put d at=0 data=x", "b read d at=0 len=1"],
    &["?", "?"]
)]
#[case::alone("h open d rw => granted", &["a open d rw"], &["refused write"])]
fn only_what_no_order_can_change_is_certain(
    #[case] before: &str,
    #[case] block: &[&str],
    #[case] outcomes: &[&str],
    #[values(Backend::Ofd, Backend::Posix)] backend: Backend,
) {
    assert_eq!(foreseen(backend, before, block), outcomes);
}

#[test]
fn a_refused_posix_open_may_take_holders_with_it() {
    let before = "h open d share-rw => granted\n a open d nbd-ro => granted";
    let block = ["h open e qcow2-rw", "b open d ro"];
    assert_eq!(foreseen(Backend::Ofd, before, &block), ["?", "?"]);
    let block = ["h open e resize", "b open d held=- unshared=write"];
    assert_eq!(foreseen(Backend::Posix, before, &block), ["?", "?"]);
}
