//! The reason why the kernel refuses access to the descriptors of a process.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, StatxFlags, statx};

use super::proc::Proc;
use super::task::Task;
use super::{Capability, UnseenReason};

/// Numbers of include/uapi/linux/capability.h.
const CAP_DAC_OVERRIDE: u32 = 1;
const CAP_DAC_READ_SEARCH: u32 = 2;
const CAP_SYS_PTRACE: u32 = 19;

/// `PROC_USER_INIT_INO` of include/linux/proc_ns.h: the inode number of the initial user namespace.
const INITIAL_USER_NAMESPACE: u64 = 0xEFFF_FFFD;

/// The step at which the kernel refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// The directory /proc/PID/fd could not be opened. This takes the permissions of a directory, and
    /// no more.
    List,
    /// The directory could be read, but not its links. This takes the permission to trace
    /// (`PTRACE_MODE_READ_FSCREDS`).
    Links,
}

/// The credentials of a process, as far as they decide on its descriptors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Credentials {
    /// Real, effective and saved.
    users: [u32; 3],
    groups: [u32; 3],
    permitted: u64,
    effective: u64,
    /// The mapping of its user namespace, as the reader sees it.
    namespace: Vec<u8>,
}

impl Credentials {
    /// The credentials of a task, or `None` if they cannot be read.
    fn of(directory: &str, proc: &mut Proc) -> Option<Credentials> {
        let status = proc.text(format_args!("{directory}/status")).ok()?;
        let mut credentials = Credentials::parse(status)?;
        credentials.namespace = proc.text(format_args!("{directory}/uid_map")).ok()?.to_vec();
        Some(credentials)
    }

    /// Parses /proc/PID/status (proc_pid_status(5)).
    fn parse(status: &[u8]) -> Option<Credentials> {
        let status = String::from_utf8_lossy(status);
        let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
        let three = |name| {
            let mut words = line(name)?.split_ascii_whitespace().map(|word| word.parse().ok());
            Some([words.next()??, words.next()??, words.next()??])
        };
        let set = |name| u64::from_str_radix(line(name)?.trim(), 16).ok();
        Some(Credentials {
            users: three("Uid:")?,
            groups: three("Gid:")?,
            permitted: set("CapPrm:")?,
            effective: set("CapEff:")?,
            namespace: Vec::new(),
        })
    }

    fn has(&self, capability: u32) -> bool {
        self.effective & (1 << capability) != 0
    }
}

/// This process, in the eyes of the kernel.
#[derive(Debug)]
pub(super) struct Ourselves {
    credentials: Credentials,
    /// Whether its capabilities extend to every user namespace.
    initial_namespace: bool,
}

impl Ourselves {
    /// Reads the credentials of the calling thread.
    pub(super) fn read(proc: &mut Proc) -> Option<Ourselves> {
        let credentials = Credentials::of("thread-self", proc)?;
        let namespace = std::fs::File::open("/proc/thread-self/ns/user").ok();
        let inode = namespace.and_then(|file| {
            let status = statx(file.as_fd(), c"", AtFlags::EMPTY_PATH, StatxFlags::INO);
            status.ok().map(|status| status.stx_ino)
        });
        Some(Ourselves { credentials, initial_namespace: inode == Some(INITIAL_USER_NAMESPACE) })
    }

    /// The reason why a task was refused, with the capabilities that are missing. `None` if the task
    /// has exited meanwhile.
    pub(super) fn why(
        &self,
        task: Task,
        refused: Refused,
        proc: &mut Proc,
    ) -> Option<(UnseenReason, Vec<Capability>)> {
        let (user, list_owner) = (proc.user(task).ok()?, proc.list_owner(task).ok()?);
        let theirs = Credentials::of(&task.to_string(), proc);
        // A task that has exited meanwhile had no credentials to read.
        proc.user(task).ok()?;
        Some(self.judge(&Other { user, list_owner, credentials: theirs }, refused))
    }

    /// Applies the rules of `generic_permission` in fs/namei.c to the list, and those of
    /// `__ptrace_may_access` in kernel/ptrace.c and `cap_ptrace_access_check` in security/commoncap.c to
    /// the links.
    fn judge(&self, theirs: &Other, refused: Refused) -> (UnseenReason, Vec<Capability>) {
        let ours = &self.credentials;
        let our_user = ours.users[1];
        let owns_list = theirs.list_owner == our_user;
        let searches = ours.has(CAP_DAC_READ_SEARCH) || ours.has(CAP_DAC_OVERRIDE);
        let mut missing = Vec::new();
        if refused == Refused::List && !owns_list && !searches {
            missing.push(Capability::DacReadSearch);
        }
        if !ours.has(CAP_SYS_PTRACE) {
            missing.push(Capability::SysPtrace);
        }
        let reason = self.reason(theirs, owns_list, !missing.is_empty());
        match reason {
            UnseenReason::OtherUser | UnseenReason::Protected => (reason, missing),
            _ => (reason, Vec::new()),
        }
    }

