use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The candidate number of a final release, which is later than all its release candidates.
const NO_CANDIDATE: u64 = u64::MAX;

/// The release of a kernel, as far as it is needed to compare kernels. `6.12.117+deb12-cloud-amd64`
/// is 6.12.117, and `6.5.0-rc3` is earlier than 6.5. Other suffixes of distributions are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelRelease {
    numbers: Vec<u64>,
    /// The number of the release candidate.
    candidate: u64,
}

impl KernelRelease {
    /// The number at `index`, or 0 after the last one.
    fn number(&self, index: usize) -> u64 {
        self.numbers.get(index).copied().unwrap_or(0)
    }

    /// The order relative to `other`, by the first `parts` numbers.
    fn beside(&self, other: &KernelRelease, parts: usize) -> Ordering {
        let numbers = (0..parts).map(|index| self.number(index).cmp(&other.number(index)));
        numbers.fold(Ordering::Equal, Ordering::then)
    }
}

impl FromStr for KernelRelease {
    type Err = ParseBoundError;

    fn from_str(text: &str) -> Result<KernelRelease, ParseBoundError> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (digits, rest) = text.split_at(end);
        // Names such as `6.1.y` leave a point at the end.
        let numbers = digits.split('.').map(str::parse);
        let numbers: Vec<u64> = numbers.collect::<Result<_, _>>().map_err(|_| ParseBoundError)?;
        let digits = |rest: &str| {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest[..end].parse().ok()
        };
        let candidate = rest.strip_prefix("-rc").and_then(digits).unwrap_or(NO_CANDIDATE);
        Ok(KernelRelease { numbers, candidate })
    }
}

/// The comparison of a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    AtLeast,
    Above,
    AtMost,
    Below,
    Is,
}

/// One bound of a range of kernels, such as `>=6.1` or `<6.5`.
///
/// Only as many numbers are compared as the bound has: 6.5.3 matches `=6.5` and `<=6.5`, but not
/// `>6.5`. A release candidate of 6.5 is lower than 6.5 and all of 6.5.3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct KernelBound {
    text: String,
    comparison: Comparison,
    release: KernelRelease,
}

impl KernelBound {
    /// Returns whether a kernel of this release is within the bound.
    pub fn admits(&self, release: &KernelRelease) -> bool {
        let order = self.order(release);
        match self.comparison {
            Comparison::AtLeast => order.is_ge(),
            Comparison::Above => order.is_gt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Below => order.is_lt(),
            Comparison::Is => order.is_eq(),
        }
    }

    /// The order of `release` relative to the bound.
    fn order(&self, release: &KernelRelease) -> Ordering {
        let bound = &self.release;
        let whole = release.beside(bound, release.numbers.len().max(bound.numbers.len()));
        if whole.is_eq() {
            return release.candidate.cmp(&bound.candidate);
        }
        // A candidate is a single kernel; `6.5` means all kernels that start with these numbers.
        match bound.candidate {
            NO_CANDIDATE => release.beside(bound, bound.numbers.len()),
            _ => whole,
        }
    }

    /// Returns whether no kernel is within both bounds.
    pub fn excludes(&self, other: &KernelBound) -> bool {
        self.is_above(other) || other.is_above(self)
    }

    /// Returns whether the lowest kernel of this bound is later than the highest one of `other`.
    fn is_above(&self, other: &KernelBound) -> bool {
        use Comparison::{Above, AtLeast, AtMost, Below};

        if matches!(self.comparison, AtMost | Below) || matches!(other.comparison, AtLeast | Above)
        {
            return false;
        }
        let open = self.comparison == Above || other.comparison == Below;
        let parts = self.release.numbers.len().min(other.release.numbers.len());
        let order = self.release.beside(&other.release, parts);
        order.is_gt() || (open && self.release == other.release)
    }
}

impl fmt::Display for KernelBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// The text is not a bound of a range of kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a bound such as `>=6.1`, `<6.5` or `=6.1.7`")]
pub struct ParseBoundError;

impl FromStr for KernelBound {
    type Err = ParseBoundError;

