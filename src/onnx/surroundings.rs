//! What the process finds around it: variables, programs, its own folder.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Looks a variable up.
type Variables = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// The environment of a process, which tests replace by one of their own.
#[derive(Clone)]
pub struct Surroundings {
    variables: Variables,
    program: Option<PathBuf>,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Surroundings")
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

impl Default for Surroundings {
    fn default() -> Self {
        Self::of_process()
    }
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        let program = std::env::current_exe().ok();
        let folder = program
            .map(|path| path.canonicalize().unwrap_or(path))
            .and_then(|path| path.parent().map(Path::to_owned));
        Self {
            variables: Arc::new(|name| std::env::var_os(name)),
            program: folder,
        }
    }

    /// Surroundings with these variables and no others, and a program in the folder `program`.
    pub fn new(
        program: Option<PathBuf>,
        variables: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
    ) -> Self {
        Self {
            variables: Arc::new(variables),
            program,
        }
    }

    /// The value of a variable; nothing if it is unset or empty.
    pub fn variable(&self, name: &str) -> Option<OsString> {
        (self.variables)(name).filter(|value| !value.is_empty())
    }

    /// The value of a variable that is text; nothing if it is unset, empty or not UTF-8.
    pub fn text(&self, name: &str) -> Option<String> {
        self.variable(name)?.into_string().ok()
    }

    /// The value of a variable that names a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.variable(name).map(PathBuf::from)
    }

    /// The folder that the running program lies in.
    pub fn program_folder(&self) -> Option<&Path> {
        self.program.as_deref()
    }

    /// The home folder of the user.
    pub fn home(&self) -> Option<PathBuf> {
        let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        self.path(name)
    }

    /// The program that a shell would start for `name`.
    pub(crate) fn find_program(&self, name: &str) -> Option<PathBuf> {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        std::env::split_paths(&self.variable("PATH")?)
            .filter(|folder| !folder.as_os_str().is_empty())
            .map(|folder| folder.join(&name))
            .find(|path| is_executable(path))
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
