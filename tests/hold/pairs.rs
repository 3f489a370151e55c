//! One hold beside another, through the command. Every pair of modes is tried
//! on the library: harness/tests/mode_matrix.rs.

use imglock_core::{Mode, Outcome};
use imglock_scenario::ModeMatrix;
use rstest::rstest;

use crate::holder::{Holder, hold, run};
use crate::outside::Folder;

const MATRIX: &str = include_str!("../../scenarios/matrix.kdl");

/// The outcome of opening in mode `second` while `first` is held, according to
/// the hand-written table.
pub fn by_the_table(first: Mode, second: Mode) -> Outcome {
    let matrix = ModeMatrix::parse("matrix.kdl", MATRIX).expect("the table is well formed");
    matrix.cell(first, second)
}

#[rstest]
fn holds_refuse_each_other_as_the_table_says(
    #[values("none", "ro", "rw", "share-rw", "mirror-target")] first: &str,
) {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let _holder = Holder::of(&image, first);
    for &second in Mode::ALL {
        let ended = run(hold(&image, second.name(), &["--", "echo", "ran"]));
        let what = format!("{second} beside {first}: {ended:?}");
        match by_the_table(first.parse().expect("a mode"), second) {
            Outcome::Refused(refusal) => {
                assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{what}");
                let words = format!("error: {}\n", refusal.qemu_message());
                assert!(ended.stderr.starts_with(&words), "{what}");
            }
            _ => {
                let all = (ended.code, ended.stdout.as_str(), ended.stderr.as_str());
                assert_eq!(all, (0, "ran\n", ""), "{what}");
            }
        }
    }
}
