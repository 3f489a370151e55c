//! A VMM acquires QEMU's lock bytes on a disk image, and releases them.
//!
//! ```console
//! $ cargo run --example vmm -- disk.img
//! ```
//!
//! While it holds the image, `qemu-img` and a second VMM are refused with QEMU's message. Without
//! an argument it uses a temporary file.

use std::error::Error;
use std::path::{Path, PathBuf};

use imglock_locks::{Hold, Locking, Mode};

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args_os().nth(1) {
        Some(image) => run(&PathBuf::from(image)),
        None => run(tempfile::NamedTempFile::new()?.path()),
    }
}

fn run(image: &Path) -> Result<(), Box<dyn Error>> {
    // A raw image with a writable virtio-blk device, as QEMU opens it with `locking=auto`.
    let mut disk = Hold::open(image, Mode::Rw.claim(), Locking::Auto)?;
    if let Err(refused) = disk.acquire() {
        return Err(format!("{}: {refused}", image.display()).into());
    }
    println!("acquired {} as {}", image.display(), Mode::Rw);

    // Another VMM that wants the same claim has an open file description of its own.
    let mut second = Hold::open(image, Mode::Rw.claim(), Locking::Auto)?;
    match second.acquire() {
        Err(refused) => println!("a second VMM: {refused}"),
        Ok(()) => return Err("a second VMM acquired the image too".into()),
    }

    disk.give_up();
    second.acquire()?;
    println!("released; the second VMM has acquired the image");
    Ok(())
}
