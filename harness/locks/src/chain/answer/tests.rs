use super::*;
use crate::ask::{Answer, ByteAnswers, ForeignLock, Inquiry, NotAsked};
use crate::chain::{ChainName, ChainRole, HeaderError, ImageFormat};
use crate::holders::{Holder, HolderOwner, HolderProcess, OwnedLock};
use crate::lock_table::LockClass;
use imglock_core::{Backend, ByteRange, LockType};

/// A file of a chain that was found: its role, the file above, its format, and why it ends.
fn file(
    role: ChainRole,
    named_by: Option<usize>,
    format: &str,
    stop: Option<ChainStop>,
) -> ChainFile {
    let name = ChainName { written: "name".to_owned(), kind: NameKind::Relative };
    let format = (!format.is_empty()).then(|| ImageFormat::stated(format));
    let path = Some(format!("{role}.img").into());
    ChainFile { role, named_by, name: named_by.map(|_| name), path, format, stop }
}

/// `top.qcow2` with a data file, above `middle.qcow2`, above a raw base.
fn chain() -> Chain {
    let end = || Some(ChainStop::NoBackingFile);
    Chain {
        files: vec![
            file(ChainRole::Top, None, "qcow2", None),
            file(ChainRole::DataFile, Some(0), "raw", None),
            file(ChainRole::Backing, Some(0), "qcow2", None),
            file(ChainRole::Backing, Some(2), "raw", end()),
        ],
    }
}

/// A survey in which one process has these lock bytes.
fn locked(bytes: &[i64]) -> SurveyedImage {
    let lock = |byte: &i64| OwnedLock {
        class: LockClass::Ofd,
        kind: Some(LockType::Read),
        range: ByteRange::new(*byte, *byte),
    };
    let process = HolderProcess::of_pid(1);
    let holder = Holder {
        owner: HolderOwner::Description,
        guessed: false,
        processes: vec![process],
        locks: bytes.iter().map(lock).collect(),
    };
    let answer = |byte: i64, kind: LockType| match bytes.contains(&byte) && kind == LockType::Write
    {
        true => Answer::Conflict(ForeignLock {
            kind: LockType::Read,
            range: ByteRange::new(byte, byte),
            exact: true,
            pid: None,
        }),
        false => Answer::Free,
    };
    let about = |byte| {
        let [read, write] = [LockType::Read, LockType::Write].map(|kind| answer(byte, kind));
        ByteAnswers { byte, read, write }
    };
    let inquiry = Inquiry {
        backend: Backend::Ofd,
        bytes: (100..104).chain(200..204).map(about).collect(),
        met: Vec::new(),
        gap: None,
    };
    SurveyedImage {
        holders: if bytes.is_empty() { Vec::new() } else { vec![holder] },
        asked: Ok(inquiry),
        ..SurveyedImage::unlocked_sample()
    }
}

/// The answer while these files have these lock bytes.
fn answer(mode: Mode, bytes: &[(usize, &[i64])]) -> ChainAnswer {
    let mut images = vec![locked(&[]); 4];
    for (file, bytes) in bytes {
        images[*file] = locked(bytes);
    }
    would_grant_chain(&chain(), |index| images.get(index), mode)
}

const WRITER: &[i64] = &[100, 101, 201];
const QCOW2_WRITER: &[i64] = &[100, 101, 103, 201, 203];
const TOOL: &[i64] = &[100, 101];
const READER: &[i64] = &[100, 201, 203];
const MIRROR: &[i64] = &[101, 200, 201, 203];

