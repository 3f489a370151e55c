use std::time::{Duration, Instant};

use super::replaced::ReplacedFile;
use super::{RunRecord, html, json, junit};
use crate::cli::{ReportKind, ReportTarget};
use crate::failure::Failure;

/// How often the files are replaced at most. They are written whole each
/// time, so hundreds of results would otherwise cost their square.
const PACE: Duration = Duration::from_millis(100);

/// How many times as long as writing them took they are left alone at least:
/// those of many places have tens of megabytes.
const REST: u32 = 20;

/// The report files of a run.
///
/// Each is replaced whole (a temporary file beside it, then a rename), so
/// that who reads it while the run goes on never meets half a document.
#[derive(Debug)]
pub struct ReportFiles {
    targets: Vec<(ReportKind, ReplacedFile)>,
    written: Instant,
    took: Duration,
}

impl ReportFiles {
    /// Writes each file once, with no result in it, so that a path that
    /// cannot be written is known before anything runs.
    ///
    /// # Errors
    /// When one cannot be written, or two would be the same.
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

    /// Writes them anew, unless that was done a moment ago. HTML pages wait
    /// for the end: to draw each run again ten times a second would slow the
    /// next ones, and nobody's browser would show it.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn update(&mut self, record: &RunRecord) -> Result<(), Failure> {
        if self.written.elapsed() < PACE.max(self.took * REST) {
            return Ok(());
        }
        self.write(record, |kind| kind != ReportKind::Html)
    }

    /// Writes them for good.
    ///
    /// # Errors
    /// When one cannot be written.
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
        self.written = Instant::now();
        self.took = began.elapsed();
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
        let results = std::mem::take(&mut record.results);
        let target = ReportTarget { kind: ReportKind::Json, path: path.clone() };
        let mut files = ReportFiles::create(vec![target], &record).expect("a writable folder");
        assert_eq!(complete(), false);
        record.results = results;
        // Whether this one writes depends on how long ago the last one did.
        files.update(&record).expect("a writable folder");
        files.written = Instant::now();
        std::fs::write(&path, "{\"complete\": 5}").expect("a writable folder");
        files.update(&record).expect("a writable folder");
        assert_eq!(complete(), 5, "it was written again too soon");
        // One that takes long to write is written less often.
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
        std::fs::write(&path, "nobody wrote it anew").expect("a writable folder");
        files.written = Instant::now().checked_sub(2 * PACE).expect("a time");
        files.update(&record).expect("a writable folder");
        assert_eq!(page(), "nobody wrote it anew");
        files.finish(&record).expect("a writable folder");
        assert!(page().starts_with("<!DOCTYPE html>"));
    }
}
