mod metering;
mod watching;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tracing_core::Level;

use crate::alerts;
use crate::clock::{Clock, Time};
use crate::config::{CaptureRule, DiskSpace, Durability, Emergency, OnFull, Retention, Rotation, Settings, Way, env};
use crate::detect::Detector;
use crate::error::{Error, ErrorKind};
use crate::io::{Disk, RealDisk};
use crate::key::{self, KeyFile, KeySource};
use crate::key_line::KeyLine;
use crate::redact::{HashKey, Policy, Redaction};
use crate::render::{Limits, Salts};
use crate::severity::Severity;
use crate::status::{Source, complain};
use crate::store::names::Given;
use crate::store::retain::Keep;
use crate::store::{self, Home, Identity, Opening, Wish};
use crate::trail::{self, Core, Lease, Plan, Sink, Trail};
use crate::trust::Trust;
use watching::Watching;

use crate::writer::{self, Desk, Medium, Teller, Writer};

/// Settings of a trail to be: setters that cannot fail, and one [`build`](Builder::build) that can.
///
/// ```no_run
/// use std::time::Duration;
/// use tracing_audit::{Durability, OnFull, Retention, Severity, Trail};
///
/// let trail = Trail::builder("/var/log/shop/audit")
///     .service("shop", env!("CARGO_PKG_VERSION"))
///     .retention(Retention::days(365))
///     .on_full(Severity::High, OnFull::Block(Duration::from_millis(200)))
///     .durability(Severity::Critical, Durability::Synced)
///     .build()?;
/// # Ok::<(), tracing_audit::Error>(())
/// ```
///
/// Nothing is read from the environment unless [`env`](Builder::env) is called. Of two sources of a setting, code
/// overrides the environment, in whatever order the calls come.
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder {
    dir: PathBuf,
    instance: Option<String>,
    detached: bool,
    settings: Settings,
    time: Time,
    capture: Vec<CaptureRule>,
    disk: Option<Arc<dyn Disk>>,
    teller: Teller,
    watching: Watching,
    #[cfg(test)]
    slip: Option<store::Slip>,
    /// The first thing that a setter could not take.
    wrong: Option<Error>,
}

impl Trail {
    /// Begins the settings of a trail in this directory, which is made if it is missing. Its keys and its state are
    /// beside it, in `<dir>.keys`.
    pub fn builder(dir: impl Into<PathBuf>) -> Builder {
        Builder {
            dir: dir.into(),
            instance: None,
            detached: false,
            settings: Settings::new(),
            time: Time::default(),
            capture: Vec::new(),
            disk: None,
            teller: Teller::default(),
            watching: Watching::default(),
            #[cfg(test)]
            slip: None,
            wrong: None,
        }
    }
}

impl Builder {
    /// What is redacted, and how. Default: [`Redaction::standard`].
    pub fn redaction(mut self, redaction: Redaction) -> Builder {
        self.settings.redaction.put(redaction, Source::Code);
        self
    }

    /// How long files are kept. Default: 14 days.
    pub fn retention(mut self, retention: Retention) -> Builder {
        self.settings.retention.put(retention, Source::Code);
        self
    }

    /// When a file ends and the next begins. Default: at midnight UTC, and at 100 MiB.
    pub fn rotation(mut self, rotation: Rotation) -> Builder {
        self.settings.rotation.put(rotation, Source::Code);
        self
    }

    /// How far records of this severity must have come before emitting them returns. Default: in the queue.
    pub fn durability(mut self, severity: Severity, durability: Durability) -> Builder {
        if let Some(setting) = self.settings.durability(severity) {
            setting.put(durability, Source::Code);
        }
        self
    }

    /// What happens to records of this severity when the queue is full. Default: low and medium are shed, high and
    /// critical wait 50 ms for room, and then go to the emergency sink.
    pub fn on_full(mut self, severity: Severity, on_full: OnFull) -> Builder {
        if let Some(setting) = self.settings.on_full(severity) {
            setting.put(on_full, Source::Code);
        }
        self
    }

    /// Where records go that waited for room and found none. Default: [`Emergency::stderr`].
    pub fn emergency(mut self, emergency: Emergency) -> Builder {
        self.settings.emergency.put(emergency, Source::Code);
        self
    }

    /// What happens when the disk of the trail runs short of room. Default: [`DiskSpace::default`].
    pub fn disk_space(mut self, space: DiskSpace) -> Builder {
        self.settings.disk_space.put(space, Source::Code);
        self
    }

