//! The attack matrix of docs/FORMAT.md, measured: what `verify` says of trails that the real writer wrote and an attacker
//! changed.
//!
//! `UPDATE_DOCS=1 cargo test --all-features --test tests attacks` writes the table anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tracing_audit::testing::ManualClock;
use tracing_audit::{Anchor, KeyLine, Retention, Trail, Trust, Verify, events};

use crate::hand::base64url;

/// Files by their paths under a home: `logs/…` and `logs.keys/…`.
type Files = BTreeMap<PathBuf, Vec<u8>>;

const DAY: Duration = Duration::from_secs(86_400);

/// What a verifier has.
#[derive(Clone, Copy, PartialEq)]
struct Column {
    title: &'static str,
    trust: Trust,
    state: bool,
    anchor: bool,
}

const COLUMNS: [Column; 5] = [
    Column {
        title: "`chained`, no state",
        trust: Trust::Chained,
        state: false,
        anchor: false,
    },
    Column {
        title: "`chained`, state file",
        trust: Trust::Chained,
        state: true,
        anchor: false,
    },
    Column {
        title: "`sealed`, key line",
        trust: Trust::Sealed,
        state: true,
        anchor: false,
    },
    Column {
        title: "`signed`, public key line",
        trust: Trust::Signed,
        state: true,
        anchor: false,
    },
    Column {
        title: "`signed`, with an anchor",
        trust: Trust::Signed,
        state: true,
        anchor: true,
    },
];

/// A trail in three states of its life: after its first run, killed in its second, and after that ended cleanly.
struct Scene {
    early: Files,
    crashed: Files,
    whole: Files,
    keys: Vec<KeyLine>,
    anchor: String,
}

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_176_000)
}

struct Desk {
    home: TempDir,
    clock: Arc<ManualClock>,
    keys: Arc<Mutex<Vec<KeyLine>>>,
}

impl Desk {
    fn new() -> Desk {
        Desk {
            home: tempfile::tempdir().unwrap(),
            clock: Arc::new(ManualClock::new(noon())),
            keys: Arc::default(),
        }
    }

    fn dir(&self) -> PathBuf {
        self.home.path().join("logs")
    }

    fn open(&self, trust: Option<Trust>) -> Result<Trail, tracing_audit::Error> {
        let keys = Arc::clone(&self.keys);
        let builder = Trail::builder(self.dir())
            .detached()
            .clock(self.clock.clone())
            .retention(Retention::days(1_000))
            .key_line(move |line| keys.lock().unwrap().push(line.clone()));
        match trust {
            Some(trust) => builder.trust(trust).build(),
            None => builder.build(),
        }
    }

    fn lay(&self, files: &Files) {
        for (path, bytes) in files {
            let path = self.home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
        }
        let _ = fs::create_dir_all(self.dir());
        private(&self.home.path().join("logs.keys"));
    }

    fn take(&self) -> Files {
        let mut files = Files::new();
        for part in ["logs", "logs.keys"] {
            let Ok(entries) = fs::read_dir(self.home.path().join(part)) else {
                continue;
            };
            for entry in entries {
                let path = entry.unwrap().path();
                let inside = path.strip_prefix(self.home.path()).unwrap().to_owned();
                files.insert(inside, fs::read(&path).unwrap());
            }
        }
        files
    }
}

/// Keys are refused where others may read them.
fn private(dir: &Path) {
    #[cfg(unix)]
    for entry in fs::read_dir(dir).into_iter().flatten() {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(entry.unwrap().path(), PermissionsExt::from_mode(0o600)).unwrap();
    }
    let _ = dir;
}

fn write(trail: &Trail, records: u32) {
    for n in 0..records {
        // Two records a commit, as a rule.
        trail.draft(events::DATA_READ).user_id("alice").field("n", &n).emit();
        if n % 2 == 1 {
            trail.flush().unwrap();
        }
    }
    trail.sync().unwrap();
}

