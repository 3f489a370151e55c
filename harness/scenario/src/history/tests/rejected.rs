//! Histories that are impossible, or possibly impossible.

use rstest::rstest;

use super::text::{history, said};

#[rstest]
#[case::two_writers(
    "",
    "
     0 a open rw
    10 a granted
    20 b open rw
    30 b granted
    40 a close
    50 b close
    60 a closed
    60 b closed
",
    "a and b"
)]
#[case::the_earlier_is_told_however_the_file_is_sorted(
    "",
    "
    20 b open rw
    30 b granted
    50 b close
    60 b closed
     0 a open rw
    10 a granted
    40 a close
    60 a closed
",
    "a and b"
)]
#[case::a_reader_who_does_not_share_and_a_writer(
    "",
    "
     0 a open ro
    10 a granted
    20 b open share-rw
    30 b granted
    40 b close
    50 b closed
    60 a close
    70 a closed
",
    "a and b"
)]
#[case::only_the_one_of_many_that_conflicts(
    "incomplete",
    "
     0 a open share-rw
     1 b open share-rw
     2 c open ro-share-rw
    10 a granted
    11 b granted
    12 c granted
    20 d open commit-source
    30 d granted
    31 b close
    32 b closed
",
    "a and d"
)]
#[case::a_crash_does_not_let_go_before_it_happens(
    "",
    "
     0 a open rw
    10 a granted
    20 b open rw
    30 b granted
    40 b close
    50 b closed
    90 a died 80
",
    "a and b"
)]
#[case::he_never_closed_and_somebody_came(
    "incomplete",
    "
     0 a open rw
    10 a granted
    99 b open rw
   109 b granted
",
    "a and b"
)]
#[case::one_process_conflicts_with_itself_under_ofd(
    "incomplete",
    "
     0 vm.a open rw
    10 vm.a granted
    20 vm.b open rw
    30 vm.b granted
",
    "vm.a and vm.b"
)]
#[case::two_processes_conflict_under_posix(
    "posix incomplete",
    "
     0 vm.a open rw
    10 vm.a granted
    20 wm.b open rw
    30 wm.b granted
",
    "vm.a and wm.b"
)]
#[case::a_sibling_that_closed_too_early_took_nothing_away(
    "posix incomplete",
    "
     0 vm.c open force-share
     1 vm.c granted
     2 vm.c close
     3 vm.c closed
    10 vm.a open rw
    20 vm.a granted
    30 wm.b open rw
    40 wm.b granted
",
    "vm.a and wm.b"
)]
#[case::a_sibling_that_closed_too_late_let_nobody_in(
    "posix incomplete",
    "
     0 vm.c open force-share
     5 vm.c granted
    10 vm.a open rw
    20 vm.a granted
    30 wm.b open rw
    40 wm.b granted
    50 vm.c close
    60 vm.c closed
",
    "vm.a and wm.b"
)]
#[case::a_sibling_that_closes_loses_nothing_under_ofd(
    "incomplete",
    "
     0 vm.a open rw
    10 vm.a granted
    12 vm.c open force-share
    14 vm.c granted
    16 vm.c close
    18 vm.c closed
    30 wm.b open rw
    40 wm.b granted
",
    "vm.a and wm.b"
)]
#[case::refused_by_nobody(
    "",
    "
     0 a open rw
    10 a refused write
",
    "a without cause"
)]
#[case::refused_by_one_who_has_gone(
    "",
    "
     0 a open rw
    10 a granted
    20 a close
    30 a closed
    40 b open rw
    50 b refused write
",
    "b without cause, a 10 ns before"
)]
#[case::refused_by_one_who_is_dead(
    "",
    "
     0 a open rw
    10 a granted
    30 a died 20
    40 b open rw
    50 b refused
",
    "b without cause, a 10 ns before"
)]
#[case::refused_by_one_who_comes_later(
    "",
    "
     0 b open rw
    10 b refused write
    25 a open rw
    30 a granted
    40 a close
    50 a closed
