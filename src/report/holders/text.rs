use std::collections::BTreeMap;
use std::io::{self, Write};

use imglock_harness::holders::{Answer, Holder, Survey, SurveyedImage, answer};
use imglock_harness::image::Mode;
use jiff::Zoned;

use super::words;
use crate::phrase::{count, printable};
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};

/// What a person reads.
pub struct Text<'a> {
    /// The time, in the time zone to tell times in.
    pub now: &'a Zoned,
    /// How many columns there are.
    pub width: usize,
}

impl Text<'_> {
    /// The whole picture: who has what, what that leaves to others, and what
    /// to do next. With `asked`, the answer to that, and who is in the way.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write(
        &self,
        survey: &Survey,
        asked: Option<Mode>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for (number, image) in survey.images.iter().enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            match asked {
                Some(mode) => self.asked(image, mode, out)?,
                None => self.image(image, out)?,
            }
        }
        self.gaps(survey, out)
    }

    fn image(&self, image: &SurveyedImage, out: &mut dyn Write) -> io::Result<()> {
        let path = printable(&image.path.to_string_lossy());
        if !image.is_held() {
            writeln!(out, "{STRONG}{path}{STRONG:#}  {GOOD}free{GOOD:#}: nobody has a lock on it")?;
            self.waiters(&image.waiters, out)?;
            self.unlocked(image, out)?;
            return self.dangers(image, out);
        }
        let holders = image.holders.len() + usize::from(!image.unexplained.is_empty());
        let holders = count(holders, "holder", "holders");
        writeln!(out, "{STRONG}{path}{STRONG:#}  {BAD}locked{BAD:#} by {holders}")?;
        for holder in &image.holders {
            self.holder(image, holder, out)?;
        }
        self.unexplained(&image.unexplained, out)?;
        self.waiters(&image.waiters, out)?;
        self.unlocked(image, out)?;
        self.modes(image, out)?;
        self.dangers(image, out)?;
        self.advice(image, &image.holders.iter().collect::<Vec<_>>(), out)
    }

    /// The answer to `--for`.
    fn asked(&self, image: &SurveyedImage, mode: Mode, out: &mut dyn Write) -> io::Result<()> {
        let path = printable(&image.path.to_string_lossy());
        let answer = answer(image, mode.claim());
        let Some(obstacle) = answer.obstacle else {
            writeln!(out, "{STRONG}{path}{STRONG:#}  {mode} {GOOD}would be granted{GOOD:#}")?;
            return self.dangers(image, out);
        };
        writeln!(out, "{STRONG}{path}{STRONG:#}  {mode} {BAD}would be refused{BAD:#}")?;
        self.paragraph(2, &format!("QEMU would say: {obstacle}"), out)?;
        self.paragraph(2, &in_the_way(image, &answer), out)?;
        let holders = answer.holders.iter().filter_map(|index| image.holders.get(*index));
        let holders: Vec<&Holder> = holders.collect();
        for holder in &holders {
            self.holder(image, holder, out)?;
        }
        let unexplained =
            answer.unexplained.iter().filter_map(|index| image.unexplained.get(*index));
        self.unexplained(&unexplained.cloned().collect::<Vec<_>>(), out)?;
        self.dangers(image, out)?;
        self.advice(image, &holders, out)
    }

    /// Which modes would be granted, and which not because of whom.
    fn modes(&self, image: &SurveyedImage, out: &mut dyn Write) -> io::Result<()> {
        let mut granted: Vec<&str> = Vec::new();
        let mut refused: BTreeMap<(usize, String), Vec<&str>> = BTreeMap::new();
        for mode in Mode::ALL {
            let answer = answer(image, mode.claim());
            if answer.is_granted() {
                granted.push(mode.name());
            } else {
                let by = in_the_way(image, &answer);
                let order = answer.holders.len() + usize::from(!answer.unexplained.is_empty());
                refused.entry((order, by)).or_default().push(mode.name());
            }
        }
        if refused.is_empty() {
            return writeln!(out, "\n  Opened now, {GOOD}granted{GOOD:#}: every mode");
        }
        writeln!(out, "\n  Opened now, {GOOD}granted{GOOD:#}:")?;
        self.paragraph(4, &granted.join(", "), out)?;
        for ((_, by), modes) in refused {
            self.paragraph(2, &format!("{BAD}refused{BAD:#}; {by}:"), out)?;
            self.paragraph(4, &modes.join(", "), out)?;
        }
        Ok(())
    }

    fn dangers(&self, image: &SurveyedImage, out: &mut dyn Write) -> io::Result<()> {
        for danger in image.dangers() {
            writeln!(out)?;
            self.paragraph(2, &format!("{CAREFUL}Danger{CAREFUL:#}: {}", danger.meaning()), out)?;
        }
        Ok(())
    }

    /// What to do next about these holders.
    fn advice(
        &self,
        image: &SurveyedImage,
        holders: &[&Holder],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut sentences = Vec::new();
        let processes = || holders.iter().flat_map(|holder| &holder.processes);
        let orphans: Vec<i32> =
            processes().filter(|process| process.orphan).map(|process| process.pid).collect();
        let mut others: Vec<i32> =
            processes().filter(|process| !process.orphan).map(|process| process.pid).collect();
        others.sort_unstable();
        others.dedup();
        if !orphans.is_empty() {
            let numbers: Vec<String> = orphans.iter().map(i32::to_string).collect();
            let (runs, its, it) = match orphans.len() {
                1 => ("runs", "its parent has", "it"),
                _ => ("run", "their parents have", "them"),
            };
            sentences.push(format!(
                "{} {runs} on though {its} ended, as daemons do (a guest of libvirt's, QEMU's \
                 -daemonize) and forgotten children. If nobody needs {it} any more, `kill {}` lets \
                 go of the image.",
                words::pids(&orphans),
                numbers.join(" ")
            ));
        }
        if !others.is_empty() {
            let what =
                if others.len() > 6 { "the holders".to_owned() } else { words::pids(&others) };
            sentences.push(format!("To have the image for yourself, shut down {what} first."));
        }
        let granted = |mode: &Mode| answer(image, mode.claim()).is_granted();
        if granted(&Mode::ForceShare) && !Mode::ALL.iter().all(granted) {
            sentences.push(
                "To read it meanwhile, open it with `-U` as in `qemu-img info -U` (mode force-share)."
                    .to_owned(),
            );
        }
        if sentences.is_empty() {
            return Ok(());
        }
        writeln!(out)?;
        self.paragraph(2, &sentences.join(" "), out)
    }

    /// What could not be seen.
    fn gaps(&self, survey: &Survey, out: &mut dyn Write) -> io::Result<()> {
        if survey.unreadable > 0 {
            let them = count(survey.unreadable, "process", "processes");
            let next = if nix::unistd::geteuid().is_root() {
                "that takes the capability CAP_SYS_PTRACE"
            } else {
                "run as root to see all"
            };
            writeln!(out)?;
            let text = format!("{them} of other users could not be looked into; {next}.");
            self.paragraph(0, &format!("{FAINT}{text}{FAINT:#}"), out)?;
        }
        if survey.images.iter().any(|image| image.ambiguous && image.is_held()) {
            writeln!(out)?;
            let text = "On this file system the kernel can call two files by one name, so a lock \
                        of a process that could not be looked into may be on another file.";
            self.paragraph(0, &format!("{FAINT}{text}{FAINT:#}"), out)?;
        }
        if !survey.settled {
            writeln!(out)?;
            let text = "Locks came and went meanwhile, so this may mix two moments; look again.";
            self.paragraph(0, &format!("{CAREFUL}{text}{CAREFUL:#}"), out)?;
        }
        Ok(())
    }

    fn paragraph(&self, indent: usize, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let room = self.width.saturating_sub(indent).max(24);
        for line in wrap(text, room) {
            writeln!(out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }
}

/// Lines of so many columns, broken at blanks only: a name with a hyphen can
/// be copied.
pub(super) fn wrap(text: &str, room: usize) -> Vec<String> {
    let options = textwrap::Options::new(room)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).into_iter().map(|line| line.into_owned()).collect()
}

/// `in the way: pid 812 qemu-io`.
pub fn in_the_way(image: &SurveyedImage, answer: &Answer) -> String {
    let holders = answer.holders.iter().filter_map(|index| image.holders.get(*index));
    let mut names: Vec<String> =
        holders.flat_map(|holder| &holder.processes).map(words::process).collect();
    names.dedup();
    if names.len() > 3 {
        names = vec![format!("{} processes", names.len())];
    }
    if !answer.unexplained.is_empty() {
        names.push("somebody who could not be found".to_owned());
    }
    format!("in the way: {}", words::and(&names))
}
