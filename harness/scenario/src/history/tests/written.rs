//! A written history can be read again.

use crate::history::{
    History, HistoryCounts, HistoryFile, HistoryJudgement, HistoryOpener, HistoryTerms,
    HistoryVerdict, OpenAnswer, Opening, OpeningEnd,
};
use imglock_core::{Backend, Claim, Mode, Permission, Permissions, Refusal, Side};

#[test]
fn every_kind_of_stay_survives_the_file() {
    let refusal = Refusal { side: Side::Unshared, permission: Permission::WriteUnchanged };
    let odd = Claim::new(Permissions::RESIZE, Permissions::WRITE | Permissions::CONSISTENT_READ);
    let stay =
        |opener, attempt_ns, claim| Opening { opener, claim, attempt_ns, answer: None, end: None };
    let stays = [
        Opening {
            answer: Some((10, OpenAnswer::Granted)),
            end: Some(OpeningEnd::Closed { from_ns: 20, until_ns: 30 }),
            ..stay(0, 5, Mode::Rw.claim())
        },
        Opening { answer: Some((44, OpenAnswer::Refused(Some(refusal)))), ..stay(0, 40, odd) },
        Opening { answer: Some((54, OpenAnswer::Refused(None))), ..stay(0, 50, Claim::NOTHING) },
        Opening {
            answer: Some((8, OpenAnswer::Granted)),
            end: Some(OpeningEnd::Died { from_ns: 60, until_ns: 70 }),
            ..stay(1, 6, Mode::Ro.claim())
        },
        stay(0, 80, Mode::Rw.claim()),
        Opening {
            answer: Some((95, OpenAnswer::Granted)),
            end: Some(OpeningEnd::Closed { from_ns: 99, until_ns: u64::MAX }),
            ..stay(1, 90, odd)
        },
        Opening { answer: Some((100, OpenAnswer::Granted)), ..stay(2, 98, odd) },
    ];
    let opener = |name: &str| HistoryOpener { name: name.into(), process: "vm \"1\"".into() };
    let openers = [opener("vm1.disk"), opener("vm1.cdrom"), opener("naïve\n")];
    let terms = HistoryTerms {
        openers: &openers,
        backend: Backend::Posix,
        complete: false,
        resolution_ns: 7,
    };
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
    let openers = [HistoryOpener { name: "a".into(), process: "a".into() }];
    let terms =
        HistoryTerms { openers: &openers, backend: Backend::Ofd, complete: true, resolution_ns: 1 };
    let refused = |at| Opening {
        opener: 0,
        claim: Mode::Rw.claim(),
        attempt_ns: at,
        answer: Some((at + 5, OpenAnswer::Refused(None))),
        end: None,
    };
    let mut whole = HistoryJudgement::default();
    for at in [200, 100, 300] {
        whole.absorb(crate::history::judge_history(&[refused(at)], &terms));
    }
    assert_eq!(whole.contradictions, 3);
    let counts = HistoryCounts { openings: 3, granted: 0, refused: 3, span_ns: Some((100, 305)) };
    assert_eq!(whole.counts, counts);
    let HistoryVerdict::Invalid(finding) = whole.verdict else { panic!("{:?}", whole.verdict) };
    assert_eq!(finding.matter.events()[0].at_ns, 100, "the earliest finding is kept");
}
