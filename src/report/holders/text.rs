use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use imglock_core::Mode;
use imglock_locks::{
    Explanation, Forecast, HiddenHolder, Holder, HolderProcess, HoldersAnswer, ImageState,
    NotAsked, ServedClients, Survey, SurveyedImage, would_grant,
};

use super::chain::{ChainAsked, Chains};
use super::heading::heading;
use super::{Clock, owners, reach, served, unseen, users, words};
use crate::phrase::{capitalised, count, list};
use crate::report::page::Page;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD};

/// A survey as text.
pub struct Text<'a> {
    /// The time, in the time zone of the text.
    pub clock: &'a Clock,
    /// In columns.
    pub width: usize,
    /// The chains whose files were surveyed.
    pub chains: &'a Chains,
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
            if asked.is_some() && self.chains.named(number).is_none() {
                continue;
            }
            if number > 0 {
                writeln!(page)?;
            }
            match asked {
                Some(mode) => match self.chains.asked(survey, number, mode, page)? {
                    ChainAsked::Alone => self.asked(image, mode, page)?,
                    ChainAsked::Blocked(image, locks) => self.blocked(image, &locks, page)?,
                    ChainAsked::NotBlocked => {
                        reach::write(image, page)?;
                        let files = self.chains.images(number);
                        let files = files.filter_map(|file| survey.images.get(file));
                        files.into_iter().try_for_each(|file| dangers(file, page))?;
                    }
                    ChainAsked::Answered => {}
                },
                None => {
                    self.image(image, &self.chains.role(number), page)?;
                    self.chains.rest(number, page)?;
                }
            }
        }
        gaps(survey, page)
    }

    fn image(&self, image: &SurveyedImage, role: &str, page: &mut Page<'_>) -> io::Result<()> {
        let unknown = [!image.unexplained.is_empty(), image.hidden.is_some()];
        let holders = image.holders.len() + unknown.into_iter().filter(|there| *there).count();
        let words = match image.state() {
            ImageState::Locked => {
                let mut by = Vec::new();
                if holders > 0 {
                    by.push(count(holders, "holder", "holders"));
                }
                let served = image.served.iter().filter(|served| served.is_held());
                by.extend(served.map(|served| served::short_name(served).to_owned()));
                format!("{BAD}locked{BAD:#} by {}", list(by))
            }
            ImageState::InUse => format!("{BAD}in use{BAD:#} without a lock"),
            ImageState::Free => reach::not_locked(image),
            ImageState::Unknown => format!("{CAREFUL}unknown{CAREFUL:#}: no lock is visible"),
        };
        heading(image, role, &words, page)?;
        self.holders(image, &image.holders, page)?;
        owners::unexplained(&image.unexplained, page)?;
        image.hidden.iter().try_for_each(|hidden| owners::hidden(hidden, page))?;
        served::blocks(&image.served, image.size, page)?;
        owners::waiters(&image.waiters, page)?;
        owners::unlocked(image, page)?;
        owners::former(&image.former, page)?;
        users::users(&image.users, page)?;
        if image.is_held() {
            modes(image, page)?;
        }
        reach::write(image, page)?;
        dangers(image, page)?;
        match image.is_held() {
            true => {
                let holders: Vec<&Holder> = image.holders.iter().collect();
                let served: Vec<&ServedClients> = image.served.iter().collect();
                advice(image, &holders, &served, image.hidden.as_ref(), page)
            }
            false => Ok(()),
        }
    }

    /// The answer to `--for`.
    fn asked(&self, image: &SurveyedImage, mode: Mode, page: &mut Page<'_>) -> io::Result<()> {
        let answer = would_grant(image, mode.claim());
        let words = match answer.forecast {
            Forecast::Granted => format!("{mode} {GOOD}would be granted{GOOD:#}"),
            Forecast::Refused(_) => format!("{mode} {BAD}would be refused{BAD:#}"),
            Forecast::Fails(_) => format!("{mode} {BAD}would fail{BAD:#}"),
            Forecast::Unknown(NotAsked::Courtesy | NotAsked::Delegation) => {
                format!("{mode} {CAREFUL}unknown{CAREFUL:#}: an NFS client may stand against it")
            }
            Forecast::Unknown(_) => {
                format!("{mode} {CAREFUL}unknown{CAREFUL:#}: no lock in the way is visible")
            }
        };
        heading(image, "", &words, page)?;
        if let Some(message) = answer.forecast.message() {
            page.paragraph("  ", &format!("QEMU would report: {message}"))?;
        }
        self.blocked(image, &answer, page)
    }

    /// The locks on `image` that stand against an open, and what to do next.
    fn blocked(
        &self,
        image: &SurveyedImage,
        answer: &HoldersAnswer,
        page: &mut Page<'_>,
    ) -> io::Result<()> {
        let holders: Vec<&Holder> = conflicting(image, answer).collect();
        let hidden = image.hidden.as_ref().filter(|_| answer.hidden);
        // They conflict even if QEMU would fail before it notices them.
        if answer.is_blocked() {
            page.paragraph("  ", &capitalised(&in_the_way(image, answer)))?;
            self.holders(image, holders.iter().copied(), page)?;
            let unexplained = answer.unexplained.iter();
            let unexplained = unexplained.filter_map(|index| image.unexplained.get(*index));
            owners::unexplained(unexplained, page)?;
            hidden.into_iter().try_for_each(|hidden| owners::hidden(hidden, page))?;
            served::blocks(blocking(image, answer), image.size, page)?;
        }
        let mut served: Vec<&ServedClients> = blocking(image, answer).collect();
        match answer.forecast {
            Forecast::Fails(_) => reach::without_locks(page)?,
            Forecast::Unknown(NotAsked::Courtesy | NotAsked::Delegation) => {
                served = image.served.iter().collect();
                served::blocks(served.iter().copied(), image.size, page)?;
                if !image.is_held() {
                    writeln!(page)?;
                }
            }
            _ => {}
        }
        // No lock keeps these out, whatever the answer is.
        owners::unlocked(image, page)?;
        owners::former(&image.former, page)?;
        users::users(&image.users, page)?;
        reach::write(image, page)?;
        dangers(image, page)?;
        match answer.is_blocked() || !served.is_empty() {
            true => advice(image, &holders, &served, hidden, page),
            false => Ok(()),
        }
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

/// Writes the modes that would be granted, and the refused ones by conflicting holder.
fn modes(image: &SurveyedImage, page: &mut Page<'_>) -> io::Result<()> {
    let mut granted: Vec<&str> = Vec::new();
    let mut unknown: Vec<&str> = Vec::new();
    let mut failing: Vec<&str> = Vec::new();
    let mut refused: BTreeMap<(usize, String), Vec<&str>> = BTreeMap::new();
    for mode in Mode::ALL {
        let answer = would_grant(image, mode.claim());
        match answer.forecast {
            Forecast::Granted => granted.push(mode.name()),
            Forecast::Unknown(_) => unknown.push(mode.name()),
            Forecast::Fails(_) => failing.push(mode.name()),
            Forecast::Refused(_) => {
                let by = in_the_way(image, &answer);
                let others = answer.served.len() + usize::from(answer.by_unknown());
                let order = answer.holders.len() + others;
                refused.entry((order, by)).or_default().push(mode.name());
            }
        }
    }
    if granted.len() == Mode::ALL.len() {
        return writeln!(page, "\n  Modes {GOOD}granted{GOOD:#} now: all");
    }
    writeln!(page, "\n  Modes {GOOD}granted{GOOD:#} now:")?;
    page.paragraph("    ", &granted.join(", "))?;
    for ((_, by), modes) in refused {
        page.paragraph("  ", &format!("Modes {BAD}refused{BAD:#} now, {by}:"))?;
        page.paragraph("    ", &modes.join(", "))?;
    }
    if !failing.is_empty() {
        page.paragraph(
            "  ",
            &format!("Modes that {BAD}fail{BAD:#}, for want of an answer about locks:"),
        )?;
        page.paragraph("    ", &failing.join(", "))?;
    }
    if !unknown.is_empty() {
        page.paragraph(
            "  ",
            &format!("{CAREFUL}Unknown{CAREFUL:#}, because the kernel was not asked:"),
        )?;
        page.paragraph("    ", &unknown.join(", "))?;
    }
    Ok(())
}

fn dangers(image: &SurveyedImage, page: &mut Page<'_>) -> io::Result<()> {
    image.dangers().into_iter().try_for_each(|danger| {
        writeln!(page)?;
        page.paragraph(
            "  ",
            &format!("{CAREFUL}{}{CAREFUL:#}: {}", words::label(danger), danger.meaning()),
        )
    })
}

/// Writes what to do next about these holders, about clients of file servers, and about a holder that
/// this host cannot name.
fn advice(
    image: &SurveyedImage,
    holders: &[&Holder],
    served: &[&ServedClients],
    hidden: Option<&HiddenHolder>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let mut sentences = Vec::new();
    let processes = || holders.iter().flat_map(|holder| &holder.processes);
    let pids = |orphan| -> Vec<i32> {
        let pids = processes().filter(|one| one.orphan == orphan).map(|one| one.pid);
        pids.collect::<BTreeSet<i32>>().into_iter().collect()
    };
    let (orphans, others) = (pids(true), pids(false));
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
    sentences.extend(served::advice(served.iter().copied()));
    if let Some(hidden) = hidden {
        let places = hidden.could_be.iter().filter_map(|why| match why {
            Explanation::OtherHost => Some("on the other hosts that have the image"),
            Explanation::FileSystem => Some("where its file server runs"),
            Explanation::OtherNamespace => Some("outside this pid namespace"),
            _ => None,
        });
        sentences.push(format!(
            "To find the holder that this host cannot name, run `imglock holders` {}.",
            list(places)
        ));
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
    let unseen = unseen::sentences(&survey.unseen, nix::unistd::geteuid().is_root());
    if !unseen.is_empty() {
        writeln!(page)?;
        page.paragraph("", &format!("{FAINT}{}{FAINT:#}", unseen.join(" ")))?;
    }
    let ambiguous =
        |image: &SurveyedImage| image.ambiguous && (image.is_held() || !image.served.is_empty());
    let ambiguous = survey.images.iter().any(ambiguous);
    let gaps = [
        (
            survey.nested,
            FAINT,
            "This process is in a pid namespace of its own: POSIX locks of processes outside have no \
             names here, and their flock(2) locks and leases are not visible."
                .to_owned(),
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

/// The clients of file servers that conflict.
fn blocking<'a>(
    image: &'a SurveyedImage,
    answer: &'a HoldersAnswer,
) -> impl Iterator<Item = &'a ServedClients> {
    answer.served.iter().filter_map(|index| image.served.get(*index))
}

/// `blocked by pid 812 qemu-io`.
pub fn in_the_way(image: &SurveyedImage, answer: &HoldersAnswer) -> String {
    let holders = conflicting(image, answer);
    let processes: BTreeMap<i32, &HolderProcess> =
        holders.flat_map(|holder| &holder.processes).map(|one| (one.pid, one)).collect();
    let mut names: Vec<String> = processes.into_values().map(words::process).collect();
    if names.len() > 3 {
        names = vec![format!("{} processes", names.len())];
    }
    names.extend(blocking(image, answer).map(served::name));
    if !answer.unexplained.is_empty() {
        names.push("an unknown holder".to_owned());
    }
    if answer.hidden {
        names.push("a holder that this host cannot name".to_owned());
    }
    format!("blocked by {}", list(names))
}
