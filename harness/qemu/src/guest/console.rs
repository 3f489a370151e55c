use std::collections::VecDeque;

/// The number of last lines to keep.
const KEPT: usize = 40;
/// The maximum length of a line. The rest of a longer line counts as another
/// line.
const LONGEST: usize = 1000;
/// The maximum number of different warnings to keep.
const MOST_COMPLAINTS: usize = 20;

/// The messages of a guest's kernel on its console.
#[derive(Debug, Default)]
pub(crate) struct Console {
    /// The part of a line that has not ended yet.
    begun: Vec<u8>,
    last: VecDeque<String>,
    complaints: Vec<String>,
    fault: Option<String>,
    panic: Option<String>,
    /// The line with the error that stopped the kernel.
    gravest: Option<String>,
    heard: bool,
}

/// Kernel warnings after which the kernel continues.
const COMPLAINTS: &[&str] = &[
    "WARNING: ",
    "BUG: ",
    "INFO: task ",
    "INFO: rcu",
    "INFO: possible ",
    "INFO: lockdep ",
    "watchdog: BUG: ",
    "UBSAN: ",
];

/// Kernel errors before a panic.
const FAULTS: &[&str] = &[
    "BUG: kernel NULL pointer",
    "BUG: unable to handle",
    "kernel BUG at ",
    "Oops: ",
    "general protection fault",
    "divide error: ",
    "invalid opcode: ",
    "stack segment: ",
    "double fault: ",
    "PANIC: double fault",
];

const PANIC: &str = "Kernel panic - not syncing: ";

impl Console {
    /// Processes received bytes.
    pub(crate) fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => self.end_line(),
                byte => self.begun.push(*byte),
            }
            if self.begun.len() >= LONGEST {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = plain(&std::mem::take(&mut self.begun));
        let line = line.trim_end();
        if line.is_empty() {
            return;
        }
        self.heard = true;
        if let Some(said) = said_by_kernel(line) {
            self.judge(said);
            if self.fault.is_some() || self.panic.is_some() {
                self.gravest.get_or_insert_with(|| line.to_owned());
            }
        }
        self.last.push_back(line.to_owned());
        if self.last.len() > KEPT {
            self.last.pop_front();
        }
    }

    fn judge(&mut self, said: &str) {
        if let Some(panic) = said.strip_prefix(PANIC) {
            self.panic.get_or_insert_with(|| panic.to_owned());
        } else if FAULTS.iter().any(|fault| said.starts_with(fault)) {
            self.fault.get_or_insert_with(|| said.to_owned());
        } else if COMPLAINTS.iter().any(|word| said.starts_with(word))
            && self.complaints.len() < MOST_COMPLAINTS
            && self.complaints.iter().all(|other| other != said)
        {
            self.complaints.push(said.to_owned());
        }
    }

    /// Whether there was any output.
    pub(crate) fn was_heard(&self) -> bool {
        self.heard
    }

    /// The error that stopped the kernel, if there was one: an oops.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// The reason of a kernel panic, if there was one.
    pub(crate) fn panic(&self) -> Option<&str> {
        self.panic.as_deref()
    }

    /// The warnings of the kernel, each line once.
    pub(crate) fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// The last error that a program printed there.
    pub(crate) fn last_error(&self) -> Option<String> {
        let errors = self.last.iter().rev().filter_map(|line| line.strip_prefix("error: "));
        errors.map(str::to_owned).next()
    }

    /// The last lines, including an unfinished one. The line with the error
    /// that stopped the kernel is always among them.
    pub(crate) fn last_lines(&self) -> Vec<String> {
        let begun = plain(&self.begun).trim_end().to_owned();
        let begun = (!begun.is_empty()).then_some(begun);
        let gravest = self.gravest.iter().filter(|line| !self.last.contains(line));
        let gravest = gravest.flat_map(|line| [line.clone(), "...".to_owned()]);
        gravest.chain(self.last.iter().cloned()).chain(begun).collect()
    }
}

/// The text after the time at the start of a kernel's line, such as `[
/// 1.234567] ` or `[    1.234567][   T12] `.
fn said_by_kernel(line: &str) -> Option<&str> {
    let (time, rest) = line.strip_prefix('[')?.split_once(']')?;
    time.trim().parse::<f64>().ok()?;
    let rest = rest.trim_start();
    let caller = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    Some(match caller {
        Some((caller, rest)) if caller.trim_start().starts_with(['T', 'C']) => rest.trim_start(),
        _ => rest,
    })
}