impl Scene {
    /// How far the state file's mark had come at the kill is chance, on a machine that is busy; the table is of the usual case.
    fn new(trust: Trust) -> Scene {
        let scenes = (0..100).map(|_| Scene::play(trust));
        scenes
            .into_iter()
            .find(|scene| scene.is_usual(trust))
            .expect("the usual case")
    }

    /// Behind the last record, the mark stands below it; in mode `signed` it stands at it, and behind it is a checkpoint.
    fn is_usual(&self, trust: Trust) -> bool {
        let newest = lines(&self.crashed[&last(&self.crashed)]);
        let seq = |line: &String| number(line.as_bytes(), "{\"seq\":");
        let state = &self.crashed[Path::new("logs.keys/state")];
        let marked = match String::from_utf8_lossy(state).contains("\"durable\":null") {
            true => 0,
            false => number(state, "\"seq\":"),
        };
        let end = newest.last().unwrap();
        let record = seq(&newest[first_record(&newest, true)]);
        match trust {
            Trust::Signed => end.contains("\"AUDIT_CHECKPOINT\"") && (marked, seq(end)) == (record, record + 1),
            _ => marked < record,
        }
    }

    fn play(trust: Trust) -> Scene {
        let desk = Desk::new();
        let trail = desk.open(Some(trust)).unwrap();
        write(&trail, 6);
        desk.clock.advance(DAY);
        write(&trail, 6);
        trail.close().unwrap();
        let early = desk.take();
        let trail = desk.open(None).unwrap();
        write(&trail, 6);
        desk.clock.advance(DAY);
        write(&trail, 6);
        let (crashed, seq, head48) = settled(&desk, &trail);
        let anchor = format!("{seq}:{head48}");
        trail.close().unwrap();
        let keys = desk.keys.lock().unwrap().clone();
        Scene {
            early,
            crashed,
            whole: desk.take(),
            keys,
            anchor,
        }
    }
}

/// The files, and the gauges of the chain, once the writer has nothing left to say: it says more behind a sync than what the
/// sync was for.
fn settled(desk: &Desk, trail: &Trail) -> (Files, u64, u64) {
    let mut before = Files::new();
    let mut same = 0;
    for _ in 0..10_000 {
        trail.sync().unwrap();
        let files = desk.take();
        let metrics = trail.metrics();
        let gauge = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().parse::<u64>().unwrap()
        };
        let (seq, head48) = (gauge("audit_chain_seq "), gauge("audit_chain_head48 "));
        let newest = lines(&files[&last(&files)]);
        let written = number(newest.last().unwrap().as_bytes(), "{\"seq\":");
        same = if files == before && seq == written { same + 1 } else { 0 };
        if same == 20 {
            return (files, seq, head48);
        }
        before = files;
    }
    panic!("the writer does not come to rest");
}

/// The trail's files in their order.
fn names(files: &Files) -> Vec<PathBuf> {
    let trail = |path: &&PathBuf| path.starts_with("logs") && path.to_string_lossy().ends_with(".jsonl");
    let mut names: Vec<PathBuf> = files.keys().filter(trail).cloned().collect();
    names.sort_by_key(|name| number(&files[name], "\"file\":"));
    names
}

