use miette::SourceSpan;

use super::scope::Scope;
use super::verb::Verb;
use super::{claim, names};
use crate::text::{Line, Reader, Value};
use imglock_core::{
    Action, ActionKind, Backend, LockType, Locking, OpenOptions, RangeSpec, Whence,
};

/// The maximum size of an image: 1 GiB.
pub(super) const LARGEST: i128 = 1 << 30;
/// The default size of an image: 1 MiB.
pub(super) const USUAL: u64 = 1 << 20;
/// The maximum length of witness data, in bytes.
const LONGEST_DATA: usize = 4096;
/// The maximum number of lock calls before a pause.
const LATEST_PAUSE: i128 = 1000;

/// An action, with the positions of its names in the text.
pub(super) struct Placed {
    /// The action.
    pub action: Action,
    /// The position of the word after the verb.
    pub object: SourceSpan,
    /// The position of `image=`, `to=` or `over=`, or of the object if there is none.
    pub other: SourceSpan,
    /// The position of `as=`, or of the object if there is none.
    pub copy: SourceSpan,
}

impl Placed {
    /// An action with one name in it, or with none.
    fn at(object: SourceSpan, action: Action) -> Placed {
        Placed { action, object, other: object, copy: object }
    }
}

/// The words of one step while its action is read.
pub(super) struct Words<'l, 'd, 'r, 't> {
    /// The verb.
    pub verb: Verb,
    /// The position of the verb.
    pub span: SourceSpan,
    /// The words after the verb.
    pub line: &'l mut Line<'d>,
    /// The defaults from the rest of the scenario.
    pub scope: &'l Scope,
    /// The text.
    pub reader: &'r mut Reader<'t>,
}

