use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use imglock_core::{Backend, ByteLocks, LockType, RangeSpec};
use imglock_locks::{KernelLocks, LockClass};

use super::*;
use crate::lan::wire::{Answer, FoundLock, GuestLock, GuestRefusal, Program, Ran, Stream};

/// An agent of this process, as a guest has it, and the test's end of its port.
struct Talk {
    port: BufReader<UnixStream>,
    next: u64,
}

impl Talk {
    fn begin() -> Talk {
        let (ours, theirs) = UnixStream::pair().expect("sockets");
        ours.set_read_timeout(Some(Duration::from_secs(60))).expect("a deadline");
        std::thread::spawn(move || serve(&File::from(OwnedFd::from(theirs))));
        let mut talk = Talk { port: BufReader::new(ours), next: 0 };
        assert!(matches!(talk.told(), Told::Hello { version: VERSION, .. }));
        talk
    }

    fn told(&mut self) -> Told {
        let mut line = String::new();
        self.port.read_line(&mut line).expect("a message before the deadline");
        serde_json::from_str(&line).expect("a message")
    }

    fn send(&mut self, request: Request) -> u64 {
        self.next += 1;
        let line = serde_json::to_string(&Asked { id: self.next, request }).expect("JSON");
        self.port.get_mut().write_all(format!("{line}\n").as_bytes()).expect("it reads");
        self.next
    }

    /// The answer; other messages are not expected.
    fn ask(&mut self, request: Request) -> Result<Answer, GuestRefusal> {
        let sent = self.send(request);
        match self.told() {
            Told::Answer { id, answer } if id == sent => answer,
            other => panic!("{other:?}"),
        }
    }
}

fn sh(script: &str) -> Program {
    Program { program: "sh".to_owned(), arguments: ["-c", script].map(str::to_owned).to_vec() }
}

#[test]
fn a_program_is_run_to_its_end() {
    let mut talk = Talk::begin();
    let ran = talk.ask(Request::Run(sh("echo out; echo err >&2; exit 3")));
    let (stdout, stderr) = ("out\n".to_owned(), "err\n".to_owned());
    assert_eq!(ran, Ok(Answer::Ran(Ran { status: 3, stdout, stderr })));
    let killed = talk.ask(Request::Run(sh("kill -KILL $$")));
    assert!(matches!(killed, Ok(Answer::Ran(Ran { status: 137, .. }))), "{killed:?}");
    let program = "/no/such/program".to_owned();
    let none = talk.ask(Request::Run(Program { program, arguments: Vec::new() }));
    assert_eq!(none.expect_err("no program").errno, Some(nix::libc::ENOENT));
}

#[test]
fn a_service_that_a_program_leaves_behind_does_not_delay_its_answer() {
    let mut talk = Talk::begin();
    // The reader of this pipe ends after the answer.
    let (reader, writer) = rustix::pipe::pipe().expect("a pipe");
    let fd = std::os::fd::AsRawFd::as_raw_fd(&reader);
    let script = format!("cat /proc/{}/fd/{fd} & echo ready", std::process::id());
    let ran = talk.ask(Request::Run(sh(&script)));
    assert!(matches!(&ran, Ok(Answer::Ran(Ran { status: 0, stdout, .. })) if stdout == "ready\n"));
    drop(writer);
}

#[test]
fn a_background_program_is_spoken_to_and_ended() {
    let mut talk = Talk::begin();
    let process = talk.send(Request::Start(sh("read word; echo got $word; exec sleep 1000")));
    assert!(matches!(talk.told(), Told::Answer { answer: Ok(Answer::Done), .. }));
    let said = talk.send(Request::Say { process, line: "it".to_owned() });
    // Its answer may come before the answer to the request.
    let told = [talk.told(), talk.told()];
    let line = "got it".to_owned();
    assert!(told.contains(&Told::Line { process, stream: Stream::Stdout, line }), "{told:?}");
    assert!(told.contains(&Told::Answer { id: said, answer: Ok(Answer::Done) }), "{told:?}");
    talk.send(Request::Signal { process, signal: nix::libc::SIGTERM });
    let told: Vec<Told> = (0..4).map(|_| talk.told()).collect();
    for stream in [Stream::Stdout, Stream::Stderr] {
        assert!(told.contains(&Told::Closed { process, stream }), "{told:?}");
    }
    assert!(told.contains(&Told::Ended { process, status: 143 }), "{told:?}");
    let unknown = talk.ask(Request::Signal { process: 99, signal: 0 });
    assert_eq!(unknown.expect_err("unknown").why, "there is no such program");
}

#[test]
fn files_are_made_written_and_read() {
    let mut talk = Talk::begin();
    let folder = tempfile::tempdir().expect("a directory");
    let path = |name: &str| folder.path().join(name);
    let (text, file) = ("a line\n".to_owned(), path("a/b/text"));
    assert_eq!(talk.ask(Request::Write { path: file.clone(), text }), Ok(Answer::Done));
    assert_eq!(talk.ask(Request::Read(file)), Ok(Answer::Text("a line\n".to_owned())));
    let image = path("a/image");
    assert_eq!(talk.ask(Request::Allocate { path: image.clone(), length: 4096 }), Ok(Answer::Done));
    assert_eq!(std::fs::metadata(image).expect("an image").len(), 4096);
    let names = Ok(Answer::Names(vec!["b".to_owned(), "image".to_owned()]));
    assert_eq!(talk.ask(Request::List(path("a"))), names);
    let missing = talk.ask(Request::Read(PathBuf::from("/no/such/file")));
    let expected = GuestRefusal {
        errno: Some(nix::libc::ENOENT),
        why: "No such file or directory".to_owned(),
    };
    assert_eq!(missing, Err(expected));
}

#[test]
fn a_lock_of_another_owner_is_found() {
    let mut talk = Talk::begin();
    let file = tempfile::NamedTempFile::new().expect("a file");
    let question = GuestLock {
        file: file.path().to_owned(),
        writable: true,
        class: LockClass::Ofd,
        lock: LockType::Write,
        start: 0,
        length: 0,
    };
    assert_eq!(talk.ask(Request::TestLock(question.clone())), Ok(Answer::Lock(None)));
    let mut locks = KernelLocks::new(std::os::fd::AsFd::as_fd(&file), Backend::Ofd);
    locks.set(LockType::Read, RangeSpec::at(100, 2)).expect("a lock");
    let found = FoundLock { lock: LockType::Read, start: 100, length: 2, pid: -1 };
    assert_eq!(talk.ask(Request::TestLock(question.clone())), Ok(Answer::Lock(Some(found))));
    let read = GuestLock { lock: LockType::Read, writable: false, ..question };
    assert_eq!(talk.ask(Request::TestLock(read)), Ok(Answer::Lock(None)));
}
