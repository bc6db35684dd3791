//! Files that variables, flags and other files name. They may be anything: a pipe that nobody writes to,
//! a device without end. All of them are read here, aside of the run, so that Ctrl-C ends it meanwhile,
//! for so long and so far only. Beside them the one way in which files are written.

use std::fs::{File, FileType};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use crate::model::Timeout;
use crate::waiting::Intervals;

/// Nothing that is read here is that long.
const LIMIT: u64 = 4 << 20;
/// How long a pipe may take. Whoever writes into it may have to ask someone else.
const WAIT: Duration = Duration::from_secs(60);

/// The bytes of a file, of a pipe or of a device.
///
/// # Errors
/// Where it cannot be read, is longer than 4 MiB, or does not end within a minute.
pub async fn read(path: &Path) -> io::Result<Vec<u8>> {
    let path = path.to_owned();
    within(move || bytes(File::open(&path)?)).await
}

/// The same of a file that is read again later, here or by a library: no pipe, whose bytes are gone
/// after the first time.
///
/// # Errors
/// As those of [`read`]; a pipe.
pub async fn read_lasting(path: &Path) -> io::Result<Vec<u8>> {
    let path = path.to_owned();
    within(move || {
        if is_pipe(std::fs::metadata(&path)?.file_type()) {
            return Err(io::Error::other("it is a pipe, and a file is wanted"));
        }
        bytes(File::open(&path)?)
    })
    .await
}

/// What comes on stdin, however long that takes.
///
/// # Errors
/// Where it cannot be read, or is longer than 4 MiB.
pub async fn read_stdin() -> io::Result<Vec<u8>> {
    aside(|| bytes(std::io::stdin().lock())).await
}

/// Writes a whole file in one step, so that an interrupted run leaves the old one or the new one. A link
/// in its place is replaced, and not followed.
///
/// # Errors
/// Where it cannot be written.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::create_new(&beside)?.write_all(text.as_bytes())?;
    std::fs::rename(&beside, path)
}

/// Writes a file that is not there yet, whole or not at all.
///
/// # Errors
/// Something is there; it cannot be written.
pub fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(text.as_bytes()).inspect_err(|_| {
        // It was made here.
        let _ = std::fs::remove_file(path);
    })
}

/// What a call that blocks returns, while the run can still be interrupted. Where it does not end, nobody
/// waits for it: the runtime's own threads would keep the program from its end.
///
/// # Errors
/// What the call says; no thread for it.
pub async fn aside<T: Send + 'static>(
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (send, receive) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().spawn(move || {
        // The run may have ended meanwhile.
        let _ = send.send(call());
    })?;
    receive.await.map_err(io::Error::other)?
}

async fn within(
    read: impl FnOnce() -> io::Result<Vec<u8>> + Send + 'static,
) -> io::Result<Vec<u8>> {
    let limit = Intervals::from_environment().limit(WAIT);
    let read = tokio::time::timeout(limit, aside(read)).await;
    read.unwrap_or_else(|_| {
        let text = format!("it does not end within {}", Timeout(limit));
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    })
}

fn bytes(file: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT {
        return Err(io::Error::other("it is longer than 4 MiB"));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn is_pipe(kind: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_fifo() || kind.is_socket()
}

#[cfg(not(unix))]
fn is_pipe(_: FileType) -> bool {
    false
}
