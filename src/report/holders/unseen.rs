//! The sentences about what a survey could not look at.

use imglock_locks::{Capability, Unseen, UnseenReason};

use crate::phrase::{count, list};

/// A sentence for each reason, and then what helps. `root` is whether this user is root.
pub fn sentences(unseen: &Unseen, root: bool) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    let processes = unseen.processes.iter().map(|(why, number)| {
        let them = count(*number, "process", "processes");
        format!("{them}{} could not be inspected{}.", owner(*why, *number), because(*why))
    });
    sentences.extend(processes);
    let threads = unseen.threads.iter().map(|(why, number)| {
        let them = count(*number, "thread", "threads");
        let own = "with descriptor tables of their own";
        format!("{them}{} {own} could not be inspected{}.", owner(*why, *number), because(*why))
    });
    sentences.extend(threads);
    sentences.extend(unseen.descriptors.iter().map(|(errno, number)| {
        let them = count(*number, "descriptor", "descriptors");
        format!("{them} could not be inspected ({errno}) and may refer to the image.")
    }));
    if unseen.hidden {
        sentences.push("/proc hides the processes of other users (mount option hidepid).".into());
    }
    sentences.extend(help(unseen, root));
    sentences
}

fn owner(why: UnseenReason, number: usize) -> &'static str {
    match why {
        UnseenReason::OtherUser if number == 1 => " of another user",
        UnseenReason::OtherUser => " of other users",
        UnseenReason::Protected => " of this user",
        UnseenReason::UserNamespace if number == 1 => " in another user namespace",
        UnseenReason::UserNamespace => " in other user namespaces",
        UnseenReason::SecurityModule | UnseenReason::Undetermined => "",
    }
}

fn because(why: UnseenReason) -> &'static str {
    match why {
        UnseenReason::OtherUser | UnseenReason::UserNamespace => "",
        UnseenReason::Protected => ": not dumpable, or with more capabilities",
        UnseenReason::SecurityModule => ": a security module of the kernel refused it",
        UnseenReason::Undetermined => ": the kernel refused it for an unknown reason",
    }
}

fn help(unseen: &Unseen, root: bool) -> Option<String> {
    let outside = unseen.processes.contains_key(&UnseenReason::UserNamespace);
    if !root && (unseen.hidden || outside || !unseen.needs.is_empty()) {
        return Some("Run as root to see all.".to_owned());
    }
    let missing: Vec<String> = unseen.needs.iter().map(Capability::to_string).collect();
    match &missing[..] {
        [] if outside => Some("Run it outside of this container to see all.".to_owned()),
        [] => None,
        [one] => Some(format!("That needs the capability {one}.")),
        many => Some(format!("That needs the capabilities {}.", list(many))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unseen(why: UnseenReason, number: usize, needs: &[Capability]) -> Unseen {
        let needs = needs.iter().copied().collect();
        Unseen { processes: [(why, number)].into(), needs, ..Unseen::default() }
    }

    use Capability::{DacReadSearch, SysPtrace};
    use UnseenReason::*;

    #[rstest::rstest]
    #[case::a_user(
        unseen(OtherUser, 37, &[DacReadSearch, SysPtrace]), false,
        "37 processes of other users could not be inspected. Run as root to see all."
    )]
    #[case::root_of_a_container(
        unseen(OtherUser, 1, &[SysPtrace]), true,
        "1 process of another user could not be inspected. That needs the capability CAP_SYS_PTRACE."
    )]
    #[case::a_security_module(
        unseen(SecurityModule, 1, &[]), true,
        "1 process could not be inspected: a security module of the kernel refused it."
    )]
    #[case::in_a_user_namespace(
        unseen(UserNamespace, 2, &[]), true,
        "2 processes in other user namespaces could not be inspected. Run it outside of this \
         container to see all."
    )]
    #[case::protected(
        unseen(Protected, 1, &[SysPtrace]), false,
        "1 process of this user could not be inspected: not dumpable, or with more capabilities. \
         Run as root to see all."
    )]
    #[case::hidden(
        Unseen { hidden: true, ..Unseen::default() }, false,
        "/proc hides the processes of other users (mount option hidepid). Run as root to see all."
    )]
    #[case::a_descriptor(
        Unseen { descriptors: [("EACCES".to_owned(), 1)].into(), ..Unseen::default() }, true,
        "1 descriptor could not be inspected (EACCES) and may refer to the image."
    )]
    #[case::nothing(Unseen::default(), false, "")]
    fn each_reason_is_told_with_what_helps(
        #[case] unseen: Unseen,
        #[case] root: bool,
        #[case] expected: &str,
    ) {
        assert_eq!(sentences(&unseen, root).join(" "), expected);
    }
}
