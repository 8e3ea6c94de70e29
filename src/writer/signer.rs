//! Mode `signed`: the key of each file, the row of its checkpoint keys, and the tree that they sign.
//!
//! A file's key signs nothing but the line of the next file, and a checkpoint key nothing but one checkpoint: each is wiped
//! when it has. A line is in the state file, with the key that comes with it, before it is appended to `audit.keys`.

use crate::base64url;
use crate::chain::{Head, Leaf};
use crate::error::Error;
use crate::key::{KeySource, Secrets, Stored, line_id};
use crate::merkle::Range;
use crate::secret::SecretBytes;
use crate::sign::certificate::Certificate;
use crate::sign::note::Checkpoint;
use crate::sign::{PublicKey, SecretKey};
use crate::store::state::Keys;
use crate::store::{Header, Mark, Opened, RunKeys, Trust, Untold, no_random};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Signer {
    trail: [u8; 16],
    source: KeySource,
    /// Kept beside the file key in the state.
    next_seed: SecretBytes,
    /// What signs the line of the next file, and its public half if it is a root that nobody was told of.
    under: SecretKey,
    root: Option<PublicKey>,
    /// Signs the next checkpoint of the open file, and the first one of a file that comes.
    row: SecretKey,
    next_row: Option<SecretKey>,
    /// The file whose line is in `audit.keys`.
    certified: Option<u64>,
    coming: Option<Coming>,
    /// A line that the state has and `audit.keys` has not.
    missing: Option<(u64, String)>,
    /// The tree of what is on the disk.
    durable: Range,
    /// What an outstanding sync covers: the tree before it, and its leaves.
    base: Range,
    flying: Arc<Vec<Leaf>>,
    /// Leaves written since; and the tree before these, where they had become too many to be kept.
    since: Vec<Leaf>,
    ahead: Option<Range>,
}

/// Leaves beyond which they are made part of a tree on the writer's thread: a sync may hang, and memory has an end.
const LEAVES: usize = if cfg!(test) { 64 } else { 1 << 20 };

/// A tree to be grown by whoever waits for the disk: the writer's thread has better things to do.
#[derive(Debug)]
pub(super) struct Grow {
    tree: Range,
    leaves: Arc<Vec<Leaf>>,
}

impl Grow {
    pub(super) fn done(mut self) -> Range {
        self.tree.append(&mut self.leaves.to_vec());
        self.tree
    }
}

/// The key of a file whose line is not stored yet.
#[derive(Debug)]
struct Coming {
    file: u64,
    key: SecretKey,
    line: String,
    /// As the state keeps it; made once.
    stored: Option<Stored>,
}

/// Lines for `audit.keys`: what is missing of it before the state is stored, and what comes behind.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) before: Option<String>,
    pub(super) behind: Option<String>,
}

/// What a checkpoint has beside its point.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) root: String,
    pub(super) next: String,
    pub(super) sig: String,
}

impl Signer {
    /// Of a signed trail.
    pub(super) fn of(opened: &Opened, keys: Option<&RunKeys>, source: &KeySource) -> Result<Option<Signer>, Error> {
        let signed = keys.filter(|_| opened.trust == Trust::Signed);
        signed
            .map(|keys| Signer::new(opened.trail.0, source.clone(), keys, opened.tree.clone()))
            .transpose()
    }

    /// For a run that begins at this tree. A trail that has no key yet gets a root, whose secret half is wiped once it has
    /// signed the line of the first file.
    pub(super) fn new(trail: [u8; 16], source: KeySource, keys: &RunKeys, tree: Range) -> Result<Signer, Error> {
        let (under, root) = match &keys.next.sk {
            Some(sk) => (SecretKey::from_bytes(sk.expose()), None),
            None => {
                let root = SecretKey::random().map_err(no_random)?;
                let public = root.public();
                (root, Some(public))
            }
        };
        Ok(Signer {
            trail,
            source,
            next_seed: keys.next.seed.clone(),
            under,
            root,
            row: SecretKey::random().map_err(no_random)?,
            next_row: None,
            certified: None,
            coming: None,
            missing: None,
            durable: tree.clone(),
            base: tree,
            flying: Arc::default(),
            since: Vec::new(),
            ahead: None,
        })
    }

    /// A file comes, with a row of its own.
    pub(super) fn new_row(&mut self) -> Result<(), Error> {
        self.next_row = Some(SecretKey::random().map_err(no_random)?);
        Ok(())
    }

    /// What a header says of keys and tree; where it goes on from what is on the disk, or from what is written.
    pub(super) fn fill(&self, header: &mut Header, durable: bool) {
        header.pk = Some(self.next_row.as_ref().unwrap_or(&self.row).public());
        let tree = if durable {
            self.durable.clone()
        } else {
            self.written_tree()
        };
        header.tree = Some(tree.peaks().to_vec());
    }

