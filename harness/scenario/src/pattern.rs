use std::fmt;

use fast_glob::glob_match;
use imglock_core::ScenarioName;

/// A pattern that selects scenarios: a name or its last part, a theme, or a glob that is compared
/// with the name and its last part. `*` matches any characters except `/`; `**` matches any
/// characters.
///
/// ```
/// use imglock_scenario::Pattern;
///
/// let pattern: Pattern = "posix/*".parse()?;
/// assert!(pattern.fits(&"posix/any-close".into()));
/// assert!(!pattern.fits(&"hotplug/unplug-drops-the-lock".into()));
/// # Ok::<(), imglock_scenario::ParsePatternError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    glob: Option<String>,
}

impl Pattern {
    /// Returns whether the pattern selects the scenario `name`.
    pub fn fits(&self, name: &ScenarioName) -> bool {
        let (name, theme, stem) = (name.as_str(), name.theme(), name.stem());
        let wanted = self.text.trim_end_matches('/');
        let named = [name, stem].contains(&&*self.text);
        let of_theme = !wanted.is_empty() && theme == wanted;
        let globbed = |glob: &String| glob_match(glob, name) || glob_match(glob, stem);
        named || of_theme || self.glob.as_ref().is_some_and(globbed)
    }

    /// Returns whether this pattern certainly selects every scenario that `other` selects. Only the
    /// words are compared.
    pub fn takes_in(&self, other: &Pattern) -> bool {
        // A text with a theme is the name of one scenario.
        let is_one = other.glob.is_none() && !other.text.ends_with('/') && other.text.contains('/');
        self == other
            || ["*", "**"].contains(&&*self.text)
            || (is_one && self.fits(&other.text.as_str().into()))
    }

    /// The text of the pattern, as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

/// The text is not a valid glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParsePatternError(String);

impl std::str::FromStr for Pattern {
    type Err = ParsePatternError;

    fn from_str(text: &str) -> Result<Pattern, ParsePatternError> {
        let is_glob = text.contains(['*', '?', '[', '{']);
        if let (true, Some(why)) = (is_glob, malformed(text)) {
            return Err(ParsePatternError(why.to_owned()));
        }
        // The matcher would take a `!` at the beginning for "all but".
        let glob = if text.starts_with('!') { format!("\\{text}") } else { text.to_owned() };
        Ok(Pattern { text: text.to_owned(), glob: is_glob.then_some(glob) })
    }
}

/// What is wrong with a glob. The matcher takes such a one for a glob that
/// fits nothing.
fn malformed(glob: &str) -> Option<&'static str> {
    let mut open = 0_usize;
    let mut letters = glob.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.next().is_none() => return Some("dangling '\\'"),
            '[' => {
                letters.next_if(|next| matches!(next, '!' | '^'));
                // A bracket that comes first is one of the class.
                let mut first = true;
                loop {
                    let letter = letters.next();
                    match letter {
                        None => return Some("unclosed character class; missing ']'"),
                        Some(']') if !first => break,
                        Some(letter) => {
                            let is_range = letters.next_if_eq(&'-').is_some();
                            let last = letters.next_if(|last| is_range && *last != ']');
                            if last.is_some_and(|last| last < letter) {
                                return Some(
                                    "invalid range; its first letter comes after its last",
                                );
                            }
                        }
                    }
                    first = false;
                }
            }
            '{' => open += 1,
            '}' if open == 0 => return Some("unopened alternate group; missing '{'"),
            '}' => open -= 1,
            _ => {}
        }
    }
    (open > 0).then_some("unclosed alternate group; missing '}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::name("posix/fork", true)]
    #[case::last_part("fork", true)]
    #[case::theme("posix", true)]
    #[case::theme_as_a_folder("posix/", true)]
    #[case::glob("posix/f*", true)]
    #[case::glob_over_the_last_part("f?rk", true)]
    #[case::glob_over_all("**", true)]
    #[case::a_star_stays_in_its_theme("p*k", false)]
    #[case::another_name("posix/for", false)]
    #[case::one_of_a_class("posix/[e-g]ork", true)]
    #[case::none_of_a_class("posix/[!f]ork", false)]
    #[case::one_of_a_group("{ofd,posix}/f*", true)]
    #[case::a_mark_that_is_no_negation("!ofd/*", false)]
    #[case::nothing("", false)]
    fn a_pattern_fits(#[case] pattern: &str, #[case] fits: bool) {
        let pattern: Pattern = pattern.parse().expect("a pattern");
        assert_eq!(pattern.fits(&"posix/fork".into()), fits);
    }

    #[rstest::rstest]
    #[case("posix/fork", "posix/fork", true)]
    #[case("posix", "posix/fork", true)]
    #[case("p*/f*", "posix/fork", true)]
    #[case("*", "posix", true)]
    #[case("p*", "posix", false)]
    #[case("posix/????", "posix/f*k", false)]
    #[case("posix/fork", "posix", false)]
    fn a_pattern_takes_in_another(#[case] one: &str, #[case] other: &str, #[case] takes_in: bool) {
        let [one, other] = [one, other].map(|text| text.parse::<Pattern>().expect("a pattern"));
        assert_eq!(one.takes_in(&other), takes_in);
    }

    #[rstest::rstest]
    #[case("names/[a", "unclosed character class")]
    #[case("names/[]", "unclosed character class")]
    #[case("names/{a,b", "unclosed alternate group")]
    #[case("names/*}", "unopened alternate group")]
    #[case("names/[z-a]", "invalid range")]
    #[case("names/*\\", "dangling")]
    fn a_glob_that_is_none_is_refused(#[case] glob: &str, #[case] why: &str) {
        let error = glob.parse::<Pattern>().expect_err("it is no glob");
        assert!(error.to_string().contains(why), "{error}");
    }

    #[rstest::rstest]
    #[case("names/[]a]*")]
    #[case("names/[!a-]*")]
    #[case("names/[+--]*")]
    #[case("names/\\**")]
    fn a_glob_of_rare_letters_is_one(#[case] glob: &str) {
        assert!(glob.parse::<Pattern>().is_ok());
    }
}
