use nix::errno::Errno;

/// The name of the file that [`idle_rom`] goes into.
pub const IDLE_ROM: &str = "halt.rom";

/// What an emulator is told so that its guest runs and does nothing, beside an
/// [`IDLE_ROM`] in its directory. So little memory moves in a moment.
pub const IDLE_GUEST: &[&str] = &["-machine", "q35", "-m", "1M", "-bios", IDLE_ROM];

/// A guest: two instructions, `cli` and `hlt`. It counts as running, takes no
/// time of a processor, and is never in the way of a monitor.
///
/// # Errors
/// `ENOEXEC` on a machine that is no x86.
pub fn idle_rom() -> std::io::Result<Vec<u8>> {
    const SIZE: usize = 0x10000;
    /// Where the processor begins.
    const RESET: usize = SIZE - 16;
    /// `cli; hlt; jmp` back to the `hlt`.
    const CODE: [u8; 5] = [0xfa, 0xf4, 0xeb, 0xfd, 0x90];
    if std::env::consts::ARCH != "x86_64" {
        return Err(Errno::ENOEXEC.into());
    }
    let mut rom = vec![CODE[1]; SIZE];
    rom[RESET..RESET + CODE.len()].copy_from_slice(&CODE);
    Ok(rom)
}
