use std::collections::HashMap;
use std::io::{BufRead, Read};

use super::header::HistoryHeader;
use super::line::{Happening, Line};
use super::problem::{HistoryReadError, Objection, repeated};
use super::seat::Seat;
use crate::history::{HistoryJudgement, HistoryOpener, HistoryTerms, Opening, judge_history};
use imglock_core::Mode;

/// The maximum length of a line, in bytes. If a disk image is given by mistake, the error appears
/// before the image fills the memory.
const LONGEST: u64 = 64 * 1024;

/// A history, as read from its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The first line of the file.
    pub header: HistoryHeader,
    /// The openers, in the order in which they first appear.
    pub openers: Vec<HistoryOpener>,
    /// The images.
    pub images: Vec<HistoryImage>,
    /// The modes that the file names, without duplicates. If several modes have the same claim, reports
    /// use the one that the author used.
    pub modes: Vec<Mode>,
}

/// One image of a history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryImage {
    /// Its name. `None` if the history has one image without a name.
    pub name: Option<String>,
    /// All openings of the image.
    pub stays: Vec<Opening>,
}

impl History {
    /// Reads a history line by line. `name` is the name of the file in messages.
    ///
    /// # Errors
    /// If the input cannot be read or a line is wrong.
    pub fn read(name: &str, mut input: impl BufRead) -> Result<History, HistoryReadError> {
        let mut line = Vec::new();
        let mut number = 0;
        let mut reader: Option<Reader> = None;
        loop {
            line.clear();
            number += 1;
            let at = |objection: Objection| objection.at(name, number);
            if input.by_ref().take(LONGEST + 1).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.len() as u64 > LONGEST {
                return Err(at(too_long()).into());
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match &mut reader {
                None => reader = Some(Reader::new(HistoryHeader::read(&line).map_err(at)?)),
                Some(reader) => reader.take(&line, number).map_err(at)?,
            }
        }
        let reader = reader.ok_or_else(|| HistoryHeader::missing().at(name, 1))?;
        reader.finish().map_err(|objection| objection.at(name, number).into())
    }

    /// The terms for [`judge_history`].
    pub fn terms(&self) -> HistoryTerms<'_> {
        HistoryTerms {
            openers: &self.openers,
            backend: self.header.backend,
            complete: self.header.complete,
            resolution_ns: self.header.resolution_ns,
        }
    }

    /// Judges each image separately. Openings of different images never conflict.
    pub fn judge(&self) -> HistoryJudgement {
        let mut whole = HistoryJudgement::default();
        for (index, image) in self.images.iter().enumerate() {
            whole.absorb(judge_history(&image.stays, &self.terms()).of_image(index));
        }
        whole
    }
}

fn too_long() -> Objection {
    Objection::new(
        format!("this line is longer than {LONGEST} bytes"),
        "check that this file is a history, with one event on each line",
    )
}

/// The part of the history that has been read so far.
struct Reader {
    history: History,
    names: HashMap<String, usize>,
    seats: Vec<Seat>,
    images: HashMap<Option<String>, usize>,
}

impl Reader {
    fn new(header: HistoryHeader) -> Reader {
        let history = History { header, openers: vec![], images: vec![], modes: vec![] };
        Reader { history, names: HashMap::new(), seats: vec![], images: HashMap::new() }
    }

    fn take(&mut self, text: &[u8], number: u64) -> Result<(), Objection> {
        let line = Line::read(text)?;
        let happening = line.happening()?;
        let opener = self.opener(&line)?;
        if let Happening::Open(_, mode) = happening {
            self.history.note(mode);
            if !self.seats[opener].is_busy() {
                self.seats[opener].image = self.image(line.image.as_deref())?;
            }
        } else if let Some(image) = line.image.as_deref() {
            self.check_image(opener, image)?;
        }
        let seat = &mut self.seats[opener];
        if self.history.images.is_empty() {
            // An event of an opener before the first `open` of the file.
            return seat.take(&line.opener, happening, line.at_ns, number, &mut Vec::new());
        }
        let stays = &mut self.history.images[seat.image].stays;
        seat.take(&line.opener, happening, line.at_ns, number, stays)
    }

    fn opener(&mut self, line: &Line<'_>) -> Result<usize, Objection> {
        let process = line.process.as_deref();
        let Some(&opener) = self.names.get(&*line.opener) else {
            let (opener, name) = (self.seats.len(), line.opener.clone().into_owned());
            self.seats.push(Seat::new(opener));
            let process = process.unwrap_or(&name).to_owned();
            self.history.openers.push(HistoryOpener { name: name.clone(), process });
            self.names.insert(name, opener);
            return Ok(opener);
        };
        let known = &self.history.openers[opener].process;
        match process {
            Some(process) if process != known => Err(Objection::new(
                format!(
                    "{} belongs to process {} here, but to {} before",
                    repeated(&line.opener),
                    repeated(process),
                    repeated(known)
                ),
                "an opener belongs to one process; use another name for this opener",
            )),
            _ => Ok(opener),
        }
    }

    fn image(&mut self, name: Option<&str>) -> Result<usize, Objection> {
        let name = name.map(str::to_owned);
        if let Some(known) = self.images.get(&name) {
            return Ok(*known);
        }
        let unnamed = self.history.images.first().map(|image| image.name.is_none());
        if unnamed.is_some_and(|unnamed| unnamed || name.is_none()) {
            return Err(Objection::new(
                "some `open` events name their image and others do not",
                "name the image in every `open`, or in none if there is only one image",
            ));
        }
        let index = self.history.images.len();
        self.history.images.push(HistoryImage { name: name.clone(), stays: vec![] });
        self.images.insert(name, index);
        Ok(index)
    }

    fn check_image(&self, opener: usize, image: &str) -> Result<(), Objection> {
        let opened = self.history.images.get(self.seats[opener].image);
        let opened = opened.and_then(|image| image.name.as_deref()).unwrap_or_default();
        if opened == image {
            return Ok(());
        }
        let what = format!(
            "this event names the image {}, but the opener opened {}",
            repeated(image),
            repeated(opened)
        );
        Err(Objection::new(what, "use a different opener for each descriptor"))
    }

    fn finish(self) -> Result<History, Objection> {
        if self.history.images.is_empty() {
            return Err(Objection::new(
                "the history has no `open`, so there is no opening to judge",
                "add at least one `open`",
            ));
        }
        Ok(self.history)
    }
}

impl History {
    fn note(&mut self, mode: Option<Mode>) {
        if let Some(mode) = mode
            && !self.modes.contains(&mode)
        {
            self.modes.push(mode);
        }
    }
}
