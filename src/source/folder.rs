//! Reads originals from a directory. No path reaches outside it, not even through symbolic links, and only regular
//! files are read.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat, accessat, fstat, openat, openat2};
use rustix::io::Errno;

use super::body::{CappedBody, ContentCoding};
use super::cause::{Cause, LocalFault, Phase, Scope};
use super::{BuildError, FetchRequest, Fetched, OriginCaching, Original, Source, SourceError, Validators, facts, path};
use crate::limits::Limits;

/// Bytes read between two checks of the cap and the deadline.
const CHUNK_BYTES: usize = 256 << 10;

/// Most attempts to open a path. `openat2` may fail with `EAGAIN` on a symbolic link with `..` while something is
/// renamed (openat2(2)).
const RACES_MAX: usize = 16;

/// Never blocks on a FIFO, never acquires a controlling terminal, and is never inherited by a worker.
const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// A directory whose files are originals.
#[derive(Debug)]
pub struct FolderSource {
    inner: Arc<Inner>,
    timeout: Duration,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    bytes_max: u64,
    /// Whether the kernel and its seccomp filter let us use `openat2`; cleared at the first refusal.
    has_openat2: AtomicBool,
}

impl FolderSource {
    /// Creates a source of the files below `root`. Every fetch opens the directory again, so that `root` may be a link
    /// that moves to the current release.
    ///
    /// # Errors
    /// Returns [`BuildError::Root`] if `root` is not a directory that can be opened.
    pub fn new(root: PathBuf, limits: &Limits) -> Result<Self, BuildError> {
        let inner = Inner { root, bytes_max: limits.original_bytes_max, has_openat2: AtomicBool::new(true) };
        inner
            .open_root()
            .map_err(|e| BuildError::Root { path: inner.root.clone(), kind: io::Error::from(e).kind() })?;
        Ok(Self { inner: Arc::new(inner), timeout: limits.fetch_timeout })
    }
}

#[async_trait]
impl Source for FolderSource {
    async fn fetch(&self, request: FetchRequest<'_>) -> Result<Fetched, SourceError> {
        let inner = Arc::clone(&self.inner);
        let object = request.object.to_owned();
        let held = request.if_changed_from.cloned();
        // A hung network mount blocks its thread, not the request. Dropping the guard stops the read.
        let stop = Arc::new(AtomicBool::new(false));
        let _guard = StopOnDrop(Arc::clone(&stop));
        let reading = tokio::task::spawn_blocking(move || inner.read(&object, held.as_ref(), &stop));
        match tokio::time::timeout(self.timeout, reading).await {
            Ok(Ok(fetched)) => fetched,
            Ok(Err(_panicked_or_cancelled)) => {
                Err(SourceError::Upstream(Cause::Local(LocalFault::Io(io::ErrorKind::Other))))
            }
            Err(_elapsed) => Err(SourceError::Timeout(Phase::Whole)),
        }
    }
}

struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Inner {
    fn read(&self, object: &str, held: Option<&Validators>, stop: &AtomicBool) -> Result<Fetched, SourceError> {
        let relative = relative(object).ok_or(SourceError::Missing)?;
        let root = self.open_root().map_err(classify_root)?;
        let fd = self.open(&root, relative).map_err(|error| {
            let error = classify(error);
            // If the folder may not be entered, no object can be read, whatever the object's own permissions are.
            let is_of_root = matches!(error, SourceError::Denied(_)) && !may_enter(&root);
            if is_of_root { SourceError::Misconfigured(Cause::Denied(Scope::Root)) } else { error }
        })?;
        let stat = fstat(&fd).map_err(classify)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(SourceError::Missing);
        }
        let validators = validators(&stat);
        if held.is_some_and(|held| is_current(held, &validators)) {
            return Ok(Fetched::NotModified(OriginCaching::default()));
        }
        let mut file = File::from(fd);
        let mut body = CappedBody::new(u64::try_from(stat.st_size).ok(), ContentCoding::Identity, self.bytes_max)?;
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(SourceError::Timeout(Phase::Whole));
            }
            match file.read(&mut chunk) {
                Ok(0) => break,
                Ok(n) => body.push(chunk.get(..n).unwrap_or_default())?,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(SourceError::local(&e)),
            }
        }
        // The file was rewritten in place during the read, so the bytes are neither the old image nor the new one.
        if self::validators(&fstat(&file).map_err(classify)?) != validators {
            return Err(SourceError::Upstream(Cause::Changed));
        }
        Ok(Fetched::Original(Arc::new(Original::new(
            body.finish()?,
            facts::type_of_name(relative).map(str::to_owned),
            validators,
            OriginCaching::default(),
        ))))
    }

    fn open_root(&self) -> Result<OwnedFd, Errno> {
        openat(CWD, &self.root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    }

    fn open(&self, root: &OwnedFd, relative: &str) -> Result<OwnedFd, Errno> {
        if self.has_openat2.load(Ordering::Relaxed) {
            match open_beneath(root, relative) {
                // The kernel is older than Linux 5.6, or a container's seccomp filter does not know the call.
                Err(Errno::NOSYS | Errno::PERM) => self.has_openat2.store(false, Ordering::Relaxed),
                other => return other,
            }
        }
        open_by_component(root, relative)
    }
}

/// Returns the path below the root if it can name a file there: no empty, `.` or `..` segment and no NUL.
///
/// The path was decoded once, so `%2f` separates segments as `/` does. An empty segment would give a file a second
/// name, which purging by path would miss.
fn relative(object: &str) -> Option<&str> {
    let relative = object.strip_prefix('/').unwrap_or(object);
    let plain = relative.split('/').all(|segment| !matches!(segment, "" | "." | ".."));
    (plain && path::stays_below(relative)).then_some(relative)
}

/// Opens a file below the root. The kernel follows links that stay below the root and refuses all others.
fn open_beneath(root: impl AsFd, relative: &str) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let mut outcome = Err(Errno::AGAIN);
    for _ in 0..RACES_MAX {
        outcome = openat2(&root, relative, FLAGS, Mode::empty(), resolve);
        if !matches!(outcome, Err(Errno::AGAIN | Errno::INTR)) {
            break;
        }
    }
    outcome
}

/// Opens one segment after the other and follows no links.
fn open_by_component(root: &OwnedFd, relative: &str) -> Result<OwnedFd, Errno> {
    let (parents, name) = relative.rsplit_once('/').map_or((None, relative), |(dirs, name)| (Some(dirs), name));
    let mut dir: Option<OwnedFd> = None;
    for segment in parents.into_iter().flat_map(|dirs| dirs.split('/')) {
        // O_PATH | O_NOFOLLOW alone would open a link itself; O_DIRECTORY refuses it.
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        dir = Some(openat(dir.as_ref().unwrap_or(root), segment, flags, Mode::empty())?);
    }
    openat(dir.as_ref().unwrap_or(root), name, FLAGS | OFlags::NOFOLLOW, Mode::empty())
}

/// Decides whose fault it is that a file cannot be opened.
fn classify(error: Errno) -> SourceError {
    match error {
        Errno::ACCESS | Errno::PERM => SourceError::Denied(Cause::Denied(Scope::Object)),
        // XDEV: the path left the root. NXIO: a socket, or a device without a driver.
        Errno::NOENT
        | Errno::NOTDIR
        | Errno::LOOP
        | Errno::XDEV
        | Errno::NXIO
        | Errno::NODEV
        | Errno::ISDIR
        | Errno::INVAL
        | Errno::NAMETOOLONG => SourceError::Missing,
        error => SourceError::local(&error.into()),
    }
}

fn may_enter(root: &OwnedFd) -> bool {
    accessat(root, ".", Access::EXEC_OK, AtFlags::empty()).is_ok()
}

/// Classifies the error of opening the root, for which no request can be to blame.
fn classify_root(error: Errno) -> SourceError {
    match error {
        Errno::ACCESS | Errno::PERM => SourceError::Misconfigured(Cause::Denied(Scope::Root)),
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP => SourceError::Misconfigured(Cause::NotFound(Scope::Root)),
        error => SourceError::local(&error.into()),
    }
}

