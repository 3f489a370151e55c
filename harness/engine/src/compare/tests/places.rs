use super::*;
use crate::run::PlaceFate;

/// The paired places of the two documents, as `old - new`.
fn pairs(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
    let [old, new] = [old, new].map(|places| {
        document(places.iter().map(|(kernel, name)| under(kernel, name)).collect(), Vec::new())
    });
    let name = |place: &Option<Place>| {
        let name = |place: &Place| format!("{} {}", place.environment.kernel, place.name);
        place.as_ref().map(name).unwrap_or_default()
    };
    let told = |place: &PlaceChange| format!("{} - {}", name(&place.old), name(&place.new));
    compared(&old, &new).places.iter().map(told).collect()
}

#[rstest::rstest]
#[case::the_same(&[("6.1", "ext4"), ("6.1", "xfs")], &[("6.1", "xfs"), ("6.1", "ext4")], &["6.1 xfs - 6.1 xfs", "6.1 ext4 - 6.1 ext4"])]
#[case::another_kernel(&[("6.1", "ext4"), ("6.1", "xfs")], &[("6.2", "ext4"), ("6.2", "xfs")], &["6.1 ext4 - 6.2 ext4", "6.1 xfs - 6.2 xfs"])]
#[case::several_kernels_after_one(&[("6.1", "ext4")], &[("6.1", "6.1/ext4"), ("6.2", "6.2/ext4")], &["6.1 ext4 - 6.1 6.1/ext4", "6.1 ext4 - 6.2 6.2/ext4"])]
#[case::several_kernels_each(&[("6.1", "6.1/ext4"), ("6.2", "6.2/ext4")], &[("6.2", "6.2/ext4"), ("6.3", "6.3/ext4")], &["6.2 6.2/ext4 - 6.2 6.2/ext4", " - 6.3 6.3/ext4", "6.1 6.1/ext4 - "])]
#[case::one_place_each(&[("6.1", "ext4")], &[("6.2", "nfs4")], &["6.1 ext4 - 6.2 nfs4"])]
#[case::another_file_system(&[("6.1", "ext4"), ("6.1", "xfs")], &[("6.1", "ext4"), ("6.1", "nfs4")], &["6.1 ext4 - 6.1 ext4", " - 6.1 nfs4", "6.1 xfs - "])]
fn places_that_belong_together_are_found(
    #[case] old: &[(&str, &str)],
    #[case] new: &[(&str, &str)],
    #[case] expected: &[&str],
) {
    assert_eq!(pairs(old, new), expected);
}

#[test]
fn a_directory_is_known_by_its_file_system() {
    let mut directory = under("6.1", "");
    directory.environment.file_system = "ext4".to_owned();
    let old = document(vec![directory, under("6.1", "xfs")], Vec::new());
    let new = document(vec![under("6.2", "6.2/ext4"), under("6.2", "6.2/xfs")], Vec::new());
    assert!(compared(&old, &new).places.iter().all(|place| place.change == Change::Same));
}

fn lost(why: &str) -> PlaceFate {
    PlaceFate::Lost { why: why.to_owned(), console: vec!["Kernel panic".to_owned()] }
}

fn skipped() -> PlaceFate {
    PlaceFate::Skipped { why: "no mkfs.xfs".to_owned() }
}

#[rstest::rstest]
#[case(Some(PlaceFate::Reached), Some(PlaceFate::Reached), Change::Same)]
#[case(Some(PlaceFate::Reached), Some(lost("panic")), Change::Broken)]
#[case(Some(skipped()), Some(lost("panic")), Change::Broken)]
#[case(None, Some(lost("panic")), Change::Broken)]
#[case(Some(lost("panic")), Some(PlaceFate::Reached), Change::Fixed)]
#[case(Some(lost("panic")), Some(lost("panic")), Change::Same)]
#[case(Some(lost("panic")), Some(lost("silence")), Change::Changed)]
#[case(Some(PlaceFate::Reached), Some(skipped()), Change::Untried)]
#[case(Some(skipped()), Some(PlaceFate::Reached), Change::Tried)]
#[case(Some(skipped()), Some(skipped()), Change::Same)]
#[case(None, Some(PlaceFate::Reached), Change::New)]
#[case(Some(PlaceFate::Reached), None, Change::Gone)]
fn a_place_that_is_lost_is_broken(
    #[case] old: Option<PlaceFate>,
    #[case] new: Option<PlaceFate>,
    #[case] change: Change,
) {
    let [old, new] = [old, new].map(|fate| {
        let place = fate.map(|fate| Place { fate, ..place("ext4") });
        document(place.into_iter().collect(), Vec::new())
    });
    let comparison = compared(&old, &new);
    assert_eq!(comparison.places[0].change, change);
    assert_eq!(comparison.is_broken(), change == Change::Broken);
}

#[test]
fn a_lost_kernel_is_found_by_its_name_and_what_it_did_not_come_to_was_not_run() {
    let (name, fate) = ("6.2/ext4".to_owned(), lost("panic"));
    let nothing = Place { name: name.into(), fate, ..Place::default() };
    let old = document(vec![place("ext4"), place("xfs")], vec![passed("contract/one")]);
    let new = document(vec![nothing, under("6.2", "6.2/xfs")], Vec::new());
    let comparison = compared(&old, &new);
    assert_eq!(comparison.places[0].change, Change::Broken);
    assert_eq!(comparison.places[0].runs[0].change, Change::NotRun);
    let kernel = &comparison.places[0].contrasts[0];
    assert_eq!((&*kernel.what, &*kernel.old, &*kernel.new), ("kernel", "6.1.0", "6.2"));
}

#[test]
fn what_is_not_the_same_about_two_places_is_told() {
    let (mut old, mut new) = (place("ext4"), under("6.2.0", "ext4"));
    old.environment.mount_options = ["rw", "relatime"].map(str::to_owned).to_vec();
    new.environment.mount_options = ["rw", "discard"].map(str::to_owned).to_vec();
    new.environment.imglock = "0.2.0".to_owned();
    let comparison = compared(&document(vec![old], Vec::new()), &document(vec![new], Vec::new()));
    let contrasts = comparison.places[0].contrasts.iter();
    let told: Vec<_> = contrasts.map(|one| (&*one.what, &*one.old, &*one.new)).collect();
    assert_eq!(
        told,
        [
            ("kernel", "6.1.0", "6.2.0"),
            ("mount options", "relatime", "discard"),
            ("imglock", "", "0.2.0")
        ]
    );
}
