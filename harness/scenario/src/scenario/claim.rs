use miette::SourceSpan;

use super::word;
use crate::text::{Line, Reader};
use imglock_core::{Access, Claim, Mode, ModeSpec, Permission, Permissions};

/// QEMU's message for a node with force-share that writes (block.c).
const FORCE_SHARE: &str = "force-share=on can only be used with read-only images";

/// Reads `mode=`, or `held=` and `unshared=`. Returns `Ok(None)` if none is given.
pub(super) fn optional(
    line: &mut Line<'_>,
    reader: &mut Reader<'_>,
) -> Result<Option<ModeSpec>, ()> {
    let named = line.property("mode", reader);
    let held = line.property("held", reader);
    let unshared = line.property("unshared", reader);
    if let (Some(_), Some(other)) = (named, held.or(unshared)) {
        reader.problems.add(
            other.span,
            "the second claim",
            "this line states its claim twice",
            "give either `mode`, or `held` and `unshared`",
        );
        return Err(());
    }
    if let Some(value) = named {
        let modes: Vec<(&str, Mode)> = Mode::ALL.iter().map(|mode| (mode.name(), *mode)).collect();
        return value.choice("mode", &modes, reader).map(|mode| Some(mode.into())).ok_or(());
    }
    if held.is_none() && unshared.is_none() {
        return Ok(None);
    }
    let mut set = |value: Option<crate::text::Value<'_>>, what: &str| match value {
        None => Some(Permissions::empty()),
        Some(value) => permissions(value.string(what, reader)?, value.span, reader),
    };
    let (held, unshared) = (set(held, "`held`"), set(unshared, "`unshared`"));
    match (held, unshared) {
        (Some(held), Some(unshared)) => {
            Ok(Some(ModeSpec::Claim(Claim::new(held, unshared.complement()))))
        }
        _ => Err(()),
    }
}

/// Like [`optional`], but the claim is required.
pub(super) fn required(
    line: &mut Line<'_>,
    verb: SourceSpan,
    usage: &str,
    reader: &mut Reader<'_>,
) -> Option<ModeSpec> {
    let claim = optional(line, reader).ok()?;
    if claim.is_none() {
        reader.problems.add(
            verb,
            "`mode` is missing",
            "this line has no claim",
            format!("write: {usage}; or state the claim with `held` and `unshared`"),
        );
    }
    claim
}

fn permissions(text: &str, span: SourceSpan, reader: &mut Reader<'_>) -> Option<Permissions> {
    let wrong = match text.parse() {
        Ok(set) => return Some(set),
        Err(_) => text.split_whitespace().find(|word| word.parse::<Permission>().is_err())?,
    };
    let names = Permission::ALL.map(Permission::name);
    reader.problems.add(
        reader.within(span, wrong),
        "unknown permission",
        format!("there is no permission `{wrong}`"),
        format!("{}; or `-` for none, `all` for all", word::advice(wrong, &names)),
    );
    None
}

/// Reads `access=` and compares it with the claim.
pub(super) fn access(
    line: &mut Line<'_>,
    mode: Option<ModeSpec>,
    reader: &mut Reader<'_>,
) -> Option<Access> {
    let given = line.property("access", reader);
    let needed = mode.map(|mode| Access::needed_by(mode.claim()));
    let Some(value) = given else {
        return needed;
    };
    let choices = Access::ALL.map(|access| (access.name(), access));
    let access = value.choice("access", &choices, reader)?;
    if mode == Some(ModeSpec::Named(Mode::ForceShare)) && access != Access::ReadOnly {
        reader.problems.add(
            value.span,
            "not read-only",
            FORCE_SHARE,
            "remove `access`, or use `mode=tool-ro`, which has the same claim",
        );
        return None;
    }
    if needed == Some(Access::ReadWrite) && access == Access::ReadOnly {
        reader.problems.add(
            value.span,
            "cannot write",
            "the claim holds a permission to write, which a read-only node cannot use",
            "remove `access`, so that the claim determines it; or claim only `consistent-read`",
        );
        return None;
    }
    Some(access)
}