fn number(bytes: &[u8], key: &str) -> u64 {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let digits = text.split_once(key).unwrap().1;
    digits
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

fn nth(files: &Files, at: usize) -> PathBuf {
    names(files).remove(at)
}

fn last(files: &Files) -> PathBuf {
    names(files).pop().unwrap()
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

/// Where a record stands that an attacker would change: the trail says things of itself in between.
fn first_record(lines: &[String], from_the_end: bool) -> usize {
    let record = |line: &String| line.contains("alice");
    let found = match from_the_end {
        false => lines.iter().position(record),
        true => lines.iter().rposition(record),
    };
    found.expect("a record")
}

/// Turns the first record of a file into one of somebody else.
fn blame(files: &mut Files, name: &Path) {
    edit(files, name, |lines| {
        let at = first_record(lines, false);
        lines[at] = lines[at].replace("alice", "mally");
    });
}

/// Changes the lines of a file.
fn edit(files: &mut Files, name: &Path, change: impl FnOnce(&mut Vec<String>)) {
    let mut all = lines(&files[name]);
    change(&mut all);
    files.insert(name.to_owned(), all.concat().into_bytes());
}

/// What is left of a line without its frame, and its seal if it has one.
fn unframed(line: &str) -> (&str, Option<&str>) {
    let line = line.trim_end_matches('\n');
    let (line, seal) = match line.split_once("\",\"seal\":\"") {
        Some((line, seal)) => (line, Some(seal.trim_end_matches("\"}"))),
        None => (line, None),
    };
    (line.rsplit_once(",\"tag\":\"").unwrap().0, seal)
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256>>::new_from_slice(key).unwrap();
    mac.update(&parts.concat());
    mac.finalize().into_bytes().into()
}

fn unbase64(text: &str) -> Vec<u8> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: Vec<u8> = text
        .chars()
        .flat_map(|c| {
            let six = LETTERS.find(c).unwrap() as u8;
            (0..6).rev().map(move |bit| six >> bit & 1)
        })
        .collect();
    let byte = |bits: &[u8]| bits.iter().fold(0, |byte, bit| byte << 1 | bit);
    bits.chunks_exact(8).map(byte).collect()
}

/// What a forger does with the seals of lines that he chains anew.
enum Seals<'a> {
    Keep,
    Strip,
    /// Makes them with the seed of another run than theirs.
    Forge(&'a [u8]),
}

/// Computes every tag again, from the first line of the trail on, and each header's `prev_head`: tags need no key.
fn chain_again(files: &mut Files, seals: &Seals<'_>) {
    let oldest = String::from_utf8(files[&nth(files, 0)].clone()).unwrap();
    let mut head: [u8; 32] = unbase64(&oldest.split_once("\"prev_head\":\"").unwrap().1[..43])
        .try_into()
        .unwrap();
    for name in names(files) {
        let mut out = String::new();
        for (place, line) in lines(&files[&name]).into_iter().enumerate() {
            let (content, seal) = unframed(&line);
            let mut content = content.to_owned();
            if place == 0 {
                let (before, rest) = content.split_once("\"prev_head\":\"").unwrap();
                content = format!("{before}\"prev_head\":\"{}{}", base64url(&head), &rest[43..]);
                head = hash(&[&[3], &head, &hash(&[&[0], content.as_bytes()])]);
            } else {
                let seq = number(content.as_bytes(), "{\"seq\":");
                let rest = content.split_once(',').unwrap().1;
                head = hash(&[&[2], &head, &seq.to_le_bytes(), &hash(&[&[0], rest.as_bytes()])]);
            }
            let seal = match (seals, seal) {
                (Seals::Keep, Some(seal)) => format!("\",\"seal\":\"{seal}"),
                (Seals::Forge(key), Some(_)) => format!("\",\"seal\":\"{}", base64url(&hmac(key, &[&head]))),
                _ => String::new(),
            };
            out += &format!("{content},\"tag\":\"{}{seal}\"}}\n", base64url(&head[..16]));
        }
        files.insert(name, out.into_bytes());
    }
}

/// The state file with a text replaced, and its check made right.
fn restate(files: &mut Files, change: impl FnOnce(String) -> String) {
    let path = PathBuf::from("logs.keys/state");
    let text = String::from_utf8(files[&path].clone()).unwrap();
    let (text, _) = text.split_once(",\"head_check\":").unwrap();
    let text = change(text.to_owned());
    let check = base64url(&hash(&[&[6], text.as_bytes()]));
    files.insert(path, format!("{text},\"head_check\":\"{check}\"}}\n").into_bytes());
}

/// Says in the state file that the trail ends cleanly where its files do.
fn mark_the_end(files: &mut Files) {
    let newest = last(files);
    let all = lines(&files[&newest]);
    let (file, seq) = (
        number(&files[&newest], "\"file\":"),
        number(all.last().unwrap().as_bytes(), "{\"seq\":"),
    );
    let mut head: [u8; 32] = [0; 32];
    for line in &all {
        let (content, _) = unframed(line);
        if content.starts_with("{\"tracing_audit\"") {
            let prev = unbase64(&content.split_once("\"prev_head\":\"").unwrap().1[..43]);
            head = hash(&[&[3], &prev, &hash(&[&[0], content.as_bytes()])]);
        } else {
            let rest = content.split_once(',').unwrap().1;
            let seq = number(content.as_bytes(), "{\"seq\":");
            head = hash(&[&[2], &head, &seq.to_le_bytes(), &hash(&[&[0], rest.as_bytes()])]);
        }
    }
    restate(files, |text| {
        let (before, rest) = text.split_once("\"durable\":").unwrap();
        let rest = rest.split_once('}').unwrap().1;
        let durable = format!("{{\"file\":{file},\"seq\":{seq},\"head\":\"{}\"}}", base64url(&head));
        let rest = rest.replacen("\"clean\":false", "\"clean\":true", 1);
        format!("{before}\"durable\":{durable}{rest}")
    });
}

/// What is verified: these files, after a start of the program if that is part of the attack.
struct Scenario {
    files: Files,
    restart: bool,
    /// The key lines are others than the trail's.
    wrong_key: bool,
    /// Nothing but the state file was changed.
    state_alone: bool,
}

fn of(files: &Files) -> Scenario {
    Scenario {
        files: files.clone(),
        restart: false,
        wrong_key: false,
        state_alone: false,
    }
}

type Attack = fn(&Scene) -> Scenario;

fn attack(scene: &Scene, base: &Files, change: impl FnOnce(&mut Files)) -> Scenario {
    let mut scenario = of(base);
    change(&mut scenario.files);
    let _ = scene;
    scenario
}

/// Another trail's file in place of one of this: another host's.
fn foreign(trust: &Scene) -> Files {
    Scene::new(trust_of(trust)).whole
}

fn trust_of(scene: &Scene) -> Trust {
    let header = String::from_utf8_lossy(&scene.whole[&nth(&scene.whole, 0)]).into_owned();
    match header.split_once("\"trust\":\"").unwrap().1 {
        rest if rest.starts_with("sealed") => Trust::Sealed,
        rest if rest.starts_with("signed") => Trust::Signed,
        _ => Trust::Chained,
    }
}

const ATTACKS: &[(&str, Attack)] = &[
    ("(nothing, after a clean end)", |scene| of(&scene.whole)),
    ("(nothing, after a kill)", |scene| of(&scene.crashed)),
    ("edit a record", |scene| {
        attack(scene, &scene.whole, |files| {
            let name = nth(files, 0);
            blame(files, &name);
        })
    }),
    ("delete a record", |scene| {
        attack(scene, &scene.whole, |files| {
            let name = nth(files, 0);
            edit(files, &name, |lines| drop(lines.remove(4)));
        })
    }),
    ("insert a record", |scene| {
        attack(scene, &scene.whole, |files| {
            let name = nth(files, 0);
            edit(files, &name, |lines| {
                let at = first_record(lines, false);
                lines.insert(at + 1, lines[at].replace("alice", "mally"))
            });
        })
    }),
    ("duplicate a record", |scene| {
        attack(scene, &scene.whole, |files| {
            let name = nth(files, 0);
            edit(files, &name, |lines| lines.insert(5, lines[4].clone()));
        })
    }),
    ("swap two records", |scene| {
        attack(scene, &scene.whole, |files| {
            let name = nth(files, 0);
            edit(files, &name, |lines| lines.swap(4, 5));
        })
    }),
    ("edit the last record, after a kill", |scene| {
        attack(scene, &scene.crashed, |files| {
            let name = last(files);
            edit(files, &name, |lines| {
                // Behind it there may be what the trail says of itself.
                let last = first_record(lines, true);
                lines[last] = lines[last].replace("alice", "mally");
            });
        })
    }),
    ("splice in a file of another host", |scene| {
        let other = foreign(scene);
        attack(scene, &scene.whole, |files| {
            let name = nth(files, 1);
            files.insert(name, other[&nth(&other, 1)].clone());
        })
    }),
    ("edit, and compute every tag again", |scene| {
        attack(scene, &scene.whole, |files| {
            let name = nth(files, 0);
            blame(files, &name);
            chain_again(files, &Seals::Keep);
        })
    }),
    ("the same, seals taken away", |scene| {
        attack(scene, &scene.whole, |files| {
            let name = nth(files, 0);
            blame(files, &name);
            chain_again(files, &Seals::Strip);
        })
    }),
    ("the same, and the state file too", |scene| {
        attack(scene, &scene.whole, |files| {
            let name = nth(files, 0);
            blame(files, &name);
            chain_again(files, &Seals::Keep);
            mark_the_end(files);
        })
    }),
    ("the same, sealed with the key found on the host", |scene| {
        attack(scene, &scene.whole, |files| {
            let state = String::from_utf8_lossy(&files[Path::new("logs.keys/state")]).into_owned();
            let seed = state.split_once("\"seed\":\"").map(|(_, seed)| unbase64(&seed[..43]));
            let name = nth(files, 0);
            blame(files, &name);
            chain_again(files, &Seals::Forge(&seed.unwrap_or_default()));
            mark_the_end(files);
        })
    }),
    (
        "write the last record, AUDIT_STOP, anew, and the state file too",
        |scene| {
            attack(scene, &scene.whole, |files| {
                let name = last(files);
                edit(files, &name, |lines| {
                    let stop = lines.last_mut().unwrap();
                    assert!(stop.contains("\"AUDIT_STOP\"") && stop.contains("\"lost\":0"));
                    *stop = stop.replace("\"lost\":0", "\"lost\":7");
                });
                chain_again(files, &Seals::Keep);
                mark_the_end(files);
            })
        },
    ),
    ("cut the tail at a line, after a clean end", |scene| {
        attack(scene, &scene.whole, |files| {
            let name = last(files);
            edit(files, &name, |lines| lines.truncate(lines.len() - 3));
        })
    }),
    ("cut the tail in a line, after a clean end", |scene| {
        attack(scene, &scene.whole, |files| {
            let name = last(files);
            let bytes = files.get_mut(&name).unwrap();
            bytes.truncate(bytes.len() - 300);
        })
    }),
    ("cut the tail at a checkpoint, after a clean end", |scene| {
        attack(scene, &scene.whole, |files| {
            let name = nth(files, 3);
            edit(files, &name, |lines| {
                let checkpoint = lines.iter().position(|line| line.contains("\"AUDIT_CHECKPOINT\""));
                lines.truncate(checkpoint.unwrap_or(3) + 1);
            });
        })
    }),
    ("cut the last commit, after a kill", |scene| {
        attack(scene, &scene.crashed, |files| {
            let name = last(files);
            edit(files, &name, |lines| lines.truncate(lines.len() - 2));
        })
    }),
    ("cut the tail, and start the program", |scene| {
        let mut scenario = attack(scene, &scene.whole, |files| {
            let name = last(files);
            edit(files, &name, |lines| lines.truncate(lines.len() - 3));
        });
        scenario.restart = true;
        scenario
    }),
    ("cut the last commit after a kill, and start the program", |scene| {
        let mut scenario = attack(scene, &scene.crashed, |files| {
            let name = last(files);
            edit(files, &name, |lines| lines.truncate(lines.len() - 2));
        });
        scenario.restart = true;
        scenario
    }),
    ("add lines without seals after a kill, and start the program", |scene| {
        let mut scenario = attack(scene, &scene.crashed, |files| {
            let name = last(files);
            edit(files, &name, |lines| {
                let forged = lines[lines.len() - 1].replace("alice", "mally");
                let seq = number(forged.as_bytes(), "{\"seq\":");
                let forged = forged.replacen(&seq.to_string(), &(seq + 1).to_string(), 1);
                let (content, _) = unframed(&forged);
                let line = format!("{content},\"tag\":\"{}\"}}\n", "A".repeat(22));
                lines.push(line);
            });
            chain_again(files, &Seals::Keep);
        });
        scenario.restart = true;
        scenario
    }),
    ("delete the first file", |scene| {
        attack(scene, &scene.whole, |files| {
            files.remove(&nth(files, 0));
        })
    }),
    ("delete a file in the middle", |scene| {
        attack(scene, &scene.whole, |files| {
            files.remove(&nth(files, 2));
        })
    }),
    ("delete two adjacent files", |scene| {
        attack(scene, &scene.whole, |files| {
            files.remove(&nth(files, 2));
            files.remove(&nth(files, 1));
        })
    }),
    ("delete the last file", |scene| {
        attack(scene, &scene.whole, |files| {
            files.remove(&last(files));
        })
    }),
    ("put the directory back as it was a run ago", |scene| {
        attack(scene, &scene.whole, |files| {
            files.retain(|path, _| path.starts_with("logs.keys"));
            let early = scene.early.iter().filter(|(path, _)| path.starts_with("logs"));
            let early = early.filter(|(path, _)| !path.starts_with("logs.keys"));
            files.extend(early.map(|(path, bytes)| (path.clone(), bytes.clone())));
        })
    }),
    ("the same, with its keys and state", |scene| of(&scene.early)),
    ("take the seals off one file", |scene| {
        attack(scene, &scene.whole, |files| {
            let name = nth(files, 1);
            edit(files, &name, |lines| {
                for line in lines.iter_mut() {
                    if let Some((front, _)) = line.clone().split_once("\",\"seal\":\"") {
                        *line = format!("{front}\"}}\n");
                    }
                }
                // A chained trail has none to take: its last tag goes instead.
                if !lines[0].contains("\"sealed\"") && !lines[0].contains("\"signed\"") {
                    let last = lines.len() - 1;
                    lines[last] = lines[last].replacen("\"tag\":\"", "\"tag\":\"A", 1);
                }
            });
        })
    }),
    ("write the trail again as a chained one", |scene| {
        attack(scene, &scene.whole, |files| {
            for name in names(files) {
                edit(files, &name, |lines| {
                    lines[0] = lines[0].replace("\"sealed\"", "\"chained\"");
                    lines[0] = lines[0].replace("\"signed\"", "\"chained\"");
                    if let Some((front, keys)) = lines[0].clone().split_once(",\"tree\":") {
                        lines[0] = format!("{front}{}", &keys[keys.find(",\"tag\":").unwrap()..]);
                    }
                });
            }
            let name = nth(files, 0);
            blame(files, &name);
            chain_again(files, &Seals::Strip);
            mark_the_end(files);
        })
    }),
    #[cfg(feature = "gzip")]
    ("append behind the member of a compressed file", |scene| {
        attack(scene, &scene.whole, |files| {
            use std::io::Write as _;
            let name = nth(files, 0);
            let bytes = files.remove(&name).unwrap();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&bytes).unwrap();
            let mut packed = encoder.finish().unwrap();
            packed.extend(b"more");
            files.insert(PathBuf::from(format!("{}.gz", name.display())), packed);
        })
    }),
    ("verify with a wrong key line", |scene| Scenario {
        wrong_key: true,
        ..of(&scene.whole)
    }),
    ("empty the directory", |scene| {
        attack(scene, &scene.whole, |files| {
            files.retain(|path, _| path.starts_with("logs.keys"));
        })
    }),
    ("rename files", |scene| {
        attack(scene, &scene.whole, |files| {
            for (place, name) in names(files).into_iter().enumerate() {
                let bytes = files.remove(&name).unwrap();
                files.insert(format!("logs/audit-2030-01-0{}.jsonl", 9 - place).into(), bytes);
            }
        })
    }),
    ("copy a file under another name", |scene| {
        attack(scene, &scene.whole, |files| {
            let bytes = files[&nth(files, 1)].clone();
            files.insert("logs/audit-2030-01-01.jsonl".into(), bytes);
        })
    }),
    ("(a torn tail, as a kill leaves it)", |scene| {
        attack(scene, &scene.crashed, |files| {
            let name = last(files);
            let bytes = files.get_mut(&name).unwrap();
            bytes.truncate(bytes.len() - 20);
        })
    }),
    ("a forged tombstone", |scene| {
        attack(scene, &scene.whole, |files| {
            let name = nth(files, 0);
            edit(files, &name, |lines| {
                let at = first_record(lines, false);
                let line = lines[at].clone();
                let (content, _) = unframed(&line);
                let (number, rest) = content.split_once(',').unwrap();
                let leaf = base64url(&hash(&[&[0], rest.as_bytes()]));
                lines[at] = format!("{number},\"erased\":\"{leaf}\",\"by\":30{}", &line[content.len()..]);
            });
        })
    }),
    (
        "forge an `AUDIT_PRUNE`, and a checkpoint of what it removed that names another key",
        |scene| {
            attack(scene, &scene.whole, |files| {
                let newest = last(files);
                let text = String::from_utf8(files[&newest].clone()).unwrap();
                let (file, seq) = (
                    number(text.as_bytes(), "\"file\":"),
                    number(text.as_bytes(), "\"prev_seq\":"),
                );
                let head = text.split_once("\"prev_head\":\"").unwrap().1[..43].to_owned();
                let gone: Vec<PathBuf> = names(files).into_iter().filter(|name| *name != newest).collect();
                let numbers: Vec<u64> = gone.iter().map(|name| number(&files[name], "\"file\":")).collect();
                gone.iter().for_each(|name| drop(files.remove(name)));
                edit(files, &newest, |lines| {
                    let forge = |lines: &mut Vec<String>, at: usize, event: &str, metadata: String| {
                        let (before, rest) = lines[at].split_once("\"event\":").unwrap();
                        let frame = &rest[rest.find(",\"tag\":").unwrap()..];
                        lines[at] = format!(
                            "{before}\"event\":\"{event}\",\"category\":\"audit\",\"severity\":\"low\",\
                             \"outcome\":\"success\",\"metadata\":{{{metadata}}}{frame}"
                        );
                    };
                    lines.truncate(first_record(lines, true) + 1);
                    lines.retain(|line| !line.contains("AUDIT_CHECKPOINT"));
                    for (at, line) in lines.iter_mut().enumerate().skip(1) {
                        let rest = line.split_once(',').unwrap().1;
                        *line = format!("{{\"seq\":{},{rest}", seq + at as u64);
                    }
                    let (key, sig) = (base64url(&[7; 32]), base64url(&[0; 64]));
                    forge(
                        lines,
                        2,
                        "AUDIT_CHECKPOINT",
                        format!(
                            "\"file\":{file},\"head\":\"{key}\",\"next\":\"{key}\",\"root\":\"{key}\",\"seq\":0,\"sig\":\"{sig}\""
                        ),
                    );
                    let heads = vec!["null"; numbers.len()].join(",");
                    forge(
                        lines,
                        3,
                        "AUDIT_PRUNE",
                        format!(
                            "\"files\":{numbers:?},\"first_seq\":1,\"last_seq\":{seq},\"heads\":[{heads}],\"kept_from\":\
                             {{\"file\":{file},\"prev_seq\":{seq},\"prev_head\":\"{head}\"}},\"policy_days\":14,\"undelivered\":{{}}"
                        )
                        .replace(", ", ","),
                    );
                });
                blame(files, &newest);
                chain_again(files, &Seals::Keep);
                mark_the_end(files);
            })
        },
    ),
    ("a forged summary", |scene| {
        attack(scene, &scene.whole, |files| {
            files.insert("logs/audit-2026-11-20.summary.json".into(), b"{\"records\":0}".to_vec());
        })
    }),
    ("change a byte of the state file", |scene| {
        let mut scenario = attack(scene, &scene.whole, |files| {
            let state = files.get_mut(Path::new("logs.keys/state")).unwrap();
            state[60] ^= 1;
        });
        scenario.state_alone = true;
        scenario
    }),
    (
        "cut back to the end of the run before, and the state file too",
        |scene| {
            attack(scene, &scene.whole, |files| {
                for _ in 0..2 {
                    files.remove(&last(files));
                }
                mark_the_end(files);
            })
        },
    ),
];

