//! A server process of a test, with everything it starts.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// A process group that is killed when this value is dropped, even by a panic.
#[derive(Debug)]
pub struct Server(Child);

impl Server {
    /// Starts `command` in its own process group, with its output in the file `log`.
    pub fn spawn(command: &mut Command, log: &Path) -> io::Result<Self> {
        let log = File::create(log)?;
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(Self(command.spawn()?))
    }

    /// Polls `ready` until it returns true. Returns `false` when the process ends first or time runs out.
    pub fn wait_until(&mut self, time: Duration, mut ready: impl FnMut() -> bool) -> bool {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            if self.0.try_wait().is_ok_and(|ended| ended.is_some()) {
                return false;
            }
            if ready() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            let _already_gone = kill_process_group(group, Signal::KILL);
        }
        let _reaped = self.0.wait();
    }
}

/// Returns ports that were free a moment ago, all different.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let listeners: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
