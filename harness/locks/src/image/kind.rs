use nix::sys::stat::SFlag;

/// What a file of this `st_mode` (inode(7)) is, if it is neither a regular file nor a block device
/// and so no image: `a directory`, `a FIFO`.
pub fn not_an_image(st_mode: u32) -> Option<&'static str> {
    match SFlag::from_bits_truncate(st_mode) & SFlag::S_IFMT {
        SFlag::S_IFREG | SFlag::S_IFBLK => None,
        SFlag::S_IFDIR => Some("a directory"),
        SFlag::S_IFIFO => Some("a FIFO"),
        SFlag::S_IFSOCK => Some("a socket"),
        SFlag::S_IFLNK => Some("a symbolic link"),
        _ => Some("a character device"),
    }
}