    /// A file was begun: its key, and the line that certifies it.
    pub(super) fn certify(&mut self, file: u64, head: Head) -> Result<(), Error> {
        let key = SecretKey::random().map_err(no_random)?;
        if let Some(row) = self.next_row.take() {
            self.row = row;
        }
        let line = Certificate::sign(&self.under, &self.trail, file, head, key.public()).text();
        self.coming = Some(Coming {
            file,
            key,
            line,
            stored: None,
        });
        Ok(())
    }

    /// Puts a key that comes into what the state will keep, and gives the lines to be appended.
    pub(super) fn prepare(&mut self, keys: &mut Keys) -> Result<Option<Lines>, Error> {
        let before = self.missing.as_ref().map(|(_, line)| line.clone());
        let Some(coming) = &mut self.coming else {
            return Ok(before.map(|line| Lines {
                before: Some(line),
                behind: None,
            }));
        };
        let stored = match &coming.stored {
            Some(stored) => stored.clone(),
            None => {
                let secrets = Arc::new(Secrets {
                    seed: self.next_seed.clone(),
                    sk: Some(SecretBytes::new(*coming.key.to_bytes())),
                });
                let stored = self.source.store(&secrets, &self.trail)?;
                coming.stored.insert(stored).clone()
            }
        };
        keys.stored = stored;
        keys.line = Some(coming.line.clone());
        if let Some(root) = self.root {
            keys.kid = line_id(&root);
            keys.untold = Some(Untold::Root(root));
        }
        Ok(Some(Lines {
            before,
            behind: Some(coming.line.clone()),
        }))
    }

    /// The state with the key that came is stored: the key before it is wiped.
    pub(super) fn stored(&mut self) {
        if let Some(Coming { file, key, line, .. }) = self.coming.take() {
            self.under = key;
            self.root = None;
            self.missing = Some((file, line));
        }
    }

    /// `audit.keys` has every line.
    pub(super) fn appended(&mut self) {
        if let Some((file, _)) = self.missing.take() {
            self.certified = Some(file);
        }
    }

    pub(super) fn is_certified(&self, file: u64) -> bool {
        self.certified == Some(file)
    }

    /// Signs a point that is on the disk, and moves to the next key of the row.
    pub(super) fn checkpoint(&mut self, mark: Mark) -> Result<Signed, Error> {
        let next = SecretKey::random().map_err(no_random)?;
        let checkpoint = Checkpoint {
            trail: self.trail,
            seq: mark.point.seq,
            root: self.durable.root(),
            file: mark.file,
            head: mark.point.head,
            next: next.public(),
        };
        let sig = checkpoint.sign(&self.row);
        self.row = next;
        Ok(Signed {
            root: base64url::text(&checkpoint.root),
            next: base64url::text(&checkpoint.next),
            sig: base64url::text(&sig),
        })
    }

    /// Another root, for the files of the next run: its public half, and what the state is to keep of it.
    pub(super) fn new_root(&self, seed: &SecretBytes) -> Result<(PublicKey, Stored), Error> {
        let root = SecretKey::random().map_err(no_random)?;
        let secrets = Arc::new(Secrets {
            seed: seed.clone(),
            sk: Some(SecretBytes::new(*root.to_bytes())),
        });
        Ok((root.public(), self.source.store(&secrets, &self.trail)?))
    }

    /// A commit is in the file.
    pub(super) fn written(&mut self, leaves: &mut Vec<Leaf>) {
        self.since.append(leaves);
        if self.since.len() > LEAVES {
            self.ahead = Some(self.written_tree());
            self.since.clear();
        }
    }

    /// The tree of all that is in the file.
    fn written_tree(&self) -> Range {
        let mut tree = self.ahead.clone().unwrap_or_else(|| {
            let mut tree = self.base.clone();
            tree.append(&mut self.flying.to_vec());
            tree
        });
        tree.append(&mut self.since.clone());
        tree
    }

    /// A sync begins that covers all that is written. None is outstanding.
    pub(super) fn sync_begins(&mut self) -> Grow {
        self.base = self.ahead.take().unwrap_or_else(|| self.durable.clone());
        self.flying = Arc::new(std::mem::take(&mut self.since));
        Grow {
            tree: self.base.clone(),
            leaves: Arc::clone(&self.flying),
        }
    }

    pub(super) fn synced(&mut self, tree: Range) {
        self.base.clone_from(&tree);
        self.durable = tree;
        self.flying = Arc::default();
    }

    /// Begins again behind what is on the disk.
    pub(super) fn rewind(&mut self) {
        self.base.clone_from(&self.durable);
        self.flying = Arc::default();
        self.since.clear();
        self.ahead = None;
    }
}
