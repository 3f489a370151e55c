use imglock_core::Permissions;

/// `consistent-read write`, or `nothing`.
pub fn or_nothing(set: Permissions) -> String {
    if set.is_empty() { "nothing".to_owned() } else { set.to_string() }
}

/// A clause for each set that is not empty, such as `holds consistent-read, write`
/// and `does not share write`.
pub fn clauses(sets: [(&str, Permissions); 2]) -> Vec<String> {
    let sets = sets.into_iter().filter(|(_, set)| !set.is_empty());
    sets.map(|(verb, set)| {
        let names: Vec<&str> = set.each().map(|one| one.name()).collect();
        format!("{verb} {}", names.join(", "))
    })
    .collect()
}
