//! Finding and reading a certificate file.

use crate::arguments::FileArgument;
use proc_macro2::TokenStream;
use quote::quote;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// A certificate file that has been read.
pub(crate) struct CertificateFile {
    /// The path as the user wrote it, for messages.
    pub(crate) name: String,
    /// What the file holds.
    pub(crate) bytes: Vec<u8>,
    /// The absolute path.
    path: String,
}

impl CertificateFile {
    /// Reads the file that `argument` names.
    pub(crate) fn read(argument: &FileArgument) -> syn::Result<Self> {
        let name = argument.path()?;
        let path = locate(&name, argument)?;
        if path.is_dir() {
            return Err(argument.error(format_args!(
                "{name}: is a directory, and a macro cannot notice when a file is added to one; name the files, \
                 or use `ta_codegen::Builder` in build.rs, which takes directories"
            )));
        }
        let bytes =
            fs::read(&path).map_err(|error| argument.error(format_args!("{name}: cannot read {}: {error}", path.display())))?;
        match path.into_os_string().into_string() {
            Ok(path) => Ok(CertificateFile { name, bytes, path }),
            Err(path) => Err(argument.error(format_args!(
                "{name}: the path {} is not UTF-8, so the compiler cannot watch the file; rename it",
                path.display()
            ))),
        }
    }

    /// Has the compiler watch the file, so that the crate is built again when it changes.
    ///
    /// The bytes do not reach the binary, since nothing refers to the constant.
    pub(crate) fn track(&self) -> TokenStream {
        let path = &self.path;
        quote!(
            const _: &[::core::primitive::u8] = ::core::include_bytes!(#path);
        )
    }
}

/// The absolute path of the file: beside the source file as with `include_bytes!`, else in the package's directory.
fn locate(name: &str, argument: &FileArgument) -> syn::Result<PathBuf> {
    let beside_source = source_directory(argument).map(|directory| directory.join(name));
    let in_package = env::var_os("CARGO_MANIFEST_DIR").map(|directory| Path::new(&directory).join(name));
    let candidates = [beside_source, in_package];
    if let Some(found) = candidates.iter().flatten().find(|path| path.exists()) {
        return Ok(found.clone());
    }
    let places: Vec<_> = candidates.iter().flatten().map(|path| path.display().to_string()).collect();
    Err(argument.error(match places.as_slice() {
        [beside_source, in_package] if beside_source != in_package => {
            format!("{name}: no such file beside this source file ({beside_source}) nor in the package's folder ({in_package})")
        }
        _ => format!("{name}: no such file"),
    }))
}

/// The directory of the source file that the argument stands in. rust-analyzer does not tell it.
fn source_directory(argument: &FileArgument) -> Option<PathBuf> {
    let source = std::path::absolute(argument.span().unwrap().local_file()?).ok()?;
    Some(source.parent()?.to_owned())
}
