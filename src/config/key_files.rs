//! Reads key files again when they change. Requests never read these files: [`KeyFiles::look`] runs in the background.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::secret::Group;
use super::{Config, Secret};

/// The files that hold the secrets of a configuration.
///
/// Compares contents, not modification times, so it does not matter how a file is replaced: by a rename, in place, or
/// by moving a symbolic link that leads to it (as Kubernetes does). If the new contents cannot be used, the previous
/// key stays in use.
#[derive(Debug)]
pub struct KeyFiles {
    groups: Vec<Watched>,
}

struct Watched {
    /// Name of the source that uses the secrets.
    source: String,
    group: Arc<Group>,
    /// What the files held at the last look, if it differs from what is in use.
    pending: Option<Vec<Arc<[u8]>>>,
    /// The reason that was last logged why the files cannot be used.
    complaint: Option<String>,
}

impl KeyFiles {
    /// Time between two looks. A change takes effect only at the second look that sees it, so that a half-written file
    /// is never used.
    pub const PAUSE: Duration = Duration::from_secs(1);

    /// Collects the key files of `config`. Leaves out anything that is not a regular file, such as a pipe, which can be
    /// read only once.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let mut groups: Vec<Watched> = Vec::new();
        for source in &config.sources {
            let secrets = source.signing.keys.iter().chain(source.kind.secrets());
            for group in secrets.map(Secret::group) {
                let is_known = groups.iter().any(|known| Arc::ptr_eq(&known.group, group));
                let mut files = group.files().peekable();
                if !is_known && files.peek().is_some() && files.all(Path::is_file) {
                    let (source, group) = (source.name.clone(), group.clone());
                    groups.push(Watched { source, group, pending: None, complaint: None });
                }
            }
        }
        Self { groups }
    }

    /// Returns whether there is no file to look at.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Reads every file and puts changed contents in use once two looks in a row see the same. Blocks on the disk.
    pub fn look(&mut self) {
        self.groups.iter_mut().for_each(Watched::look);
    }
}

impl Watched {
    fn look(&mut self) {
        let found = match self.group.read_again() {
            Ok(found) => found,
            Err(what) => return self.complain(what),
        };
        if self.complaint.take().is_some() {
            tracing::info!(source = %self.source, "key file readable again");
        }
        if found == *self.group.current() {
            self.pending = None;
        } else if self.pending.as_ref() == Some(&found) {
            self.pending = None;
            self.group.replace(found);
            tracing::info!(source = %self.source, "key file changed; the new key is in use");
        } else {
            self.pending = Some(found);
        }
    }

    /// Logs what is wrong, once for each new reason.
    fn complain(&mut self, what: String) {
        self.pending = None;
        if self.complaint.as_ref() != Some(&what) {
            tracing::warn!(source = %self.source, "key file cannot be used: {what}; the previous key stays in use");
            self.complaint = Some(what);
        }
    }
}

impl std::fmt::Debug for Watched {
    /// Leaves out the contents of the files.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched").field("source", &self.source).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config::SourceKind;
    use crate::config::{Environment, parse};

    const OLD: &str = "old-old-old-old-old";
    const NEW: &str = "new-new-new-new-new";

    struct Case {
        dir: tempfile::TempDir,
        config: Config,
        files: KeyFiles,
    }

    impl Case {
        /// Creates a signed folder source with its key in the file `key`, and a bucket with its key pair in `access`
        /// and `secret`.
        fn new(prepare: impl FnOnce(&Path)) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let at = dir.path();
            for name in ["access", "secret"] {
                fs::write(at.join(name), OLD).unwrap();
            }
            prepare(at);
            let text = format!(
                "[[source]]\nname = \"f\"\nkind = \"folder\"\nroot = \"/\"\nhosts = [\"a.test\"]\n\
                 signing = {{ mode = \"required\", keys = [\"file:{at}/key\", \"env:K\"] }}\n\
                 [[source]]\nname = \"b\"\nkind = \"s3\"\nbucket = \"b\"\n\
                 access_key = \"file:{at}/access\"\nsecret_key = \"file:{at}/secret\"\n",
                at = at.display()
            );
            let environment = Environment::from([("K".to_owned(), "from-the-environment".to_owned())]);
            let config = parse("t", &text, &environment, &[]).unwrap();
            let files = KeyFiles::of(&config);
            Self { dir, config, files }
        }

