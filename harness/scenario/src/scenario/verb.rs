use super::word;

/// The kind of actor that a verb needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doer {
    /// A process or a thread.
    Actor,
    /// The harness.
    Host,
}

/// The properties of a verb in the format.
#[derive(Debug)]
pub(super) struct Verb {
    /// The word.
    pub name: &'static str,
    /// The kind of actor.
    pub doer: Doer,
    /// An example line, for help texts.
    pub usage: &'static str,
    /// Its properties.
    pub properties: &'static [&'static str],
    /// The first words of its possible outcomes.
    pub outcomes: &'static [&'static str],
    /// Whether it is allowed in `together`.
    pub together: bool,
}

const CLAIM: &[&str] = &["granted", "refused", "byte", "errno", "not-open"];
const PAUSING: &[&str] = &["granted", "refused", "byte", "errno", "not-open", "paused"];
const DONE: &[&str] = &["done"];
const NODE: &[&str] = &["done", "not-open"];
const CALL: &[&str] = &["done", "errno", "not-open"];
const HOST: &[&str] = &["done", "errno"];

const fn actor(
    name: &'static str,
    usage: &'static str,
    properties: &'static [&'static str],
    outcomes: &'static [&'static str],
    together: bool,
) -> Verb {
    Verb { name, doer: Doer::Actor, usage, properties, outcomes, together }
}

const fn host(
    name: &'static str,
    usage: &'static str,
    properties: &'static [&'static str],
) -> Verb {
    Verb { name, doer: Doer::Host, usage, properties, outcomes: HOST, together: false }
}

/// All verbs.
pub(super) const VERBS: &[Verb] = &[
    actor(
        "open",
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
        true,
    ),
    actor("close", "`vm1 close disk`", &[], NODE, true),
    actor(
        "reopen",
        "`vm1 reopen disk mode=ro`",
        &["mode", "held", "unshared", "access"],
        CLAIM,
        true,
    ),
    actor(
        "set",
        "`vm1 set disk mode=none`",
        &["mode", "held", "unshared", "pause-after"],
        PAUSING,
        true,
    ),
    actor("inactivate", "`vm1 inactivate disk`", &[], NODE, true),
    actor("activate", "`vm1 activate disk`", &[], PAUSING, true),
    actor(
        "read",
        "`vm1 read disk at=0 len=5`",
        &["at", "len"],
        &["data", "errno", "not-open"],
        true,
    ),
    actor("write", "`vm1 write disk at=0 data=\"hello\"`", &["at", "data"], CALL, true),
    actor("seek", "`vm1 seek disk to=100`", &["to"], NODE, false),
    actor("dup", "`vm1 dup disk as=spare`", &["as"], NODE, false),
    actor("send", "`vm1 send disk to=vm2 as=disk`", &["to", "as"], NODE, false),
    actor(
        "lock",
        "`vm1 lock disk type=write start=0 len=10`",
        &["type", "start", "len", "whence", "wait"],
        &["granted", "errno", "blocked", "not-open"],
        true,
    ),
    actor("unlock", "`vm1 unlock disk start=0 len=10`", &["start", "len", "whence"], CALL, true),
    actor(
        "test",
        "`vm1 test disk type=write start=0 len=10`",
        &["type", "start", "len", "whence"],
        &["free", "held", "errno", "not-open"],
        true,
    ),
    actor("fork", "`vm1 fork child`", &[], DONE, false),
    actor("thread", "`vm1 thread helper`", &[], DONE, false),
    actor("exec", "`vm1 exec`", &[], DONE, false),
    actor("exit", "`vm1 exit`", &[], DONE, true),
    actor("kill", "`vm1 kill`", &[], DONE, true),
    actor("stop", "`vm1 stop`", &[], DONE, false),
    actor("continue", "`vm1 continue`", &[], DONE, false),
    actor("signal", "`vm1 signal`", &[], DONE, false),
    actor(
        "await",
        "`vm1 await`",
        &[],
        &["granted", "refused", "byte", "errno", "blocked", "paused"],
        false,
    ),
    host("create", "`host create base.img size=4096`", &["size"]),
    host("hardlink", "`host hardlink other.img to=disk.img`", &["to"]),
    host("symlink", "`host symlink link.img to=disk.img`", &["to"]),
    host("rename", "`host rename disk.img to=old.img`", &["to"]),
    host("unlink", "`host unlink disk.img`", &[]),
    host("bind", "`host bind copy.img to=disk.img`", &["to", "read-only"]),
    host("overlay", "`host overlay top.img over=disk.img`", &["over"]),
];

impl Verb {
    /// The verb with this name.
    pub fn named(name: &str) -> Option<&'static Verb> {
        VERBS.iter().find(|verb| verb.name == name)
    }

    /// The names of the verbs of `doer`.
    pub fn names(doer: Doer) -> Vec<&'static str> {
        VERBS.iter().filter(|verb| verb.doer == doer).map(|verb| verb.name).collect()
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
