//! The images of a lab, as files.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;

use super::Lab;
use imglock_engine::StepFailure;

impl Lab<'_> {
    /// Creates a raw image of `size` zero bytes.
    pub fn raw_image(&mut self, name: &str, size: u64) -> Result<(), StepFailure> {
        File::create_new(self.directory.join(name))?.set_len(size)?;
        self.watch(name);
        Ok(())
    }

    /// Fills an image with a byte.
    pub fn fill(&mut self, name: &str, byte: u8) -> Result<(), StepFailure> {
        let path = self.directory.join(name);
        let length = usize::try_from(std::fs::metadata(&path)?.len()).unwrap_or(0);
        Ok(std::fs::write(path, vec![byte; length])?)
    }

    /// Whether an image still starts with a byte.
    pub fn starts_with(&self, name: &str, byte: u8) -> Result<bool, StepFailure> {
        let mut first = [0];
        let read = File::open(self.directory.join(name))?.read(&mut first)?;
        Ok(read == 1 && first[0] == byte)
    }

    /// A descriptor of an image, for passing on.
    pub fn descriptor(&self, name: &str) -> Result<OwnedFd, StepFailure> {
        let path = self.directory.join(name);
        Ok(File::options().read(true).write(true).open(path)?.into())
    }

    /// From here on, the locks on this file are read as well. The file must
    /// exist.
    pub fn watch(&mut self, name: &str) {
        self.images.push(name.to_owned());
    }
}
