use imglock_core::PlaceName;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Environment, Place, ScenarioResult};

/// What runs came to, at each place: what the JSON report holds, and what is
/// compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunDocument {
    /// Its version.
    pub schema: u32,
    /// Whether all that was planned has ended.
    pub complete: bool,
    /// Where, in the order in which they were gone to.
    pub places: Vec<Place>,
    /// What each run came to, in the order in which they ended.
    pub results: Vec<ScenarioResult>,
}

impl RunDocument {
    /// The version that is written; it rises when a reader could be broken.
    /// Version 1, of one place only, is read too.
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
                "a result of {scenario} is from `{place}`, which is not among its places"
            )));
        }
        Ok(RunDocument { schema, complete, places, results })
    }
}

/// A line of a run that is told as it goes on: each is one JSON object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunLine {
    /// First of all.
    Begin {
        /// The version of the lines, as of a [`RunDocument`].
        schema: u32,
        /// How many runs there will be, at all places together.
        planned: usize,
        /// How many places there will be.
        places: usize,
    },
    /// A place that was reached, before its results; or one that was not.
    Place(Box<Place>),
    /// A run that has ended.
    Result(Box<ScenarioResult>),
    /// Last of all; where it is missing, the run broke off.
    End {
        /// Whether all that was planned has ended.
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
