//! The `niva` executable as a process.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use tokio::process::{Child, Command};

/// Longer than anything here takes on a busy machine; only a hang gets there.
const HANG: Duration = Duration::from_secs(240);

/// The executable that was built with this test.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn niva() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let built = test.ancestors().nth(2).expect("the folder of the build").join("niva");
    assert!(built.exists(), "{} is missing: cargo build --workspace --bins", built.display());
    built
}

/// A command that knows nothing of this process's own surroundings but where PostgreSQL's tests are.
#[must_use]
pub fn command<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(niva());
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("NIVA_") || name.starts_with("OTEL_"))
    {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end.
///
/// # Panics
/// When it does not start, or hangs.
pub async fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    let output = tokio::time::timeout(HANG, command(arguments).output()).await;
    output.expect("niva hangs").expect("niva starts")
}

/// What a command printed, for a message about it.
#[must_use]
pub fn words(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n--- stdout\n{}\n--- stderr\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// A process that runs until it is told to stop; what it says goes to a file.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `niva` with arguments.
    ///
    /// # Errors
    /// When the log cannot be written or the process not started.
    pub fn start(log: &Path, arguments: &[String]) -> io::Result<Self> {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
        let child = command(arguments).stdout(file.try_clone()?).stderr(file).spawn()?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// Kills it as a power cut would: nothing of it runs any more.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// Asks it to stop, and waits: its exit code, or what it said when it hangs.
    ///
    /// # Errors
    /// When it hangs.
    pub async fn stop(mut self) -> Result<Option<i32>, String> {
        let id = self.child.id().ok_or("it had ended before")?;
        let asked = std::process::Command::new("kill").args(["-TERM", &id.to_string()]).status();
        asked.map_err(|e| e.to_string())?;
        match tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await {
            Ok(status) => status.map(|s| s.code()).map_err(|e| e.to_string()),
            Err(_) => Err(format!("it does not stop:\n{}", self.said())),
        }
    }

    /// Whether it runs; else what it said.
    ///
    /// # Errors
    /// When it has ended.
    pub fn assert_runs(&mut self) -> Result<(), String> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            ended => Err(format!("{ended:?}\n{}", self.said())),
        }
    }

    /// The most memory that it has had resident so far, in bytes, without the pages that it never touched.
    ///
    /// # Errors
    /// When the system does not tell: it has ended, or this is not Linux.
    pub fn peak_memory(&self) -> io::Result<u64> {
        let id = self.child.id().ok_or_else(|| io::Error::other("it has ended"))?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        let kilobytes: Option<u64> = peak.and_then(|text| text.parse().ok());
        kilobytes.map(|kilobytes| kilobytes * 1024).ok_or_else(|| io::Error::other(status))
    }

    /// What it has said so far.
    #[must_use]
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// A port of this machine that nobody listens on.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