    /// Whether to refuse a directory on NFS, SMB, FUSE or 9P, where locks and syncs are what a server makes of them. Default:
    /// no, it is said once on standard error.
    pub fn require_local_disk(mut self, require: bool) -> Builder {
        self.settings.require_local_disk.put(require, Source::Code);
        self
    }

    /// The most bytes that wait to be written. Default: 16 MiB; 4 GiB at most. An eighth of it is kept for critical records.
    pub fn queue_bytes(mut self, bytes: usize) -> Builder {
        self.settings.queue_bytes.put(bytes, Source::Code);
        self
    }

    /// The most bytes of one value; longer ones are cut, and the record says so. Default: 8 KiB.
    pub fn value_bytes(mut self, bytes: usize) -> Builder {
        self.settings.value_bytes.put(bytes, Source::Code);
        self
    }

    /// The most bytes of one line; a record that would be longer loses values, and says so. Default: 64 KiB.
    pub fn line_bytes(mut self, bytes: usize) -> Builder {
        self.settings.line_bytes.put(bytes, Source::Code);
        self
    }

    /// Whether accepted records are shown to the other layers, such as the console. Default: yes.
    pub fn mirror(mut self, mirror: bool) -> Builder {
        self.settings.mirror.put(mirror, Source::Code);
        self
    }

    /// The most verbose spans whose fields lend context. Default: INFO.
    pub fn span_level(mut self, level: Level) -> Builder {
        self.settings.span_level.put(level, Source::Code);
        self
    }

    /// How long the writer gathers records before it writes them in one piece, under traffic. Default: 1 ms. A record that
    /// someone waits for is written at once.
    pub fn commit_every(mut self, every: Duration) -> Builder {
        self.settings.commit_every.put(every, Source::Code);
        self
    }

    /// How long a written record may wait for its sync. Default: 1 s. High and critical ones, and those that someone waits
    /// for, are synced at once.
    pub fn sync_every(mut self, every: Duration) -> Builder {
        self.settings.sync_every.put(every, Source::Code);
        self
    }

    /// How long to wait for another process that holds the directory: at a rolling update the old one may still be
    /// there. Default: 10 s.
    pub fn lock_wait(mut self, wait: Duration) -> Builder {
        self.settings.lock_wait.put(wait, Source::Code);
        self
    }

    /// The longest that a receipt, `flush`, `sync` or `close` waits. Default: 5 s.
    pub fn wait_limit(mut self, limit: Duration) -> Builder {
        self.settings.wait_limit.put(limit, Source::Code);
        self
    }

    /// The program's name and version, for the header of each file. An empty one is left out.
    pub fn service(mut self, name: impl Into<String>, version: impl Into<String>) -> Builder {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        self.settings.service.put(some(name.into()), Source::Code);
        self.settings.version.put(some(version.into()), Source::Code);
        self
    }

    /// The host's name, for the header of each file. Default: what the system says.
    pub fn host(mut self, host: impl Into<String>) -> Builder {
        self.settings.host.put(Some(host.into()), Source::Code);
        self
    }

    /// Where keys and state are. Default: `<dir>.keys`. Never inside the trail's directory, whose copies would carry
    /// them.
    pub fn keys(mut self, dir: impl Into<PathBuf>) -> Builder {
        self.settings.keys.put(Some(dir.into()), Source::Code);
        self
    }

    /// What the files prove, and against whom. Default: what the trail has already, and [`Trust::Chained`] for a new one.
    ///
    /// Trust only rises within a trail: a chained one may go on sealed, and a sealed one signed. To ask for less than it has is
    /// an error, unless [`replace`](Builder::replace) lets another trail begin in its place. A trail that becomes sealed or
    /// signed gives its [key line](Builder::key_line) once.
    pub fn trust(mut self, trust: Trust) -> Builder {
        self.settings.trust.put(Some(trust), Source::Code);
        self
    }

    /// Whether a trail that cannot be gone on with as asked, for it has more trust, or its key is lost, may be ended: then
    /// another trail begins, and its first header names the end of the old one. The files of the old one go to the directory
    /// `replaced-<its id>` within the trail's, where they verify as before, with the key line that they had; no retention
    /// removes them, and a reader of the trail does not see them. Where the old trail can be gone on with this does nothing.
    /// Default: no, it is an error.
    pub fn replace(mut self, replace: bool) -> Builder {
        self.settings.replace.put(replace, Source::Code);
        self
    }