    fn reason(&self, theirs: &Other, owns_list: bool, lacks: bool) -> UnseenReason {
        let ours = &self.credentials;
        if lacks && theirs.user != ours.users[1] {
            return UnseenReason::OtherUser;
        }
        let Some(other) = &theirs.credentials else { return UnseenReason::Undetermined };
        let same_namespace = other.namespace == ours.namespace;
        if !lacks {
            return match self.initial_namespace || same_namespace {
                true => UnseenReason::SecurityModule,
                false => UnseenReason::UserNamespace,
            };
        }
        if other.users != [ours.users[1]; 3] || other.groups != [ours.groups[1]; 3] {
            UnseenReason::OtherUser
        } else if !same_namespace {
            UnseenReason::UserNamespace
        } else if other.permitted & !ours.effective != 0 || !owns_list {
            UnseenReason::Protected
        } else if ours.users[1] == 0 {
            // The list of a protected process belongs to root, and so does that of any other process of
            // root.
            UnseenReason::Undetermined
        } else {
            UnseenReason::SecurityModule
        }
    }
}

/// The process that refuses.
#[derive(Debug, Clone)]
struct Other {
    /// Its effective user.
    user: u32,
    /// The owner of /proc/PID/fd.
    list_owner: u32,
    credentials: Option<Credentials>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: u64 = (1 << 41) - 1;
    const CONTAINER: u64 = ALL & !(1 << CAP_SYS_PTRACE);
    const TRACER: u64 = 1 << CAP_SYS_PTRACE;
    const HERE: &[u8] = b"         0          0 4294967295\n";
    const OUTSIDE: &[u8] = b"         0 4294967295 4294967295\n";

    fn credentials(user: u32, capabilities: u64) -> Credentials {
        let (users, groups) = ([user; 3], [user; 3]);
        let namespace = HERE.to_vec();
        Credentials { users, groups, permitted: capabilities, effective: capabilities, namespace }
    }

    fn other(user: u32, list_owner: u32, capabilities: u64) -> Other {
        Other { user, list_owner, credentials: Some(credentials(user, capabilities)) }
    }

    fn outside(mut other: Other) -> Other {
        let theirs = other.credentials.as_mut().expect("credentials");
        theirs.namespace = OUTSIDE.to_vec();
        other
    }

    /// The effective and saved users of a set-user-ID program differ from the real one.
    fn set_user_id(mut other: Other) -> Other {
        other.credentials.as_mut().expect("credentials").users[0] = 7;
        other
    }

    use Capability::{DacReadSearch, SysPtrace};
    use Refused::{Links, List};
    use UnseenReason::*;

    #[rstest::rstest]
    #[case::another_user((500, 0), other(9, 9, 0), List, OtherUser, &[DacReadSearch, SysPtrace])]
    #[case::root((500, 0), other(0, 0, ALL), List, OtherUser, &[DacReadSearch, SysPtrace])]
    #[case::a_tracer_cannot_list((500, TRACER), other(9, 9, 0), List, OtherUser, &[DacReadSearch])]
    #[case::a_container((0, CONTAINER), other(9, 9, 0), Links, OtherUser, &[SysPtrace])]
    #[case::more_capabilities((500, 0), other(500, 500, 1), Links, Protected, &[SysPtrace])]
    #[case::not_dumpable((500, 0), other(500, 0, 0), List, Protected, &[DacReadSearch, SysPtrace])]
    #[case::set_user_id((500, 0), set_user_id(other(500, 500, 0)), Links, OtherUser, &[SysPtrace])]
    #[case::own_process((500, 0), other(500, 500, 0), Links, SecurityModule, &[])]
    #[case::roots_own_process((0, CONTAINER), other(0, 0, 0), Links, Undetermined, &[])]
    #[case::all_capabilities((0, ALL), other(0, 0, ALL), Links, SecurityModule, &[])]
    #[case::a_sandbox_of_this_user((500, 0), outside(other(500, 500, 0)), Links, UserNamespace, &[])]
    fn the_reason_follows_from_the_credentials(
        #[case] (user, capabilities): (u32, u64),
        #[case] theirs: Other,
        #[case] refused: Refused,
        #[case] reason: UnseenReason,
        #[case] missing: &[Capability],
    ) {
        let credentials = credentials(user, capabilities);
        let ourselves = Ourselves { credentials, initial_namespace: true };
        assert_eq!(ourselves.judge(&theirs, refused), (reason, missing.to_vec()));
    }

    #[test]
    fn roots_capabilities_in_a_user_namespace_end_there() {
        let credentials = credentials(0, ALL);
        let ourselves = Ourselves { credentials, initial_namespace: false };
        let reason = |theirs: &Other| ourselves.judge(theirs, Links).0;
        assert_eq!(reason(&outside(other(0, 0, ALL))), UserNamespace);
        assert_eq!(reason(&other(0, 0, ALL)), SecurityModule);
        let unknown = Other { user: 0, list_owner: 0, credentials: None };
        assert_eq!(reason(&unknown), Undetermined);
    }

    #[test]
    fn our_own_credentials_are_read() {
        let mut proc = Proc::open().expect("/proc");
        let ourselves = Ourselves::read(&mut proc).expect("our credentials");
        assert_eq!(ourselves.credentials.users[1], rustix::process::geteuid().as_raw());
        assert_eq!(ourselves.credentials.groups[1], rustix::process::getegid().as_raw());
        assert!(!ourselves.credentials.namespace.is_empty());
    }
}