        fn key(&self) -> String {
            String::from_utf8(self.config.sources[0].signing.keys[0].expose().to_vec()).unwrap()
        }

        fn pair(&self) -> (String, String) {
            let SourceKind::S3(s3) = &self.config.sources[1].kind else { panic!("a bucket") };
            let (one, other) = s3.credentials.as_ref().unwrap();
            let (one, other) = Secret::expose_both(one, other);
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            (text(&one), text(&other))
        }

        /// Checks that the first look after `change` leaves the key alone and that the second one takes it over.
        #[track_caller]
        fn check(&mut self, change: impl FnOnce(&Path), expected: &str) {
            let before = self.key();
            change(self.dir.path());
            self.files.look();
            assert_eq!(self.key(), before, "taken over at once, perhaps half written");
            self.files.look();
            assert_eq!(self.key(), expected);
        }
    }

    fn plain(at: &Path) {
        fs::write(at.join("key"), OLD).unwrap();
    }

    #[test]
    fn a_key_file_is_followed_however_it_is_replaced() {
        Case::new(plain).check(|at| fs::write(at.join("key"), NEW).unwrap(), NEW);
        Case::new(plain).check(|at| fs::write(at.join("key"), format!("{NEW}\r\n")).unwrap(), NEW);
        let renamed = |at: &Path| {
            fs::write(at.join("key.tmp"), NEW).unwrap();
            fs::rename(at.join("key.tmp"), at.join("key")).unwrap();
        };
        Case::new(plain).check(renamed, NEW);
        // Kubernetes: key -> ..data/key, ..data -> ..1, and the second link is replaced.
        let mounted = |at: &Path| {
            for (name, key) in [("..1", OLD), ("..2", NEW)] {
                fs::create_dir(at.join(name)).unwrap();
                fs::write(at.join(name).join("key"), key).unwrap();
            }
            symlink("..1", at.join("..data")).unwrap();
            symlink("..data/key", at.join("key")).unwrap();
        };
        let swapped = |at: &Path| {
            symlink("..2", at.join("..data_tmp")).unwrap();
            fs::rename(at.join("..data_tmp"), at.join("..data")).unwrap();
        };
        Case::new(mounted).check(swapped, NEW);
    }

    #[test]
    fn a_file_that_cannot_be_used_leaves_the_last_good_key() {
        let unusable: [fn(&Path); 6] = [
            |at| fs::remove_file(at.join("key")).unwrap(),
            |at| fs::write(at.join("key"), "").unwrap(),
            |at| fs::write(at.join("key"), "\n").unwrap(),
            |at| fs::write(at.join("key"), "too-short").unwrap(),
            |at| fs::write(at.join("key"), vec![b'x'; 100_000]).unwrap(),
            |at| {
                fs::remove_file(at.join("key")).unwrap();
                fs::create_dir(at.join("key")).unwrap();
            },
        ];
        for change in unusable {
            let mut case = Case::new(plain);
            case.check(change, OLD);
            let _is_a_folder = fs::remove_dir(case.dir.path().join("key"));
            case.check(|at| fs::write(at.join("key"), NEW).unwrap(), NEW);
        }
    }

    #[test]
    fn a_pair_is_replaced_only_as_a_whole() {
        let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
        let mut case = Case::new(plain);
        let at = case.dir.path().to_owned();
        fs::write(at.join("access"), NEW).unwrap();
        case.files.look();
        fs::write(at.join("secret"), NEW).unwrap();
        case.files.look();
        assert_eq!(case.pair(), pair(OLD, OLD), "the halves changed between two looks");
        case.files.look();
        assert_eq!(case.pair(), pair(NEW, NEW));
        fs::write(at.join("access"), OLD).unwrap();
        fs::write(at.join("secret"), [0xff, 0xfe]).unwrap();
        case.files.look();
        case.files.look();
        assert_eq!(case.pair(), pair(NEW, NEW), "half a pair is none");
    }

    #[test]
    fn secrets_from_the_environment_or_a_pipe_are_not_watched() {
        let config = Config::default();
        assert!(KeyFiles::of(&config).is_empty());
        let case = Case::new(plain);
        assert_eq!(case.files.groups.len(), 2, "one key file, one pair");
        assert_eq!(&*case.config.sources[0].signing.keys[1].expose(), b"from-the-environment");
    }
}
