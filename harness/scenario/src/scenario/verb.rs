use super::word;
use imglock_core::ActionKind;

/// The kind of actor that a verb needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doer {
    /// A process or a thread.
    Actor,
    /// The harness.
    Host,
}

/// The properties of a verb in the format.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verb {
    /// The verb itself.
    pub kind: ActionKind,
    /// An example line, for help texts.
    pub usage: &'static str,
    /// Its properties.
    pub properties: &'static [&'static str],
    /// The first words of its possible outcomes.
    pub outcomes: &'static [&'static str],
}

const CLAIM: &[&str] = &["granted", "refused", "byte", "errno", "not-open"];
const PAUSING: &[&str] = &["granted", "refused", "byte", "errno", "not-open", "paused"];
const DONE: &[&str] = &["done"];
const NODE: &[&str] = &["done", "not-open"];
const CALL: &[&str] = &["done", "errno", "not-open"];
const HOST: &[&str] = &["done", "errno"];

const fn actor(
    kind: ActionKind,
    usage: &'static str,
    properties: &'static [&'static str],
    outcomes: &'static [&'static str],
) -> Verb {
    Verb { kind, usage, properties, outcomes }
}

const fn host(kind: ActionKind, usage: &'static str, properties: &'static [&'static str]) -> Verb {
    Verb { kind, usage, properties, outcomes: HOST }
}

impl Verb {
    /// What the format knows of the verb of this kind.
    pub fn of(kind: ActionKind) -> Verb {
        use ActionKind::*;

        match kind {
            Open => actor(
                kind,
                "`vm1 open disk mode=rw`",
                &[
                    "image",
                    "mode",
                    "held",
                    "unshared",
                    "access",
                    "backend",
                    "locking",
                    "inactive",
                    "cloexec",
                    "pause-after",
                ],
                &["granted", "refused", "byte", "errno", "paused"],
            ),
            Close => actor(kind, "`vm1 close disk`", &[], NODE),
            Reopen => actor(
                kind,
                "`vm1 reopen disk mode=ro`",
                &["mode", "held", "unshared", "access"],
                CLAIM,
            ),
            Set => actor(
                kind,
                "`vm1 set disk mode=none`",
                &["mode", "held", "unshared", "pause-after"],
                PAUSING,
            ),
            Inactivate => actor(kind, "`vm1 inactivate disk`", &[], NODE),
            Activate => actor(kind, "`vm1 activate disk`", &[], PAUSING),
            Read => actor(
                kind,
                "`vm1 read disk at=0 len=5`",
                &["at", "len"],
                &["data", "errno", "not-open"],
            ),
            Write => actor(kind, "`vm1 write disk at=0 data=\"hello\"`", &["at", "data"], CALL),
            Seek => actor(kind, "`vm1 seek disk to=100`", &["to"], NODE),
            Dup => actor(kind, "`vm1 dup disk as=spare`", &["as"], NODE),
            Send => actor(kind, "`vm1 send disk to=vm2 as=disk`", &["to", "as"], NODE),
            Lock => actor(
                kind,
                "`vm1 lock disk type=write start=0 len=10`",
                &["type", "start", "len", "whence", "wait"],
                &["granted", "errno", "blocked", "not-open"],
            ),
            Unlock => {
                actor(kind, "`vm1 unlock disk start=0 len=10`", &["start", "len", "whence"], CALL)
            }
            Test => actor(
                kind,
                "`vm1 test disk type=write start=0 len=10`",
                &["type", "start", "len", "whence"],
                &["free", "held", "errno", "not-open"],
            ),
            Fork => actor(kind, "`vm1 fork child`", &[], DONE),
            Thread => actor(kind, "`vm1 thread helper`", &[], DONE),
            Exec => actor(kind, "`vm1 exec`", &[], DONE),
            Exit => actor(kind, "`vm1 exit`", &[], DONE),
            Kill => actor(kind, "`vm1 kill`", &[], DONE),
            Stop => actor(kind, "`vm1 stop`", &[], DONE),
            Continue => actor(kind, "`vm1 continue`", &[], DONE),
            Signal => actor(kind, "`vm1 signal`", &[], DONE),
            Await => actor(
                kind,
                "`vm1 await`",
                &[],
                &["granted", "refused", "byte", "errno", "blocked", "paused"],
            ),
            Create => host(kind, "`host create base.img size=4096`", &["size"]),
            HardLink => host(kind, "`host hardlink other.img to=disk.img`", &["to"]),
            Symlink => host(kind, "`host symlink link.img to=disk.img`", &["to"]),
            Rename => host(kind, "`host rename disk.img to=old.img`", &["to"]),
            Unlink => host(kind, "`host unlink disk.img`", &[]),
            Bind => host(kind, "`host bind copy.img to=disk.img`", &["to", "read-only"]),
            Overlay => host(kind, "`host overlay top.img over=disk.img`", &["over"]),
        }
    }

    /// All verbs.
    pub fn all() -> impl Iterator<Item = Verb> {
        ActionKind::ALL.iter().copied().map(Verb::of)
    }

    /// The verb with this name.
    pub fn named(name: &str) -> Option<Verb> {
        name.parse().ok().map(Verb::of)
    }

    /// The kind of actor that a verb needs.
    pub fn doer(&self) -> Doer {
        if self.kind.is_hosts() { Doer::Host } else { Doer::Actor }
    }

    /// The word.
    pub fn name(&self) -> &'static str {
        self.kind.word()
    }

    /// The names of the verbs of `doer`.
    pub fn names(doer: Doer) -> Vec<&'static str> {
        Verb::all().filter(|verb| verb.doer() == doer).map(|verb| verb.name()).collect()
    }

    /// The help for an unknown verb of `doer`.
    pub fn advice(word: &str, doer: Doer) -> String {
        let names = Verb::names(doer);
        match word::nearest(word, &names) {
            Some(near) => format!("did you mean `{near}`? the verbs are {}", word::list(&names)),
            None => format!("the verbs are {}", word::list(&names)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_shown_by_a_line_that_has_it() {
        for verb in Verb::all() {
            let doer = if verb.doer() == Doer::Host { "host" } else { "vm1" };
            let line = format!("`{doer} {}", verb.name());
            assert!(verb.usage.starts_with(&line), "{} for {}", verb.usage, verb.name());
        }
    }
}
