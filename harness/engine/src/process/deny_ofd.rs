use std::collections::BTreeMap;

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

/// `F_OFD_GETLK`, `F_OFD_SETLK`, `F_OFD_SETLKW`.
const OFD_COMMANDS: [libc::c_int; 3] = [libc::F_OFD_GETLK, libc::F_OFD_SETLK, libc::F_OFD_SETLKW];

/// Makes every OFD lock call of this process fail with `EINVAL`, as a kernel
/// without OFD locks does. This also applies to programs that the process
/// executes and processes that it starts. QEMU then falls back to POSIX locks.
///
/// It installs a seccomp filter (seccomp(2)). This needs no root, because it
/// also sets `no_new_privs`. The filter cannot be removed.
///
/// # Errors
/// When this machine has no seccomp; the text gives the reason.
pub(super) fn deny_ofd() -> Result<(), String> {
    let filter = filter().map_err(|error| error.to_string())?;
    apply_filter(&filter).map_err(|error| format!("cannot install a seccomp filter: {error}"))
}

fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let rules = OFD_COMMANDS.into_iter().map(|command| {
        let (word, equals) = (SeccompCmpArgLen::Dword, SeccompCmpOp::Eq);
        SeccompRule::new(vec![SeccompCondition::new(1, word, equals, command as u64)?])
    });
    SeccompFilter::new(
        BTreeMap::from([(libc::SYS_fcntl, rules.collect::<Result<_, _>>()?)]),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EINVAL as u32),
        std::env::consts::ARCH.try_into()?,
    )?
    .try_into()
}
