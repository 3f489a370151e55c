use imglock_engine::Environment;

/// Where something ran: `ext4 on Linux 6.18.0 (x86_64)`.
pub fn place(environment: &Environment) -> String {
    let Environment { kernel, architecture, file_system, .. } = environment;
    format!("{file_system} on Linux {kernel} ({architecture})")
}

/// The QEMU programs that took part: `qemu-system-x86_64 7.2.0, qemu-io 10.0.0`.
pub fn qemu(environment: &Environment) -> String {
    environment.qemu.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
