use super::{Known, KnownEntry, RunKey, reading};
use crate::text::{Reader, TextError};

/// The known failures of any number of files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownFailures {
    entries: Vec<KnownEntry>,
}

impl KnownFailures {
    /// Parses a file. `source_name` is its name in messages. A file without entries is valid.
    ///
    /// # Errors
    /// All problems of `text`, each with its position. An entry that can never apply, because an
    /// earlier entry covers it completely, is a problem as well.
    ///
    /// ```
    /// use imglock_scenario::KnownFailures;
    ///
    /// let text = r#"
    ///     known "The server is not notified of the end of an OFD lock" {
    ///         backend ofd
    ///         file-system fuse-locks
    ///     }
    /// "#;
    /// let known = KnownFailures::parse("known.kdl", text)?;
    /// assert_eq!(known.entries().len(), 1);
    /// # Ok::<(), imglock_scenario::TextError>(())
    /// ```
    pub fn parse(source_name: &str, text: &str) -> Result<KnownFailures, TextError> {
        let mut reader = Reader::new(text);
        let entries = reading::entries(source_name, &mut reader);
        match reader.problems.is_empty() {
            true => Ok(KnownFailures { entries }),
            false => Err(TextError::new(source_name, text, reader.problems.into_sorted())),
        }
    }

    /// Returns whether a text is a file of known failures, and not another kind of file: it begins
    /// with `known`.
    pub fn is_one(text: &str) -> bool {
        let document = text.contains(reading::KNOWN).then(|| Reader::new(text).document());
        document.flatten().is_some_and(|document| {
            document.nodes().first().is_some_and(|node| node.name().value() == reading::KNOWN)
        })
    }

    /// Adds the entries of another file after those of this one.
    #[must_use]
    pub fn and(mut self, other: KnownFailures) -> KnownFailures {
        self.entries.extend(other.entries);
        self
    }

    /// All entries, in the order in which they are compared with a run.
    pub fn entries(&self) -> &[KnownEntry] {
        &self.entries
    }

    /// The known failure of the first entry that matches `run`.
    pub fn of(&self, run: &RunKey<'_>) -> Option<Known> {
        let met = self.entries.iter().find(|entry| entry.condition.is_met(run));
        met.map(|entry| entry.known.clone())
    }

    /// The entries that match some of these runs but apply to none of them, because an earlier entry
    /// applies to each.
    pub fn shadowed<'r>(&self, runs: impl IntoIterator<Item = RunKey<'r>>) -> Vec<&KnownEntry> {
        let mut met = vec![false; self.entries.len()];
        let mut first = met.clone();
        for run in runs {
            let fits = |index: &usize| self.entries[*index].condition.is_met(&run);
            for (number, index) in (0..self.entries.len()).filter(fits).enumerate() {
                met[index] = true;
                first[index] |= number == 0;
            }
        }
        let entries = self.entries.iter().zip(met.iter().zip(&first));
        entries.filter(|(_, (met, first))| **met && !**first).map(|(entry, _)| entry).collect()
    }
}
