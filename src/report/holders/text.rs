use std::collections::BTreeMap;
use std::io::{self, Write};

use imglock_core::Mode;
use imglock_locks::{Holder, HoldersAnswer, Survey, SurveyedImage, would_grant};

use super::{Clock, owners, users, words};
use crate::phrase::{capitalised, count, list, printable};
use crate::report::page::Page;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD, STRONG};

/// A survey as text.
pub struct Text<'a> {
    /// The time, in the time zone of the text.
    pub clock: &'a Clock,
    /// In columns.
    pub width: usize,
}

impl Text<'_> {
    /// Writes the holders of each image, the modes that are granted beside them,
    /// and what to do next. With `asked`, writes the answer for that mode and the
    /// holders that conflict with it.
    pub fn write(
        &self,
        survey: &Survey,
        asked: Option<Mode>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let page = &mut Page::new(out, self.width);
        for (number, image) in survey.images.iter().enumerate() {
            if number > 0 {
                writeln!(page)?;
            }
            match asked {
                Some(mode) => self.asked(image, mode, page)?,
                None => self.image(image, page)?,
            }
        }
        gaps(survey, page)
    }

    fn image(&self, image: &SurveyedImage, page: &mut Page<'_>) -> io::Result<()> {
        let holders = image.holders.len() + usize::from(!image.unexplained.is_empty());
        match image.is_held() {
            false => heading(image, &format!("{GOOD}free{GOOD:#}: not locked"), page)?,
            true => {
                let holders = count(holders, "holder", "holders");
                heading(image, &format!("{BAD}locked{BAD:#} by {holders}"), page)?;
            }
        }
        self.holders(image, &image.holders, page)?;
        owners::unexplained(&image.unexplained, page)?;
        owners::waiters(&image.waiters, page)?;
        owners::unlocked(image, page)?;
        users::users(&image.users, page)?;
        if !image.is_held() {
            return dangers(image, page);
        }
        modes(image, page)?;
        dangers(image, page)?;
        advice(image, &image.holders.iter().collect::<Vec<_>>(), page)
    }

    /// The answer to `--for`.
    fn asked(&self, image: &SurveyedImage, mode: Mode, page: &mut Page<'_>) -> io::Result<()> {
        let answer = would_grant(image, mode.claim());
        let Some(obstacle) = answer.obstacle else {
            heading(image, &format!("{mode} {GOOD}would be granted{GOOD:#}"), page)?;
            return dangers(image, page);
        };
        heading(image, &format!("{mode} {BAD}would be refused{BAD:#}"), page)?;
        page.paragraph("  ", &format!("QEMU would report: {obstacle}"))?;
        page.paragraph("  ", &capitalised(&in_the_way(image, &answer)))?;
        let holders: Vec<&Holder> = conflicting(image, &answer).collect();
        self.holders(image, holders.iter().copied(), page)?;
        let unexplained = answer.unexplained.iter();
        owners::unexplained(unexplained.filter_map(|index| image.unexplained.get(*index)), page)?;
        dangers(image, page)?;
        advice(image, &holders, page)
    }

    fn holders<'h>(
        &self,
        image: &SurveyedImage,
        holders: impl IntoIterator<Item = &'h Holder>,
        page: &mut Page<'_>,
    ) -> io::Result<()> {
        holders.into_iter().try_for_each(|holder| owners::holder(image, holder, self.clock, page))
    }
}

fn heading(image: &SurveyedImage, words: &str, page: &mut Page<'_>) -> io::Result<()> {
    let path = printable(&image.path.to_string_lossy());
    writeln!(page, "{STRONG}{path}{STRONG:#}  {words}")
}

/// Writes the modes that would be granted, and the refused ones by conflicting holder.
fn modes(image: &SurveyedImage, page: &mut Page<'_>) -> io::Result<()> {
    let mut granted: Vec<&str> = Vec::new();
    let mut refused: BTreeMap<(usize, String), Vec<&str>> = BTreeMap::new();
    for mode in Mode::ALL {
        let answer = would_grant(image, mode.claim());
        if answer.is_granted() {
            granted.push(mode.name());
        } else {
            let by = in_the_way(image, &answer);
            let order = answer.holders.len() + usize::from(!answer.unexplained.is_empty());
            refused.entry((order, by)).or_default().push(mode.name());
        }
    }
    if refused.is_empty() {
        return writeln!(page, "\n  Modes {GOOD}granted{GOOD:#} now: all");
    }
    writeln!(page, "\n  Modes {GOOD}granted{GOOD:#} now:")?;
    page.paragraph("    ", &granted.join(", "))?;
    for ((_, by), modes) in refused {
        page.paragraph("  ", &format!("Modes {BAD}refused{BAD:#} now, {by}:"))?;
        page.paragraph("    ", &modes.join(", "))?;
    }
    Ok(())
}

