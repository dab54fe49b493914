//! The one layer of an image, as a tar file whose bytes depend on nothing but its content:
//! entries are sorted, belong to root and were written in 1970.

use std::collections::BTreeMap;
use std::io;

use tar::{Builder, EntryType, Header};

/// Files and directories, by their path without the leading `/`.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone)]
enum Entry {
    Directory { mode: u32 },
    File { mode: u32, content: Vec<u8> },
}

impl Layer {
    /// An empty layer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file that everybody may read and, as a program, run. Its directories come with it.
    pub fn program(self, path: &str, content: Vec<u8>) -> Self {
        self.add(path, Entry::File { mode: 0o755, content })
    }

    /// Adds a file that everybody may read.
    pub fn file(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.add(path, Entry::File { mode: 0o644, content: content.into() })
    }

    /// Adds a directory that every user may write to.
    pub fn open_directory(self, path: &str) -> Self {
        self.add(path, Entry::Directory { mode: 0o1777 })
    }

    fn add(mut self, path: &str, entry: Entry) -> Self {
        let path = path.trim_matches('/');
        for (end, _) in path.match_indices('/') {
            let parent = path.get(..end).unwrap_or_default().to_owned();
            self.entries.entry(parent).or_insert(Entry::Directory { mode: 0o755 });
        }
        self.entries.insert(path.to_owned(), entry);
        self
    }

    /// The tar file, uncompressed.
    pub fn to_tar(&self) -> io::Result<Vec<u8>> {
        let mut tar = Builder::new(Vec::new());
        for (path, entry) in &self.entries {
            let (kind, mode, content): (_, _, &[u8]) = match entry {
                Entry::Directory { mode } => (EntryType::Directory, *mode, &[]),
                Entry::File { mode, content } => (EntryType::Regular, *mode, content),
            };
            append(&mut tar, kind, path, mode, content)?;
        }
        tar.into_inner()
    }
}

/// Adds an entry with nothing of this machine and this moment in it.
pub(super) fn append(
    tar: &mut Builder<Vec<u8>>,
    kind: EntryType,
    path: &str,
    mode: u32,
    content: &[u8],
) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(content.len() as u64);
    tar.append_data(&mut header, path, content)
}
