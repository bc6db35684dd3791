//! Lists of names, kept for a minute: the tabulator is pressed several times for one word.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::patiently;
use crate::files;

/// How long a list is taken for true.
const LIFE: Duration = Duration::from_secs(60);

/// The file of one list. What the list depends on is in its name, as a hash.
pub struct CachedList(PathBuf);

impl CachedList {
    /// `None`, where no folder for caches is known.
    pub fn of(parts: &[Option<String>]) -> Option<Self> {
        let base = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| Some(std::env::home_dir()?.join(".cache")))?;
        let mut hash = Sha256::new();
        for part in parts {
            // Neither an empty part nor where one ends may be taken for another.
            let part = part.as_ref().map_or("-".to_owned(), |it| format!("+{it}"));
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        let name = hex::encode(&hash.finalize()[..16]);
        Some(Self(base.join("irsactl").join("completion").join(name)))
    }

    /// The list, where it was written within the last minute.
    pub fn read(&self) -> Option<Vec<String>> {
        private_folder(&self.0)?;
        is_young(&self.0).filter(|young| *young)?;
        let bytes = patiently(files::read_lasting(&self.0))?.ok()?;
        let text = String::from_utf8(bytes).ok()?;
        Some(text.lines().map(str::to_owned).collect())
    }

    /// Keeps a list, and drops what is out of date. Whether it worked matters to nobody.
    pub fn write(&self, names: &[String]) {
        let Some(folder) = self.0.parent() else {
            return;
        };
        if make_folder(folder).is_err() || private_folder(&self.0).is_none() {
            return;
        }
        sweep(folder);
        // Under a name of its own first: two shells may write at a time.
        let draft = self.0.with_extension(std::process::id().to_string());
        let text: String = names.iter().map(|name| format!("{name}\n")).collect();
        if write_privately(&draft, &text).is_err() || std::fs::rename(&draft, &self.0).is_err() {
            let _ = std::fs::remove_file(&draft);
        }
    }
}

/// For the user alone. One that was made for more eyes is closed to them, which only its owner can.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        builder.mode(0o700);
        builder.create(folder)?;
        if std::fs::symlink_metadata(folder)?.is_dir() {
            std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700))?;
        }
    }
    #[cfg(not(unix))]
    builder.create(folder)?;
    Ok(())
}

/// The folder of a file, where it and the one above it are no links to folders of something else, and
/// nobody but the user can have put anything into it: what nobody else may enter, and can be entered,
/// is the user's own.
fn private_folder(file: &Path) -> Option<&Path> {
    let folder = file.parent()?;
    let own = std::fs::symlink_metadata(folder).ok()?;
    let above = std::fs::symlink_metadata(folder.parent()?).ok()?;
    #[cfg(unix)]
    let is_closed = std::os::unix::fs::PermissionsExt::mode(&own.permissions()) & 0o077 == 0;
    #[cfg(not(unix))]
    let is_closed = true;
    (own.is_dir() && above.is_dir() && is_closed).then_some(folder)
}

/// Readable by the user alone, as names tell of what is there.
fn write_privately(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)?.write_all(text.as_bytes())
}

/// Only what bears a name of ours goes.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_ours(&entry.path()) && is_young(&entry.path()) == Some(false) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A hash, or a draft of its file.
fn is_ours(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    stem.is_some_and(|stem| stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a file was written within the last minute, and not in the future. A link is no file.
fn is_young(path: &Path) -> Option<bool> {
    let file = std::fs::symlink_metadata(path).ok()?;
    let written = file.is_file().then(|| file.modified().ok())??;
    let age = SystemTime::now().duration_since(written);
    Some(age.is_ok_and(|age| age < LIFE))
}