/// Each line was tried with a chain of this kind and the programs of QEMU 7.2 and 10.0.
#[rstest::rstest]
#[case::top(Mode::Qcow2Rw, &[(0, QCOW2_WRITER), (2, QCOW2_WRITER)], 0, "Failed to get \"write\" lock")]
#[case::middle(
    Mode::Qcow2Rw, &[(2, QCOW2_WRITER), (1, MIRROR)],
    2, "Could not open backing file: Failed to get shared \"write\" lock"
)]
#[case::reader(
    Mode::Qcow2Ro, &[(2, QCOW2_WRITER)],
    2, "Could not open backing file: Failed to get shared \"write\" lock"
)]
#[case::data_as_a_node_opens_it(
    Mode::Qcow2Ro, &[(1, QCOW2_WRITER), (2, QCOW2_WRITER)],
    1, "Failed to get shared \"resize\" lock"
)]
#[case::data_before_base(Mode::Qcow2Rw, &[(1, MIRROR), (3, MIRROR)], 1, "Failed to get \"consistent read\" lock")]
#[case::base(Mode::ToolRw, &[(3, MIRROR)], 3, "Failed to get \"consistent read\" lock")]
#[case::force_share(Mode::ForceShare, &[(3, MIRROR)], 3, "Failed to get \"consistent read\" lock")]
fn the_first_refusal_in_qemus_order_is_reported(
    #[case] mode: Mode,
    #[case] bytes: &[(usize, &[i64])],
    #[case] at: usize,
    #[case] message: &str,
) {
    let answer = answer(mode, bytes);
    let obstacle = answer.obstacle.clone().expect("an obstacle");
    assert_eq!((obstacle.file, obstacle.qemu_message(&chain()).as_str()), (at, message));
    assert_eq!((answer.is_granted(), answer.is_only_for_guests()), (Some(false), false));
}

#[rstest::rstest]
#[case::data(Mode::Qcow2Ro, &[(1, WRITER)])]
#[case::base(Mode::Qcow2Rw, &[(3, WRITER)])]
#[case::base_of_a_reader(Mode::Qcow2Ro, &[(3, WRITER)])]
fn a_guest_does_not_share_what_a_tool_shares(
    #[case] mode: Mode,
    #[case] bytes: &[(usize, &[i64])],
) {
    let answer = answer(mode, bytes);
    assert_eq!((answer.is_granted(), answer.is_only_for_guests()), (Some(false), true));
    let message = answer.obstacle.expect("an obstacle").qemu_message(&chain());
    assert_eq!(message, "Failed to get shared \"write\" lock");
}

/// A guest is refused the data, a tool only the base.
#[test]
fn a_tool_can_be_refused_another_file() {
    let answer = answer(Mode::Qcow2Ro, &[(1, WRITER), (3, MIRROR)]);
    let file = |obstacle: &Option<ChainObstacle>| obstacle.as_ref().map(|it| it.file);
    assert_eq!((file(&answer.obstacle), file(&answer.when_shared)), (Some(1), Some(3)));
    assert!(!answer.is_only_for_guests());
}

#[rstest::rstest]
#[case::tool(Mode::ToolRw, &[(3, WRITER)], Some(true))]
#[case::guest(Mode::Rw, &[(3, WRITER)], Some(false))]
#[case::shared_disk(Mode::ShareRw, &[(3, WRITER)], Some(true))]
#[case::writer_of_the_data(Mode::ToolRw, &[(1, TOOL)], Some(true))]
#[case::writer_that_keeps_the_data(Mode::ToolRw, &[(1, WRITER)], Some(false))]
#[case::force_share(Mode::ForceShare, &[(1, QCOW2_WRITER), (2, QCOW2_WRITER), (3, WRITER)], Some(true))]
#[case::top_alone(Mode::Qcow2Info, &[(2, QCOW2_WRITER)], Some(true))]
#[case::anew(Mode::Create, &[(1, MIRROR), (2, MIRROR), (3, MIRROR)], Some(true))]
#[case::readers_of_a_base(Mode::Qcow2Rw, &[(2, READER), (3, READER)], Some(true))]
fn a_mode_tells_what_its_user_shares(
    #[case] mode: Mode,
    #[case] bytes: &[(usize, &[i64])],
    #[case] granted: Option<bool>,
) {
    let answer = answer(mode, bytes);
    assert_eq!(answer.is_granted(), granted);
    assert_eq!(answer.top_alone, matches!(mode, Mode::Qcow2Info | Mode::Create));
}