fn judge(scenario: &Scenario, scene: &Scene, column: Column) -> String {
    if (scenario.wrong_key && scene.keys.is_empty()) || (scenario.state_alone && !column.state) {
        return "\u{2013}".to_owned();
    }
    let desk = Desk::new();
    desk.clock.advance(2 * DAY);
    let mut files = scenario.files.clone();
    if !column.state {
        files.remove(Path::new("logs.keys/state"));
    }
    desk.lay(&files);
    if scenario.restart {
        let Ok(trail) = desk.open(None) else {
            return "refused".to_owned();
        };
        write(&trail, 2);
        trail.close().unwrap();
        if !column.state {
            fs::remove_file(desk.home.path().join("logs.keys/state")).unwrap();
        }
    }
    let mut verify = Verify::new(desk.dir()).threads(1);
    for key in &scene.keys {
        verify = verify.key(match scenario.wrong_key {
            false => key.clone(),
            true => {
                let text = key.to_string();
                let (front, word) = text.rsplit_once(' ').unwrap();
                let other = if word.starts_with('A') { "B" } else { "A" };
                format!("{front} {other}{}", &word[1..]).parse().unwrap()
            }
        });
    }
    if column.anchor {
        verify = verify.anchor(scene.anchor.parse::<Anchor>().unwrap());
    }
    match verify.run() {
        // What was forged is in the trail, or it is not.
        Ok(report) if report.exit_code() == 0 && scenario.restart => {
            let records = tracing_audit::read(desk.dir()).unwrap();
            let cut = scenario.files.values().map(Vec::len).sum::<usize>() < scene.crashed.values().map(Vec::len).sum();
            let forged = records
                .filter_map(Result::ok)
                .any(|record| record.user_id() == Some("mally"));
            match forged || cut {
                true => "0".to_owned(),
                false => "no effect".to_owned(),
            }
        }
        Ok(report) => report.exit_code().to_string(),
        Err(error) => panic!("{error}"),
    }
}

