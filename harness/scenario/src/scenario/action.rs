use miette::SourceSpan;

use super::scope::Scope;
use super::verb::Verb;
use super::{claim, names};
use crate::text::{Line, Reader, Value};
use imglock_core::{Action, Backend, LockType, Locking, OpenOptions, RangeSpec, Whence};

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

/// The words of one step while its action is read.
pub(super) struct Words<'l, 'd, 'r, 't> {
    /// The verb.
    pub verb: &'static Verb,
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
        match self.verb.name {
            "exec" => self.bare(Action::Exec),
            "exit" => self.bare(Action::Exit),
            "kill" => self.bare(Action::Kill),
            "stop" => self.bare(Action::Stop),
            "continue" => self.bare(Action::Continue),
            "signal" => self.bare(Action::Signal),
            "await" => self.bare(Action::Await),
            "fork" => self.made("the child", |child| Action::Fork { child }),
            "thread" => self.made("the thread", |name| Action::Thread { name }),
            "close" => self.named("the node", |node| Action::Close { node }),
            "inactivate" => self.named("the node", |node| Action::Inactivate { node }),
            "activate" => self.named("the node", |node| Action::Activate { node }),
            "create" | "hardlink" | "symlink" | "rename" | "unlink" | "bind" | "overlay" => {
                self.host()
            }
            _ => self.node(),
        }
    }

    fn bare(&self, action: Action) -> Option<Placed> {
        Some(Placed { action, object: self.span, other: self.span, copy: self.span })
    }

    fn named(&mut self, what: &str, action: impl Fn(String) -> Action) -> Option<Placed> {
        let (name, span) = self.name(what)?;
        Some(Placed { action: action(name), object: span, other: span, copy: span })
    }

    fn made(&mut self, what: &str, action: impl Fn(String) -> Action) -> Option<Placed> {
        let value = self.line.required(what, self.verb.usage, self.reader)?;
        let name = value.string(what, self.reader)?;
        let name = names::actor(name, value.span, &self.scope.counters, self.reader)?;
        let span = value.span;
        Some(Placed { action: action(name), object: span, other: span, copy: span })
    }

    fn host(&mut self) -> Option<Placed> {
        let image = self.line.required("an image", self.verb.usage, self.reader);
        let name = image.and_then(|value| names::image(value, &self.scope.counters, self.reader));
        let object = image.map_or(self.span, |value| value.span);
        let mut other = object;
        let action = match self.verb.name {
            "create" => {
                let size = size(self.line, self.reader);
                Action::Create { image: name?, size: size? }
            }
            "unlink" => Action::Unlink { image: name? },
            verb => {
                let to = self.required(if verb == "overlay" { "over" } else { "to" });
                other = to.map_or(object, |value| value.span);
                let to =
                    to.and_then(|value| names::image(value, &self.scope.counters, self.reader));
                let read_only =
                    if verb == "bind" { self.flag("read-only", false) } else { Some(false) };
                let (name, to, read_only) = (name?, to?, read_only?);
                match verb {
                    "bind" => Action::Bind { name, to, read_only },
                    "overlay" => Action::Overlay { name, over: to },
                    "hardlink" => Action::HardLink { name, to },
                    "symlink" => Action::Symlink { name, to },
                    _ => Action::Rename { image: name, to },
                }
            }
        };
        Some(Placed { action, object, other, copy: object })
    }

    fn node(&mut self) -> Option<Placed> {
        let named = self.name("the node");
        let object = named.as_ref().map_or(self.span, |(_, span)| *span);
        let node = named.map(|(name, _)| name);
        let (mut other, mut copy) = (object, object);
        let action = match self.verb.name {
            "open" => {
                let (options, image) = self.open();
                other = image.unwrap_or(object);
                Action::Open { node: node?, options: options? }
            }
            "reopen" => {
                let mode = self.claim();
                let access = claim::access(self.line, mode, self.reader);
                Action::Reopen { node: node?, mode: mode?, access: access? }
            }
            "set" => {
                let mode = self.claim();
                let pause_after = self.pause();
                Action::Set { node: node?, mode: mode?, pause_after: pause_after? }
            }
            "read" => {
                let at = self.number("at", 0..=i128::from(i64::MAX));
                let len = self.number("len", 0..=LONGEST_DATA as i128);
                Action::Read { node: node?, at: at? as u64, len: len? as u64 }
            }
            "write" => {
                let at = self.number("at", 0..=i128::from(i64::MAX));
                let data = self.data();
                Action::Write { node: node?, at: at? as u64, data: data? }
            }
            "seek" => {
                let to = self.number("to", 0..=i128::from(i64::MAX));
                Action::Seek { node: node?, to: to? as u64 }
            }
            "dup" => {
                let value = self.required("as");
                copy = value.map_or(object, |value| value.span);
                let name = value.and_then(|value| self.plain(value, "the copy"));
                Action::Dup { node: node?, copy: name? }
            }
            "send" => {
                let to = self.required("to");
                other = to.map_or(object, |value| value.span);
                let to = to.and_then(|value| {
                    let name = value.string("`to`", self.reader)?;
                    names::actor(name, value.span, &self.scope.counters, self.reader)
                });
                let name = match self.line.property("as", self.reader) {
                    Some(value) => {
                        copy = value.span;
                        self.plain(value, "the copy")
                    }
                    None => node.clone(),
                };
                Action::Send { node: node?, to: to?, copy: name? }
            }
            "unlock" => {
                let range = self.range();
                Action::Unlock { node: node?, range: range? }
            }
            verb => {
                let kind = self.kind();
                let range = self.range();
                let wait = if verb == "lock" { self.flag("wait", false) } else { Some(false) };
                let (node, kind, range) = (node?, kind?, range?);
                match verb {
                    "lock" => Action::Lock { node, kind, range, wait: wait? },
                    _ => Action::Test { node, kind, range },
                }
            }
        };
        Some(Placed { action, object, other, copy })
    }

    fn open(&mut self) -> (Option<OpenOptions>, Option<SourceSpan>) {
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

    fn name(&mut self, what: &str) -> Option<(String, SourceSpan)> {
        let value = self.line.required(what, self.verb.usage, self.reader)?;
        Some((self.plain(value, what)?, value.span))
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
                format!("`{}` needs the property `{name}`", self.verb.name),
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