fn dangers(image: &SurveyedImage, page: &mut Page<'_>) -> io::Result<()> {
    image.dangers().into_iter().try_for_each(|danger| {
        writeln!(page)?;
        page.paragraph("  ", &format!("{CAREFUL}Danger{CAREFUL:#}: {}", danger.meaning()))
    })
}

/// Writes what to do next about these holders.
fn advice(image: &SurveyedImage, holders: &[&Holder], page: &mut Page<'_>) -> io::Result<()> {
    let mut sentences = Vec::new();
    let processes = || holders.iter().flat_map(|holder| &holder.processes);
    let pids = |orphan| -> Vec<i32> {
        processes().filter(|one| one.orphan == orphan).map(|one| one.pid).collect()
    };
    let (orphans, mut others) = (pids(true), pids(false));
    others.sort_unstable();
    others.dedup();
    if !orphans.is_empty() {
        let numbers: Vec<String> = orphans.iter().map(i32::to_string).collect();
        let (run, parent, are) = match orphans.len() {
            1 => ("still runs", "its parent has", "it is"),
            _ => ("still run", "their parents have", "they are"),
        };
        sentences.push(format!(
            "{} {run} although {parent} exited, like a daemon (a libvirt guest, QEMU's \
             -daemonize) or a forgotten child. If {are} no longer needed, `kill {}` releases the \
             image.",
            words::pids(&orphans),
            numbers.join(" ")
        ));
    }
    if !others.is_empty() {
        let what = if others.len() > 6 { "the holders".to_owned() } else { words::pids(&others) };
        sentences.push(format!("For exclusive access, shut down {what} first."));
    }
    let granted = |mode: &Mode| would_grant(image, mode.claim()).is_granted();
    if granted(&Mode::ForceShare) && !Mode::ALL.iter().all(granted) {
        let read = "To read the image meanwhile, open it with `-U` as in `qemu-img info -U` (mode \
                    force-share).";
        sentences.push(read.to_owned());
    }
    if sentences.is_empty() {
        return Ok(());
    }
    writeln!(page)?;
    page.paragraph("  ", &sentences.join(" "))
}

/// Writes what the survey could not see.
fn gaps(survey: &Survey, page: &mut Page<'_>) -> io::Result<()> {
    let them = count(survey.unreadable, "process", "processes");
    let next = match nix::unistd::geteuid().is_root() {
        true => "that needs the capability CAP_SYS_PTRACE",
        false => "run as root to see all",
    };
    let ambiguous = survey.images.iter().any(|image| image.ambiguous && image.is_held());
    let gaps = [
        (
            survey.unreadable > 0,
            FAINT,
            format!("{them} of other users could not be inspected; {next}."),
        ),
        (
            ambiguous,
            FAINT,
            "On this file system two files can have one name in the lock table, so a lock of a \
             process that could not be inspected may be on another file."
                .to_owned(),
        ),
        (
            !survey.settled,
            CAREFUL,
            "Locks changed while they were read, so this may mix two states; run it again."
                .to_owned(),
        ),
    ];
    for (_, style, text) in gaps.iter().filter(|(applies, ..)| *applies) {
        writeln!(page)?;
        page.paragraph("", &format!("{style}{text}{style:#}"))?;
    }
    Ok(())
}

fn conflicting<'a>(
    image: &'a SurveyedImage,
    answer: &'a HoldersAnswer,
) -> impl Iterator<Item = &'a Holder> {
    answer.holders.iter().filter_map(|index| image.holders.get(*index))
}

/// `blocked by pid 812 qemu-io`.
pub fn in_the_way(image: &SurveyedImage, answer: &HoldersAnswer) -> String {
    let holders = conflicting(image, answer);
    let mut names: Vec<String> =
        holders.flat_map(|holder| &holder.processes).map(words::process).collect();
    names.dedup();
    if names.len() > 3 {
        names = vec![format!("{} processes", names.len())];
    }
    if !answer.unexplained.is_empty() {
        names.push("an unknown holder".to_owned());
    }
    format!("blocked by {}", list(names))
}
