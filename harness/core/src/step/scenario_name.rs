use std::borrow::Borrow;
use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// The name of a scenario: `theme/stem` for a built-in one, the path as given
/// for a user's file.
///
/// It is ordered, compared and serialized as its text.
///
/// ```
/// use imglock_core::ScenarioName;
///
/// let name = ScenarioName::from("posix/any-close");
/// assert_eq!((name.theme(), name.stem()), ("posix", "any-close"));
/// assert_eq!(ScenarioName::from("mine.kdl").theme(), "");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct ScenarioName(String);

impl ScenarioName {
    /// Theme and stem as one text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder; empty for a scenario without a folder.
    pub fn theme(&self) -> &str {
        self.parts().0
    }

    /// The name without the theme.
    pub fn stem(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        self.0.rsplit_once('/').unwrap_or(("", &self.0))
    }
}

impl fmt::Display for ScenarioName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ScenarioName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<String> for ScenarioName {
    fn from(name: String) -> ScenarioName {
        ScenarioName(name)
    }
}

impl From<&str> for ScenarioName {
    fn from(name: &str) -> ScenarioName {
        ScenarioName(name.to_owned())
    }
}

impl From<&String> for ScenarioName {
    fn from(name: &String) -> ScenarioName {
        ScenarioName(name.clone())
    }
}

impl From<&ScenarioName> for ScenarioName {
    fn from(name: &ScenarioName) -> ScenarioName {
        name.clone()
    }
}

impl Borrow<str> for ScenarioName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ScenarioName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for ScenarioName {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for ScenarioName {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("posix/any-close", "posix", "any-close")]
    #[case("any-close", "", "any-close")]
    #[case("my/own/file.kdl", "my/own", "file.kdl")]
    #[case("/file.kdl", "", "file.kdl")]
    #[case("", "", "")]
    fn a_name_has_a_theme_and_a_stem(#[case] text: &str, #[case] theme: &str, #[case] stem: &str) {
        let name = ScenarioName::from(text);
        assert_eq!((name.theme(), name.stem()), (theme, stem));
        assert_eq!(name, text);
        assert_eq!(format!("{name:>20}|{name:?}"), format!("{text:>20}|{text:?}"));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_name_is_a_string_in_json() {
        let name = ScenarioName::from("posix/any-close");
        let text = serde_json::to_string(&name).expect("it is plain");
        assert_eq!(text, "\"posix/any-close\"");
        assert_eq!(serde_json::from_str::<ScenarioName>(&text).expect("it reads back"), name);
    }
}
