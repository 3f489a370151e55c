//! One snapshot, seen by all three: `holders`, lslocks and the trace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use imglock_core::{Action, Backend, ByteRange, TableLock};
use imglock_engine::{EventKind, Snapshot, Trace};
use serde_json::Value;

/// A lock as lslocks prints it, in words, such as `ofd read 100-101 of 254:0:1043`.
type Words = String;

/// How often lslocks may look.
const MOST_LOOKS: usize = 5;

/// The differences between the three.
pub fn compare(moment: &Snapshot<'_>, table: &[TableLock], lslocks: bool) -> Vec<String> {
    let images = images(moment);
    let ours = if images.is_empty() { Ours::default() } else { Ours::ask(&images) };
    let mut objections = Vec::new();
    if lslocks {
        objections.extend(ours.beside_lslocks());
    }
    if ours.locks.len() != table.len() {
        objections.push(format!("ours {:?}, the trace {table:?}", ours.locks));
    }
    let nameless = table.iter().filter(|lock| is_granted_ofd(lock) && lock.holders.is_empty());
    let mut left = ours.ofd_owners.clone();
    for owner in ofd_owners(moment.trace, table) {
        match left.iter().position(|other| *other == owner) {
            Some(index) => drop(left.swap_remove(index)),
            None => objections.push(format!("the trace: {owner:?}; ours: {:?}", ours.ofd_owners)),
        }
    }
    // The trace names no owner during an unfinished open. `holders` does,
    // unless the descriptor was closed while its call waited. Then no owner can
    // be found.
    if left.len() + ours.ofd_unexplained != nameless.count() {
        let unexplained = ours.ofd_unexplained;
        objections.push(format!(
            "owners that the trace does not know: {left:?}; without an owner: {unexplained}"
        ));
    }
    objections
}

/// Every file in the directory, and every deleted one that a process still
/// has open, each once.
fn images(moment: &Snapshot<'_>) -> Vec<PathBuf> {
    use std::os::unix::fs::MetadataExt;

    let mut found: BTreeMap<(u64, u64), PathBuf> = BTreeMap::new();
    let mut add = |path: PathBuf| {
        if let Ok(status) = std::fs::metadata(&path) {
            found.entry((status.dev(), status.ino())).or_insert(path);
        }
    };
    let entries = std::fs::read_dir(moment.directory).expect("the directory");
    let files = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    files.for_each(&mut add);
    for process in &moment.trace.processes {
        let Ok(fds) = std::fs::read_dir(format!("/proc/{}/fd", process.pid)) else { continue };
        for fd in fds.flatten().map(|fd| fd.path()) {
            if std::fs::read_link(&fd).is_ok_and(|file| file.starts_with(moment.directory)) {
                add(fd);
            }
        }
    }
    found.into_values().collect()
}

/// The output of `imglock holders --json`.
#[derive(Default)]
struct Ours {
    keys: BTreeSet<String>,
    locks: Vec<Words>,
    pids: BTreeMap<Words, BTreeSet<i64>>,
    /// Kind, range and pids of each granted OFD lock.
    ofd_owners: Vec<(String, String, Vec<i64>)>,
    /// The number of granted OFD locks without an identifiable owner.
    ofd_unexplained: usize,
}

