//! The anchors of `src/anchors.rs` once more, as a generated file: the other way to have
//! them.

fn main() -> Result<(), ta_codegen::Error> {
    ta_codegen::Builder::new()
        .certificates("../certs/ca-p256.crt")
        .certificates("../certs/ca-rsa.crt")
        .rust("trust_anchors.rs")
        .deny_expired()
        .deny_non_ca()
        .generate()
}