    fn from_str(text: &str) -> Result<KernelBound, ParseBoundError> {
        let comparisons = [
            (">=", Comparison::AtLeast),
            (">", Comparison::Above),
            ("<=", Comparison::AtMost),
            ("<", Comparison::Below),
            ("=", Comparison::Is),
            ("", Comparison::Is),
        ];
        let named = comparisons.into_iter().find_map(|(sign, comparison)| {
            Some((text.strip_prefix(sign)?.trim_start(), comparison))
        });
        let (release, comparison) = named.ok_or(ParseBoundError)?;
        let parsed: KernelRelease = release.parse()?;
        // The suffix of a distribution would not be compared.
        let rest = release.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        if !rest.is_empty() && rest != format!("-rc{}", parsed.candidate) {
            return Err(ParseBoundError);
        }
        Ok(KernelBound { text: text.to_owned(), comparison, release: parsed })
    }
}

impl From<KernelBound> for String {
    fn from(bound: KernelBound) -> String {
        bound.text
    }
}

impl TryFrom<String> for KernelBound {
    type Error = ParseBoundError;

    fn try_from(text: String) -> Result<KernelBound, ParseBoundError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(">=6.1", "6.1.0-18-amd64", true)]
    #[case(">=6.1", "6.0.19", false)]
    #[case(">=6.1", "6.12.117+deb12-cloud-amd64", true)]
    #[case(">=6.2", "6.12.1", true)]
    #[case(">=6.1.90", "6.1.100", true)]
    #[case("<6.5", "6.5.3", false)]
    #[case("<6.5", "6.4.16", true)]
    #[case("<6.5", "6.5.0-rc3", true)]
    #[case("<6.5", "6.5-rc1-next-20230713", true)]
    #[case("<6.5", "6.5.0-rcfoo", false)]
    #[case(">=6.5", "6.5.0-rc3", false)]
    #[case(">=6.5-rc1", "6.5.0-rc3", true)]
    #[case(">=6.5-rc1", "6.5.0", true)]
    #[case(">=6.5-rc1", "6.4.16", false)]
    #[case(">=6.5-rc4", "6.5.0-rc3+", false)]
    #[case("<6.5-rc4", "6.5.0-rc3+", true)]
    #[case("<6.5-rc4", "6.5.1", false)]
    #[case("<=6.5", "6.5.3", true)]
    #[case(">6.5", "6.5.3", false)]
    #[case(">6.5", "6.6", true)]
    #[case("=6.5", "6.5.3-1-default", true)]
    #[case("6.5", "6.5.3", true)]
    #[case("6.5.3", "6.5", false)]
    #[case("=6.5", "6.5.0-rc3", false)]
    #[case("=6.5-rc3", "6.5.0-rc3", true)]
    #[case("=6.5-rc3", "6.5.0", false)]
    #[case("<6.5", "6.5.3-rc1", false)]
    #[case(">=6.5-rc1", "6.5.3-rc1", true)]
    #[case("> 5.14.0", "5.14.0-427.el9.x86_64", false)]
    fn a_bound_admits(#[case] bound: &str, #[case] release: &str, #[case] admits: bool) {
        let bound: KernelBound = bound.parse().expect("a bound");
        assert_eq!(bound.admits(&release.parse().expect("a release")), admits);
    }

    #[rstest::rstest]
    #[case("")]
    #[case(">=")]
    #[case("=>6.1")]
    #[case("6.1.")]
    #[case("6.1-amd64")]
    #[case("6.1-rc")]
    #[case("~6.1")]
    #[case("99999999999999999999")]
    fn what_is_no_bound_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<KernelBound>(), Err(ParseBoundError));
    }

    #[rstest::rstest]
    #[case(">=6.5", "<6.1", true)]
    #[case("<6.1", ">=6.5", true)]
    #[case(">=6.1", "<6.5", false)]
    #[case(">=6.1", "<6.1", true)]
    #[case(">=6.1", "<=6.1", false)]
    #[case(">6.1", "6.1", true)]
    #[case("=6.1", "=6.5", true)]
    #[case(">=6.1.5", "<=6.1", false)]
    #[case(">=6.1", ">=6.5", false)]
    #[case("<6.1", "<6.5", false)]
    fn what_no_kernel_is_within_is_known(
        #[case] one: &str,
        #[case] other: &str,
        #[case] empty: bool,
    ) {
        let [one, other] = [one, other].map(|text| text.parse::<KernelBound>().expect("a bound"));
        assert_eq!(one.excludes(&other), empty);
        assert_eq!(other.excludes(&one), empty);
    }
}
