use nix::errno::Errno;

/// The name of the file with the [`idle_rom`].
pub const IDLE_ROM: &str = "halt.rom";

/// Arguments for an emulator with an idle guest; [`IDLE_ROM`] must be in its
/// directory. With this little memory, a migration takes little time.
pub const IDLE_GUEST: &[&str] = &["-machine", "q35", "-m", "1M", "-bios", IDLE_ROM];

/// A guest of two instructions, `cli` and `hlt`. It counts as running, uses no
/// CPU time, and never delays a monitor.
///
/// # Errors
/// `ENOEXEC` on a machine that is not x86.
pub fn idle_rom() -> std::io::Result<Vec<u8>> {
    const SIZE: usize = 0x10000;
    /// The processor's first instruction.
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
