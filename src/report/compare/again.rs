use imglock_engine::{Builtin, Place, RunChange};

use crate::phrase::{printable, quoted};

/// The shell command that repeats only this run at its place, and what to fill in.
pub fn again(place: Option<&Place>, run: &RunChange) -> (String, Option<String>) {
    let mut arguments = format!("{} --backend {}", quoted(run.scenario.as_str()), run.backend);
    let mut hint = None;
    if run.subject != Builtin::NAME {
        arguments += &format!(" --subject {}", quoted(&run.subject));
    }
    let Some(place) = place else { return (format!("imglock run {arguments}"), hint) };
    if let Some(made) = place.name.file_system {
        arguments += &format!(" --fs {}", made.name());
    } else if place.boot.is_none() {
        arguments += " --dir DIR";
        hint = Some(match place.file_system() {
            "" => "DIR is a directory like the one of this run".to_owned(),
            file_system => format!("DIR is a directory on {}", printable(file_system)),
        });
    }
    if let Some(fault) = place.environment.planted {
        arguments += &format!(" --plant {fault}");
    }
    let line = match &place.boot {
        Some(boot) => {
            let image = quoted(&boot.image.display().to_string());
            format!("imglock vm --kernel {image} -- {arguments}")
        }
        None => format!("imglock run {arguments}"),
    };
    (printable(&line), hint)
}
