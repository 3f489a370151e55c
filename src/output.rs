use std::io::{self, Write};

use anstream::AutoStream;
use anstream::adapter::StripBytes;

use crate::cli::Color;

/// Standard output, with its width and colours.
///
/// After its reader has closed the pipe (`| head`), further output is
/// discarded: the exit code and the report files do not depend on the reader.
pub struct Output {
    out: io::Stdout,
    /// Removes colours, if they are not wanted. An `AutoStream` would write each piece between two
    /// colours by itself.
    strip: Option<StripBytes>,
    choice: anstream::ColorChoice,
    reader_gone: bool,
}

impl Output {
    /// Standard output, with colours as `--color` selects.
    pub fn new(color: Color) -> Output {
        let choice = match color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        let plain = AutoStream::new(io::stdout(), choice).current_choice();
        let strip = (plain == anstream::ColorChoice::Never).then(StripBytes::new);
        Output { out: io::stdout(), strip, choice, reader_gone: false }
    }

    /// Standard error, in the same colours.
    pub fn errors(&self) -> AutoStream<io::Stderr> {
        AutoStream::new(io::stderr(), self.choice)
    }

    /// Whether the reader still has the pipe open.
    pub fn has_reader(&self) -> bool {
        !self.reader_gone
    }

    /// The number of columns to fill; 100 if it is not a terminal.
    pub fn width(&self) -> usize {
        self.terminal_width().unwrap_or(100)
    }

    /// The number of columns of the terminal, if it is one, within 60 to 140.
    pub fn terminal_width(&self) -> Option<usize> {
        let (columns, _) = terminal_size::terminal_size_of(io::stdout())?;
        Some(usize::from(columns.0).clamp(60, 140))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.reader_gone {
            return Ok(bytes.len());
        }
        let written = match &mut self.strip {
            Some(strip) => {
                let plain: Vec<u8> = strip.strip_next(bytes).flatten().copied().collect();
                self.out.write_all(&plain).map(|()| bytes.len())
            }
            None => self.out.write(bytes),
        };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.reader_gone = true;
                Ok(bytes.len())
            }
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.out.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.reader_gone = true;
                Ok(())
            }
            other => other,
        }
    }
}