    /// Whether each record ends in a salt of 96 random bits, which takes 26 bytes of its line and lets it be
    /// [erased](Trail::erase) later. Without a salt, what an erasure leaves could confirm a guess of what the record said, and
    /// it is refused. Holds for records from here on. Default: what the trail has already, and no for a new one.
    pub fn salted(mut self, salted: bool) -> Builder {
        self.settings.salted.put(Some(salted), Source::Code);
        self
    }

    /// What protects the secrets that a sealed or signed trail keeps for its next run. Default: [`KeySource::state_file`].
    pub fn key_source(mut self, source: KeySource) -> Builder {
        self.settings.key_source.put(source, Source::Code);
        self
    }

    /// What is given the key line, once, when a trail becomes sealed or signed: with it `verify` proves what was recorded.
    /// It belongs on another machine, or on paper. Called within [`build`](Builder::build). Default: it is printed on standard
    /// error.
    ///
    /// The closure cannot return an error, and a line that it lets go is gone: let it panic where it cannot keep the line. The
    /// panic goes through `build`, no trail is there, and the line counts as not given: the next start gives one again, for the
    /// runs from there on. The few records of the run in which it panicked stand before those: no line proves them by itself.
    ///
    /// ```no_run
    /// use tracing_audit::{Trail, Trust};
    ///
    /// let trail = Trail::builder("logs")
    ///     .trust(Trust::Sealed)
    ///     .key_line(|line| std::fs::write("/mnt/usb/audit.key", line.to_string()).expect("the key line must be kept"))
    ///     .build()?;
    /// # Ok::<(), tracing_audit::Error>(())
    /// ```
    pub fn key_line(mut self, take: impl FnOnce(&KeyLine) + Send + 'static) -> Builder {
        self.teller = Teller(Some(Box::new(take)));
        self
    }

    /// A trail of its own in a subdirectory of this name, where several processes share a directory.
    pub fn instance(mut self, name: impl Into<String>) -> Builder {
        self.instance = Some(name.into());
        self
    }

    /// Keeps the trail from becoming the process's: only a layer of it, or `in: &trail`, records to it.
    pub fn detached(mut self) -> Builder {
        self.detached = true;
        self
    }

