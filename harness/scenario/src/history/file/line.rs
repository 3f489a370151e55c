use std::borrow::Cow;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::problem::{Objection, repeated};
use crate::word;
use imglock_core::{Claim, Mode, Permission, Permissions, Refusal, Side};

/// One line of the file, before it is interpreted.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line<'a> {
    pub at_ns: u64,
    #[serde(borrow)]
    pub opener: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub event: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alive_ns: Option<u64>,
}

/// The word in the field `event`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(super) enum Word {
    Open,
    Granted,
    Refused,
    Close,
    Closed,
    Died,
}

/// An event with all its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happening {
    /// With this claim, and the mode if the line states one.
    Open(Claim, Option<Mode>),
    Granted,
    Refused(Option<Refusal>),
    Close,
    Closed,
    Died {
        alive_ns: Option<u64>,
    },
}

impl<'a> Line<'a> {
    /// Parses the JSON of a line.
    pub fn read(text: &'a [u8]) -> Result<Line<'a>, Objection> {
        let advice = r#"write one event a line, such as {"at_ns":12,"opener":"vm1.disk","event":"open","mode":"rw"}"#;
        serde_json::from_slice(text).map_err(|error| Objection::of_json(&error, advice))
    }

    /// Interprets the line.
    pub fn happening(&self) -> Result<Happening, Objection> {
        let word: Word = named(&self.event, "event", Word::VARIANTS)?;
        self.has_only_what_belongs_to(word)?;
        Ok(match word {
            Word::Open => self.open()?,
            Word::Granted => Happening::Granted,
            Word::Refused => Happening::Refused(self.refusal()?),
            Word::Close => Happening::Close,
            Word::Closed => Happening::Closed,
            Word::Died => Happening::Died { alive_ns: self.alive_ns },
        })
    }

    fn has_only_what_belongs_to(&self, word: Word) -> Result<(), Objection> {
        let fields = [
            ("mode", self.mode.is_some(), Word::Open),
            ("held", self.held.is_some(), Word::Open),
            ("shared", self.shared.is_some(), Word::Open),
            ("permission", self.permission.is_some(), Word::Refused),
            ("side", self.side.is_some(), Word::Refused),
            ("alive_ns", self.alive_ns.is_some(), Word::Died),
        ];
        match fields.into_iter().find(|(_, is_there, of)| *is_there && *of != word) {
            Some((field, _, of)) => {
                let [word, of]: [&str; 2] = [word.into(), of.into()];
                let what = format!("`{word}` has no field `{field}`");
                Err(Objection::new(what, format!("only `{of}` has this field; remove it")))
            }
            None => Ok(()),
        }
    }

    fn open(&self) -> Result<Happening, Objection> {
        match (&self.mode, &self.held, &self.shared) {
            (Some(mode), None, None) => {
                let mode = named(mode, "mode", Mode::ALL)?;
                Ok(Happening::Open(mode.claim(), Some(mode)))
            }
            (None, Some(held), Some(shared)) => {
                let claim = Claim::new(permissions(held)?, permissions(shared)?);
                Ok(Happening::Open(claim, None))
            }
            (None, None, None) => Err(Objection::new(
                "`open` has no claim",
                r#"add a mode, such as "mode":"rw", or both "held":[...] and "shared":[...]"#,
            )),
            (Some(_), _, _) => Err(Objection::new(
                "`open` has both a mode and permissions",
                "a mode already states the permissions; remove `mode`, or remove `held` and `shared`",
            )),
            _ => Err(Objection::new(
                "only one of `held` and `shared` is given",
                "write both; [] means no permission",
            )),
        }
    }

    fn refusal(&self) -> Result<Option<Refusal>, Objection> {
        match (&self.permission, &self.side) {
            (None, None) => Ok(None),
            (Some(permission), Some(side)) => {
                let permission = named(permission, "permission", &Permission::ALL)?;
                let side = named(side, "side", Side::ALL)?;
                Ok(Some(Refusal { side, permission }))
            }
            _ => Err(Objection::new(
                "only one of `permission` and `side` is given",
                "`side` is `wanted` (a holder does not share the permission) or `unshared` (a holder \
                 has it); leave both out if they are unknown",
            )),
        }
    }
}

/// Parses the name of a permission, a mode or the like.
fn named<T>(word: &str, what: &str, all: &[T]) -> Result<T, Objection>
where
    T: FromStr + Copy + Into<&'static str>,
{
    word.parse().map_err(|_| {
        let names: Vec<&str> = all.iter().map(|one| (*one).into()).collect();
        Objection::new(format!("unknown {what} {}", repeated(word)), word::advice(word, &names))
    })
}

fn permissions(words: &[Cow<'_, str>]) -> Result<Permissions, Objection> {
    words.iter().map(|word| named(word, "permission", &Permission::ALL)).collect()
}
