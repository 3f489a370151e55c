use imglock_core::Mode;
use imglock_locks::{
    ChainFile, ChainName, ChainStop, HeaderError, Holder, ImageFormat, LockClass, NameKind, Survey,
};

use super::*;
use crate::report::holders::text::Text;
use crate::report::holders::{json, samples};
use crate::report::shown::{shown, widest};

/// A file that a header names, in a chain of this index and kind.
fn file(role: ChainRole, named_by: usize, path: &str, stop: Option<ChainStop>) -> ChainFile {
    ChainFile {
        role,
        named_by: Some(named_by),
        name: Some(ChainName { written: path.to_owned(), kind: NameKind::Relative }),
        path: Some(path.into()),
        format: Some(ImageFormat::Raw),
        stop,
    }
}

/// `top.qcow2` with a data file, above `middle.qcow2`, above a base that ends like this.
fn chain(base: ChainFile) -> Chain {
    let mut chain = Chain::alone(Path::new("top.qcow2"));
    let qcow2 = || Some(ImageFormat::Qcow2 { version: Some(3) });
    chain.files[0].format = qcow2();
    chain.files.push(file(ChainRole::DataFile, 0, "data.raw", None));
    chain
        .files
        .push(ChainFile { format: qcow2(), ..file(ChainRole::Backing, 0, "middle.qcow2", None) });
    chain.files.push(base);
    chain
}

fn whole() -> Chain {
    chain(file(ChainRole::Backing, 2, "base.raw", Some(ChainStop::NoBackingFile)))
}

fn without(name: &str, kind: NameKind, stop: ChainStop) -> Chain {
    let written = name.to_owned();
    let base = file(ChainRole::Backing, 2, "base.raw", Some(stop));
    let path = match kind {
        NameKind::Json | NameKind::Protocol => None,
        NameKind::Absolute => Some(name.into()),
        NameKind::Relative | NameKind::WorkingDirectory => Some("base.raw".into()),
    };
    chain(ChainFile { name: Some(ChainName { written, kind }), path, format: None, ..base })
}

/// A survey of the chain in which one file is locked.
fn survey(chain: &Chain, locked: Option<(usize, Holder)>) -> (Survey, Chains) {
    let image = |(index, path): (usize, &Path)| {
        let holders =
            locked.iter().filter(|(at, _)| *at == index).map(|(_, holder)| holder.clone());
        SurveyedImage { path: path.to_owned(), ..samples::image(holders.collect()) }
    };
    (samples::survey(chain.found().map(image).collect()), Chains::of(vec![chain.clone()]))
}

fn writer() -> Holder {
    samples::holder(vec![samples::qemu()], samples::of_mode(LockClass::Ofd, Mode::Rw))
}

fn told((survey, chains): &(Survey, Chains), asked: Option<Mode>) -> String {
    let text = Text { clock: &samples::clock(), width: 80, chains };
    let text = shown(|out| text.write(survey, asked, out));
    assert!(widest(&text) <= 80, "too wide: {text}");
    text
}

#[test]
fn every_file_of_a_chain_is_an_image() {
    insta::assert_snapshot!(told(&survey(&whole(), Some((3, writer()))), None));
}

#[test]
fn a_chain_is_refused_with_its_file() {
    let mut text = told(&survey(&whole(), Some((2, writer()))), Some(Mode::Qcow2Rw));
    text += &format!("\n{}", told(&survey(&whole(), Some((3, writer()))), Some(Mode::Qcow2Rw)));
    text += &format!("\n{}", told(&survey(&whole(), Some((0, writer()))), Some(Mode::Qcow2Rw)));
    insta::assert_snapshot!(text);
}

#[test]
fn a_chain_is_granted_with_its_files() {
    insta::assert_snapshot!(told(&survey(&whole(), None), Some(Mode::Rw)));
    let anew = told(&survey(&whole(), Some((2, writer()))), Some(Mode::Create));
    assert!(anew.starts_with("top.qcow2  create would be granted\n  Reach"), "{anew}");
}

#[test]
fn why_a_chain_ends_is_said_with_the_next_step() {
    let outside = || without("/templates/base.raw", NameKind::Absolute, ChainStop::Outside);
    let mut text = String::new();
    for chain in [
        outside(),
        without("nbd://host/base", NameKind::Protocol, ChainStop::NotAFile),
        without("file:base.raw", NameKind::WorkingDirectory, ChainStop::Missing),
        without("base.raw", NameKind::Relative, ChainStop::Missing),
        without("base.vmdk", NameKind::Relative, ChainStop::OtherFormat),
        without("base.raw", NameKind::Relative, ChainStop::Malformed(HeaderError::Version(9))),
        without("base.raw", NameKind::Relative, ChainStop::Leased),
        without("base.raw", NameKind::Relative, ChainStop::Loop),
    ] {
        let survey = survey(&chain, None);
        let last = told(&survey, None);
        let at = last.find("Chain:").expect("the end of the chain is told");
        text += &format!("{}\n{}\n", &last[at..], told(&survey, Some(Mode::Rw)));
    }
    insta::assert_snapshot!(text);
}

/// A name in a header is arbitrary text, and root reads it in a terminal.
#[test]
fn a_name_cannot_play_with_the_terminal() {
    let mut chain = without("nbd:\u{1b}[2J\u{7}", NameKind::Protocol, ChainStop::NotAFile);
    chain.files[1].path = Some("data\u{1b}[31m".into());
    chain.files[1].stop = Some(ChainStop::Missing);
    let survey = survey(&chain, None);
    for asked in [None, Some(Mode::Rw), Some(Mode::ForceShare)] {
        let text = told(&survey, asked);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        assert!(text.contains(r"data\u{1b}[31m"), "{text}");
    }
    assert!(told(&survey, None).contains(r"nbd:\u{1b}[2J\u{7}"));
}

#[test]
fn json_holds_the_chain() {
    let chain = without("/templates/base.raw", NameKind::Absolute, ChainStop::Outside);
    let (survey, chains) = survey(&chain, Some((2, writer())));
    let document = shown(|out| json::document(&survey, &chains, out));
    let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    let images = document["images"].as_array().expect("images");
    let roles: Vec<_> = images.iter().map(|one| [&one["role"], &one["named_by"]]).collect();
    let rw = document["images"][0]["chain"]["answers"].as_array().expect("answers").iter();
    let rw: Vec<_> =
        rw.filter(|one| ["rw", "qcow2-rw"].contains(&one["mode"].as_str().unwrap_or(""))).collect();
    let chain = &document["images"][0]["chain"];
    let some = serde_json::json!({
        "roles": roles, "complete": chain["complete"], "files": chain["files"], "answers": rw,
        "below": document["images"][1]["chain"],
    });
    insta::assert_snapshot!(serde_json::to_string_pretty(&some).expect("JSON"));
}
