use std::os::fd::RawFd;

use super::{abilities, prompt};
use crate::qemu::{Console, QemuBinary, QemuProgram, descriptors_of, outcome_of};
use imglock_core::{
    Access, Action, Backend, Claim, Locking, OpenOptions, Outcome, Permission, Permissions,
};
use imglock_engine::{
    Deed, Executed, Execution, Launcher, Log, Message, NodeHandle, Performed, Player, Stage,
    StandardError, StepFailure, Subject, SubjectProgram,
};
use imglock_locks::ByteClaims;

/// `qemu-io`, which has one image open at a time and can read and write it.
///
/// It opens an image like any QEMU tool: it takes `consistent-read`, and
/// `write` unless the image is read-only, and shares all permissions. A
/// `blkdebug` node below it adds the permissions that a mode takes or does not
/// share besides.
#[derive(Debug, Clone)]
pub struct QemuIoSubject {
    binary: QemuBinary,
}

impl QemuIoSubject {
    /// The word for it.
    pub const NAME: &'static str = "qemu-io";

    /// `None` for another program.
    pub fn new(binary: QemuBinary) -> Option<QemuIoSubject> {
        (binary.program == QemuProgram::Io).then_some(QemuIoSubject { binary })
    }
}

impl Subject for QemuIoSubject {
    fn name(&self) -> &str {
        QemuIoSubject::NAME
    }

    fn program(&self) -> Option<SubjectProgram> {
        Some((&self.binary).into())
    }

    fn can(&self, action: &Action, backend: Backend) -> Result<(), String> {
        abilities::can(&self.binary, action, backend)?;
        match action {
            Action::Open { options, .. } => can_open(options),
            Action::Set { .. } => Err("cannot change its claim".to_owned()),
            _ => Ok(()),
        }
    }

    fn start(
        &self,
        launcher: &mut Launcher,
        names: &[String],
        stage: &Stage<'_>,
    ) -> Result<Vec<Box<dyn Player>>, StepFailure> {
        let mut starting = Vec::with_capacity(names.len());
        for name in names {
            starting.push(launcher.execute(Execution {
                name: name.clone(),
                program: self.binary.path.clone(),
                arguments: Vec::new(),
                directory: Some(stage.directory.to_owned()),
                answers_on_stdout: true,
                errors: StandardError::Log,
                deny_ofd: stage.backend == Backend::Posix,
            })?);
        }
        let mut players: Vec<Box<dyn Player>> = Vec::with_capacity(names.len());
        for Executed { pid, socket, log, .. } in starting {
            let console = Console::greet(socket, stage.stop.clone(), stage.deadline())?;
            let (open, pending) = (None, Pending::Nothing);
            players.push(Box::new(QemuIoPlayer { pid, console, log, told: 0, open, pending }));
        }
        Ok(players)
    }
}

fn can_open(options: &OpenOptions) -> Result<(), String> {
    let (claim, access) = (options.mode.claim(), options.access);
    let own = match access {
        Access::ReadOnly => Permission::ConsistentRead.into(),
        _ => Permissions::from(Permission::ConsistentRead) | Permission::Write.into(),
    };
    if !claim.held.contains(own) {
        return Err(format!("cannot have an image open without holding {own}"));
    }
    if options.inactive {
        return Err("cannot have an image open and inactive".to_owned());
    }
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    match options.image.chars().all(plain) {
        true => Ok(()),
        false => Err(format!("cannot open a file with this name: `{}`", options.image)),
    }
}

/// A `qemu-io` that plays a process.
#[derive(Debug)]
struct QemuIoPlayer {
    pid: i32,
    console: Console,
    log: Log,
    /// The part of the log that was already reported, in bytes.
    told: u64,
    /// The node that it has open.
    open: Option<String>,
    pending: Pending,
}

/// The last command.
#[derive(Debug)]
enum Pending {
    Nothing,
    Open {
        name: String,
        image: String,
        locks: Option<Backend>,
    },
    Close,
    Read,
    /// The remaining writes, the last one first.
    Write(Vec<String>),
}

impl Player for QemuIoPlayer {
    fn pid(&self) -> i32 {
        self.pid
    }

    fn begin(&mut self, deed: &Deed<'_>, _: &Stage<'_>) -> Result<(), StepFailure> {
        let (line, pending) = match deed.action {
            Action::Open { node, options } => {
                if let Some(other) = &self.open {
                    let why = format!("cannot open `{node}` beside `{other}`");
                    return Err(StepFailure::Cannot(why));
                }
                let (name, image, locks) = (node.clone(), options.image.clone(), deed.locks);
                (open_line(options), Pending::Open { name, image, locks })
            }
            Action::Close { .. } => ("close".to_owned(), Pending::Close),
            Action::Read { at, len, .. } => (format!("read -v {at} {len}"), Pending::Read),
            Action::Write { at, data, .. } => {
                let mut lines = prompt::writes(*at, data);
                lines.reverse();
                match lines.pop() {
                    Some(first) => (first, Pending::Write(lines)),
                    None => return Err(StepFailure::Cannot("cannot write zero bytes".to_owned())),
                }
            }
            other => return Err(StepFailure::Cannot(format!("cannot `{other}`"))),
        };
        self.pending = pending;
        Ok(self.console.begin(&line)?)
    }

