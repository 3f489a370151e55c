use std::time::{Duration, Instant};

use super::replaced::ReplacedFile;
use super::{RunRecord, html, json, junit};
use crate::cli::{ReportKind, ReportTarget};
use crate::failure::Failure;

/// The shortest time between two writes. Each write replaces whole files, so
/// one write for each result would cost the square of their number.
const PACE: Duration = Duration::from_millis(100);

/// The time between two writes, in multiples of the time that one takes: the
/// files of many places have tens of megabytes.
const REST: u32 = 20;

/// The report files of a run.
///
/// Each write replaces the whole file (a temporary file beside it, then a
/// rename), so that a reader never sees half a document.
#[derive(Debug)]
pub struct ReportFiles {
    targets: Vec<(ReportKind, ReplacedFile)>,
    written: Instant,
    took: Duration,
}

impl ReportFiles {
    /// Writes each file without results, so that a path that cannot be written
    /// fails before the run.
    ///
    /// # Errors
    /// When a file cannot be written, or two paths lead to the same file.
    pub fn create(targets: Vec<ReportTarget>, record: &RunRecord) -> Result<ReportFiles, Failure> {
        let mut real: Vec<(ReportKind, ReplacedFile)> = Vec::new();
        for ReportTarget { kind, path } in targets {
            let file = ReplacedFile::at(&path)?;
            if real.iter().any(|(_, other)| *other == file) {
                return Err(Failure::SameReport { path: file.path().to_owned() });
            }
            real.push((kind, file));
        }
        let mut files =
            ReportFiles { targets: real, written: Instant::now(), took: Duration::ZERO };
        files.write(record, |_| true)?;
        Ok(files)
    }

    /// Writes the files again unless the last write is recent. HTML pages wait
    /// for the end: no browser shows their changes, and drawing every run ten
    /// times a second would slow down the next runs.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn update(&mut self, record: &RunRecord) -> Result<(), Failure> {
        let due = self.written.elapsed() >= PACE.max(self.took * REST);
        if due { self.write(record, |kind| kind != ReportKind::Html) } else { Ok(()) }
    }

    /// Writes the files for the last time.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn finish(mut self, record: &RunRecord) -> Result<(), Failure> {
        self.write(record, |_| true)
    }

    fn write(
        &mut self,
        record: &RunRecord,
        due: impl Fn(ReportKind) -> bool,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        for (kind, file) in self.targets.iter().filter(|(kind, _)| due(*kind)) {
            file.replace(|out| match kind {
                ReportKind::Html => html::write(record, out),
                ReportKind::Json => json::write(record, out),
                ReportKind::Junit => junit::write(record, out),
            })?;
        }
        (self.written, self.took) = (Instant::now(), began.elapsed());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn a_file_is_whole_before_the_run_and_after_it() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("r.json");
        let complete = || {
            let text = std::fs::read_to_string(&path).expect("a report");
            let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            document["complete"].clone()
        };
        let mut record = samples::record();
        let results = std::mem::take(&mut record.tour.results);
        let target = ReportTarget { kind: ReportKind::Json, path: path.clone() };
        let mut files = ReportFiles::create(vec![target], &record).expect("a writable folder");
        assert_eq!(complete(), false);
        record.tour.results = results;
        // It writes only if the last write is long ago.
        files.update(&record).expect("a writable folder");
        files.written = Instant::now();
        std::fs::write(&path, "{\"complete\": 5}").expect("a writable folder");
        files.update(&record).expect("a writable folder");
        assert_eq!(complete(), 5, "it was written again too soon");
        // A slow file is written less often.
        files.written = Instant::now().checked_sub(2 * PACE).expect("a time");
        files.took = PACE;
        files.update(&record).expect("a writable folder");
        assert_eq!(complete(), 5, "it was written again too soon for its size");
        files.finish(&record).expect("a writable folder");
        assert_eq!(complete(), true);
    }

    #[test]
    fn a_page_is_written_before_the_run_and_at_its_end_only() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("page.html");
        let record = samples::record();
        let target = ReportTarget { kind: ReportKind::Html, path: path.clone() };
        let mut files = ReportFiles::create(vec![target], &record).expect("a writable folder");
        let page = || std::fs::read_to_string(&path).expect("a page");
        assert!(page().starts_with("<!DOCTYPE html>"));
        std::fs::write(&path, "not written again").expect("a writable folder");
        files.written = Instant::now().checked_sub(2 * PACE).expect("a time");
        files.update(&record).expect("a writable folder");
        assert_eq!(page(), "not written again");
        files.finish(&record).expect("a writable folder");
        assert!(page().starts_with("<!DOCTYPE html>"));
    }
}