    /// Where the time comes from. For tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Builder {
        self.time = Time::injected(clock);
        self
    }

    /// Takes settings from environment variables: `AUDIT_RETENTION_DAYS`, `AUDIT_MAX_FILE_BYTES`, `AUDIT_QUEUE_BYTES`
    /// (sizes in bytes, or as `64MiB`), `AUDIT_MIRROR` (on or off), `AUDIT_KEYS_DIR`, `AUDIT_TRUST` (chained, sealed or
    /// signed), `AUDIT_SALTED` (on or off), `AUDIT_RULES` (as [`Watch`](crate::Watch) reads it), `AUDIT_TOP_USERS`, `AUDIT_TOP_IPS`, `AUDIT_TOP_ENDPOINTS` and `AUDIT_TOP_REASONS` (numbers of names), `AUDIT_STATE_KEY` (as [`KeySource::environment`] reads it), and `AUDIT_SERVICE` or `OTEL_SERVICE_NAME`. Of another `AUDIT_` variable it says on standard error that it sets nothing. The directory is not among them: only [`init`](fn@crate::init) reads that.
    pub fn env(mut self) -> Builder {
        for said in env::unknown(std::env::vars_os().map(|(name, _)| name)) {
            complain(&said);
        }
        if let Err(error) = env::read(&mut self.settings, &env::process) {
            self.wrong.get_or_insert(error);
        }
        self
    }

    /// Adds a rule. `Builder::capture`, which takes the public type, is written where that type is.
    pub(crate) fn capture_rule(mut self, rule: CaptureRule) -> Builder {
        self.capture.push(rule);
        self
    }

    /// Another disk than the system's.
    #[cfg(test)]
    pub(crate) fn disk(mut self, disk: Arc<dyn Disk>) -> Builder {
        self.disk = Some(crate::io::patient(disk));
        self
    }

    /// A planted mistake.
    #[cfg(test)]
    pub(crate) fn slip(mut self, slip: Option<store::Slip>) -> Builder {
        self.slip = slip;
        self
    }

    /// Opens the directory, finds out how it was left, begins a file, and starts the writer.
    ///
    /// # Errors
    /// Whatever is wrong with the settings ([`Config`](ErrorKind::Config)), the directory ([`Io`](ErrorKind::Io),
    /// [`Locked`](ErrorKind::Locked), [`Unsupported`](ErrorKind::Unsupported)) or the keys ([`Key`](ErrorKind::Key)),
    /// with the path and the remedy. What is merely damaged stops nothing: the trail goes on, and says so.
    pub fn build(self) -> Result<Trail, Error> {
        let detached = self.detached;
        let (core, writer) = self.begin()?;
        trail::enter(&core, detached);
        // The thread may look as soon as it runs, and must not find nobody.
        let trail = Trail::new(Lease::first(Arc::clone(&core)));
        if let Err(error) = writer::spawn(writer) {
            core.mailbox.close(false);
            return Err(error);
        }
        trail::see_off(trail.core().arc());
        Ok(trail)
    }

    /// Gives a sealed or signed trail another key, for whoever has the key line may have lost it: runs once, records
    /// `AUDIT_KEY`, ends cleanly, and gives the key line that runs from the next one on are proven by. Those before stay proven
    /// by the old one. It must not be running in another process meanwhile.
    ///
    /// ```no_run
    /// use tracing_audit::Trail;
    ///
    /// Trail::builder("logs").rotate_key(|line| std::fs::write("/mnt/usb/audit.key", line.to_string()))?;
    /// # Ok::<(), tracing_audit::Error>(())
    /// ```
    ///
    /// Until `take` returns `Ok` the trail remembers that nobody has the line: where it fails, or the program is killed before,
    /// the next start gives it to [`key_line`](Builder::key_line).
    ///
    /// # Errors
    /// As [`build`](Builder::build); [`Config`](ErrorKind::Config) of a trail that is chained; [`Key`](ErrorKind::Key) where
    /// `take` failed; and what the disk said: then `take` was not called, and the old key holds on, or the next start gives the
    /// new line.
    pub fn rotate_key(self, take: impl FnOnce(&KeyLine) -> std::io::Result<()>) -> Result<(), Error> {
        let (_, writer) = self.begin()?;
        writer.rotate_key(take)
    }

    fn begin(mut self) -> Result<(Arc<Core>, Writer), Error> {
        if let Some(error) = self.wrong.take() {
            return Err(error);
        }
        self.settings.check()?;
        let (dir, keys) = self.places()?;
        let real = self.disk.is_none();
        let disk = self.disk.clone().unwrap_or_else(RealDisk::shared);
        let home = Home::create(&*disk, &dir, keys.as_deref())?;
        if let Way::File(path) = &self.settings.emergency.value.0 {
            home.must_not_have(&*disk, path)?;
        }
        let settings = &mut self.settings;
        let medium = if real { writer::medium(&home.dir) } else { Medium::Disk };
        let ephemeral = is_ephemeral(&home, medium, settings.require_local_disk.value)?;
        let host = settings.host.value.clone().or_else(host_name);
        let opening = Opening {
            lock_wait: settings.lock_wait.value,
            now: self.time.micros(),
            boot: self.time.elapsed().boot,
            host: host.clone().unwrap_or_default(),
            wish: Wish {
                trust: settings.trust.value,
                salted: settings.salted.value,
                replace: settings.replace.value,
                secrets: settings.key_source.value.clone(),
                #[cfg(test)]
                slip: self.slip,
            },
        };
        let emergency = Sink::open(&settings.emergency.value.0, &disk)?;
        let opened = store::open(Arc::clone(&disk), home.clone(), &opening)?;
        // Where nothing was asked for, what the trail has.
        settings.trust.value = Some(opened.trust);
        settings.salted.value = Some(opened.salted);
        let settings = &self.settings;
        let key_id = opened.state.keys.as_ref().map(|keys| keys.kid.clone());
        // Made even where no rule hashes: a `Hashed` value may come at any time.
        let KeyFile { key, created } = key::hash_key(&*disk, &home.keys)?;
        let key = HashKey::new(key);
        let new_key = created.then(|| key.kid().to_owned());
        let policy = Policy::compile(&settings.redaction.value, Some(key));
        let limits = Limits {
            value: settings.value_bytes.value,
            line: settings.line_bytes.value,
        };
        let who = Identity {
            service: settings.service.value.clone(),
            version: settings.version.value.clone(),
            host,
            pid: std::process::id(),
        };
        let retention = settings.retention.value;
        let keep = Keep {
            days: retention.days,
            files: retention.files,
            bytes: retention.bytes,
        };
        let max_bytes = settings
            .rotation
            .value
            .max_bytes
            .min(longest_file(settings.least_file())?);
        let (commit_every, sync_every) = (settings.commit_every.value, settings.sync_every.value);
        #[cfg(feature = "system")]
        self.watching
            .rules
            .extend(settings.resources.value.iter().flat_map(crate::system::rules));
        let detector = Detector::new(&settings.rules.value, self.watching.rules)?;
        let core = Arc::new(Core::new(Plan {
            policy: Arc::new(policy),
            limits,
            spare: if detector.is_idle() { 0 } else { writer::FLAG },
            salts: match opened.salted {
                true => Some(Salts::new().map_err(store::no_random)?),
                false => None,
            },
            time: self.time,
            mirror: settings.mirror.value,
            span_level: settings.span_level.value,
            capture: self.capture,
            dir: home.dir.clone(),
            settings: settings.list(),
            who: who.clone(),
            tops: metering::tops(settings),
            #[cfg(feature = "system")]
            resources: settings.resources.value,
            retention,
            durability: settings.durability.each_ref().map(|setting| setting.value),
            on_full: settings.on_full.each_ref().map(|setting| setting.value),
            emergency,
            alerts: alerts::Desk::new(self.watching.channels),
            queue_bytes: settings.queue_bytes.value,
            wait_limit: settings.wait_limit.value,
        }));
        core.board.write(|notice| {
            notice.ephemeral = ephemeral;
            notice.trust = opened.trust;
            notice.key_id = key_id;
        });
        let desk = Desk {
            disk,
            home,
            opened,
            who,
            keep,
            max_bytes,
            commit_every,
            sync_every,
            space: settings.disk_space.value.clone(),
            new_key,
            teller: self.teller,
            key_source: settings.key_source.value.clone(),
            joins: false,
            given: Given::default(),
            detector,
            alerts_from: real.then(|| core.dir.clone()),
            #[cfg(test)]
            slip: self.slip,
        };
        let writer = Writer::begin(Arc::clone(&core), desk)?;
        Ok((core, writer))
    }

    /// The directory, and where its keys are if not beside it.
    fn places(&self) -> Result<(PathBuf, Option<PathBuf>), Error> {
        let keys = self.settings.keys.value.clone();
        let Some(name) = &self.instance else {
            return Ok((self.dir.clone(), keys));
        };
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) || name.starts_with("audit-") {
            return Err(
                Error::new(ErrorKind::Config, format!("{name:?} cannot be the name of an instance"))
                    .remedy("use 1 to 64 letters, digits, - and _, not beginning with audit-"),
            );
        }
        let keys = match keys {
            Some(keys) => keys,
            None => crate::io::with_suffix(&self.dir, ".keys"),
        };
        Ok((self.dir.join(name), Some(keys.join(name))))
    }
}