/// An image writes into its own data file alone.
#[test]
fn the_data_file_of_a_backing_file_is_read() {
    let mut chain = chain();
    chain.files.swap(1, 2);
    chain.files[1].stop = Some(ChainStop::NoBackingFile);
    chain.files[2].named_by = Some(1);
    chain.files.truncate(3);
    let (free, held) = (locked(&[]), locked(WRITER));
    let ask =
        |mode| would_grant_chain(&chain, |at| Some(if at == 2 { &held } else { &free }), mode);
    assert_eq!(ask(Mode::ToolRw).is_granted(), Some(true));
    assert_eq!(ask(Mode::Rw).is_granted(), Some(false));
}

#[test]
fn what_was_not_seen_is_unknown_and_not_granted() {
    let free = locked(&[]);
    let ask = |stop: ChainStop, seen: bool| {
        let mut chain = chain();
        chain.files.truncate(3);
        chain.files[2].stop = Some(stop);
        would_grant_chain(&chain, |index| (index < 2 || seen).then_some(&free), Mode::Qcow2Rw)
    };
    for (stop, seen) in [
        (ChainStop::Outside, false),
        (ChainStop::NotAFile, false),
        (ChainStop::NoAnswer, false),
        (ChainStop::Loop, false),
        (ChainStop::TooDeep, true),
        (ChainStop::OtherFormat, true),
        (ChainStop::Leased, true),
        (ChainStop::Unreadable("no".to_owned()), true),
        (ChainStop::NoBackingFile, false),
    ] {
        let answer = ask(stop.clone(), seen);
        assert_eq!((answer.is_granted(), &answer.unknown[..]), (None, &[2][..]), "{stop:?}");
    }
    let whole = ask(ChainStop::NoBackingFile, true);
    assert_eq!((whole.is_granted(), whole.is_only_for_guests()), (Some(true), false));
}

#[test]
fn qemu_opens_no_chain_with_a_missing_or_malformed_file() {
    let free = locked(&[]);
    let mut chain = chain();
    let ask = |chain: &Chain| {
        let answer = would_grant_chain(chain, |index| (index < 3).then_some(&free), Mode::Qcow2Rw);
        (answer.is_granted(), answer.obstacle.map(|it| it.qemu_message(chain)))
    };
    chain.files[3].stop = Some(ChainStop::Missing);
    chain.files[3].path = Some("base.raw".into());
    let message = "Could not open backing file: Could not open backing file: Could not open \
                   'base.raw': No such file or directory";
    assert_eq!(ask(&chain), (Some(false), Some(message.to_owned())));
    chain.files[3].stop = Some(ChainStop::Malformed(HeaderError::Version(9)));
    let message = "Could not open backing file: Could not open backing file: unsupported qcow2 \
                   version 9";
    assert_eq!(ask(&chain), (Some(false), Some(message.to_owned())));
    // In another working directory there may be such a file.
    chain.files[3].stop = Some(ChainStop::Missing);
    chain.files[3].name.as_mut().expect("a name").kind = NameKind::WorkingDirectory;
    assert_eq!(ask(&chain), (None, None));
}

#[test]
fn where_the_kernel_was_not_asked_nothing_is_granted() {
    let chain = chain();
    let free = locked(&[]);
    let silent = SurveyedImage { asked: Err(NotAsked::NoAnswer), ..locked(&[]) };
    let ask =
        |mode| would_grant_chain(&chain, |at| Some(if at == 3 { &silent } else { &free }), mode);
    let answer = ask(Mode::Qcow2Rw);
    assert_eq!((answer.is_granted(), answer.unknown), (None, vec![3]));
    assert_eq!(ask(Mode::Create).is_granted(), Some(true), "it asks nothing of that file");
}
