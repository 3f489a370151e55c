use std::collections::HashMap;

use super::Opening;
use super::terms::Owners;

/// The closes of descriptors of the image in each process. Under POSIX, each of them drops the
/// locks of the whole process.
#[derive(Debug)]
pub(super) struct Closings(HashMap<u32, Vec<Closing>>);

#[derive(Debug, Clone, Copy)]
struct Closing {
    /// The earliest possible time of the close.
    from: u64,
    /// Of all closes up to this one in the order of `from`: the one that may have been last, and the
    /// last one of another opener.
    last: Latest,
    last_of_another: Option<Latest>,
}

#[derive(Debug, Clone, Copy)]
struct Latest {
    until: u64,
    opener: usize,
    stay: usize,
}

impl Closings {
    /// The closes of a history.
    pub fn of(stays: &[Opening], owners: &Owners) -> Closings {
        let mut each: HashMap<u32, Vec<Closing>> = HashMap::new();
        for (index, stay) in stays.iter().enumerate() {
            let Some(span) = stay.closing() else { continue };
            let last = Latest { until: span.until, opener: stay.opener, stay: index };
            let closing = Closing { from: span.from, last, last_of_another: None };
            each.entry(owners.owner(stay)).or_default().push(closing);
        }
        for closings in each.values_mut() {
            closings.sort_by_key(|closing| closing.from);
            let mut before: Option<Closing> = None;
            for closing in closings {
                if let Some(before) = before {
                    closing.follow(before);
                }
                before = Some(*closing);
            }
        }
        Closings(each)
    }

    /// Of the closes in this process that began by `moment` and were not made by `opener`, the one
    /// that may have been last.
    pub fn last_before(&self, owner: u32, opener: usize, moment: u64) -> Option<usize> {
        let closings = self.0.get(&owner)?;
        let began = closings.partition_point(|closing| closing.from <= moment);
        let Closing { last, last_of_another, .. } = closings.get(began.checked_sub(1)?)?;
        let of_another = if last.opener == opener { (*last_of_another)? } else { *last };
        Some(of_another.stay)
    }
}

impl Closing {
    fn follow(&mut self, before: Closing) {
        let own = self.last;
        let (last, rest) = match own.until >= before.last.until {
            true => (own, before.last),
            false => (before.last, own),
        };
        let others = [Some(rest), before.last_of_another].into_iter().flatten();
        self.last = last;
        self.last_of_another =
            others.filter(|one| one.opener != last.opener).max_by_key(|one| one.until);
    }
}
