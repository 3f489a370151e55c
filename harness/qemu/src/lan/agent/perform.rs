use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use rustix::fs::{MemfdFlags, memfd_create};

use super::background::as_of_a_shell;
use super::{ksmbd, lock, mountd};
use crate::lan::wire::{Answer, GuestMount, GuestRefusal, Program, Ran, Request};

/// The maximum length of an output and of a file. A serial port under TCG takes
/// some microseconds for each byte.
const LONGEST: u64 = 64 << 10;

/// Executes a request that needs no background program.
pub(super) fn perform(request: &Request) -> Result<Answer, GuestRefusal> {
    match request {
        Request::Run(program) => return Ok(Answer::Ran(run(program)?)),
        Request::Mount(what) => attach(what)?,
        Request::Unmount(point) => {
            umount2(point.as_path(), MntFlags::empty()).map_err(io::Error::from)?;
        }
        Request::Write { path, text } => {
            above(path)?;
            // A file of /proc takes a text only as a whole.
            File::options()
                .write(true)
                .create(true)
                .truncate(true)
                .open(path)?
                .write_all(text.as_bytes())?;
        }
        Request::Allocate { path, length } => {
            above(path)?;
            File::create(path)?.set_len(*length)?;
        }
        Request::Read(path) => {
            let mut text = Vec::new();
            File::open(path)?.take(LONGEST).read_to_end(&mut text)?;
            return Ok(Answer::Text(String::from_utf8_lossy(&text).into_owned()));
        }
        Request::MakeFolder(path) => std::fs::create_dir_all(path)?,
        Request::List(path) => {
            let entries = std::fs::read_dir(path)?;
            let names: io::Result<Vec<String>> = entries
                .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
                .collect();
            let mut names = names?;
            names.sort();
            return Ok(Answer::Names(names));
        }
        Request::TestLock(question) => return Ok(Answer::Lock(lock::test(question)?)),
        Request::ServeMounts { port, handle } => mountd::start(*port, handle.clone())?,
        Request::ServeSmb { share, folder } => ksmbd::start(share, folder)?,
        Request::Start(_) | Request::HoldLock(_) | Request::Say { .. } | Request::Signal { .. } => {
            return Err(GuestRefusal { errno: None, why: "it needs a background".to_owned() });
        }
    }
    Ok(Answer::Done)
}

fn above(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)
}

fn attach(what: &GuestMount) -> io::Result<()> {
    std::fs::create_dir_all(&what.point)?;
    let options = (!what.options.is_empty()).then_some(what.options.as_str());
    let (source, kind) = (what.source.as_str(), what.kind.as_str());
    let flags = if kind == "bind" { MsFlags::MS_BIND } else { MsFlags::empty() };
    let kind = (kind != "bind").then_some(kind);
    Ok(mount(Some(source), &what.point, kind, flags, options)?)
}

/// A command that starts the program.
pub(super) fn command(program: &Program) -> Command {
    let mut command = Command::new(&program.program);
    command.args(&program.arguments).env_remove(imglock_engine::ROLE);
    command
}

/// Runs a program to its end. Its outputs are files in memory, so a service
/// that it leaves behind does not delay the answer.
fn run(program: &Program) -> io::Result<Ran> {
    let output = || io::Result::Ok(File::from(memfd_create("output", MemfdFlags::CLOEXEC)?));
    let (stdout, stderr) = (output()?, output()?);
    let status = command(program)
        .stdin(Stdio::null())
        .stdout(Stdio::from(stdout.try_clone()?))
        .stderr(Stdio::from(stderr.try_clone()?))
        .status()?;
    Ok(Ran { status: as_of_a_shell(status), stdout: text(stdout)?, stderr: text(stderr)? })
}

fn text(mut output: File) -> io::Result<String> {
    let mut text = Vec::new();
    output.seek(SeekFrom::Start(0))?;
    output.take(LONGEST).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

impl From<io::Error> for GuestRefusal {
    fn from(error: io::Error) -> GuestRefusal {
        GuestRefusal { errno: error.raw_os_error(), why: imglock_engine::describe(&error) }
    }
}
