use imglock_core::Backend;
use imglock_engine::{Detector, Fault, FaultFate, SelfTest};

use super::samples::{interrupted, tested, unsound};
use super::*;
use crate::report::shown::{shown, snapshots};

fn told(tested: &SelfTest, width: Option<usize>) -> String {
    shown(|out| write(tested, width, out))
}

snapshots! {
    a_person_reads_who_noticed_what: told(&tested(), None);
    a_thorough_one_shows_who_finds_what: told(&SelfTest { thorough: true, ..tested() }, Some(100));
    where_something_is_found_without_a_fault_nothing_is_concluded: told(&unsound(), Some(100));
    an_interrupted_one_says_how_far_it_came: told(&interrupted(), Some(100));
}

#[test]
fn a_line_is_cut_to_fit_a_terminal() {
    let text = told(&tested(), Some(100));
    let table = text.lines().skip_while(|line| !line.contains("caught by"));
    let table: Vec<&str> = table.take_while(|line| !line.is_empty()).collect();
    assert!(table.iter().all(|line| line.chars().count() <= 100), "{text}");
    assert!(table.iter().any(|line| line.ends_with('…')), "{text}");
}

#[test]
fn faults_are_listed_by_place_with_what_is_wrong() {
    let faults = [Fault::UnlockIgnored, Fault::NoCheck];
    insta::assert_snapshot!(shown(|out| list(&faults, out)));
}

#[test]
fn what_is_said_beside_the_bar_is_who_looks() {
    assert_eq!(so_far(&tested()), "matrix runs");
    assert_eq!(so_far(&SelfTest { baseline: Vec::new(), ..tested() }), "without a fault first");
}

/// The hunts decide the fate.
#[test]
fn each_sample_has_the_fate_that_it_is_for() {
    let fates: Vec<FaultFate> = tested().results.iter().map(|result| result.fate()).collect();
    assert_eq!(
        fates,
        [FaultFate::Caught, FaultFate::Caught, FaultFate::Survived, FaultFate::Skipped]
    );
    assert!(tested().is_sound() && interrupted().is_sound());
    assert!(!unsound().is_sound());
    assert_eq!(
        (interrupted().count(FaultFate::Caught), interrupted().count(FaultFate::Open)),
        (1, 3)
    );
}

/// The page and the program describe the same faults in the same words.
#[test]
fn the_page_lists_every_fault() {
    let page = include_str!("../../../docs/self-test.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows: Vec<String> = rows.map(|row| format!("| `{row}")).collect();
    let faults = Fault::ALL.iter().map(|fault| {
        let only = Backend::ALL.into_iter().filter(|one| fault.pointless_on(*one).is_none());
        let only: Vec<&str> = only.map(Backend::name).collect();
        format!("| `{fault}` | {} | {} |", fault.meaning(), only.join(", "))
    });
    let hunters = Detector::ALL.iter().map(|one| format!("| `{one}` | {} |", one.meaning()));
    let stated: Vec<String> = hunters.chain(faults).collect();
    assert_eq!(rows, stated);
}
