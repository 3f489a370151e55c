/// A kind of output file, other than a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// A scenario file, or the folder for several.
    Scenario,
    /// The history of a race.
    History,
    /// The console output of a kernel.
    #[cfg(feature = "vm")]
    Console,
}

impl Written {
    /// The words before the path in an error; empty for a scenario.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Written::Scenario => "",
            Written::History => "the history ",
            #[cfg(feature = "vm")]
            Written::Console => "the console output ",
        }
    }

    /// The option that names the path.
    pub(super) fn option(self) -> &'static str {
        match self {
            Written::Scenario => "--save",
            Written::History => "--history",
            #[cfg(feature = "vm")]
            Written::Console => "--console",
        }
    }
}