impl<'d> Words<'_, 'd, '_, '_> {
    /// Reads the rest of the line and reports all its problems. Returns `None` if there was any.
    pub fn action(&mut self) -> Option<Placed> {
        use ActionKind::*;

        match self.verb.kind {
            Open => self.open(),
            Close => self.node_alone(|node| Action::Close { node }),
            Reopen => self.reopen(),
            Set => self.set(),
            Inactivate => self.node_alone(|node| Action::Inactivate { node }),
            Activate => self.node_alone(|node| Action::Activate { node }),
            Read => self.read(),
            Write => self.write(),
            Seek => self.seek(),
            Dup => self.dup(),
            Send => self.send(),
            Lock => self.lock(),
            Unlock => self.unlock(),
            Test => self.test(),
            Fork => self.made("the child", |child| Action::Fork { child }),
            Thread => self.made("the thread", |name| Action::Thread { name }),
            Exec => self.bare(Action::Exec),
            Exit => self.bare(Action::Exit),
            Kill => self.bare(Action::Kill),
            Stop => self.bare(Action::Stop),
            Continue => self.bare(Action::Continue),
            Signal => self.bare(Action::Signal),
            Await => self.bare(Action::Await),
            Create => self.create(),
            HardLink => self.two_names("to", |name, to| Action::HardLink { name, to }),
            Symlink => self.two_names("to", |name, to| Action::Symlink { name, to }),
            Rename => self.two_names("to", |image, to| Action::Rename { image, to }),
            Unlink => self.unlink(),
            Bind => self.bind(),
            Overlay => self.two_names("over", |name, over| Action::Overlay { name, over }),
        }
    }

    fn bare(&self, action: Action) -> Option<Placed> {
        Some(Placed::at(self.span, action))
    }

    fn made(&mut self, what: &str, action: impl Fn(String) -> Action) -> Option<Placed> {
        let value = self.line.required(what, self.verb.usage, self.reader)?;
        let name = value.string(what, self.reader)?;
        let name = names::actor(name, value.span, &self.scope.counters, self.reader)?;
        Some(Placed::at(value.span, action(name)))
    }

    fn create(&mut self) -> Option<Placed> {
        let image = self.image();
        let size = size(self.line, self.reader);
        let (image, object) = image?;
        Some(Placed::at(object, Action::Create { image, size: size? }))
    }

    fn unlink(&mut self) -> Option<Placed> {
        let (image, object) = self.image()?;
        Some(Placed::at(object, Action::Unlink { image }))
    }

    fn bind(&mut self) -> Option<Placed> {
        let (name, to) = (self.image(), self.other_image("to"));
        let read_only = self.flag("read-only", false);
        let ((name, object), (to, other)) = (name?, to?);
        let action = Action::Bind { name, to, read_only: read_only? };
        Some(Placed { other, ..Placed::at(object, action) })
    }

    fn two_names(
        &mut self,
        property: &str,
        action: impl Fn(String, String) -> Action,
    ) -> Option<Placed> {
        let (name, other) = (self.image(), self.other_image(property));
        let ((name, object), (to, other)) = (name?, other?);
        Some(Placed { other, ..Placed::at(object, action(name, to)) })
    }

    /// The image that a verb of the host is about.
    fn image(&mut self) -> Option<(String, SourceSpan)> {
        let value = self.line.required("an image", self.verb.usage, self.reader)?;
        Some((names::image(value, &self.scope.counters, self.reader)?, value.span))
    }

    fn other_image(&mut self, property: &str) -> Option<(String, SourceSpan)> {
        let value = self.required(property)?;
        Some((names::image(value, &self.scope.counters, self.reader)?, value.span))
    }

    fn node_alone(&mut self, action: impl Fn(String) -> Action) -> Option<Placed> {
        let (node, object) = self.node()?;
        Some(Placed::at(object, action(node)))
    }

    fn reopen(&mut self) -> Option<Placed> {
        let node = self.node();
        let mode = self.claim();
        let access = claim::access(self.line, mode, self.reader);
        let (node, object) = node?;
        Some(Placed::at(object, Action::Reopen { node, mode: mode?, access: access? }))
    }

    fn set(&mut self) -> Option<Placed> {
        let node = self.node();
        let mode = self.claim();
        let pause_after = self.pause();
        let (node, object) = node?;
        Some(Placed::at(object, Action::Set { node, mode: mode?, pause_after: pause_after? }))
    }

    fn read(&mut self) -> Option<Placed> {
        let node = self.node();
        let at = self.number("at", 0..=i128::from(i64::MAX));
        let len = self.number("len", 0..=LONGEST_DATA as i128);
        let (node, object) = node?;
        Some(Placed::at(object, Action::Read { node, at: at? as u64, len: len? as u64 }))
    }

    fn write(&mut self) -> Option<Placed> {
        let node = self.node();
        let at = self.number("at", 0..=i128::from(i64::MAX));
        let data = self.data();
        let (node, object) = node?;
        Some(Placed::at(object, Action::Write { node, at: at? as u64, data: data? }))
    }

    fn seek(&mut self) -> Option<Placed> {
        let node = self.node();
        let to = self.number("to", 0..=i128::from(i64::MAX));
        let (node, object) = node?;
        Some(Placed::at(object, Action::Seek { node, to: to? as u64 }))
    }

    fn dup(&mut self) -> Option<Placed> {
        let node = self.node();
        let value = self.required("as");
        let copy = value.and_then(|value| Some((self.plain(value, "the copy")?, value.span)));
        let ((node, object), (copy, span)) = (node?, copy?);
        Some(Placed { copy: span, ..Placed::at(object, Action::Dup { node, copy }) })
    }

    fn send(&mut self) -> Option<Placed> {
        let node = self.node();
        let to = self.required("to").and_then(|value| {
            let name = value.string("`to`", self.reader)?;
            let name = names::actor(name, value.span, &self.scope.counters, self.reader)?;
            Some((name, value.span))
        });
        let copy = match self.line.property("as", self.reader) {
            Some(value) => self.plain(value, "the copy").map(|name| (name, value.span)),
            None => node.clone(),
        };
        let ((node, object), (to, other), (copy, span)) = (node?, to?, copy?);
        Some(Placed { action: Action::Send { node, to, copy }, object, other, copy: span })
    }

    fn lock(&mut self) -> Option<Placed> {
        let node = self.node();
        let (kind, range) = (self.kind(), self.range());
        let wait = self.flag("wait", false);
        let (node, object) = node?;
        let action = Action::Lock { node, kind: kind?, range: range?, wait: wait? };
        Some(Placed::at(object, action))
    }

    fn unlock(&mut self) -> Option<Placed> {
        let node = self.node();
        let range = self.range();
        let (node, object) = node?;
        Some(Placed::at(object, Action::Unlock { node, range: range? }))
    }

    fn test(&mut self) -> Option<Placed> {
        let node = self.node();
        let (kind, range) = (self.kind(), self.range());
        let (node, object) = node?;
        Some(Placed::at(object, Action::Test { node, kind: kind?, range: range? }))
    }

    fn open(&mut self) -> Option<Placed> {
        let node = self.node();
        let (options, image) = self.options();
        let ((node, object), options) = (node?, options?);
        let other = image.unwrap_or(object);
        Some(Placed { other, ..Placed::at(object, Action::Open { node, options }) })
    }

    fn options(&mut self) -> (Option<OpenOptions>, Option<SourceSpan>) {
        let value = self.line.property("image", self.reader);
        let image = match value {
            Some(value) => names::image(value, &self.scope.counters, self.reader),
            None => Some(self.scope.image.clone()),
        };
        let mode = self.claim();
        let access = claim::access(self.line, mode, self.reader);
        let backend = self.word("backend", &Backend::ALL.map(|backend| (backend.name(), backend)));
        let locking = self.word("locking", &Locking::ALL.map(|locking| (locking.name(), locking)));
        let inactive = self.flag("inactive", false);
        let cloexec = self.flag("cloexec", true);
        let pause_after = self.pause();
        let options = || {
            Some(OpenOptions {
                image: image?,
                mode: mode?,
                access: access?,
                backend: backend?,
                locking: locking?,
                inactive: inactive?,
                cloexec: cloexec?,
                pause_after: pause_after?,
            })
        };
        (options(), value.map(|value| value.span))
    }

    /// The node that the verb is about.
    fn node(&mut self) -> Option<(String, SourceSpan)> {
        let value = self.line.required("the node", self.verb.usage, self.reader)?;
        Some((self.plain(value, "the node")?, value.span))
    }

    fn plain(&mut self, value: Value<'_>, what: &str) -> Option<String> {
        names::plain(value, what, &self.scope.counters, self.reader)
    }

    fn claim(&mut self) -> Option<imglock_core::ModeSpec> {
        claim::required(self.line, self.span, self.verb.usage, self.reader)
    }

    fn required(&mut self, name: &str) -> Option<Value<'d>> {
        let value = self.line.property(name, self.reader);
        if value.is_none() {
            self.reader.problems.add(
                self.span,
                format!("`{name}` is missing"),
                format!("`{}` needs the property `{name}`", self.verb.name()),
                format!("write: {}", self.verb.usage),
            );
        }
        value
    }

    fn number(&mut self, name: &str, range: std::ops::RangeInclusive<i128>) -> Option<i128> {
        self.required(name)?.integer(&format!("`{name}`"), range, self.reader)
    }

    fn data(&mut self) -> Option<String> {
        let value = self.required("data")?;
        let data = value.string("`data`", self.reader)?;
        if data.len() > LONGEST_DATA {
            self.reader.problems.add(
                value.span,
                "too long",
                format!("`data` has {} bytes", data.len()),
                format!("the maximum is {LONGEST_DATA} bytes"),
            );
            return None;
        }
        Some(data.to_owned())
    }

    fn range(&mut self) -> Option<RangeSpec> {
        let any = i128::from(i64::MIN)..=i128::from(i64::MAX);
        let start = self.number("start", any.clone());
        let len = self.number("len", any);
        let choices = [Whence::Set, Whence::Cur, Whence::End].map(|whence| (whence.name(), whence));
        let whence = self.word("whence", &choices);
        Some(RangeSpec {
            whence: whence?.unwrap_or_default(),
            start: start? as i64,
            len: len? as i64,
        })
    }

    fn kind(&mut self) -> Option<LockType> {
        let value = self.required("type")?;
        value.choice("lock type", &LOCK_TYPES, self.reader)
    }

    /// Reads an optional property. Returns `None` if its value is wrong.
    fn word<T: Copy>(&mut self, name: &str, choices: &[(&'static str, T)]) -> Option<Option<T>> {
        match self.line.property(name, self.reader) {
            None => Some(None),
            Some(value) => value.choice(name, choices, self.reader).map(Some),
        }
    }

    fn flag(&mut self, name: &str, otherwise: bool) -> Option<bool> {
        match self.line.property(name, self.reader) {
            None => Some(otherwise),
            Some(value) => value.boolean(&format!("`{name}`"), self.reader),
        }
    }

    fn pause(&mut self) -> Option<Option<u32>> {
        match self.line.property("pause-after", self.reader) {
            None => Some(None),
            Some(value) => {
                let calls = value.integer("`pause-after`", 0..=LATEST_PAUSE, self.reader)?;
                Some(Some(calls as u32))
            }
        }
    }
}

/// The two lock types and their words.
pub(super) const LOCK_TYPES: [(&str, LockType); 2] =
    [("read", LockType::Read), ("write", LockType::Write)];

/// Reads `size=` of an image.
pub(super) fn size(line: &mut Line<'_>, reader: &mut Reader<'_>) -> Option<u64> {
    match line.property("size", reader) {
        None => Some(USUAL),
        Some(value) => value.integer("`size`", 0..=LARGEST, reader).map(|size| size as u64),
    }
}