impl Ours {
    fn ask(images: &[PathBuf]) -> Ours {
        let run = Command::new(env!("CARGO_BIN_EXE_imglock"))
            .args(["holders", "--json"])
            .args(images)
            .output()
            .expect("imglock runs");
        let errors = String::from_utf8_lossy(&run.stderr);
        let document: Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|_| {
            panic!("imglock holders gave no JSON: {errors}");
        });
        let mut ours = Ours::default();
        for image in array(&document["images"]) {
            ours.add(image);
        }
        ours.locks.sort_unstable();
        ours.ofd_owners.sort_unstable();
        let held = ours.locks.iter().any(|lock| !lock.ends_with("waits"));
        let states: Vec<&Value> =
            array(&document["images"]).iter().map(|image| &image["state"]).collect();
        assert_eq!(states.iter().any(|state| **state == "locked"), held, "{states:?}");
        let used = held || states.iter().any(|state| **state == "in-use");
        assert_eq!(run.status.code(), Some(i32::from(used)), "{errors}");
        ours
    }

    fn add(&mut self, image: &Value) {
        let key = decimal(image["key"].as_str().expect("a key"));
        let pids = |processes: &Value| -> Vec<i64> {
            array(processes).iter().filter_map(|process| process["pid"].as_i64()).collect()
        };
        for holder in array(&image["holders"]) {
            let owners = pids(&holder["processes"]);
            for lock in array(&holder["locks"]) {
                self.lock(lock, &key, &owners);
                if lock["type"] == "ofd" {
                    let kind = lock["kind"].as_str().expect("a kind").to_owned();
                    self.ofd_owners.push((kind, range(lock), owners.clone()));
                }
            }
        }
        for waiter in array(&image["waiters"]) {
            self.lock(&waiter["lock"], &key, &pids(&waiter["processes"]));
        }
        for one in array(&image["unexplained"]) {
            let process = one["process"]["pid"].as_i64();
            self.lock(&one["lock"], &key, &process.into_iter().collect::<Vec<_>>());
            if one["lock"]["type"] == "ofd" && one["lock"]["waiting"] != true {
                self.ofd_unexplained += 1;
            }
        }
        self.keys.insert(key);
    }

    /// The differences from the output of lslocks.
    fn beside_lslocks(&self) -> Vec<String> {
        let (mut theirs, mut pids) = lslocks(&self.keys);
        // The kernel returns /proc/locks a page at a time, so a change in the
        // other lane can make lslocks see a line twice or not at all. The locks
        // of this lane do not change meanwhile, so lslocks may look again.
        for _ in 1..MOST_LOOKS {
            if theirs != self.locks {
                (theirs, pids) = lslocks(&self.keys);
            }
        }
        let mut objections = Vec::new();
        if self.locks != theirs {
            objections.push(format!("ours {:?}, lslocks {theirs:?}", self.locks));
        }
        for (lock, pid) in pids {
            let known = self.pids.get(&lock).is_some_and(|pids| pids.contains(&pid));
            // lslocks prints the pid of the process that acquired the lock. The
            // owner is a descriptor table, which a process leaves when it
            // executes another program.
            if !known && is_alive(pid) && has_posix_lock(pid, &lock) {
                objections.push(format!("lslocks: {lock} is of pid {pid}; ours: {:?}", self.pids));
            }
        }
        objections
    }

    fn lock(&mut self, lock: &Value, key: &str, pids: &[i64]) {
        let waits = if lock["waiting"] == true { " waits" } else { "" };
        let word = |name: &str| lock[name].as_str().expect("a word").to_owned();
        let words = format!("{} {} {} of {key}{waits}", word("type"), word("kind"), range(lock));
        self.pids.entry(words.clone()).or_default().extend(pids);
        self.locks.push(words);
    }
}

/// The locks on these files in the output of lslocks, and the owner's pid of each.
fn lslocks(keys: &BTreeSet<String>) -> (Vec<Words>, Vec<(Words, i64)>) {
    let run = Command::new("lslocks")
        .args(["--json", "-o", "PID,TYPE,MODE,START,END,INODE,MAJ:MIN"])
        .output()
        .expect("lslocks runs");
    let (mut locks, mut pids) = (Vec::new(), Vec::new());
    // lslocks prints nothing if there is no lock.
    let document: Value = serde_json::from_slice(&run.stdout).unwrap_or_default();
    for lock in array(&document["locks"]) {
        let key = format!("{}:{}", lock["maj:min"].as_str().expect("a device"), lock["inode"]);
        if !keys.contains(&key) {
            continue;
        }
        let class = match lock["type"].as_str() {
            Some("OFDLCK") => "ofd",
            Some("POSIX") => "posix",
            other => panic!("a scenario takes no such lock: {other:?}"),
        };
        let mode = lock["mode"].as_str().expect("a mode").to_lowercase();
        let waits = if mode.ends_with('*') { " waits" } else { "" };
        let (first, last) = (lock["start"].as_i64(), lock["end"].as_i64());
        // lslocks prints 0 for the end of the file. A lock ends at byte 0 only
        // if it begins there too, and then lslocks prints the same.
        let last = last.filter(|last| *last != 0).unwrap_or(ByteRange::EOF);
        let range = ByteRange::new(first.expect("a number"), last);
        let words = format!("{class} {} {range} of {key}{waits}", mode.trim_end_matches('*'));
        if let Some(pid) = lock["pid"].as_i64().filter(|pid| *pid > 0) {
            pids.push((words.clone(), pid));
        }
        locks.push(words);
    }
    locks.sort_unstable();
    (locks, pids)
}

