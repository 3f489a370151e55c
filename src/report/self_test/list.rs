use std::io::{self, Write};

use imglock_engine::{Detector, Fault};

use crate::phrase::count;
use crate::report::palette::{FAINT, STRONG};

/// Writes the meaning of each fault, by place, and what each detector does.
pub fn list(faults: &[Fault], out: &mut dyn Write) -> io::Result<()> {
    let width = super::table::name_width(faults.iter().copied());
    let mut place = None;
    for fault in faults {
        if place.replace(fault.place()) != Some(fault.place()) {
            writeln!(out, "{STRONG}{}{STRONG:#}", fault.place())?;
        }
        writeln!(out, "  {:width$}  {FAINT}{}{FAINT:#}", fault.name(), fault.meaning())?;
    }
    writeln!(out, "\n{STRONG}detectors{STRONG:#}")?;
    for hunter in Detector::ALL {
        writeln!(out, "  {:width$}  {FAINT}{}{FAINT:#}", hunter.name(), hunter.meaning())?;
    }
    writeln!(out, "\n{}", count(faults.len(), "fault", "faults"))
}
