use std::io;

use imglock_core::Mode;
use imglock_locks::{
    Chain, ChainAnswer, ChainFile, ChainObstacle, ChainStop, Forecast, HoldersAnswer, NameKind,
    Survey, SurveyedImage, would_grant,
};

use super::{Chains, use_of};
use crate::phrase::{list, printable};
use crate::report::holders::heading::heading;
use crate::report::page::Page;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD};

/// What remains to be written of an answer to `--for`.
pub enum ChainAsked<'s> {
    /// The answer for the image alone, which is that for its chain.
    Alone,
    /// The locks on a file of the chain that stand against the open.
    Blocked(&'s SurveyedImage, HoldersAnswer),
    /// The dangers of a chain that nothing known stands against.
    NotBlocked,
    /// Nothing.
    Answered,
}

impl Chains {
    /// ` (backing file of top.qcow2)`, to be written after the path of an image.
    pub fn role(&self, image: usize) -> String {
        let role = self.file(image).and_then(|(chain, file)| use_of(chain, file));
        role.map_or(String::new(), |role| format!(" {FAINT}({role}){FAINT:#}"))
    }

    /// Writes, after the last image of a chain, the files that were not looked at.
    pub fn rest(&self, image: usize, page: &mut Page<'_>) -> io::Result<()> {
        let Some(chain) = self.ended(image) else { return Ok(()) };
        chain.files.iter().try_for_each(|file| left_out(chain, file, page))
    }

    /// Writes the answer to `--for` for an image that the user named with its chain, as far as it
    /// concerns more than the image alone.
    pub fn asked<'s>(
        &self,
        survey: &'s Survey,
        image: usize,
        mode: Mode,
        page: &mut Page<'_>,
    ) -> io::Result<ChainAsked<'s>> {
        let answer = self.answer(survey, image, mode);
        let (Some(chain), Some(answer), Some(top)) =
            (self.named(image), answer, survey.images.get(image))
        else {
            return Ok(ChainAsked::Alone);
        };
        match &answer.obstacle {
            _ if answer.top_alone => Ok(ChainAsked::Alone),
            Some(obstacle) if obstacle.file == 0 && obstacle.locks.is_some() => {
                Ok(ChainAsked::Alone)
            }
            None if chain.files.len() == 1 && (chain.is_complete() || is_unknown(top, mode)) => {
                Ok(ChainAsked::Alone)
            }
            None => not_refused(top, chain, mode, &answer, page).map(|()| ChainAsked::NotBlocked),
            Some(obstacle) => {
                heading(top, "", &format!("{mode} {BAD}would be refused{BAD:#}"), page)?;
                refused(chain, obstacle, answer.is_only_for_guests(), page)?;
                let blocked = self.surveyed(survey, image, obstacle.file);
                Ok(blocked
                    .zip(obstacle.locks.clone())
                    .map_or(ChainAsked::Answered, |(blocked, locks)| {
                        ChainAsked::Blocked(blocked, locks)
                    }))
            }
        }
    }
}

/// Whether the locks on an image alone are the reason why nothing is known.
fn is_unknown(image: &SurveyedImage, mode: Mode) -> bool {
    matches!(would_grant(image, mode.claim()).forecast, Forecast::Unknown(_))
}

fn refused(
    chain: &Chain,
    obstacle: &ChainObstacle,
    only_for_guests: bool,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let Some(file) = chain.files.get(obstacle.file) else { return Ok(()) };
    let what = use_of(chain, file).unwrap_or_else(|| "image itself".to_owned());
    let what = format!("{}, the {what}", shown(file));
    if let Some(ChainStop::Malformed(why)) = &file.stop
        && obstacle.locks.is_none()
    {
        return page.paragraph("  ", &format!("QEMU would not open {what}: {why}."));
    }
    let message = printable(&obstacle.qemu_message(chain));
    page.paragraph("  ", &format!("QEMU would report: {message}"))?;
    page.paragraph("  ", &format!("This is about {what}."))?;
    if !only_for_guests {
        return Ok(());
    }
    page.paragraph(
        "  ",
        "It applies to a user that does not share write, such as a guest's disk. A tool such as \
         qemu-io would be granted.",
    )
}

fn not_refused(
    top: &SurveyedImage,
    chain: &Chain,
    mode: Mode,
    answer: &ChainAnswer,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let words = match answer.is_granted() {
        Some(_) => format!("{mode} {GOOD}would be granted{GOOD:#}"),
        None => format!("{mode} {CAREFUL}unknown{CAREFUL:#}: not all of its chain was seen"),
    };
    heading(top, "", &words, page)?;
    let granted = usize::from(answer.is_granted().is_some());
    let seen =
        |(index, _): &(usize, &ChainFile)| *index >= granted && !answer.unknown.contains(index);
    let files = chain.files.iter().enumerate().filter(seen);
    let names: Vec<String> = files.map(|(_, file)| shown(file)).collect();
    match answer.is_granted() {
        Some(_) => page.paragraph("  ", &format!("With {}.", list(names)))?,
        None if names.is_empty() => {}
        None => {
            let words = format!("Nothing that was seen stands against {}.", list(names));
            page.paragraph("  ", &words)?;
        }
    }
    answer.unknown.iter().filter_map(|index| chain.files.get(*index)).try_for_each(
        |file| match file.stop {
            None | Some(ChainStop::NoBackingFile) => {
                let words = format!("{CAREFUL}Not known{CAREFUL:#}: the locks on {}.", shown(file));
                page.paragraph("  ", &words)
            }
            _ => left_out(chain, file, page),
        },
    )
}

/// The path of a file, or its name where that is no path.
fn shown(file: &ChainFile) -> String {
    let name = || file.name.as_ref().map_or(String::new(), |name| name.written.clone());
    printable(&file.path.as_ref().map_or_else(name, |path| path.to_string_lossy().into_owned()))
}

/// Writes why a file, or what follows from it, was not looked at.
fn left_out(chain: &Chain, file: &ChainFile, page: &mut Page<'_>) -> io::Result<()> {
    let Some(stop) = file.stop.as_ref().filter(|stop| !stop.is_regular()) else { return Ok(()) };
    let what = use_of(chain, file).map_or(String::new(), |what| format!(", the {what}"));
    let next = match (stop, file.name.as_ref().map(|name| name.kind)) {
        (ChainStop::Outside, _) => {
            " `--follow` looks at it: a header is a stranger's input, so use it only for images \
             whose origin you know."
        }
        (ChainStop::Missing, Some(NameKind::WorkingDirectory)) => {
            " QEMU looks for it in its own working directory."
        }
        (ChainStop::OtherFormat, _) => " Its backing file, if it has one, is not known.",
        (ChainStop::Unreadable(_) | ChainStop::Leased | ChainStop::OwnLocks, _) => {
            " The files below it are not known."
        }
        _ => "",
    };
    let text = format!("{}{what}: {}.{next}", shown(file), printable(&stop.to_string()));
    writeln!(page)?;
    page.paragraph("  ", &format!("{CAREFUL}Chain{CAREFUL:#}: {text}"))
}
