//! Ephemeral Diffie-Hellman on P-256 (RFC 8446, section 4.2.8.2; RFC 8422).

use alloc::boxed::Box;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::{EncodedPoint, PublicKey, SecretKey};
use rustls::crypto::{ActiveKeyExchange, GetRandomFailed, SharedSecret, SupportedKxGroup};
use rustls::{Error, NamedGroup, PeerMisbehaved};

/// Bytes of an uncompressed point: 04, x, y. TLS has no other form.
const POINT_LENGTH: usize = 65;

/// The group secp256r1.
#[derive(Debug)]
pub(super) struct P256;

impl SupportedKxGroup for P256 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let secret = random_secret()?;
        let public = secret.public_key().to_encoded_point(false);
        Ok(Box::new(Exchange { secret, public }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::secp256r1
    }
}

struct Exchange {
    secret: SecretKey,
    public: EncodedPoint,
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        if peer.len() != POINT_LENGTH {
            return Err(PeerMisbehaved::InvalidKeyShare.into());
        }
        // Refuses points that are not on the curve.
        let peer = PublicKey::from_sec1_bytes(peer).map_err(|_| Error::from(PeerMisbehaved::InvalidKeyShare))?;
        let shared = p256::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), peer.as_affine());
        Ok(SharedSecret::from(&shared.raw_secret_bytes()[..]))
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::secp256r1
    }
}

/// A secret scalar. Random bytes are one only when they are below the order of the group:
/// all but one in 2^32 are, so more than a few attempts mean a broken source.
fn random_secret() -> Result<SecretKey, GetRandomFailed> {
    for _ in 0..4 {
        let mut bytes = [0; 32];
        getrandom::getrandom(&mut bytes).map_err(|_| GetRandomFailed)?;
        if let Ok(secret) = SecretKey::from_slice(&bytes) {
            return Ok(secret);
        }
    }
    Err(GetRandomFailed)
}