/// Says once what the file system does not promise, and whether it outlives the machine.
fn is_ephemeral(home: &Home, medium: Medium, require_local: bool) -> Result<bool, Error> {
    let dir = home.dir.display();
    Ok(match medium {
        Medium::Disk => false,
        Medium::Ephemeral(_) => true,
        Medium::Network(kind) if require_local => {
            return Err(Error::new(
                ErrorKind::Config,
                format!("cannot keep the trail on {kind}, as require_local_disk is set"),
            )
            .at(&home.dir)
            .remedy("name a directory on a disk of this machine"));
        }
        Medium::Network(kind) => {
            complain(&format_args!(
                "{dir} is on {kind}: another machine may not see the lock, and `synced` means what that server makes of it"
            ));
            false
        }
    })
}

/// What the system lets this process make of a file (`RLIMIT_FSIZE`): a write beyond it would kill the program.
fn longest_file(least: u64) -> Result<u64, Error> {
    #[cfg(unix)]
    if let Some(limit) = rustix::process::getrlimit(rustix::process::Resource::Fsize).current {
        return match limit >= least {
            true => Ok(limit),
            false => Err(Error::new(
                ErrorKind::Config,
                format!("this process may make no file longer than {limit} bytes (RLIMIT_FSIZE)"),
            )
            .remedy("raise the limit (ulimit -f), which would otherwise end the program")),
        };
    }
    let _ = least;
    Ok(u64::MAX)
}

#[cfg(unix)]
fn host_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Some(name).filter(|name| !name.is_empty())
}

#[cfg(not(unix))]
fn host_name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}
