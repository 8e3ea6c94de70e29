//! Legal hold on a real disk, held against both verifiers.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tracing_audit::{
    Builder, ErrorKind, Hold, KeyLine, Retention, Trail, Trust, Verdict, Verify, audit, events, testing,
};

use crate::keyed::second_opinion;

const DAY: Duration = Duration::from_secs(86_400);

struct World {
    home: tempfile::TempDir,
    clock: Arc<testing::ManualClock>,
    trust: Trust,
    line: Arc<Mutex<Option<KeyLine>>>,
}

impl World {
    fn new(trust: Trust) -> World {
        World {
            home: tempfile::tempdir().unwrap(),
            clock: Arc::new(testing::ManualClock::new(SystemTime::UNIX_EPOCH + 20_000 * DAY)),
            trust,
            line: Arc::default(),
        }
    }

    fn dir(&self) -> PathBuf {
        self.home.path().join("logs")
    }

    fn begin(&self) -> Trail {
        let line = Arc::clone(&self.line);
        let builder: Builder = Trail::builder(self.dir())
            .detached()
            .mirror(false)
            .salted(true)
            .trust(self.trust)
            .clock(self.clock.clone())
            .retention(Retention::days(2))
            .key_line(move |given| *line.lock().unwrap() = Some(given.clone()));
        builder.build().unwrap()
    }

    /// A record a day, and what retention does.
    fn days(&self, trail: &Trail, days: u32) {
        for _ in 0..days {
            self.clock.advance(DAY);
            note(trail, "a day");
            trail.sync().unwrap();
        }
    }

    fn files(&self) -> Vec<String> {
        let names = fs::read_dir(self.dir())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".jsonl")).collect();
        names.sort();
        names
    }

    #[track_caller]
    fn assert_verdict(&self, code: i32) {
        let line = self.line.lock().unwrap().clone();
        let verify = line
            .iter()
            .fold(Verify::new(self.dir()), |verify, line| verify.key(line.clone()));
        let report = verify.run().unwrap();
        assert_eq!(i32::from(report.exit_code()), code, "{report}");
        assert!(second_opinion(&self.dir(), line.as_ref()).is_none_or(|said| said == code));
    }
}

fn note(trail: &Trail, text: &str) -> u64 {
    audit!(in: trail, events::DATA_READ, note = text).synced().unwrap()
}

fn name(trail: &Trail) -> String {
    trail.status().file.file_name().unwrap().to_str().unwrap().to_owned()
}

fn modes() -> Vec<Trust> {
    match cfg!(feature = "sign") {
        true => vec![Trust::Chained, Trust::Sealed, Trust::Signed],
        false => vec![Trust::Chained, Trust::Sealed],
    }
}

#[test]
fn retention_goes_around_a_held_file_over_restarts_and_both_verifiers_prove_it() {
    for trust in modes() {
        let world = World::new(trust);
        let trail = world.begin();
        world.days(&trail, 1);
        note(&trail, "evidence");
        let held = name(&trail);
        let path = world.dir().join(&held);
        trail
            .hold(Hold::File(held.clone()), "case 9, password=hunter2", "legal")
            .unwrap();
        assert_eq!(trail.status().held.len(), 1);
        let before = fs::read(&path).unwrap();
        world.days(&trail, 5);
        trail.close().unwrap();
        for _ in 0..3 {
            world.clock.advance(2 * DAY);
            let trail = world.begin();
            assert_eq!(trail.status().held.len(), 1);
            world.days(&trail, 2);
            // Nothing of it is erased, and holding it again changes nothing.
            trail.hold(Hold::File(held.clone()), "case 9", "legal").unwrap();
            trail.close().unwrap();
            world.assert_verdict(0);
        }
        let files = world.files();
        assert!(files[0] == held && files[1].as_str() > "audit-2024-10-12", "{files:?}");
        assert_eq!(fs::read(&path).unwrap(), before);
        assert!(
            !files
                .iter()
                .any(|file| fs::read_to_string(world.dir().join(file)).unwrap().contains("hunter2"))
        );
        // The controls: a held file that was changed, and one that is gone.
        let mut changed = before.clone();
        let at = changed.len() / 2;
        changed[at] ^= 1;
        fs::write(&path, &changed).unwrap();
        world.assert_verdict(1);
        fs::remove_file(&path).unwrap();
        world.assert_verdict(1);
        fs::write(&path, &before).unwrap();
        world.assert_verdict(0);
        // Released, it goes.
        let trail = world.begin();
        trail
            .release(Hold::File(held.clone()), "case 9 is over", "legal")
            .unwrap();
        let error = trail.release(Hold::File(held.clone()), "again", "legal").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert_eq!(trail.status().held, [] as [u64; 0]);
        world.days(&trail, 4);
        trail.close().unwrap();
        assert!(!world.files().contains(&held));
        world.assert_verdict(0);
    }
}

