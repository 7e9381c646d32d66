//! The crates as they would be published: Cargo packs them, and each package has what its users may ask for.

use std::process::Command;

use crate::support::{project, run, temporary_folder};

/// The crates that are for others.
const PUBLISHED: &[&str] = &["ta-codegen", "ta-macros", "ta-types"];

#[test]
fn each_crate_packs() {
    let folder = temporary_folder();
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(project())
        .args(["package", "--allow-dirty", "--offline", "--no-verify", "--target-dir"])
        .arg(folder.path());
    run(cargo.args(PUBLISHED.iter().flat_map(|name| ["-p", name]))).expect_status(0);
    for name in PUBLISHED {
        let package = folder.path().join(format!("package/{name}-{}.crate", env!("CARGO_PKG_VERSION")));
        let list = run(Command::new("tar").arg("-tzf").arg(package)).expect_status(0);
        for file in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
            let is_there = list.text().lines().any(|line| line.ends_with(&format!("/{file}")));
            assert!(is_there, "the package {name} lacks {file}:\n{}", list.text());
        }
    }
}
