use super::{action, world};
use crate::model::Prediction;
use imglock_core::{Backend, Outcome};

/// The cost of each opener does not depend on their number. With a scan of all owners for each lock
/// call, this test takes minutes in a debug build.
#[rstest::rstest]
fn ten_thousand_share_one_image(#[values(Backend::Ofd, Backend::Posix)] backend: Backend) {
    let mut world = world(backend);
    let (_, open) = action("vm open disk share-rw");
    for n in 0..10_000 {
        let name = format!("vm{n}");
        assert_eq!(world.predict(&name, &open), Prediction::Exactly(Outcome::Granted));
        world.apply(&name, &open, &Outcome::Granted);
    }
    assert_eq!(world.locks().len(), 10_000);
    let (_, writer) = action("late open disk rw");
    let refused: Outcome = "refused shared write".parse().expect("an outcome");
    assert_eq!(world.predict("late", &writer), Prediction::Exactly(refused));
}
