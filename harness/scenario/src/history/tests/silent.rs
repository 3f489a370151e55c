//! Openers without an answer: they may have been granted the image.

use rstest::rstest;

use super::text::{history, said, suspected};

#[rstest]
#[case::one_who_died_unseen(
    "incomplete",
    "
     0 a open rw
    90 b open rw
    99 b refused write
",
    "valid",
    "1 suspect of b: a"
)]
#[case::one_who_was_found_dead_later(
    "",
    "
     0 a open rw
    90 b open rw
    99 b refused write
   200 a died
",
    "valid",
    "1 suspect of b: a"
)]
#[case::one_who_was_dead_before(
    "",
    "
     0 a open rw
    50 a died
    90 b open rw
    99 b refused write
",
    "b without cause, a 40 ns before",
    ""
)]
#[case::several_refusals(
    "incomplete",
    "
     0 a open rw
    90 b open rw
    99 b refused write
   190 c open ro
   199 c refused shared write
   200 d open force-share
   210 d granted
",
    "valid",
    "2 suspect of b: a"
)]
#[case::a_known_holder_is_cause_enough(
    "incomplete",
    "
     0 a open rw
    10 h open rw
    20 h granted
    90 b open rw
    99 b refused write
",
    "valid",
    ""
)]
#[case::one_who_would_not_have_conflicted(
    "incomplete",
    "
     0 a open force-share
    90 b open rw
    99 b refused write
",
    "b without cause",
    ""
)]
#[case::an_abandoned_attempt(
    "incomplete",
    "
     0 a open rw
    10 a close
    20 b open rw
    30 b refused write
    40 a closed
",
    "valid",
    ""
)]
#[case::one_who_may_still_hold_it(
    "",
    "
     0 a open rw
",
    "valid",
    "0 suspect: a"
)]
#[case::an_attempt_in_progress(
    "incomplete",
    "
     0 a open rw
",
    "valid",
    ""
)]
#[case::the_first_of_two(
    "incomplete",
    "
     0 a open rw
     5 b open rw
    90 c open rw
    99 c refused write
",
    "valid",
    "1 suspect of c: a"
)]
#[case::of_two_images(
    "incomplete",
    "
     0 a open rw of one
     5 b open rw of two
    90 c open rw of two
    99 c refused write
   100 d open rw of one
   109 d refused write
",
    "valid",
    "2 suspect of d: a on one"
)]
#[case::a_refusal_counts_before_a_lock(
    "",
    "
     0 a open rw of one
     5 b open rw of two
    90 c open rw of two
    99 c refused write
",
    "valid",
    "1 suspect of c: b on two"
)]
fn whoever_gave_no_answer_may_have_had_the_image(
    #[case] header: &str,
    #[case] lines: &str,
    #[case] verdict: &str,
    #[case] suspects: &str,
) {
    let history = history(header, lines);
    let judgement = history.judge();
    assert_eq!(said(&history, &judgement), verdict);
    assert_eq!(suspected(&history, &judgement), suspects);
}