fn is_granted_ofd(lock: &TableLock) -> bool {
    lock.backend == Backend::Ofd && !lock.waiting
}

/// Kind, range and pids of each granted OFD lock with known holders in the
/// trace's table.
fn ofd_owners(trace: &Trace, table: &[TableLock]) -> Vec<(String, String, Vec<i64>)> {
    let named = table.iter().filter(|lock| is_granted_ofd(lock) && !lock.holders.is_empty());
    named
        .map(|lock| {
            let actors = lock.holders.iter().map(|holder| holder.actor());
            let pids: BTreeSet<i64> =
                actors.flat_map(|actor| sharers(trace, actor)).map(i64::from).collect();
            let last = if lock.range.last == 0 { ByteRange::EOF } else { lock.range.last };
            let range = ByteRange::new(lock.range.first, last).to_string();
            (lock.kind.to_string(), range, pids.into_iter().collect())
        })
        .collect()
}

/// The live processes that share an actor's descriptor table: the actor and its
/// threads. The table names only the first of them.
fn sharers(trace: &Trace, actor: &str) -> Vec<i32> {
    let threads = trace.events.iter().filter_map(|event| match &event.kind {
        EventKind::Step(step) if step.actor == actor => match &step.action {
            Action::Thread { name } => trace.pid(name),
            _ => None,
        },
        _ => None,
    });
    let all = trace.pid(actor).into_iter().chain(threads);
    all.filter(|pid| is_alive(i64::from(*pid))).collect()
}

fn range(lock: &Value) -> String {
    let last = lock["last"].as_i64().unwrap_or(ByteRange::EOF);
    // As lslocks prints it; see there.
    let last = if last == 0 { ByteRange::EOF } else { last };
    ByteRange::new(lock["first"].as_i64().expect("a number"), last).to_string()
}

/// `fe:00:1043` as `254:0:1043`.
fn decimal(key: &str) -> String {
    let [major, minor, inode] = *key.split(':').collect::<Vec<_>>() else {
        panic!("{key} is no key")
    };
    let number = |text: &str| u32::from_str_radix(text, 16).expect("hexadecimal digits");
    format!("{}:{}:{inode}", number(major), number(minor))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A zombie has no descriptors, but POSIX locks may remain under its pid.
fn is_alive(pid: i64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start());
    state.is_some_and(|state| !state.starts_with(['Z', 'X']))
}

/// Whether the process's own descriptor table owns a POSIX lock on the file of
/// `lock`. A file in /proc/PID/fdinfo shows only the locks of that table.
fn has_posix_lock(pid: i64, lock: &Words) -> bool {
    let inode = lock.trim_end_matches(" waits").rsplit(':').next().expect("an inode");
    let is_it = |line: &str| {
        line.starts_with("lock:")
            && line.contains(" POSIX ")
            && line.split_whitespace().any(|word| word.rsplit(':').next() == Some(inode))
    };
    let Ok(fds) = std::fs::read_dir(format!("/proc/{pid}/fdinfo")) else { return false };
    fds.flatten()
        .any(|fd| std::fs::read_to_string(fd.path()).is_ok_and(|text| text.lines().any(is_it)))
}
