//! A kernel that refuses some system calls, or only pretends to carry them out:
//! a seccomp filter, which needs no root and which children inherit.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

/// `F_OFD_GETLK`, `F_OFD_SETLK`, `F_OFD_SETLKW`.
pub const OFD: [u64; 3] = [36, 37, 38];
/// `F_GETLK`, `F_SETLK`, `F_SETLKW`.
pub const POSIX: [u64; 3] = [5, 6, 7];

/// The system call that the filter handles, and the result.
#[derive(Debug, Clone)]
pub struct Refusal {
    call: i64,
    /// Only with these second arguments; with any when it is empty.
    commands: Vec<u64>,
    errno: i32,
}

impl Refusal {
    /// fcntl(2) with these commands gives `errno`. Errno 0 is success without
    /// any effect.
    pub fn fcntl(commands: &[u64], errno: i32) -> Refusal {
        Refusal { call: libc::SYS_fcntl, commands: commands.to_vec(), errno }
    }

    /// A system call, by its number, gives `errno`.
    pub fn call(call: i64, errno: i32) -> Refusal {
        Refusal { call, commands: Vec::new(), errno }
    }

    fn filter(&self) -> BpfProgram {
        let rule = |command: &u64| {
            let (word, equals) = (SeccompCmpArgLen::Dword, SeccompCmpOp::Eq);
            let second = SeccompCondition::new(1, word, equals, *command).expect("a condition");
            SeccompRule::new(vec![second]).expect("a rule")
        };
        let rules = self.commands.iter().map(rule).collect();
        let errno = SeccompAction::Errno(self.errno.unsigned_abs());
        let machine = std::env::consts::ARCH.try_into().expect("a machine that seccomp knows");
        SeccompFilter::new(
            BTreeMap::from([(self.call, rules)]),
            SeccompAction::Allow,
            errno,
            machine,
        )
        .and_then(BpfProgram::try_from)
        .expect("a filter")
    }
}

/// Does `work` in a thread with these filters. Processes started by `work`
/// inherit them. The filters end with the thread.
pub fn under<T: Send>(refusals: &[Refusal], work: impl FnOnce() -> T + Send) -> T {
    let filters: Vec<BpfProgram> = refusals.iter().map(Refusal::filter).collect();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            for filter in &filters {
                apply_filter(filter).expect("seccomp filters");
            }
            work()
        });
        thread.join().expect("it does not panic")
    })
}

/// Runs `command` under these filters.
pub fn output_under(refusals: &[Refusal], mut command: Command) -> Output {
    under(refusals, || command.output().expect("the command runs"))
}