/// Text without escape sequences and other control characters.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' if letters.next_if_eq(&'[').is_some() => {
                // ECMA-48: parameters, and one final letter.
                while letters.next_if(|c| !('@'..='~').contains(c)).is_some() {}
                letters.next();
            }
            '\u{1b}' => {
                letters.next();
            }
            '\t' => plain.push(' '),
            letter if letter.is_control() => {}
            letter => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Console {
        let mut console = Console::default();
        console.hear(text.as_bytes());
        console
    }

    /// Output of a kernel 6.1, after the escape sequences of SeaBIOS.
    const OOPS: &str = "\u{1b}c\u{1b}[?7l\u{1b}[2J\u{1b}[0mSeaBIOS (version 1.16.3)\r\n\
        [    0.000000] Linux version 6.1.0-56-cloud-amd64\r\n\
        [    2.210011] BUG: kernel NULL pointer dereference, address: 0000000000000000\r\n\
        [    2.210342] #PF: supervisor write access in kernel mode\r\n\
        [    2.211034] Oops: 0002 [#1] PREEMPT SMP PTI\r\n\
        [    2.230124] Kernel panic - not syncing: Fatal exception\r\n\
        [    2.230501] ---[ end Kernel panic - not syncing: Fatal exception ]---\r\n";

    #[test]
    fn an_oops_is_told_from_the_panic_that_follows() {
        let console = heard(OOPS);
        assert_eq!(
            console.fault(),
            Some("BUG: kernel NULL pointer dereference, address: 0000000000000000")
        );
        assert_eq!(console.panic(), Some("Fatal exception"));
        assert_eq!(console.last_lines()[0], "SeaBIOS (version 1.16.3)");
    }

    #[test]
    fn what_it_could_not_go_on_after_is_kept_however_much_is_said_since() {
        let mut console = heard(OOPS);
        let grave =
            "[    2.210011] BUG: kernel NULL pointer dereference, address: 0000000000000000";
        assert_eq!(console.last_lines().iter().filter(|line| *line == grave).count(), 1);
        for _ in 0..KEPT {
            console.hear(b"[    2.3] RIP: 0010:locks_check+0x1/0x2\n");
        }
        let lines = console.last_lines();
        assert_eq!((lines[0].as_str(), lines[1].as_str()), (grave, "..."));
        assert_eq!(lines.len(), KEPT + 2);
    }

    #[rstest::rstest]
    #[case("[    1.9] WARNING: CPU: 0 PID: 71 at fs/locks.c:2500 locks_check+0x1/0x2\n", 1)]
    #[case("[    1.9][   T71] WARNING: CPU: 0 PID: 71 at fs/locks.c:2500\n", 1)]
    #[case("[    1.9] WARNING: possible circular locking dependency detected\n", 1)]
    #[case("[    1.9] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [imglock:71]\n", 1)]
    #[case("[    1.9] INFO: task imglock:71 blocked for more than 120 seconds.\n", 1)]
    #[case("[    1.9] BUG: sleeping function called from invalid context at fs/locks.c\n", 1)]
    #[case("[    1.9] x86/fpu: x87 FPU will use FXSAVE\n", 0)]
    #[case("WARNING: a program said so\n", 0)]
    fn a_complaint_of_the_kernel_is_recognised(#[case] line: &str, #[case] complaints: usize) {
        let twice = format!("{line}{line}");
        let console = heard(&twice);
        assert_eq!(console.complaints().len(), complaints, "{:?}", console.complaints());
        assert_eq!((console.fault(), console.panic()), (None, None));
    }

    #[test]
    fn the_last_lines_are_kept_and_the_one_that_has_not_ended() {
        let lines: String = (0..100).map(|number| format!("line {number}\n")).collect();
        let console = heard(&format!("{lines}and then"));
        let last = console.last_lines();
        assert_eq!((last.len(), last[0].as_str()), (KEPT + 1, "line 60"));
        assert_eq!(last[KEPT], "and then");
    }

    #[test]
    fn nothing_but_line_ends_is_no_sign_of_life() {
        assert!(!heard("\r\n\u{1b}[2J\n").was_heard());
        assert!(heard("\r\nx\n").was_heard());
    }

    #[test]
    fn noise_without_an_end_of_line_does_not_grow() {
        let mut console = Console::default();
        console.hear(&vec![b'x'; 1 << 20]);
        let kept: usize = console.last_lines().iter().map(String::len).sum();
        assert!(kept <= (KEPT + 1) * LONGEST, "{kept}");
    }
}
