//! A process that has no memory left, as the kernel sees to it.

use std::fs;
use std::path::{Path, PathBuf};

/// A memory cgroup around one process. Removed when dropped, after the
/// process's end.
pub struct Starving {
    group: PathBuf,
    kills: &'static str,
}

impl Starving {
    /// Leaves a running process what it has: with the next page that it asks
    /// for, the kernel kills it. `None`: no such group may be made here.
    pub fn of(pid: u32) -> Option<Self> {
        // Version 1 has a hierarchy of its own for memory, version 2 one for all.
        [
            ("memory", "memory.limit_in_bytes", "memory.oom_control"),
            ("", "memory.max", "memory.events"),
        ]
        .into_iter()
        .find_map(|(hierarchy, limit, kills)| {
            let group = Path::new("/sys/fs/cgroup").join(hierarchy).join(format!("ss-test-{pid}"));
            fs::create_dir(&group).ok()?;
            let starving = Self { group, kills };
            // Where swap is counted, nothing may go there either.
            let _ = fs::write(starving.group.join("memory.swap.max"), "0");
            starving.write(limit, "4096")?;
            starving.write("cgroup.procs", &pid.to_string())?;
            Some(starving)
        })
    }

    /// How often the kernel has killed it.
    pub fn kills(&self) -> u32 {
        let events = fs::read_to_string(self.group.join(self.kills)).unwrap();
        let count = events.lines().find_map(|line| line.strip_prefix("oom_kill "));
        count.unwrap_or_else(|| panic!("no count of kills: {events}")).parse().unwrap()
    }

    fn write(&self, file: &str, text: &str) -> Option<()> {
        // A file that is not there is not made: this is no usual directory.
        fs::write(self.group.join(file), text).ok()
    }
}

impl Drop for Starving {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.group);
    }
}