const BEGIN: &str = "<!-- attacks -->\n";
const END: &str = "<!-- /attacks -->";

#[test]
fn the_attack_matrix_of_the_document_is_what_comes_out() {
    if !cfg!(all(feature = "sign", feature = "gzip")) {
        return;
    }
    let scenes: Vec<Scene> = [Trust::Chained, Trust::Sealed, Trust::Signed].map(Scene::new).into();
    let scene = |trust: Trust| &scenes[trust as usize];
    let mut table = format!(
        "| attack | {} |\n|---|{}\n",
        COLUMNS.map(|column| column.title).join(" | "),
        "---|".repeat(COLUMNS.len())
    );
    for (name, attack) in ATTACKS {
        let cells = COLUMNS.map(|column| {
            let scene = scene(column.trust);
            let exit = judge(&attack(scene), scene, column);
            let harmless = name.starts_with('(') || name.contains("rename") || name.contains("summary");
            match exit == "0" && !harmless {
                true => "**MISS**".to_owned(),
                false => exit,
            }
        });
        // A control: what nobody touched is never found fault with.
        if name.contains("clean end)") {
            assert!(cells.iter().all(|cell| cell == "0"), "{name}: {cells:?}");
        }
        table += &format!("| {name} | {} |\n", cells.join(" | "));
    }
    println!("{table}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/FORMAT.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("a place for the table");
    let (said, after) = rest.split_once(END).expect("the end of the table");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(said, table, "docs/FORMAT.md says otherwise");
}
