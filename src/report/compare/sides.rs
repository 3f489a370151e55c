use std::collections::BTreeSet;

use imglock_engine::{Change, Comparison, Place, PlaceChange, PlaceDifference};

use crate::phrase::printable;
use crate::report::groups::groups;

/// The places of a document in a line: `Linux 6.1.0 (x86_64); ext4; imglock 0.1.0`.
pub fn described<'p>(places: impl Iterator<Item = &'p Place>) -> String {
    let places: Vec<&Place> = places.collect();
    let each = |of: fn(&Place) -> String| {
        let mut words: Vec<String> = Vec::new();
        for word in places.iter().map(|place| of(place)) {
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
        }
        words.join(", ")
    };
    let parts = [
        each(|place| match (place.kernel(), &*place.environment.architecture) {
            ("", _) => String::new(),
            (kernel, "") => format!("Linux {kernel}"),
            (kernel, architecture) => format!("Linux {kernel} ({architecture})"),
        }),
        each(|place| place.file_system().to_owned()),
        each(|place| match &*place.environment.imglock {
            "" => String::new(),
            version => format!("imglock {version}"),
        }),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    printable(&parts.join("; "))
}

/// The shortest names for the places of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    /// Whether there is more than one place.
    pub several: bool,
    /// Whether the file system is enough, because there is only one kernel.
    brief: bool,
}

impl Names {
    /// For the places of `comparison`.
    pub fn of(comparison: &Comparison) -> Names {
        let shown = || comparison.places.iter().filter_map(PlaceChange::place);
        let kernels: BTreeSet<&str> =
            comparison.places.iter().filter_map(|it| it.new.as_ref()).map(Place::kernel).collect();
        let file_systems: BTreeSet<&str> = shown().map(Place::file_system).collect();
        let distinct = file_systems.len() == shown().count() && !file_systems.contains("");
        Names { several: comparison.places.len() > 1, brief: kernels.len() < 2 && distinct }
    }

    /// The name in the newer document, or in the older one where only that has the place.
    pub fn name(self, place: &PlaceChange) -> String {
        match place.place() {
            Some(place) if self.brief || place.name.is_here() => place.file_system().to_owned(),
            Some(place) => place.name.to_string(),
            None => String::new(),
        }
    }
}

/// Every difference between the places, once, with the places where it is found
/// unless that is everywhere: `mount options`, `only now: discard (ext4)`.
pub fn contrasts(comparison: &Comparison) -> Vec<(String, String)> {
    let told = |(contrast, places): (&PlaceDifference, Vec<String>)| {
        let at =
            if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) };
        (contrast.what.clone(), format!("{}{at}", words(contrast)))
    };
    distinct(comparison).into_iter().map(told).collect()
}

fn distinct(comparison: &Comparison) -> Vec<(&PlaceDifference, Vec<String>)> {
    let names = Names::of(comparison);
    let places = comparison.places.iter();
    let contrasts =
        places.flat_map(|place| place.contrasts.iter().map(move |one| (one, names.name(place))));
    let mut found = groups(contrasts);
    let pairs = comparison.places.iter();
    let pairs = pairs.filter(|place| place.old.is_some() && place.new.is_some()).count();
    for (_, places) in found.iter_mut().filter(|(_, places)| places.len() == pairs) {
        places.clear();
    }
    found
}

/// ` from Linux 6.1.0 to 6.2.0`, where one kernel is compared with one other; empty elsewhere.
pub fn kernels(comparison: &Comparison) -> String {
    let contrasts = distinct(comparison);
    let mut kernels = contrasts.iter().filter(|(contrast, _)| contrast.what == "kernel");
    match (kernels.next(), kernels.next()) {
        (Some((PlaceDifference { old, new, .. }, _)), None) => {
            printable(&format!(" from Linux {old} to {new}"))
        }
        _ => String::new(),
    }
}

/// A difference in words: `6.1.0 -> 6.2.0`, `only now: discard`.
fn words(contrast: &PlaceDifference) -> String {
    let PlaceDifference { what, old, new } = contrast;
    let or_none = |side: &str| if side.is_empty() { "none".to_owned() } else { side.to_owned() };
    let words = match &**what {
        "mount options" | "complaints" => {
            let sides = [("only before: ", old), ("only now: ", new)];
            let sides = sides.into_iter().filter(|(_, side)| !side.is_empty());
            sides.map(|(word, side)| format!("{word}{side}")).collect::<Vec<_>>().join("; ")
        }
        _ => format!("{} -> {}", or_none(old), or_none(new)),
    };
    printable(&words)
}

/// How many runs of each place changed in which way: a row for each place, and a
/// column for each kind of change that occurs.
pub fn table(comparison: &Comparison) -> Vec<Vec<String>> {
    let columns: Vec<Change> =
        Change::ALL.into_iter().filter(|change| comparison.count(*change) > 0).collect();
    let head = std::iter::once(String::new()).chain(columns.iter().map(ToString::to_string));
    let mut rows: Vec<Vec<String>> = vec![head.collect()];
    let names = Names::of(comparison);
    for place in &comparison.places {
        let number = |change: &Change| match place.count(*change) {
            0 => ".".to_owned(),
            number => number.to_string(),
        };
        let row = std::iter::once(names.name(place).to_owned()).chain(columns.iter().map(number));
        rows.push(row.collect());
    }
    rows
}
