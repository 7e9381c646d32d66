//! Crates outside the workspace, built the way a user of this project builds theirs.

use crate::support::{project, read_text, require, require_file, run, text};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The target that stands for bare metal: a Cortex-M3, which has 32-bit pointers and no operating system.
const BARE_METAL: &str = "thumbv7m-none-eabi";

/// A crate in a folder of its own.
pub(crate) struct Crate {
    folder: PathBuf,
}

impl Crate {
    /// Writes a crate called `name` with the lines `dependencies` in its manifest and `files` beside it.
    ///
    /// `@project` in a dependency stands for the project's root.
    #[track_caller]
    pub(crate) fn new(name: &str, dependencies: &str, files: &[(&str, &str)]) -> Self {
        let folder = build_folder().join("crates").join(name);
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n\n[workspace]\n\n\
             [profile.release]\npanic = \"abort\"\n"
        );
        let made = Self { folder };
        made.write("Cargo.toml", manifest.replace("@project", text(&project())));
        // The versions that the workspace is tested with.
        made.write("Cargo.lock", read_text(project().join("Cargo.lock")));
        for (path, contents) in files {
            made.write(path, contents);
        }
        made
    }

    /// The crate's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the file `path` of the crate, unless it has that contents: cargo goes by the time of the last change.
    #[track_caller]
    pub(crate) fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder for the crate");
        if fs::read(&path).ok().as_deref() != Some(contents.as_ref()) {
            fs::write(&path, contents).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }

    /// `cargo build` for this crate on the host. All crates share a build folder, so that ta-macros is compiled once.
    pub(crate) fn cargo_build(&self) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.arg("build").current_dir(&self.folder).env("CARGO_TARGET_DIR", build_folder().join("host"));
        cargo
    }

    /// Runs `cargo`, a [`Crate::cargo_build`] to which more may have been added, and returns the program's path.
    #[track_caller]
    pub(crate) fn build(&self, cargo: &mut Command) -> PathBuf {
        let outcome = run(cargo.args(["--message-format", "json-render-diagnostics"])).expect_status(0);
        // cargo's messages are a JSON object for each line, and only the program's has an executable.
        let mut executables = outcome.text().lines().filter_map(|line| line.split_once("\"executable\":\""));
        let (_, rest) = executables.next_back().expect("cargo names the program");
        PathBuf::from(rest.split_once('"').expect("a closed JSON string").0)
    }

    /// Builds the crate's library for bare metal and returns its path.
    #[track_caller]
    pub(crate) fn build_for_bare_metal(&self) -> PathBuf {
        let mut cargo = self.cargo_build();
        run(bare_metal(cargo.args(["--release", "--lib"]))).expect_status(0);
        let target = cargo.get_envs().find(|(name, _)| *name == "CARGO_TARGET_DIR").and_then(|(_, value)| value);
        let name = self.folder.file_name().and_then(|name| name.to_str()).expect("a crate has a name").replace('-', "_");
        Path::new(target.expect("every crate has a build folder")).join(BARE_METAL).join(format!("release/lib{name}.rlib"))
    }
}

/// Adds the bare-metal target to `cargo`: rustup's if it is installed, else Debian's compiler with its library's source.
#[track_caller]
fn bare_metal(cargo: &mut Command) -> &mut Command {
    cargo.args(["--target", BARE_METAL]);
    let rustup = run(Command::new("rustc").args(["--print", "target-libdir", "--target", BARE_METAL]));
    if rustup.status == 0 && Path::new(rustup.text().trim()).is_dir() {
        return cargo;
    }
    require_file("/usr/lib/rustlib/src/rust/library", "rustc-web rust-web-src (or: rustup target add thumbv7m-none-eabi)");
    require("/usr/bin/rustc", "rustc-web");
    cargo
        .args(["-Zbuild-std=core"])
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", build_folder().join("bare-metal"))
}

/// Where the crates are written and built.
fn build_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}
