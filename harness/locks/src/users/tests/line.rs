use crate::users::{DataAccess, DataUser, DataUserKind, DataUsers};

/// A user in one line: its layers, kind, access, number of processes, and how it is ended.
pub(super) fn line(user: &DataUser) -> String {
    let mut way = user.through.clone();
    way.push(user.name.clone());
    let access = if user.access == DataAccess::Write { "writes" } else { "reads" };
    let mut text = format!("{}  {:?} {access}", way.join(" -> "), user.kind);
    // Another program can have copied the mount into a namespace of its own meanwhile.
    if !user.processes.is_empty() && user.kind != DataUserKind::FileSystem {
        let pids = user.processes.iter().map(|process| process.pid.to_string());
        text += &format!(" pid {}", pids.collect::<Vec<_>>().join(","));
    }
    if !user.certain {
        text += " (by name)";
    }
    if let Some(release) = &user.release {
        text += &format!("  [{}]", release.join(" "));
    }
    text
}

/// The users of a file, a line for each.
pub(super) fn lines(of: &DataUsers) -> Vec<String> {
    of.users.iter().map(line).collect()
}