",
    "b without cause, a 15 ns after"
)]
#[case::refused_between_two(
    "",
    "
     0 a open rw
    10 a refused write
    13 b open rw
    20 b refused write
    25 c open rw
    30 c refused write
    31 d open rw
    32 d granted
    33 d close
    34 d closed
",
    "a without cause, b 3 ns after"
)]
#[case::refused_by_one_who_shares_it(
    "incomplete",
    "
     0 a open share-rw
    10 a granted
    20 b open rw
    30 b refused write
",
    "b without cause"
)]
#[case::refused_over_another_permission_than_the_holder_has(
    "incomplete",
    "
     0 a open ro
    10 a granted
    20 b open rw
    30 b refused shared write
",
    "b without cause"
)]
#[case::refused_by_one_who_is_compatible(
    "incomplete",
    "
     0 a open share-rw
    10 a granted
    20 b open share-rw
    30 b refused
",
    "b without cause"
)]
#[case::refused_by_itself(
    "",
    "
     0 a open rw
    10 a granted
    20 a close
    30 a closed
    30 a open rw
    40 a refused write
",
    "a without cause"
)]
#[case::refused_by_its_own_process_under_posix(
    "posix incomplete",
    "
     0 vm.a open rw
    10 vm.a granted
    20 vm.b open rw
    30 vm.b refused write
",
    "vm.b without cause"
)]
#[case::refused_by_a_holder_of_another_image(
    "incomplete",
    "
     0 a open rw of base.img
    10 a granted
    20 b open rw of top.img
    30 b refused write
",
    "b without cause"
)]
#[case::never_let_go(
    "",
    "
     0 a open rw
    10 a granted
",
    "a never let go"
)]
#[case::its_close_did_not_return(
    "",
    "
     0 a open rw
    10 a granted
    20 a close
",
    "a never let go"
)]
#[case::fewest_events_are_told_before_earlier_ones(
    "",
    "
     0 a open rw
    10 a granted
    20 b open rw
    30 b granted
    40 a close
    50 a closed
    60 b close
    70 b closed
    80 c open rw
    90 c refused write
",
    "c without cause, b 10 ns before"
)]
#[case::a_contradiction_is_told_before_a_doubt(
    "incomplete",
    "
     0 a open rw
    10 a granted
    20 a close
    20 b open rw
    20 b granted
    21 a closed
    30 c open rw
    40 c granted
",
    "b and c"
)]
#[case::granted_just_when_the_other_closes(
    "",
    "
     0 a open rw
    10 a granted
    20 a close
    15 b open rw
    20 b granted
    30 a closed
    30 b close
    40 b closed
",
    "unknown: a and b"
)]
#[case::granted_a_tick_after_the_other_closes(
    "coarse",
    "
     0 a open rw
    10 a granted
    20 a close
    15 b open rw
    30 b granted
    30 a closed
    50 b close
    60 b closed
",
    "unknown: a and b"
)]
#[case::refused_a_tick_after_the_holder_has_gone(
    "coarse",
    "
     0 a open rw
    10 a granted
    20 a close
    30 a closed
    40 b open rw
    70 b refused write
",
    "unknown: b without cause, a 10 ns before"
)]
#[case::a_sibling_that_closed_about_when_it_was_let_in(
    "posix coarse incomplete",
    "
     0 vm.c open force-share
     5 vm.c granted
    10 vm.a open rw
    20 vm.a granted
   100 wm.b open rw
   200 wm.b granted
   205 vm.c close
   210 vm.c closed
",
    "unknown: vm.a and wm.b"
)]
fn what_cannot_have_been_is_not_accepted(
    #[case] header: &str,
    #[case] lines: &str,
    #[case] expected: &str,
) {
    let history = history(header, lines);
    assert_eq!(said(&history, &history.judge()), expected);
}
