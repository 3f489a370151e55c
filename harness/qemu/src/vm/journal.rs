use super::loss::{Loss, Stage};
use imglock_core::{FileSystem, PlaceName};
use imglock_engine::{Boot, Environment, Place, PlaceFate, RunLine, ScenarioResult};

/// The results of a guest's run so far. Its places have names with the kernel.
#[derive(Debug)]
pub(super) struct Journal {
    name: String,
    boot: Boot,
    planned: Vec<FileSystem>,
    places: Vec<Place>,
    stage: Stage,
}

/// A line of a guest's run, for observers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Entry {
    Place(Box<Place>),
    Result(Box<ScenarioResult>),
    /// A line without news.
    Nothing,
}

impl Journal {
    /// For the kernel called `name`, with these planned file systems; none for
    /// an existing directory.
    pub(super) fn new(name: &str, boot: Boot, planned: &[FileSystem]) -> Journal {
        let (name, planned) = (name.to_owned(), planned.to_vec());
        Journal { name, boot, planned, places: Vec::new(), stage: Stage::Boot }
    }

    /// Records that init has reported.
    pub(super) fn has_begun(&mut self) {
        if self.stage == Stage::Boot {
            self.stage = Stage::Begun;
        }
    }

    /// The progress of the guest.
    pub(super) fn stage(&self) -> Stage {
        self.stage.clone()
    }

    /// Processes a line.
    ///
    /// # Errors
    /// If the line is invalid.
    pub(super) fn take(&mut self, line: &str) -> Result<Entry, Loss> {
        let line: RunLine = serde_json::from_str(line)
            .map_err(|error| Loss::Garbled(format!("a line of its run is invalid: {error}")))?;
        Ok(match line {
            RunLine::Begin { .. } => Entry::Nothing,
            RunLine::Place(place) => {
                let name = place.name.under(&self.name);
                let place = Place { name, boot: Some(self.boot.clone()), ..*place };
                // A place is reported again if it is lost.
                if let Some(known) = self.places.iter_mut().find(|one| one.name == place.name) {
                    *known = place;
                    return Ok(Entry::Nothing);
                }
                self.places.push(place.clone());
                Entry::Place(Box::new(place))
            }
            RunLine::Result(mut result) => {
                result.place = result.place.under(&self.name);
                let on = format!("on {} at {}", result.backend, result.place);
                self.stage = Stage::After { scenario: result.scenario.clone(), on };
                Entry::Result(result)
            }
            RunLine::End { complete } => {
                if complete {
                    self.stage = Stage::Finished;
                }
                Entry::Nothing
            }
        })
    }

