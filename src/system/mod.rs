//! How the machine and the process are: looked at now and then by a thread of its own, so that nobody waits for it.

mod rules;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use sysinfo::{
    CpuRefreshKind, MINIMUM_CPU_UPDATE_INTERVAL, MemoryRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate,
};

use crate::clock::Micros;
use crate::detect::Figures;
use crate::sync::{self, Condvar, Home, Instant, Mutex, lock};

pub use rules::Resources;
pub(crate) use rules::rules;

/// Figures of the machine and of the process, as last looked at; see [`Trail::health`](crate::Trail::health).
///
/// What the system does not say is `None`; so is what needs two looks, at the first.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct System {
    /// Memory that the process has in use, in bytes.
    pub process_memory: u64,
    /// How much of all processors the process uses, 0 to 100.
    pub process_cpu_percent: Option<f64>,
    /// Files that the process has open.
    pub open_files: Option<u64>,
    /// Threads of the process.
    pub threads: Option<u64>,
    /// When the process began.
    pub process_start: Option<SystemTime>,
    /// How much of all processors is in use, 0 to 100.
    pub cpu_percent: Option<f64>,
    /// How much of the memory is in use, 0 to 100; where the process is in a group that may have less, of that.
    pub memory_percent: Option<f64>,
    /// How much of the disk of the trail is in use, 0 to 100.
    pub disk_percent: Option<f64>,
}

impl Serialize for System {
    /// Members as the fields are called; bytes, percent, and RFC 3339.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("System", 8)?;
        object.serialize_field("process_memory", &self.process_memory)?;
        object.serialize_field("process_cpu_percent", &self.process_cpu_percent)?;
        object.serialize_field("open_files", &self.open_files)?;
        object.serialize_field("threads", &self.threads)?;
        let start = self.process_start.map(|at| Micros::from(at).to_string());
        object.serialize_field("process_start", &start)?;
        object.serialize_field("cpu_percent", &self.cpu_percent)?;
        object.serialize_field("memory_percent", &self.memory_percent)?;
        object.serialize_field("disk_percent", &self.disk_percent)?;
        object.end()
    }
}

impl System {
    /// For the metrics: ratios, and NaN for what nobody knows.
    pub(crate) fn values(&self) -> [f64; 8] {
        let ratio = |percent: Option<f64>| percent.map_or(f64::NAN, |percent| percent / 100.0);
        let count = |count: Option<u64>| count.map_or(f64::NAN, |count| count as f64);
        let start = self
            .process_start
            .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        [
            self.process_memory as f64,
            ratio(self.process_cpu_percent),
            count(self.open_files),
            count(self.threads),
            start.map_or(f64::NAN, |since| since.as_secs_f64()),
            ratio(self.cpu_percent),
            ratio(self.memory_percent),
            ratio(self.disk_percent),
        ]
    }

    /// What rules see of it.
    pub(crate) fn tell(&self, figures: &mut Figures) {
        figures.cpu_percent = self.cpu_percent;
        figures.memory_percent = self.memory_percent;
        figures.disk_percent = self.disk_percent;
    }
}

/// Looks now and then, until it is dropped.
#[derive(Debug)]
pub(crate) struct Sampler(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    home: Home,
}

#[derive(Debug, Default)]
struct State {
    seen: Option<System>,
    over: bool,
}

impl Sampler {
    /// Begins to look, at the machine and at the disk of this directory, if anybody asked for that. Without a thread there are no
    /// figures.
    pub(crate) fn begin(resources: Option<&Resources>, dir: PathBuf) -> Sampler {
        let Some(resources) = resources.filter(|_| cfg!(not(all(test, shuttle)))) else {
            return Sampler(None);
        };
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            home: Home::here(),
        });
        let (its, every) = (Arc::clone(&shared), resources.every());
        let begun = sync::spawn("audit-system", move || its.work(every, &Looker::new(dir)));
        Sampler(begun.ok().map(|_| shared))
    }

    /// What was seen last.
    pub(crate) fn seen(&self) -> Option<System> {
        let shared = self.0.as_ref()?;
        lock(&shared.state, shared.home)?.seen.clone()
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        let Some(shared) = &self.0 else { return };
        if let Some(mut state) = lock(&shared.state, shared.home) {
            state.over = true;
            shared.changed.notify_all();
        }
    }
}