#[test]
fn a_hold_of_the_whole_trail_stops_retention_and_erasure_over_restarts_until_it_is_released() {
    for trust in modes() {
        let world = World::new(trust);
        let trail = world.begin();
        let seq = note(&trail, "evidence");
        trail.hold(Hold::Trail, "case 9", "legal").unwrap();
        world.days(&trail, 5);
        trail.close().unwrap();
        world.clock.advance(20 * DAY);
        let trail = world.begin();
        assert!(trail.status().hold);
        world.days(&trail, 4);
        let error = trail.erase([seq], "a request", "dpo").unwrap_err();
        assert!(error.to_string().contains("legal hold"), "{error}");
        trail.close().unwrap();
        world.assert_verdict(0);
        let first = tracing_audit::read(world.dir()).unwrap().next().unwrap().unwrap();
        assert_eq!(first.seq(), 1);
        let trail = world.begin();
        trail.release(Hold::Trail, "case 9 is over", "legal").unwrap();
        world.days(&trail, 9);
        trail.close().unwrap();
        let first = tracing_audit::read(world.dir()).unwrap().next().unwrap().unwrap();
        assert!(first.seq() > seq);
        world.assert_verdict(0);
        let holds = tracing_audit::read(world.dir()).unwrap().map(Result::unwrap);
        let holds: Vec<_> = holds.filter(|record| record.event() == "AUDIT_HOLD").collect();
        assert!(holds.iter().all(|record| record.metadata().unwrap()["by"] == "legal"));
    }
}

#[test]
fn the_file_that_orders_the_erasures_in_a_held_one_is_held_with_it() {
    for trust in modes() {
        let world = World::new(trust);
        let trail = world.begin();
        let seq = note(&trail, "secret");
        let held = name(&trail);
        world.days(&trail, 1);
        trail.erase([seq], "a request", "dpo").unwrap();
        let orders = name(&trail);
        world.days(&trail, 1);
        trail.hold(Hold::File(held.clone()), "case 9", "legal").unwrap();
        world.days(&trail, 8);
        let files = world.files();
        assert!(
            files.contains(&held) && files.contains(&orders) && files.len() < 8,
            "{files:?}"
        );
        let error = trail
            .release(Hold::File(orders.clone()), "a mistake", "legal")
            .unwrap_err();
        assert!(error.to_string().contains("release that file first"), "{error}");
        trail.close().unwrap();
        world.assert_verdict(0);
        let trail = world.begin();
        trail.release(Hold::File(held), "over", "legal").unwrap();
        trail.release(Hold::File(orders), "over", "legal").unwrap();
        trail.close().unwrap();
        world.assert_verdict(0);
    }
}

#[test]
fn what_cannot_be_held_is_refused_with_a_remedy() {
    let world = World::new(Trust::Chained);
    let trail = world.begin();
    for file in ["audit-2001-01-01.jsonl", "../logs", ".lock"] {
        let error = trail.hold(Hold::File(file.to_owned()), "case 9", "legal").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("; "), "{error}");
    }
    assert!(trail.hold(Hold::Trail, "", "legal").is_err());
    assert!(trail.release(Hold::Trail, "over", "legal").is_err());
    trail.close().unwrap();
    assert_eq!(Verify::new(world.dir()).run().unwrap().verdict(), Verdict::Consistent);
}

#[cfg(feature = "cli")]
#[test]
fn the_command_holds_and_releases_files_and_trails() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let run = |more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tracing-audit"));
        command
            .arg("hold")
            .arg(&dir)
            .args(["--reason", "case 9", "--by", "legal"])
            .args(more);
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    };
    let begin = || Trail::builder(&dir).detached().mirror(false).build().unwrap();
    let trail = begin();
    let file = name(&trail);
    trail.close().unwrap();
    assert_eq!(run(&[]).0, 64);
    assert_eq!(run(&["--all", "--file", &file]).0, 64);
    let status = || {
        let trail = begin();
        let status = trail.status();
        trail.close().unwrap();
        (status.hold, status.held)
    };
    for (arguments, after) in [
        (vec!["--all"], (true, vec![])),
        (vec!["--file", &file], (true, vec![1])),
        (vec!["--all", "--release"], (false, vec![1])),
        (vec!["--file", &file, "--release"], (false, vec![])),
    ] {
        let (code, said) = run(&arguments);
        assert_eq!(code, 0, "{said}");
        assert_eq!(status(), after, "{said}");
    }
    assert_eq!(run(&["--all", "--release"]).0, 4);
    assert_eq!(Verify::new(&dir).run().unwrap().verdict(), Verdict::Consistent);
    assert!(second_opinion(&dir, None).is_none_or(|code| code == 0));
}
