//! What stands between the parentheses: `crate = path` and the certificate files.

use macro_string::MacroString;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Path, Token};

/// The arguments of a macro, in any order; a comma may follow the last one.
pub(crate) struct Arguments {
    /// The crate in which the expansion finds `TrustAnchor`.
    pub(crate) krate: Path,
    /// At least one certificate file.
    pub(crate) files: Vec<FileArgument>,
}

/// The path of one certificate file, as it was written.
pub(crate) struct FileArgument {
    path: MacroString,
    tokens: TokenStream,
    span: Span,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut krate = None;
        let mut files = Vec::new();
        while !input.is_empty() {
            if input.peek(Token![crate]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                let path = Path::parse_mod_style(input);
                krate = Some(path.map_err(|error| {
                    syn::Error::new(error.span(), "expected the path of the crate ta-types, such as `crate = my_tls::ta_types`")
                })?);
            } else {
                files.push(input.parse()?);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        if files.is_empty() {
            return Err(input.error("expected the path of a certificate file, such as \"ca.crt\""));
        }
        let krate = match krate {
            Some(krate) => krate,
            None => syn::parse_quote!(::ta_types),
        };
        Ok(Arguments { krate, files })
    }
}

impl Parse for FileArgument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (begin, span) = (input.fork(), input.span());
        let path: MacroString = input.parse()?;
        let mut tokens = TokenStream::new();
        while begin.cursor() != input.cursor() {
            let token: proc_macro2::TokenTree = begin.parse()?;
            tokens.extend([token]);
        }
        Ok(FileArgument { path, tokens, span })
    }
}

impl FileArgument {
    /// The path, with `concat!` and `env!` evaluated.
    pub(crate) fn path(&self) -> syn::Result<String> {
        self.path.eval()
    }

    /// Where the argument stands in the source file.
    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// Has the compiler look at the variables of an `env!` itself, so that it notices when one of them changes.
    pub(crate) fn track_variables(&self) -> TokenStream {
        let path = &self.tokens;
        quote!(const _: &::core::primitive::str = #path;)
    }

    /// A compile error that underlines the argument.
    pub(crate) fn error(&self, message: impl std::fmt::Display) -> syn::Error {
        self.path.error(message)
    }

    /// A compiler warning that underlines the argument and that `#[allow(deprecated)]` silences.
    ///
    /// Macros cannot warn on stable Rust, but the use of something deprecated does, and with a text of one's own.
    pub(crate) fn warning(&self, message: impl std::fmt::Display) -> TokenStream {
        let message = message.to_string();
        let certificate = Ident::new("CERTIFICATE", self.span);
        quote! {
            const _: () = {
                #[deprecated(note = #message)]
                const #certificate: () = ();
                #certificate
            };
        }
    }
}
