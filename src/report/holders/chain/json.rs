use std::borrow::Cow;

use imglock_core::Mode;
use imglock_locks::{Chain, ChainFile, ChainRole, ImageFormat, NameKind, Survey};
use serde::Serialize;

use super::Chains;

/// What an image of the survey is in a chain.
#[derive(Serialize)]
pub struct RoleView<'a> {
    role: ChainRole,
    /// The path of the file whose header names it; null for the top.
    named_by: Option<Cow<'a, str>>,
}

/// The chain of an image that the user named.
#[derive(Serialize)]
pub struct ChainView<'a> {
    /// Whether every file was seen, down to one without a backing file.
    complete: bool,
    files: Vec<FileView<'a>>,
    answers: Vec<AnswerView>,
}

#[derive(Serialize)]
struct FileView<'a> {
    role: ChainRole,
    /// The index of the file whose header names it.
    named_by: Option<usize>,
    /// The name as that header writes it, and how it is resolved.
    name: Option<&'a str>,
    resolved: Option<NameKind>,
    path: Option<Cow<'a, str>>,
    format: Option<&'a str>,
    /// Of a qcow2 header.
    version: Option<u32>,
    /// Why nothing follows from this file, as a word and in a sentence.
    stop: Option<&'static str>,
    why: Option<String>,
    /// Its index in `images`; null if there is no such file.
    image: Option<usize>,
}

#[derive(Serialize)]
struct AnswerView {
    mode: Mode,
    /// `granted`, `refused` or `unknown`, for all files of the chain.
    answer: &'static str,
    /// QEMU's words; null unless refused.
    message: Option<String>,
    /// The index of the file that stands against it.
    file: Option<usize>,
    /// The same for a user that shares `write`, such as qemu-io.
    when_shared: Option<SharedView>,
    /// The indexes of the files that were not looked at.
    unknown: Vec<usize>,
}

#[derive(Serialize)]
struct SharedView {
    message: String,
    file: usize,
}

impl Chains {
    /// What an image of the survey is in its chain.
    pub fn role_view(&self, image: usize) -> Option<RoleView<'_>> {
        let (chain, file) = self.file(image)?;
        let above = file.named_by.and_then(|above| chain.files.get(above)?.path.as_ref());
        Some(RoleView { role: file.role, named_by: above.map(|path| path.to_string_lossy()) })
    }

    /// The chain of an image that the user named; `None` for another file of a chain.
    pub fn view(&self, survey: &Survey, image: usize) -> Option<ChainView<'_>> {
        let chain = self.named(image)?;
        let files = chain.files.iter().enumerate();
        let answers = Mode::ALL.iter().filter_map(|mode| self.answer_view(survey, image, *mode));
        Some(ChainView {
            complete: chain.is_complete(),
            files: files.map(|(at, file)| file_view(file, self.place(image, at))).collect(),
            answers: answers.collect(),
        })
    }

    fn answer_view(&self, survey: &Survey, image: usize, mode: Mode) -> Option<AnswerView> {
        let chain: &Chain = self.named(image)?;
        let answer = self.answer(survey, image, mode)?;
        Some(AnswerView {
            mode,
            answer: match answer.is_granted() {
                Some(true) => "granted",
                Some(false) => "refused",
                None => "unknown",
            },
            message: answer.obstacle.as_ref().map(|obstacle| obstacle.qemu_message(chain)),
            file: answer.obstacle.as_ref().map(|obstacle| obstacle.file),
            when_shared: answer.when_shared.as_ref().map(|obstacle| SharedView {
                message: obstacle.qemu_message(chain),
                file: obstacle.file,
            }),
            unknown: answer.unknown,
        })
    }
}

fn file_view(file: &ChainFile, image: Option<usize>) -> FileView<'_> {
    let version = match file.format {
        Some(ImageFormat::Qcow2 { version }) => version,
        _ => None,
    };
    FileView {
        role: file.role,
        named_by: file.named_by,
        name: file.name.as_ref().map(|name| name.written.as_str()),
        resolved: file.name.as_ref().map(|name| name.kind),
        path: file.path.as_ref().map(|path| path.to_string_lossy()),
        format: file.format.as_ref().map(ImageFormat::name),
        version,
        stop: file.stop.as_ref().map(Into::into),
        why: file.stop.as_ref().map(ToString::to_string),
        image,
    }
}
