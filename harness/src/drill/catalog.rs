use super::Drill;
use super::stories::hotplug;

/// Every drill.
pub const ALL: &[Drill] = &[hotplug::HOTPLUG];

/// The drill of this name.
pub fn find(name: &str) -> Option<&'static Drill> {
    ALL.iter().find(|drill| drill.name == name)
}