impl Shared {
    fn work(&self, every: Duration, looker: &Looker) {
        // The second look is the first that can say how busy the processors are.
        let mut pause = MINIMUM_CPU_UPDATE_INTERVAL.min(every);
        loop {
            let seen = looker.look();
            let mut state = self.state.lock();
            state.seen = Some(seen);
            let until = Instant::now() + pause;
            while !state.over {
                if self.changed.wait_until(&mut state, until).timed_out() {
                    break;
                }
            }
            if state.over {
                return;
            }
            drop(state);
            pause = every;
        }
    }
}

/// What looks.
struct Looker {
    machine: Mutex<(sysinfo::System, u32)>,
    dir: PathBuf,
}

impl Looker {
    fn new(dir: PathBuf) -> Looker {
        Looker {
            machine: Mutex::new((sysinfo::System::new(), 0)),
            dir,
        }
    }

    fn look(&self) -> System {
        let mut machine = self.machine.lock();
        let (machine, looks) = &mut *machine;
        machine.refresh_cpu_specifics(CpuRefreshKind::nothing().with_cpu_usage());
        machine.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let own = Pid::from_u32(std::process::id());
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory().with_tasks();
        machine.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), true, what);
        *looks = looks.saturating_add(1);
        // A processor's use is what changed between two looks.
        let known = |percent: f32| (*looks > 1).then(|| f64::from(percent).clamp(0.0, 100.0));
        let process = machine.process(own);
        let processors = machine.cpus().len().max(1) as f32;
        System {
            process_memory: process.map_or(0, sysinfo::Process::memory),
            process_cpu_percent: process.and_then(|process| known(process.cpu_usage() / processors)),
            open_files: process.and_then(|process| Some(process.open_files()? as u64)),
            threads: process.and_then(|process| Some(process.tasks()?.len() as u64)),
            process_start: process.map(|process| SystemTime::UNIX_EPOCH + Duration::from_secs(process.start_time())),
            cpu_percent: known(machine.global_cpu_usage()),
            memory_percent: memory(machine),
            disk_percent: disk(&self.dir),
        }
    }
}

/// Of the machine, or of the group that the process is in where that may have less.
fn memory(machine: &sysinfo::System) -> Option<f64> {
    let total = machine.total_memory();
    let mut used = (total, total.saturating_sub(machine.available_memory()));
    if let Some(limits) = machine.cgroup_limits().filter(|limits| limits.total_memory < total) {
        used = (
            limits.total_memory,
            limits.total_memory.saturating_sub(limits.free_memory),
        );
    }
    percent(used.1, used.0)
}

#[cfg(unix)]
fn disk(dir: &std::path::Path) -> Option<f64> {
    let about = rustix::fs::statvfs(dir).ok()?;
    // As `df` has it: of what anybody but the superuser may use.
    let used = about.f_blocks.saturating_sub(about.f_bfree);
    percent(used, used.saturating_add(about.f_bavail))
}

#[cfg(not(unix))]
fn disk(_: &std::path::Path) -> Option<f64> {
    None
}

fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 * 100.0 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_is_of_this_process_and_this_machine() {
        let dir = tempfile::tempdir().unwrap();
        let looker = Looker::new(dir.path().to_owned());
        let first = looker.look();
        assert_eq!((first.cpu_percent, first.process_cpu_percent), (None, None));
        let seen = looker.look();
        assert!(seen.process_memory > 100_000, "{seen:?}");
        for percent in [seen.cpu_percent, seen.memory_percent, seen.disk_percent] {
            assert!(
                percent.is_some_and(|percent| (0.0..=100.0).contains(&percent)),
                "{seen:?}"
            );
        }
        if cfg!(target_os = "linux") {
            let threads = std::fs::read_dir("/proc/self/task").unwrap().count() as u64;
            assert!(
                seen.threads
                    .is_some_and(|seen| seen >= 1 && seen.abs_diff(threads) < 64),
                "{seen:?}"
            );
            assert!(seen.open_files.is_some_and(|files| files >= 3), "{seen:?}");
        }
        let started = seen.process_start.unwrap();
        assert!(started <= SystemTime::now() + Duration::from_secs(2));
    }

    #[test]
    fn a_sampler_that_is_dropped_ends_its_thread() {
        let sampler = Sampler::begin(Some(&Resources::default()), std::env::temp_dir());
        let shared = Arc::downgrade(sampler.0.as_ref().unwrap());
        while sampler.seen().is_none() {
            std::thread::yield_now();
        }
        drop(sampler);
        while shared.upgrade().is_some() {
            std::thread::yield_now();
        }
    }
}
