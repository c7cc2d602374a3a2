//! Checks a valid configuration against this machine: folders that are missing or not writable, and settings that are
//! safe only in the right network. Used by `check-config`, after everything that [`load`](super::load) checks.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use super::places::WrittenPlaces;
use super::{Config, Environment, Fault, Override, Place, SourceKind, load_with_places};

/// The result of [`inspect`].
#[derive(Debug)]
pub struct Inspection {
    /// The configuration that was loaded.
    pub config: Config,
    /// What will not work on this machine.
    pub faults: Vec<Fault>,
    /// What works but may not be intended.
    pub warnings: Vec<Fault>,
}

/// Loads a configuration and checks the folders and the admin address that it names.
///
/// # Errors
/// Returns the faults of [`load`](super::load). A configuration with such faults is not checked further.
pub fn inspect(
    file: Option<&Path>,
    environment: &Environment,
    overrides: &[Override],
) -> Result<Inspection, Vec<Fault>> {
    let (config, written) = load_with_places(file, environment, overrides)?;
    let mut faults = Vec::new();
    let mut warnings = Vec::new();
    for (key, folder) in [("cache.disk_dir", &config.cache.disk_dir), ("log.dir", &config.log.dir)] {
        if let Some(folder) = folder
            && let Err(message) = try_writing(folder)
        {
            faults.push(Fault::new(place(&written.settings, key), key, message));
        }
    }
    for (source, written) in config.sources.iter().zip(&written.sources) {
        if let SourceKind::Folder { root } = &source.kind
            && let Err(message) = try_listing(root)
        {
            faults.push(Fault::new(place(written, "source.root"), "source.root", message));
        }
    }
    warnings.extend(public_admin(&config, &written));
    Ok(Inspection { config, faults, warnings })
}

fn place(written: &BTreeMap<String, Place>, key: &str) -> Place {
    written.get(key).cloned().unwrap_or(Place::Absent)
}

/// Warns about a public admin listener. Health and metrics show strangers how busy the server is, and internal names.
fn public_admin(config: &Config, written: &WrittenPlaces) -> Option<Fault> {
    let key = "server.admin_listen";
    let ip = config.server.admin_listen.ip();
    is_public(ip).then(|| {
        let what = if ip.is_unspecified() { "every address of this machine" } else { "an address that is not private" };
        let message = format!("listens on {what}; keep health and metrics on a private address");
        Fault::new(place(&written.settings, key), key, message)
    })
}

/// Returns whether strangers may reach `ip`: true for everything but loopback, link-local and private addresses.
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => !(ip.is_loopback() || ip.is_private() || ip.is_link_local()),
        IpAddr::V6(ip) => !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()),
    }
}

/// Checks that `root` is a folder that can be listed.
fn try_listing(root: &Path) -> Result<(), String> {
    let shown = root.display();
    match fs::metadata(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(format!("the folder {shown} does not exist")),
        Ok(found) if !found.is_dir() => Err(format!("{shown} is not a folder")),
        Ok(_) => fs::read_dir(root).map(drop).map_err(|error| format!("{shown} cannot be read: {}", error.kind())),
        Err(error) => Err(format!("{shown} cannot be read: {}", error.kind())),
    }
}

/// Checks that a file can be created in `folder`, or that `folder` can be created if it does not exist. Removes what it
/// created.
///
/// It tries instead of checking permissions, because permissions are not the only reason a folder cannot be written.
fn try_writing(folder: &Path) -> Result<(), String> {
    let failed = |error: io::Error| format!("{} cannot be written: {}", folder.display(), error.kind());
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => Err(format!("{} is not a folder", folder.display())),
        Ok(_) => {
            let file = folder.join(format!(".tintype-check-{}", std::process::id()));
            fs::File::create_new(&file).map_err(failed)?;
            fs::remove_file(&file).map_err(failed)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Creates only the outermost missing folder; if that works, the folders inside it can be created too.
            let missing = |ancestor: &&Path| !ancestor.as_os_str().is_empty() && !ancestor.exists();
            let outermost = folder.ancestors().take_while(missing).last().unwrap_or(folder);
            fs::create_dir(outermost).map_err(failed)?;
            fs::remove_dir(outermost).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspected(text: &str) -> Inspection {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("photos")).unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let file = dir.path().join("t.toml");
        fs::write(&file, text).unwrap();
        let inspection = inspect(Some(&file), &Environment::new(), &[]).unwrap();
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["file", "photos", "t.toml"], "nothing is left behind");
        inspection
    }

    /// Compares faults, written as `line key`, and checks that each message names its path.
    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found: Vec<_> = inspected(text)
            .faults
            .into_iter()
            .map(|fault| {
                let Place::Line { line, .. } = fault.place else { panic!("{fault}") };
                (format!("{line} {}", fault.key), fault.message)
            })
            .collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((place, message), (expected_place, path)) in found.iter().zip(expected) {
            assert_eq!(place, expected_place);
            assert!(message.contains(path), "{message} names {path}");
        }
    }

    const PHOTOS: &str = "[[source]]\nname = \"a\"\nkind = \"folder\"\nroot = \"photos\"\n";

    #[test]
    fn relative_folders_start_from_the_configuration_file() {
        check(PHOTOS, &[]);
        check(&PHOTOS.replace("photos", "nowhere"), &[("4 source.root", "nowhere")]);
        check(&PHOTOS.replace("photos", "file"), &[("4 source.root", "file")]);
    }

    #[test]
    fn folders_that_cannot_be_written_are_found() {
        let with = |dir: &str| format!("{PHOTOS}[cache]\ndisk_dir = \"{dir}\"\n[log]\ndir = \"photos\"\n");
        check(&with("photos"), &[]);
        check(&with("made/when/needed"), &[]);
        check(&with("file"), &[("6 cache.disk_dir", "file")]);
        check(&with("file/below"), &[("6 cache.disk_dir", "file/below")]);
        check(&with("/proc/tintype/cache"), &[("6 cache.disk_dir", "/proc/tintype/cache")]);
    }

    #[test]
    fn an_admin_listener_on_a_public_address_is_a_warning() {
        let warned = |address: &str| {
            let text = format!("{PHOTOS}[server]\nlisten = \"127.0.0.1:1\"\nadmin_listen = \"{address}\"\n");
            inspected(&text)
                .warnings
                .iter()
                .map(ToString::to_string)
                .any(|line| line.contains(":7: server.admin_listen"))
        };
        for public in ["0.0.0.0:9090", ":9090", "[::]:9090", "192.0.2.1:9090", "[2001:db8::1]:9090"] {
            assert!(warned(public), "{public}");
        }
        for private in ["127.0.0.1:9090", "localhost:9090", "10.0.0.1:9090", "[::1]:9090", "[fd00::1]:9090"] {
            assert!(!warned(private), "{private}");
        }
    }
}
