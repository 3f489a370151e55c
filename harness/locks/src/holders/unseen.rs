use std::collections::{BTreeMap, BTreeSet};

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

/// What a survey could not look at, by reason. Each of these may have an image open, and may hold a
/// lock on it.
///
/// Kernel threads, processes that have exited, and descriptors that are known to refer to another
/// file do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Unseen {
    /// The number of processes whose descriptors could not be looked at, by reason.
    pub processes: BTreeMap<UnseenReason, usize>,
    /// The number of threads with a descriptor table of their own that could not be looked at, in
    /// processes that could, by reason.
    pub threads: BTreeMap<UnseenReason, usize>,
    /// The number of single descriptors that could not be looked at, in processes that could, by the
    /// symbol of the error number, such as `EACCES`.
    pub descriptors: BTreeMap<String, usize>,
    /// Whether /proc does not show the processes of other users at all (mount option `hidepid` of
    /// proc(5)). Their number is unknown.
    pub hidden: bool,
    /// The capabilities that were missing, with which the survey would have seen more.
    pub needs: BTreeSet<Capability>,
}

impl Unseen {
    /// Returns whether the survey could look at everything that /proc shows, and /proc hides nothing.
    pub fn is_empty(&self) -> bool {
        let Unseen { processes, threads, descriptors, hidden, needs: _ } = self;
        processes.is_empty() && threads.is_empty() && descriptors.is_empty() && !hidden
    }

    pub(super) fn add(&mut self, other: Unseen) {
        add(&mut self.processes, other.processes);
        add(&mut self.threads, other.threads);
        add(&mut self.descriptors, other.descriptors);
        self.hidden |= other.hidden;
        self.needs.extend(other.needs);
    }
}

fn add<K: Ord>(counts: &mut BTreeMap<K, usize>, more: BTreeMap<K, usize>) {
    for (key, number) in more {
        *counts.entry(key).or_default() += number;
    }
}

/// The reason why the descriptors of a process or of a thread could not be looked at. It is derived
/// from the rules of the kernel (`__ptrace_may_access` in kernel/ptrace.c) and the credentials of both
/// processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum UnseenReason {
    /// It belongs to another user or group, and a capability is missing.
    OtherUser,
    /// It belongs to the same user, but it is not dumpable (prctl(2), `PR_SET_DUMPABLE`) or has
    /// capabilities that the survey lacks, and `CAP_SYS_PTRACE` is missing.
    Protected,
    /// It is in another user namespace (user_namespaces(7)), to which the capabilities of the survey
    /// do not extend.
    UserNamespace,
    /// The credentials suffice, so a security module of the kernel refused it (SELinux, AppArmor,
    /// Landlock, BPF).
    SecurityModule,
    /// Several of these reasons are possible.
    Undetermined,
}

/// A capability that lets a survey look at more processes (capabilities(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, IntoStaticStr)]
pub enum Capability {
    /// To list the descriptors of other users' processes.
    #[cfg_attr(feature = "serde", serde(rename = "CAP_DAC_READ_SEARCH"))]
    #[strum(serialize = "CAP_DAC_READ_SEARCH")]
    DacReadSearch,
    /// To look at the descriptors of other users' processes, and of protected ones.
    #[cfg_attr(feature = "serde", serde(rename = "CAP_SYS_PTRACE"))]
    #[strum(serialize = "CAP_SYS_PTRACE")]
    SysPtrace,
}
