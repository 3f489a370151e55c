use imglock_core::PlaceName;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Environment, Place, ScenarioResult};

/// The results of runs at each place: the content of the JSON report, and the
/// input of comparisons.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunDocument {
    /// The schema version, see [`RunDocument::SCHEMA`].
    pub schema: u32,
    /// Whether every planned run has ended.
    pub complete: bool,
    /// The places, in the order in which they were visited.
    pub places: Vec<Place>,
    /// The results of the runs, in the order in which they ended.
    pub results: Vec<ScenarioResult>,
}

impl RunDocument {
    /// The schema version that is written. It rises when a change could break a
    /// reader. Version 1, which has one place only, can be read, too.
    pub const SCHEMA: u32 = 2;

    /// The place that `result` is from.
    pub fn place(&self, result: &ScenarioResult) -> Option<&Place> {
        self.places.iter().find(|place| place.name == result.place)
    }
}

/// The fields of any version.
#[derive(Deserialize)]
struct Fields {
    schema: u32,
    complete: bool,
    environment: Option<Environment>,
    #[serde(default)]
    places: Vec<Place>,
    results: Vec<ScenarioResult>,
}

impl<'de> Deserialize<'de> for RunDocument {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<RunDocument, D::Error> {
        use serde::de::Error;

        let Fields { schema, complete, environment, mut places, results } =
            Fields::deserialize(from)?;
        if !(1..=RunDocument::SCHEMA).contains(&schema) {
            return Err(D::Error::custom(format!(
                "it has version {schema}, and this imglock reads 1 to {}",
                RunDocument::SCHEMA
            )));
        }
        places.extend(environment.map(|environment| Place::reached(PlaceName::HERE, environment)));
        if let Some(lost) =
            results.iter().find(|one| places.iter().all(|place| place.name != one.place))
        {
            let ScenarioResult { place, scenario, .. } = lost;
            return Err(D::Error::custom(format!(
                "a result of {scenario} is from `{place}`, which is not among the document's places"
            )));
        }
        Ok(RunDocument { schema, complete, places, results })
    }
}

/// One line of the JSON lines report, which is written while runs go on. Each
/// line is one JSON object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunLine {
    /// The first line.
    Begin {
        /// The schema version, see [`RunDocument::SCHEMA`].
        schema: u32,
        /// The number of planned runs, at all places together.
        planned: usize,
        /// The number of places.
        places: usize,
    },
    /// A place: a place that was reached comes before its results; the others
    /// have none.
    Place(Box<Place>),
    /// A run that has ended.
    Result(Box<ScenarioResult>),
    /// The last line. If it is missing, the run was interrupted.
    End {
        /// Whether every planned run has ended.
        complete: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use imglock_core::Backend;

    fn result(place: &str) -> ScenarioResult {
        let skipped = |name: &str| {
            ScenarioResult::skipped(name, Backend::Ofd, "builtin".to_owned(), "why".to_owned())
        };
        ScenarioResult { place: place.into(), ..skipped("contract/one") }
    }

    fn document(places: &[&str], results: Vec<ScenarioResult>) -> RunDocument {
        let environment = || Environment { kernel: "6.18.0".to_owned(), ..Environment::default() };
        let places =
            places.iter().map(|name| Place::reached((*name).into(), environment())).collect();
        RunDocument { schema: RunDocument::SCHEMA, complete: true, places, results }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let written = document(&["ext4", "xfs"], vec![result("ext4"), result("xfs")]);
        let text = serde_json::to_string(&written).expect("JSON");
        assert_eq!(serde_json::from_str::<RunDocument>(&text).expect("a document"), written);
    }

    #[test]
    fn the_first_version_has_one_place_without_a_name() {
        let mut value = serde_json::to_value(document(&[], vec![result("")])).expect("JSON");
        value["schema"] = 1.into();
        value["environment"] = serde_json::to_value(Environment::default()).expect("JSON");
        value.as_object_mut().expect("an object").remove("places");
        let read: RunDocument = serde_json::from_value(value).expect("a document");
        assert_eq!(read.places, [Place::reached(PlaceName::HERE, Environment::default())]);
        assert_eq!(read.place(&read.results[0]), read.places.first());
    }

    #[rstest::rstest]
    #[case::a_later_version(|value: &mut serde_json::Value| value["schema"] = 3.into(), "version 3")]
    #[case::no_such_place(|value: &mut serde_json::Value| value["results"][0]["place"] = "nfs".into(), "`nfs`")]
    fn what_cannot_be_understood_is_said(
        #[case] spoil: fn(&mut serde_json::Value),
        #[case] named: &str,
    ) {
        let mut value =
            serde_json::to_value(document(&["ext4"], vec![result("ext4")])).expect("JSON");
        spoil(&mut value);
        let error = serde_json::from_value::<RunDocument>(value).expect_err("no document");
        assert!(error.to_string().contains(named), "{error}");
    }
}
