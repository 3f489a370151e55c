//! The story that tries each property.

use super::property::Property;
use imglock_scenario::{Scenario, ScenarioError};

impl Property {
    /// The story that tries the property. The last line decides. The
    /// expectations of the lines before it are preconditions.
    ///
    /// # Errors
    /// None, unless the text in this file is invalid.
    pub fn scenario(self) -> Result<Scenario, ScenarioError> {
        let (theme, words) = (self.theme().heading(), self.words());
        let text = format!("summary \"{theme} {words}\"\nabout \"-\"\n{}", self.steps());
        Scenario::parse(words, file!(), &text)
    }

    fn steps(self) -> &'static str {
        match self {
            Property::Granted => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10 { expect granted; }
                "#
            }
            Property::ReadersShare => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=read start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=read start=10 len=10 { expect granted; }
                "#
            }
            Property::NeighboursFree => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=0 len=10
                vm2 lock f type=write start=20 len=0 { expect granted; }
                "#
            }
            Property::WriterKeepsWriterOut => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=19 len=1 { expect EAGAIN; }
                "#
            }
            Property::WriterKeepsReaderOut => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=read start=0 len=11 { expect EAGAIN; }
                "#
            }
            Property::ReaderKeepsWriterOut => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=read start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                "#
            }
            Property::Shown => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm1 lock f type=read start=100 len=0
                held { vm1 f { write "10-19"; read "100-eof"; }; }
                "#
            }
            Property::EndsOnClose => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                vm1 close f
                vm2 lock f type=write start=10 len=10 { expect granted; }
                "#
            }
            Property::EndsOnExit => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                vm1 exit
                vm2 lock f type=write start=10 len=10 { expect granted; }
                "#
            }
            Property::EndsOnKill => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                vm1 kill
                vm2 lock f type=write start=10 len=10 { expect granted; }
                "#
            }
            Property::SurvivesOtherClose => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 open second mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                vm1 close second
                vm2 lock f type=write start=10 len=10 { expect ofd=EAGAIN posix=granted; }
                "#
            }
            Property::KeptByChild => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                vm1 fork child
                vm1 exit
                vm2 lock f type=write start=10 len=10 { expect ofd=EAGAIN posix=granted; }
                "#
            }
            Property::MetByHardLink => {
                r#"
                host hardlink other.img to=disk.img
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f image=other.img mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                "#
            }
            Property::MetBySymlink => {
                r#"
                host symlink other.img to=disk.img
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f image=other.img mode=none access=read-write
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                "#
            }
            Property::SurvivesUnlink => {
                r#"
                vm1 open f mode=none access=read-write
                vm1 lock f type=write start=10 len=10
                vm2 open f mode=none access=read-write
                host unlink disk.img
                vm2 lock f type=write start=10 len=10 { expect EAGAIN; }
                "#
            }
            Property::SecondWriterRefused => {
                r#"
                vm1 open disk mode=rw
                vm2 open disk mode=rw { expect "refused write"; }
                "#
            }
        }
    }
}
