//! From arguments to an expression, or to compile errors.

use crate::arguments::{Arguments, FileArgument};
use crate::file::CertificateFile;
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::Path;
use ta_codegen::check::{self, Warning};
use ta_codegen::cursor::Cursor;
use ta_codegen::error::{DecodeError, Problem, ProblemKind};
use ta_codegen::time::Time;
use ta_codegen::{Certificate, Error, TrustAnchor};

/// What can be included: the elements of the array that a macro makes.
pub(crate) trait Include: Sized {
    /// Everything that the file called `name` holds.
    fn read(bytes: &[u8], name: &str) -> Result<Vec<Self>, Error>;
    /// What to tell about them.
    fn warnings(items: &[Self]) -> Vec<Warning>;
    /// The array as an expression; `krate` is the path of ta-types.
    fn expression(items: &[Self], krate: &Path) -> TokenStream;
}

impl Include for TrustAnchor {
    fn read(bytes: &[u8], name: &str) -> Result<Vec<Self>, Error> {
        ta_codegen::read_trust_anchors(bytes, name)
    }

    fn warnings(anchors: &[Self]) -> Vec<Warning> {
        check::warnings(anchors, Time::now())
    }

    fn expression(anchors: &[Self], krate: &Path) -> TokenStream {
        let anchors = ta_codegen::unique(anchors);
        let length = anchors.len();
        let array = ta_codegen::rust::array(&anchors, &krate.to_token_stream());
        quote!(const TRUST_ANCHORS: &[#krate::TrustAnchor<'static>; #length] = &#array; TRUST_ANCHORS)
    }
}

impl Include for Certificate {
    fn read(bytes: &[u8], name: &str) -> Result<Vec<Self>, Error> {
        let certificates = ta_codegen::read_certificates(bytes, name)?;
        let problems: Vec<_> = certificates.iter().filter_map(|certificate| damage(certificate).err()).collect();
        if problems.is_empty() { Ok(certificates) } else { Err(problems.into()) }
    }

    fn warnings(certificates: &[Self]) -> Vec<Warning> {
        let anchors: Vec<_> = certificates.iter().cloned().filter_map(|certificate| certificate.try_into().ok()).collect();
        check::warnings(&anchors, Time::now())
    }

    fn expression(certificates: &[Self], _: &Path) -> TokenStream {
        let length = certificates.len();
        let certificates = certificates.iter().map(|certificate| Literal::byte_string(certificate.der()));
        quote!(const CERTIFICATES: &[&[::core::primitive::u8]; #length] = &[#(#certificates),*]; CERTIFICATES)
    }
}

/// Refuses what is not one whole certificate. A key that BearSSL does not know is no damage: another stack may know it.
fn damage(certificate: &Certificate) -> Result<(), Problem> {
    let problem = |error: DecodeError| Problem { origin: certificate.origin().clone(), kind: error.into() };
    let mut der = Cursor::new(certificate.der());
    der.sequence().and_then(|mut contents| contents.skip()).map_err(|error| problem(error.into()))?;
    if !der.is_at_end_of_input() {
        return Err(problem(DecodeError::TrailingData(certificate.der().len() - der.position())));
    }
    match TrustAnchor::try_from(certificate.clone()) {
        Err(Problem { kind: ProblemKind::Decode(error @ (DecodeError::Encoding(_) | DecodeError::Version(_))), .. }) => {
            Err(problem(error))
        }
        _ => Ok(()),
    }
}

/// The whole expansion of a macro.
pub(crate) fn expand<T: Include>(input: TokenStream) -> TokenStream {
    syn::parse2(input).and_then(|arguments| include::<T>(&arguments)).unwrap_or_else(compile_errors)
}

/// A block that watches the files, warns of their contents and has the array as its value.
fn include<T: Include>(arguments: &Arguments) -> syn::Result<TokenStream> {
    let files = collect(arguments.files.iter().map(read::<T>))?;
    let tracking = arguments.files.iter().zip(&files).map(|(argument, (file, _))| {
        let (variables, file) = (argument.track_variables(), file.track());
        quote!(#variables #file)
    });
    let tracking: TokenStream = tracking.collect();
    let names: Vec<_> = files.iter().map(|(file, _)| file.name.clone()).collect();
    let items: Vec<T> = files.into_iter().flat_map(|(_, items)| items).collect();
    let warnings = T::warnings(&items).into_iter().filter_map(|warning| {
        let file = names.iter().position(|name| **name == *warning.origin.file)?;
        Some(arguments.files[file].warning(warning))
    });
    let expression = T::expression(&items, &arguments.krate);
    Ok(quote!({ #tracking #(#warnings)* #expression }))
}

/// Reads one file; every problem in it becomes an error at its argument.
fn read<T: Include>(argument: &FileArgument) -> syn::Result<(CertificateFile, Vec<T>)> {
    let file = CertificateFile::read(argument)?;
    match T::read(&file.bytes, &file.name) {
        Ok(items) => Ok((file, items)),
        Err(error) => {
            let errors = error.problems().iter().map(|problem| argument.error(problem));
            Err(errors.reduce(combined).unwrap_or_else(|| argument.error(&error)))
        }
    }
}

/// All the values, or all the errors.
fn collect<T>(results: impl Iterator<Item = syn::Result<T>>) -> syn::Result<Vec<T>> {
    let mut values: syn::Result<Vec<T>> = Ok(Vec::new());
    for result in results {
        match (&mut values, result) {
            (Ok(values), Ok(value)) => values.push(value),
            (Err(errors), Err(error)) => errors.combine(error),
            (Ok(_), Err(error)) => values = Err(error),
            (Err(_), Ok(_)) => {}
        }
    }
    values
}

fn combined(mut errors: syn::Error, error: syn::Error) -> syn::Error {
    errors.combine(error);
    errors
}

/// An expression that is nothing but errors. The compiler takes it for any type, and so has nothing to add to them.
fn compile_errors(errors: syn::Error) -> TokenStream {
    let errors = errors.into_iter().map(|error| error.into_compile_error());
    quote!({ #(#errors);* })
}
