//! What hostile code goes for that is of the machine, whichever walls it is behind.

/// Settings and devices of the machine: opening them to write shows enough.
pub(crate) const MACHINES: [&str; 6] = [
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/panic",
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/sys/vm/drop_caches",
    "/proc/sys/vm/overcommit_memory",
    "/dev/kmsg",
];
