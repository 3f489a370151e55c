//! What is written is read again.

use crate::history::{
    Answer, Counts, End, History, HistoryFile, Judgement, Opener, Stay, Terms, Verdict,
};
use imglock_core::image::{Claim, Mode, Permission, Permissions, Refusal, Side};
use imglock_core::lock::Backend;

#[test]
fn every_kind_of_stay_survives_the_file() {
    let refusal = Refusal { side: Side::Unshared, permission: Permission::WriteUnchanged };
    let odd = Claim::new(Permissions::RESIZE, Permissions::WRITE | Permissions::CONSISTENT_READ);
    let stay =
        |opener, attempt_ns, claim| Stay { opener, claim, attempt_ns, answer: None, end: None };
    let stays = [
        Stay {
            answer: Some((10, Answer::Granted)),
            end: Some(End::Closed { from_ns: 20, until_ns: 30 }),
            ..stay(0, 5, Mode::Rw.claim())
        },
        Stay { answer: Some((44, Answer::Refused(Some(refusal)))), ..stay(0, 40, odd) },
        Stay { answer: Some((54, Answer::Refused(None))), ..stay(0, 50, Claim::NOTHING) },
        Stay {
            answer: Some((8, Answer::Granted)),
            end: Some(End::Died { from_ns: 60, until_ns: 70 }),
            ..stay(1, 6, Mode::Ro.claim())
        },
        stay(0, 80, Mode::Rw.claim()),
        Stay {
            answer: Some((95, Answer::Granted)),
            end: Some(End::Closed { from_ns: 99, until_ns: u64::MAX }),
            ..stay(1, 90, odd)
        },
        Stay { answer: Some((100, Answer::Granted)), ..stay(2, 98, odd) },
    ];
    let opener = |name: &str| Opener { name: name.into(), process: "vm \"1\"".into() };
    let openers = [opener("vm1.disk"), opener("vm1.cdrom"), opener("naïve\n")];
    let terms =
        Terms { openers: &openers, backend: Backend::Posix, complete: false, resolution_ns: 7 };
    let mut file = HistoryFile::begin(Vec::new(), &terms).expect("a vector can be written");
    file.add(&stays[..2], &terms).expect("a vector can be written");
    file.add(&stays[2..], &terms).expect("a vector can be written");
    let text = file.finish().expect("a vector can be written");
    let read = History::read("it", &*text).expect("it is well formed");
    assert_eq!(read.terms(), terms);
    assert_eq!(read.images.len(), 1);
    assert_eq!(read.images[0].stays, stays);
}

#[test]
fn parts_are_put_together() {
    let openers = [Opener { name: "a".into(), process: "a".into() }];
    let terms =
        Terms { openers: &openers, backend: Backend::Ofd, complete: true, resolution_ns: 1 };
    let refused = |at| Stay {
        opener: 0,
        claim: Mode::Rw.claim(),
        attempt_ns: at,
        answer: Some((at + 5, Answer::Refused(None))),
        end: None,
    };
    let mut whole = Judgement::default();
    for at in [200, 100, 300] {
        whole.absorb(crate::history::judge(&[refused(at)], &terms));
    }
    assert_eq!(whole.contradictions, 3);
    let counts = Counts { openings: 3, granted: 0, refused: 3, span_ns: Some((100, 305)) };
    assert_eq!(whole.counts, counts);
    let Verdict::Invalid(finding) = whole.verdict else { panic!("{:?}", whole.verdict) };
    assert_eq!(finding.matter.events()[0].at_ns, 100, "the earliest is told");
}
