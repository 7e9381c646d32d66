//! Trust anchors as Rust source, in the types of the crate `ta-types`.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::anchor::TrustAnchor;

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

/// Formatted source of one `pub static` called `name` with the anchors, for `include!` or a module of its own.
///
/// # Panics
///
/// Where `name` is no identifier.
#[cfg(feature = "build")]
pub fn source(anchors: &[&TrustAnchor], name: &str) -> String {
    let identifier = quote::format_ident!("{name}");
    let array = array(anchors, &quote!(::ta_types));
    let length = Literal::usize_unsuffixed(anchors.len());
    let lines = documentation(anchors);
    let item = quote! {
        #(#[doc = #lines])*
        pub static #identifier: [::ta_types::TrustAnchor<'static>; #length] = #array;
    };
    let file = syn::parse2(item).expect("the tokens above are a Rust item");
    prettyplease::unparse(&file)
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