/// Makes an entity tag of time and size, because every sane way of writing a file changes one of them.
fn validators(stat: &Stat) -> Validators {
    let (seconds, nanos) = (stat.st_mtime, stat.st_mtime_nsec);
    let last_modified = u64::try_from(seconds).ok().and_then(|s| UNIX_EPOCH.checked_add(Duration::from_secs(s)));
    Validators { etag: Some(format!("\"{seconds:x}.{nanos:x}-{:x}\"", stat.st_size)), last_modified }
}

/// Returns whether a held copy is current. An entity tag takes precedence over the date (RFC 9110 13.2.2).
fn is_current(held: &Validators, now: &Validators) -> bool {
    let not_after = |held: SystemTime| now.last_modified.is_some_and(|modified| modified <= held);
    if held.etag.is_some() { held.etag == now.etag } else { held.last_modified.is_some_and(not_after) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use rustix::fs::mknodat;

    use super::*;

    const SECRET: &[u8] = b"outside the root";

    /// Creates a tree in which `outer/secret.jpg` is outside a source on `outer/root`.
    fn tree() -> (tempfile::TempDir, PathBuf) {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("root");
        fs::create_dir_all(root.join("sub/deep")).unwrap();
        fs::create_dir_all(outer.path().join("root-beside")).unwrap();
        fs::write(outer.path().join("secret.jpg"), SECRET).unwrap();
        fs::write(outer.path().join("root-beside/secret.jpg"), SECRET).unwrap();
        fs::write(root.join("a.jpg"), b"inside").unwrap();
        fs::write(root.join("sub/deep/b.jpg"), b"deep").unwrap();
        fs::write(root.join("%2e%2e"), b"odd name").unwrap();
        symlink("../secret.jpg", root.join("out.jpg")).unwrap();
        symlink(outer.path().join("secret.jpg"), root.join("absolute.jpg")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("/", root.join("slash")).unwrap();
        symlink("/proc/self/root", root.join("magic")).unwrap();
        symlink("loop.jpg", root.join("loop.jpg")).unwrap();
        symlink("sub/deep/../../a.jpg", root.join("in.jpg")).unwrap();
        symlink("deep", root.join("sub/link")).unwrap();
        mknodat(CWD, root.join("pipe.jpg"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        (outer, root)
    }

    fn source(root: &Path) -> FolderSource {
        FolderSource::new(root.to_owned(), &Limits { original_bytes_max: 1000, ..Limits::default() }).unwrap()
    }

    async fn get(source: &FolderSource, object: &str) -> Result<Vec<u8>, SourceError> {
        match source.fetch(FetchRequest { object, if_changed_from: None }).await? {
            Fetched::Original(original) => Ok(original.body.as_slice().to_vec()),
            Fetched::NotModified(_) => panic!("not asked for"),
        }
    }

    #[tokio::test]
    async fn nothing_outside_the_root_or_irregular_is_ever_read() {
        let (_outer, root) = tree();
        for with_openat2 in [true, false] {
            let source = source(&root);
            source.inner.has_openat2.store(with_openat2, Ordering::Relaxed);
            for object in [
                "/../secret.jpg",
                "/sub/../../secret.jpg",
                "/%2e%2e/secret.jpg",
                "/..%2fsecret.jpg",
                "/..\\secret.jpg",
                "/../root-beside/secret.jpg",
                "/out.jpg",
                "/absolute.jpg",
                "/up/secret.jpg",
                "/slash/etc/hostname",
                "/magic/etc/hostname",
                "/loop.jpg",
                "//etc/hostname",
                "/etc/hostname",
                "/a.jpg\0.png",
                "/\0",
                "/",
                "",
                "/sub",
                "/sub/",
                "/a.jpg/",
                "/a.jpg/x",
                "/pipe.jpg",
                "/./a.jpg",
                "/sub/../a.jpg",
                "//a.jpg",
                "/sub//deep/b.jpg",
                "/missing.jpg",
                "/..",
                "..",
            ] {
                assert_eq!(get(&source, object).await, Err(SourceError::Missing), "{object:?}, openat2 {with_openat2}");
            }
            let long = format!("/{}", "x".repeat(5000));
            assert_eq!(get(&source, &long).await, Err(SourceError::Missing));
            for (object, expected) in [("/a.jpg", "inside"), ("a.jpg", "inside"), ("/sub/deep/b.jpg", "deep")] {
                assert_eq!(get(&source, object).await.as_deref(), Ok(expected.as_bytes()), "{object}");
            }
        }
    }

    #[tokio::test]
    async fn links_that_stay_inside_are_followed_by_openat2_only() {
        let (_outer, root) = tree();
        let source = source(&root);
        assert_eq!(get(&source, "/in.jpg").await.as_deref(), Ok(b"inside".as_slice()));
        assert_eq!(get(&source, "/sub/link/b.jpg").await.as_deref(), Ok(b"deep".as_slice()));
        source.inner.has_openat2.store(false, Ordering::Relaxed);
        assert_eq!(get(&source, "/in.jpg").await, Err(SourceError::Missing));
        assert_eq!(get(&source, "/sub/link/b.jpg").await, Err(SourceError::Missing));
    }

    #[tokio::test]
    async fn devices_are_not_served() {
        let source = source(Path::new("/dev"));
        for object in ["/null", "/zero", "/tty", "/fd/0"] {
            assert_eq!(get(&source, object).await, Err(SourceError::Missing), "{object}");
        }
    }

    #[tokio::test]
    async fn a_root_may_be_a_link_that_moves() {
        let outer = tempfile::tempdir().unwrap();
        for release in ["1", "2"] {
            fs::create_dir(outer.path().join(release)).unwrap();
            fs::write(outer.path().join(release).join("a"), release).unwrap();
        }
        let current = outer.path().join("current");
        symlink("1", &current).unwrap();
        let source = source(&current);
        assert_eq!(get(&source, "/a").await.as_deref(), Ok(b"1".as_slice()));
        fs::remove_file(&current).unwrap();
        symlink("2", &current).unwrap();
        assert_eq!(get(&source, "/a").await.as_deref(), Ok(b"2".as_slice()));
    }

    #[test]
    fn a_root_that_is_not_a_directory_is_refused_at_the_start() {
        let (_outer, root) = tree();
        for bad in [root.join("a.jpg"), root.join("missing")] {
            assert!(matches!(FolderSource::new(bad, &Limits::default()), Err(BuildError::Root { .. })));
        }
    }

    #[test]
    fn unreadable_files_are_denied_and_disk_errors_are_not_the_clients() {
        assert_eq!(classify(Errno::ACCESS), SourceError::Denied(Cause::Denied(Scope::Object)));
        assert_eq!(classify(Errno::MFILE), SourceError::Exhausted(LocalFault::Descriptors));
        assert_eq!(classify(Errno::NOMEM), SourceError::Exhausted(LocalFault::Memory));
        let failed = SourceError::Upstream(Cause::Local(LocalFault::Io(io::Error::from(Errno::IO).kind())));
        assert_eq!(classify(Errno::IO), failed);
        assert_eq!(classify_root(Errno::ACCESS), SourceError::Misconfigured(Cause::Denied(Scope::Root)));
        assert_eq!(classify_root(Errno::NOENT), SourceError::Misconfigured(Cause::NotFound(Scope::Root)));
    }

    #[test]
    fn files_from_before_1970_have_an_entity_tag_only() {
        let (_outer, root) = tree();
        let file = File::options().write(true).open(root.join("a.jpg")).unwrap();
        file.set_modified(UNIX_EPOCH - Duration::from_secs(5)).unwrap();
        let v = validators(&fstat(&file).unwrap());
        assert_eq!(v.last_modified, None);
        assert!(v.etag.is_some());
        assert!(is_current(&v, &v));
    }
}
