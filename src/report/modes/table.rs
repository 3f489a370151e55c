use imglock_core::{Claim, Mode};
use imglock_qemu::{DrillPlayer, Recipe};

use super::numbers;

/// The lock bytes of each mode and the recipes for it, as a table of the documentation.
pub fn table() -> String {
    let mut text = String::from(
        "| mode | held | unshared | how QEMU is asked | by |\n| --- | --- | --- | --- | --- |\n",
    );
    for mode in Mode::ALL {
        let recipes = Recipe::of(*mode).filter(|recipe| recipe.instead.is_none());
        for (number, recipe) in recipes.enumerate() {
            let (name, claim) = match number {
                0 => (format!("`{mode}`"), bytes(mode.claim())),
                _ => (String::new(), " | ".to_owned()),
            };
            text += &format!("| {name} | {claim} | {} | {} |\n", recipe.how, by(recipe));
        }
    }
    text
}

/// The recipes that look like a mode and are none, as a table of the documentation.
pub fn others() -> String {
    let mut text = String::from(
        "| how QEMU is asked | by | held | unshared | not |\n| --- | --- | --- | --- | --- |\n",
    );
    for recipe in Recipe::all() {
        if let Some(instead) = recipe.instead {
            let Recipe { how, mode, .. } = recipe;
            text += &format!("| {how} | {} | {} | `{mode}` |\n", by(recipe), bytes(instead));
        }
    }
    text
}

fn bytes(claim: Claim) -> String {
    format!("{} | {}", numbers(claim.held), numbers(claim.unshared()))
}

/// The programs that suit, with versions where not every version does.
fn by(recipe: &Recipe) -> String {
    let oldest = Recipe::all().flat_map(|one| one.players).map(|one| one.since).min();
    let name = |player: &DrillPlayer| {
        let program = match player.program.file_name() {
            system if system.starts_with("qemu-system-") => "qemu-system".to_owned(),
            name => name,
        };
        let since = (Some(player.since) != oldest)
            .then(|| format!(" since {}.{}", player.since.major, player.since.minor));
        let before =
            player.before.map(|version| format!(" before {}.{}", version.major, version.minor));
        [Some(program), since, before].into_iter().flatten().collect::<String>()
    };
    recipe.players.iter().map(name).collect::<Vec<_>>().join(", ")
}
