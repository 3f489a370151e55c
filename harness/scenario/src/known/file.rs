use super::{Known, KnownEntry, RunKey, reading};
use crate::text::{Reader, TextError};

/// What is known to fail, from any number of files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownFailures {
    entries: Vec<KnownEntry>,
}

impl KnownFailures {
    /// Reads a file; `source_name` is the one that messages point at. A file
    /// in which nothing is known is one too.
    ///
    /// # Errors
    /// Everything that is wrong with `text`, each at its spot; an entry that
    /// can never apply, because one before it takes in all of it, is wrong as
    /// well.
    ///
    /// ```
    /// use imglock_scenario::KnownFailures;
    ///
    /// let text = r#"
    ///     known "The server never hears of an OFD lock's end" {
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

    /// Whether a text is a file of known failures rather than anything else:
    /// it begins with a `known`.
    pub fn is_one(text: &str) -> bool {
        let document = text.contains(reading::KNOWN).then(|| Reader::new(text).document());
        document.flatten().is_some_and(|document| {
            document.nodes().first().is_some_and(|node| node.name().value() == reading::KNOWN)
        })
    }

    /// Adds those of another file, which come after its own.
    #[must_use]
    pub fn and(mut self, other: KnownFailures) -> KnownFailures {
        self.entries.extend(other.entries);
        self
    }

    /// Every entry, in the order in which they are looked at.
    pub fn entries(&self) -> &[KnownEntry] {
        &self.entries
    }

    /// The first entry's words whose condition `run` meets.
    pub fn of(&self, run: &RunKey<'_>) -> Option<Known> {
        let met = self.entries.iter().find(|entry| entry.condition.is_met(run));
        met.map(|entry| entry.known.clone())
    }

    /// The entries whose condition some of these runs meet, and which apply to
    /// none of them because an earlier entry applies to each.
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