    fn finish(&mut self, stage: &Stage<'_>) -> Result<Performed, StepFailure> {
        let text = self.console.finish(stage.deadline())?;
        let printed = self.printed_since();
        match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing => Err(StepFailure::harness("no action was started")),
            Pending::Open { name, image, locks } => {
                let mut performed = self.opened(name, &image, locks, &printed, stage)?;
                performed.warnings = warnings(&printed);
                Ok(performed)
            }
            Pending::Close => {
                self.open = None;
                Ok(Outcome::Done.into())
            }
            Pending::Read => Ok(prompt::data_of(&text)?.into()),
            Pending::Write(mut left) => {
                prompt::is_written(&text)?;
                while let Some(line) = left.pop() {
                    prompt::is_written(&self.console.execute(&line, stage.deadline())?)?;
                }
                Ok(Outcome::Done.into())
            }
        }
    }

    fn leave(&mut self) -> Result<(), StepFailure> {
        Ok(self.console.begin("quit")?)
    }

    fn take_messages(&mut self) -> Vec<Message> {
        self.console.take_messages()
    }

    fn printed(&self) -> String {
        self.log.text()
    }
}

impl QemuIoPlayer {
    /// The outcome of an `open`, from the presence of a descriptor.
    fn opened(
        &mut self,
        name: String,
        image: &str,
        locks: Option<Backend>,
        printed: &str,
        stage: &Stage<'_>,
    ) -> Result<Performed, StepFailure> {
        let path = stage.directory.join(image);
        let fds = descriptors_of(self.pid, &path).unwrap_or_default();
        let Some(fd) = fds.first().copied() else {
            let complaint = printed.lines().find_map(outcome_of);
            let unclear = || StepFailure::harness(format!("qemu-io reported: {}", printed.trim()));
            return complaint.map(Performed::from).ok_or_else(unclear);
        };
        self.open = Some(name);
        let handle = Some(handle(fd, locks));
        Ok(Performed { handle, ..Outcome::Granted.into() })
    }

    fn printed_since(&mut self) -> String {
        let text = self.log.text_from(self.told);
        self.told += text.len() as u64;
        text
    }
}

/// QEMU keeps its own record of lock bytes.
fn handle(fd: RawFd, locks: Option<Backend>) -> NodeHandle {
    NodeHandle { fd, locks, claims: ByteClaims::default() }
}

/// The warnings of the fallback, line by line, as for every subject.
fn warnings(printed: &str) -> Vec<String> {
    let lines = printed.lines().skip_while(|line| !line.contains("warning: "));
    lines.take(2).map(super::monitor::words).collect()
}

fn open_line(options: &OpenOptions) -> String {
    let OpenOptions { image, access, .. } = options;
    let Claim { held, .. } = options.mode.claim();
    let unshared = options.mode.claim().unshared();
    let locking = options.locking.unwrap_or(Locking::On).name();
    let read_only = if *access == Access::ReadOnly { "-r " } else { "" };
    let mut line = format!(
        "open {read_only}-o driver=blkdebug,image.driver=file,image.filename={image},\
         image.locking={locking}"
    );
    for (option, set) in [("take-child-perms", held), ("unshare-child-perms", unshared)] {
        for (index, permission) in set.each().enumerate() {
            line += &format!(",{option}.{index}={}", permission.name());
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use imglock_core::Mode;

    #[test]
    fn what_is_typed_makes_the_claim() {
        let line = open_line(&OpenOptions::new("disk.img", Mode::Rw.into()));
        let expected = "open -o driver=blkdebug,image.driver=file,image.filename=disk.img,\
                        image.locking=on,take-child-perms.0=consistent-read,\
                        take-child-perms.1=write,unshare-child-perms.0=write";
        assert_eq!(line, expected);
        assert!(open_line(&OpenOptions::new("disk.img", Mode::Ro.into())).starts_with("open -r "));
    }

    #[rstest::rstest]
    #[case("disk.img", Mode::ToolRw, true)]
    #[case("disk.img", Mode::Ro, true)]
    #[case("disk.img", Mode::None, false)]
    #[case("disk.img", Mode::BackupTarget, false)]
    #[case("my disk.img", Mode::Rw, false)]
    #[case("disk,locking=off", Mode::Rw, false)]
    fn what_a_tool_cannot_open_is_not_tried(
        #[case] image: &str,
        #[case] mode: Mode,
        #[case] can: bool,
    ) {
        assert_eq!(can_open(&OpenOptions::new(image, mode.into())).is_ok(), can);
    }

    #[test]
    fn the_warning_is_told_without_the_complaint() {
        let printed = "qemu-io: can't open: warning: File lock requested\nDue to\nqemu-io: no\n";
        assert_eq!(warnings(printed), ["File lock requested", "Due to"]);
        assert!(warnings("qemu-io: no\n").is_empty());
    }
}