    /// Every place at the end, with the kernel's warnings. If the kernel was
    /// lost, its current place is lost, and so are all later places.
    pub(super) fn close(
        mut self,
        release: &str,
        complaints: &[String],
        loss: Option<&Loss>,
        console: Vec<String>,
    ) -> Vec<Place> {
        self.boot.complaints = complaints.to_vec();
        if let Some(loss) = loss {
            let lost = PlaceFate::Lost { why: loss.to_string(), console };
            let behind = |place: &Place| PlaceFate::Lost {
                why: format!("not reached: the kernel was lost at {}", place.name),
                console: Vec::new(),
            };
            let mut behind_it = match self.places.last_mut() {
                Some(last) => {
                    last.fate = lost.clone();
                    Some(behind(last))
                }
                None => None,
            };
            let planned = match self.planned.is_empty() {
                true => vec![PlaceName::HERE],
                false => self.planned.iter().copied().map(PlaceName::made).collect(),
            };
            for name in planned.into_iter().map(|name| name.under(&self.name)) {
                if self.places.iter().any(|place| place.name == name) {
                    continue;
                }
                let environment = Environment {
                    kernel: release.to_owned(),
                    architecture: std::env::consts::ARCH.to_owned(),
                    imglock: env!("CARGO_PKG_VERSION").to_owned(),
                    ..Environment::default()
                };
                let fate = behind_it.clone().unwrap_or_else(|| lost.clone());
                let place = Place { fate, ..Place::reached(name, environment) };
                behind_it.get_or_insert_with(|| behind(&place));
                self.places.push(place);
            }
        }
        for place in &mut self.places {
            place.boot = Some(self.boot.clone());
        }
        self.places
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use imglock_core::Backend;

    fn journal(planned: &[&str]) -> Journal {
        let boot = Boot {
            image: PathBuf::from("bzImage"),
            accelerator: "tcg".to_owned(),
            complaints: Vec::new(),
        };
        let planned: Vec<FileSystem> =
            planned.iter().map(|name| name.parse().expect("a file system")).collect();
        Journal::new("6.1.0", boot, &planned)
    }

    fn line(line: &RunLine) -> String {
        serde_json::to_string(line).expect("JSON")
    }

    fn place(name: &str) -> String {
        line(&RunLine::Place(Box::new(Place::reached(name.into(), Environment::default()))))
    }

    fn result(place: &str) -> String {
        let skipped = ScenarioResult::skipped(
            "contract/one",
            Backend::Ofd,
            "builtin".to_owned(),
            "why".to_owned(),
        );
        line(&RunLine::Result(Box::new(ScenarioResult { place: place.into(), ..skipped })))
    }

    fn fates(places: &[Place]) -> Vec<(String, bool)> {
        places.iter().map(|place| (place.name.to_string(), place.is_lost())).collect()
    }

    #[test]
    fn places_are_called_by_their_kernel() {
        let mut journal = journal(&["ext4"]);
        let Ok(Entry::Place(place)) = journal.take(&place("ext4")) else { panic!("no place") };
        assert_eq!(place.name, "6.1.0/ext4".into());
        assert!(place.boot.is_some());
        let Ok(Entry::Result(result)) = journal.take(&result("ext4")) else { panic!("no result") };
        assert_eq!(result.place, "6.1.0/ext4".into());
        let complaints = ["WARNING: so".to_owned()];
        let places = journal.close("6.1.0", &complaints, None, Vec::new());
        assert_eq!(fates(&places), [("6.1.0/ext4".to_owned(), false)]);
        assert_eq!(places[0].boot.as_ref().expect("a boot").complaints, complaints);
    }

    #[test]
    fn a_directory_is_called_as_the_kernel_is() {
        let mut journal = journal(&[]);
        let Ok(Entry::Place(place)) = journal.take(&place("")) else { panic!("no place") };
        assert_eq!(place.name, "6.1.0".into());
    }

    #[test]
    fn the_place_at_which_a_kernel_was_lost_is_lost_and_so_are_those_behind_it() {
        let mut journal = journal(&["ext4", "xfs", "tmpfs"]);
        journal.take(&place("ext4")).expect("a place");
        journal.take(&place("xfs")).expect("a place");
        journal.take(&result("xfs")).expect("a result");
        let loss = Loss::PoweredOff(journal.stage());
        let places = journal.close("6.1.0", &[], Some(&loss), vec!["last".to_owned()]);
        let expected = [
            ("6.1.0/ext4".to_owned(), false),
            ("6.1.0/xfs".to_owned(), true),
            ("6.1.0/tmpfs".to_owned(), true),
        ];
        assert_eq!(fates(&places), expected);
        let why = |place: &Place| match &place.fate {
            PlaceFate::Lost { why, console } => (why.clone(), console.len()),
            other => panic!("{other:?}"),
        };
        assert!(why(&places[1]).0.contains("contract/one on ofd at 6.1.0/xfs"));
        assert_eq!(why(&places[1]).1, 1);
        let behind = "not reached: the kernel was lost at 6.1.0/xfs";
        assert_eq!(why(&places[2]), (behind.to_owned(), 0));
    }

    #[test]
    fn a_kernel_that_never_came_up_is_lost_at_its_first_place() {
        let loss = Loss::NeverSpoke(std::time::Duration::from_secs(1));
        let places = journal(&["ext4", "xfs"]).close("6.1.0", &[], Some(&loss), Vec::new());
        assert_eq!(
            fates(&places),
            [("6.1.0/ext4".to_owned(), true), ("6.1.0/xfs".to_owned(), true)]
        );
        assert_eq!(places[0].environment.kernel, "6.1.0");
        let places = journal(&[]).close("6.1.0", &[], Some(&loss), Vec::new());
        assert_eq!(fates(&places), [("6.1.0".to_owned(), true)]);
    }

    #[test]
    fn what_is_no_line_is_told() {
        let loss = journal(&[]).take("hello").expect_err("no line");
        assert!(loss.to_string().starts_with("a line of its run is invalid"), "{loss}");
    }
}
