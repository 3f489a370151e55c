//! Histories that are possible, although they may not look so.

use rstest::rstest;

use super::text::{history, said};

#[rstest]
#[case::one_alone(
    "",
    "
     0 a open rw
    10 a granted
    20 a close
    30 a closed
",
    "valid"
)]
#[case::one_after_the_other(
    "",
    "
     0 a open rw
    10 a granted
    20 a close
    30 a closed
    40 b open rw
    50 b granted
    60 b close
    70 b closed
",
    "valid"
)]
#[case::let_in_while_the_other_still_closes(
    "",
    "
     0 a open rw
    10 a granted
    20 a close
    22 b open rw
    26 b granted
    30 a closed
    60 b close
    70 b closed
",
    "valid"
)]
#[case::touching_as_closely_as_the_clock_can_tell(
    "",
    "
     0 a open rw
    10 a granted
    20 a close
    15 b open rw
    22 b granted
    30 a closed
    60 b close
    70 b closed
",
    "valid"
)]
#[case::all_lose(
    "",
    "
     0 a open rw
     1 b open rw
     2 c open rw
    10 a refused write
    11 b refused write
    12 c refused write
",
    "valid"
)]
#[case::refused_by_an_attempt_that_is_itself_refused(
    "",
    "
     0 a open ro
    10 a granted
    20 c open share-rw
    25 b open ro
    30 b refused shared write
    35 c refused write
    50 a close
    60 a closed
",
    "valid"
)]
#[case::refused_by_an_attempt_that_nobody_answered(
    "incomplete",
    "
     0 a open rw
    90 b open rw
    99 b refused write
",
    "valid"
)]
#[case::refused_by_one_who_died_at_it(
    "",
    "
     0 a open rw
    90 b open rw
    99 b refused write
   100 a died 95
",
    "valid"
)]
#[case::cluster_disks_share_writing(
    "",
    "
     0 a open share-rw
    10 a granted
    20 b open share-rw
    30 b granted
    40 a close
    50 a closed
    60 b close
    70 b closed
",
    "valid"
)]
#[case::a_reader_that_shares_beside_a_writer_that_does_not(
    "",
    "
     0 a open rw
    10 a granted
    20 b open force-share
    30 b granted
    40 b close
    50 b closed
    60 a close
    70 a closed
",
    "valid"
)]
#[case::refused_while_the_holder_dies(
    "",
    "
     0 a open rw
    10 a granted
    30 b open rw
    40 b refused write
    50 a died 20
",
    "valid"
)]
#[case::let_in_before_anybody_has_noticed_the_death(
    "",
    "
     0 a open rw
    10 a granted
    30 b open rw
    40 b granted
    45 b close
    48 b closed
    50 a died 20
",
    "valid"
)]
#[case::refused_over_something_unknown(
    "",
    "
     0 a open ro
    10 a granted
    20 b open share-rw
    30 b refused
    40 a close
    50 a closed
",
    "valid"
)]
#[case::refused_over_what_another_has(
    "",
    "
     0 a open share-rw
    10 a granted
    20 b open ro
    30 b refused shared write
    40 a close
    50 a closed
",
    "valid"
)]
#[case::a_refusal_shorter_than_the_clock_can_tell(
    "coarse",
    "
     0 a open rw
    10 a granted
    50 b open rw
    50 b refused write
   100 a close
   110 a closed
",
    "valid"
)]
#[case::two_images_have_nothing_to_do_with_each_other(
    "",
    "
     0 a open rw of base.img
    10 a granted
    20 b open rw of top.img
    30 b granted
    40 a close
    50 a closed
    60 b close
    70 b closed
    80 a open rw of top.img
    90 a granted
    91 a close
    92 a closed
",
    "valid"
)]
#[case::it_holds_on_when_the_history_goes_on(
    "incomplete",
    "
     0 a open rw
    10 a granted
",
    "valid"
)]
#[case::who_is_refused_closes_too(
    "",
    "
     0 a open rw
    10 a granted
    20 b open rw
    30 b refused write
    32 b close
    34 b closed
    40 a close
    50 a closed
",
    "valid"
)]
#[case::given_up_without_an_answer(
    "",
    "
     0 a open rw
    10 a close
    20 a closed
",
    "valid"
)]
#[case::its_own_process_is_no_stranger_under_posix(
    "posix",
    "
     0 vm.a open rw
    10 vm.a granted
    20 vm.b open rw
    30 vm.b granted
    40 vm.a close
    50 vm.a closed
    60 vm.b close
    70 vm.b closed
",
    "valid; 1 same owner: vm.a and vm.b"
)]
#[case::a_lock_goes_with_a_siblings_close(
    "posix",
    "
     0 vm.a open rw
    10 vm.a granted
    12 vm.c open force-share
    14 vm.c granted
    16 vm.c close
    18 vm.c closed
    30 wm.b open rw
    40 wm.b granted
    50 wm.b close
    60 wm.b closed
    70 vm.a close
    80 vm.a closed
",
    "valid; 1 vm.a lost its lock to vm.c: wm.b"
)]
#[case::a_lock_goes_with_a_siblings_refusal(
    "posix incomplete",
    "
     0 xm.d open force-share
     1 xm.d granted
     2 vm.a open rw
     8 vm.a granted
    12 vm.c open commit-source
    18 vm.c refused shared consistent-read
    30 wm.b open rw
    40 wm.b granted
",
    "valid; 1 vm.a lost its lock to vm.c: wm.b"
)]
#[case::a_lock_goes_while_it_is_being_taken(
    "posix",
    "
     0 vm.c open force-share
     5 vm.c granted
    10 vm.a open rw
    12 vm.c close
    15 vm.c closed
    30 wm.b open rw
    40 wm.b granted
    50 vm.a granted
    60 vm.a close
    70 vm.a closed
    80 wm.b close
    90 wm.b closed
",
    "valid; 1 vm.a lost its lock to vm.c: wm.b"
)]
#[case::a_refusal_by_one_whose_lock_may_have_gone(
    "posix",
    "
     0 vm.a open rw
    10 vm.a granted
    12 vm.c open force-share
    14 vm.c granted
    16 vm.c close
    18 vm.c closed
    30 wm.b open rw
    40 wm.b refused write
    70 vm.a close
    80 vm.a closed
",
    "valid"
)]
fn what_can_have_been_is_accepted(
    #[case] header: &str,
    #[case] lines: &str,
    #[case] expected: &str,
) {
    let history = history(header, lines);
    assert_eq!(said(&history, &history.judge()), expected);
}
