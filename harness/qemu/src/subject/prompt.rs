//! The commands and the output of `qemu-io` for data.

use imglock_core::Outcome;
use imglock_engine::StepFailure;

/// The bytes in the output of `read -v`: hexadecimal, 16 a line.
pub(super) fn data_of(text: &str) -> Result<Outcome, StepFailure> {
    let failed = || StepFailure::harness(format!("QEMU could not read: {}", text.trim()));
    if !text.contains(" bytes at offset") {
        return Err(failed());
    }
    let mut bytes = Vec::new();
    for line in text.lines() {
        // 00000000:  68 65 6c 6c 6f  hello
        let Some((address, rest)) = line.split_once(":  ") else { continue };
        if address.len() < 8 || !address.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            continue;
        }
        let pairs = rest.split("  ").next().unwrap_or_default().split(' ');
        for pair in pairs.take(16) {
            bytes.push(u8::from_str_radix(pair, 16).map_err(|_| failed())?);
        }
    }
    Ok(Outcome::Data(String::from_utf8_lossy(&bytes).replace('\0', ".")))
}

/// The commands that write `data`: one for each run of equal bytes, because a
/// pattern is one byte.
pub(super) fn writes(at: u64, data: &str) -> Vec<String> {
    let mut position = at;
    let runs = data.as_bytes().chunk_by(|a, b| a == b).map(|run| {
        let line = format!("write -P {} {position} {}", run[0], run.len());
        position += run.len() as u64;
        line
    });
    runs.collect()
}

/// Checks whether a `write` succeeded.
pub(super) fn is_written(text: &str) -> Result<(), StepFailure> {
    match text.contains("wrote ") {
        true => Ok(()),
        false => Err(StepFailure::harness(format!("QEMU could not write: {}", text.trim()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_the_dump_shows() {
        let text = "00000000:  68 65 6c 6c 6f 00 00 00 3a 20 20 41 41 41 41 41  hello...:  AAAAA\n\
                    00000010:  42  B\n\
                    read 17/17 bytes at offset 0\n17 bytes, 1 ops; 0.0002 sec\n";
        assert_eq!(data_of(text).expect("data"), Outcome::Data("hello...:  AAAAAB".to_owned()));
    }

    #[test]
    fn what_is_not_read_is_no_data() {
        assert!(data_of("read failed: Input/output error\n").is_err());
    }

    #[test]
    fn a_run_of_one_byte_is_written_at_once() {
        let expected = ["write -P 97 10 2", "write -P 98 12 1"];
        assert_eq!(writes(10, "aab"), expected);
    }
}
