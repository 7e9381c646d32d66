//! Trust anchors as Rust source, in the types of the crate `ta-types`.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::anchor::TrustAnchor;
#[cfg(feature = "build")]
use crate::anchor::common_validity;
#[cfg(feature = "build")]
use crate::time::Validity;

/// An array expression of the anchors. `types` is the path of the crate `ta-types`, such as `::ta_types`.
///
/// Bytes are byte strings in place: rustc checks those much faster than arrays of integers, and stores equal ones once.
pub fn array(anchors: &[&TrustAnchor], types: &TokenStream) -> TokenStream {
    let anchors = anchors.iter().map(|anchor| {
        let subject = Literal::byte_string(anchor.subject());
        let spki = Literal::byte_string(anchor.spki());
        let name_constraints = match anchor.name_constraints() {
            Some(name_constraints) => {
                let name_constraints = Literal::byte_string(name_constraints);
                quote!(::core::option::Option::Some(#name_constraints))
            }
            None => quote!(::core::option::Option::None),
        };
        let is_ca = anchor.is_ca();
        quote!(#types::TrustAnchor { subject: #subject, spki: #spki, name_constraints: #name_constraints, is_ca: #is_ca })
    });
    quote!([#(#anchors),*])
}

/// Formatted source of one `pub static` called `name` with the anchors, for `include!` or a module of its own, and of two constants
/// that say between which dates all of them hold, in seconds since 1970: `{name}_LATEST_NOT_BEFORE` and `{name}_EARLIEST_NOT_AFTER`.
///
/// # Errors
///
/// A name that is no identifier of Rust.
#[cfg(feature = "build")]
pub fn source(anchors: &[&TrustAnchor], name: &str) -> Result<String, crate::NameError> {
    let identifier = identifier(name)?;
    let array = array(anchors, &quote!(::ta_types));
    let length = Literal::usize_unsuffixed(anchors.len());
    let lines = documentation(anchors);
    let freshness = freshness(anchors, &identifier);
    let items = quote! {
        #(#[doc = #lines])*
        pub static #identifier: [::ta_types::TrustAnchor<'static>; #length] = #array;
        #freshness
    };
    let file = syn::parse2(items).expect("the tokens above are Rust items");
    Ok(prettyplease::unparse(&file))
}

/// The name alone: syn would also take blanks and comments around it.
#[cfg(feature = "build")]
fn identifier(name: &str) -> Result<syn::Ident, crate::NameError> {
    let identifier: Option<syn::Ident> = syn::parse_str(name).ok();
    // `gen` is a keyword since edition 2024, and syn takes it for the sake of older ones.
    identifier
        .filter(|identifier| identifier == name && identifier != "gen")
        .ok_or_else(|| crate::NameError::NotIdentifierOfRust(name.to_owned()))
}

/// Both dates as constants, for firmware: a device without a clock has a floor to start from, and any device can tell that its trust
/// is about to end.
#[cfg(feature = "build")]
fn freshness(anchors: &[&TrustAnchor], name: &syn::Ident) -> TokenStream {
    let Some(Validity { not_before, not_after }) = common_validity(anchors) else { return TokenStream::new() };
    let constants =
        [("LATEST_NOT_BEFORE", "first", not_before), ("EARLIEST_NOT_AFTER", "last", not_after)].map(|(suffix, which, time)| {
            let identifier = quote::format_ident!("{name}_{suffix}");
            let documentation = format!(" The {which} second in which all of them hold, since 1970: {time}.");
            let seconds = Literal::i64_unsuffixed(time.unix_seconds());
            // Not every firmware looks at them, and one that does not should build without a warning.
            quote!(#[doc = #documentation] #[allow(unused)] pub const #identifier: i64 = #seconds;)
        });
    constants.into_iter().collect()
}

/// What the table's documentation says: a list of the anchors.
#[cfg(feature = "build")]
fn documentation(anchors: &[&TrustAnchor]) -> Vec<String> {
    let mut lines = vec![" Trust anchors, written by ta-codegen.".to_owned(), String::new()];
    for (index, anchor) in anchors.iter().enumerate() {
        let [subject, sha256, validity, key] = crate::describe::lines(anchor);
        lines.push(format!(" {index}. {subject}"));
        lines.extend([sha256, validity, key].map(|line| format!("    {line}")));
    }
    lines
}
