//! Records under AES-128-GCM, in the shapes of TLS 1.3 (RFC 8446, section 5.2) and TLS 1.2
//! (RFC 5288).

use aes_gcm::aead::AeadInPlace;
use aes_gcm::{KeyInit, Tag};
use alloc::boxed::Box;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter, NONCE_LEN, Nonce,
    OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls12AeadAlgorithm, Tls13AeadAlgorithm,
    UnsupportedOperationError, make_tls12_aad, make_tls13_aad,
};
use rustls::{ConnectionTrafficSecrets, ContentType, Error, ProtocolVersion};

const KEY_LENGTH: usize = 16;
const TAG_LENGTH: usize = 16;
/// RFC 5288, section 3: the part of a TLS 1.2 nonce that both sides know, and the part that
/// goes before each record.
const SALT_LENGTH: usize = 4;
const EXPLICIT_NONCE_LENGTH: usize = 8;
/// RFC 5246, section 6.2.1: 2^14 bytes of text in a record.
const LONGEST_TEXT: usize = 1 << 14;

/// The cipher of every suite of this firmware.
pub(super) struct Aes128Gcm;

/// A key of one direction, with its nonce: the whole IV in TLS 1.3, salt and first explicit
/// nonce in TLS 1.2.
struct Record<const TLS: u16> {
    cipher: aes_gcm::Aes128Gcm,
    iv: Iv,
}

type Tls13Record = Record<0x0304>;
type Tls12Record = Record<0x0303>;

impl<const TLS: u16> Record<TLS> {
    fn new(key: &AeadKey, iv: Iv) -> Box<Self> {
        let cipher =
            aes_gcm::Aes128Gcm::new_from_slice(key.as_ref()).expect("rustls derives keys of the length the algorithm states");
        Box::new(Self { cipher, iv })
    }

    fn seal(&self, nonce: &Nonce, aad: &[u8], plain: &mut [u8]) -> Result<Tag, Error> {
        self.cipher.encrypt_in_place_detached(&nonce.0.into(), aad, plain).map_err(|_| Error::EncryptError)
    }

    /// Decrypts `sealed`, ciphertext then tag, in place.
    fn open(&self, nonce: &Nonce, aad: &[u8], sealed: &mut [u8]) -> Result<(), Error> {
        let (text, tag) = sealed.split_last_chunk_mut::<TAG_LENGTH>().ok_or(Error::DecryptError)?;
        self.cipher.decrypt_in_place_detached(&nonce.0.into(), aad, text, &(*tag).into()).map_err(|_| Error::DecryptError)
    }
}

impl Tls13AeadAlgorithm for Aes128Gcm {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Tls13Record::new(&key, iv)
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Tls13Record::new(&key, iv)
    }

    fn key_len(&self) -> usize {
        KEY_LENGTH
    }

    fn extract_keys(&self, key: AeadKey, iv: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(ConnectionTrafficSecrets::Aes128Gcm { key, iv })
    }
}

impl MessageEncrypter for Tls13Record {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, sequence: u64) -> Result<OutboundOpaqueMessage, Error> {
        let length = self.encrypted_payload_len(message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(length);
        payload.extend_from_chunks(&message.payload);
        // The true content type is the last byte under the cipher.
        payload.extend_from_slice(&[message.typ.into()]);
        let nonce = Nonce::new(&self.iv, sequence);
        let tag = self.seal(&nonce, &make_tls13_aad(length), payload.as_mut())?;
        payload.extend_from_slice(&tag);
        Ok(OutboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, payload))
    }

    fn encrypted_payload_len(&self, payload: usize) -> usize {
        payload + 1 + TAG_LENGTH
    }
}

impl MessageDecrypter for Tls13Record {
    fn decrypt<'a>(&mut self, mut message: InboundOpaqueMessage<'a>, sequence: u64) -> Result<InboundPlainMessage<'a>, Error> {
        let payload = &mut message.payload;
        let aad = make_tls13_aad(payload.len());
        self.open(&Nonce::new(&self.iv, sequence), &aad, payload)?;
        let length = payload.len() - TAG_LENGTH;
        payload.truncate(length);
        message.into_tls13_unpadded_message()
    }
}

impl Tls12AeadAlgorithm for Aes128Gcm {
    fn encrypter(&self, key: AeadKey, salt: &[u8], explicit: &[u8]) -> Box<dyn MessageEncrypter> {
        Tls12Record::new(&key, tls12_iv(salt, explicit))
    }

    fn decrypter(&self, key: AeadKey, salt: &[u8]) -> Box<dyn MessageDecrypter> {
        // The explicit part comes with each record.
        Tls12Record::new(&key, tls12_iv(salt, &[0; EXPLICIT_NONCE_LENGTH]))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape { enc_key_len: KEY_LENGTH, fixed_iv_len: SALT_LENGTH, explicit_nonce_len: EXPLICIT_NONCE_LENGTH }
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        salt: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        let iv = tls12_iv(salt, explicit);
        Ok(ConnectionTrafficSecrets::Aes128Gcm { key, iv })
    }
}

impl MessageEncrypter for Tls12Record {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, sequence: u64) -> Result<OutboundOpaqueMessage, Error> {
        let length = message.payload.len();
        let nonce = Nonce::new(&self.iv, sequence);
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(length));
        payload.extend_from_slice(&nonce.0[SALT_LENGTH..]);
        payload.extend_from_chunks(&message.payload);
        let aad = make_tls12_aad(sequence, message.typ, message.version, length);
        let text = &mut payload.as_mut()[EXPLICIT_NONCE_LENGTH..];
        let tag = self.seal(&nonce, &aad, text)?;
        payload.extend_from_slice(&tag);
        Ok(OutboundOpaqueMessage::new(message.typ, message.version, payload))
    }

    fn encrypted_payload_len(&self, payload: usize) -> usize {
        EXPLICIT_NONCE_LENGTH + payload + TAG_LENGTH
    }
}

impl MessageDecrypter for Tls12Record {
    fn decrypt<'a>(&mut self, mut message: InboundOpaqueMessage<'a>, sequence: u64) -> Result<InboundPlainMessage<'a>, Error> {
        let (kind, version) = (message.typ, message.version);
        let length = message.payload.len().checked_sub(EXPLICIT_NONCE_LENGTH + TAG_LENGTH).ok_or(Error::DecryptError)?;
        if length > LONGEST_TEXT {
            return Err(Error::PeerSentOversizedRecord);
        }
        let (explicit, sealed) = message.payload.split_at_mut(EXPLICIT_NONCE_LENGTH);
        let mut nonce = Nonce([0; NONCE_LEN]);
        nonce.0[..SALT_LENGTH].copy_from_slice(&self.iv.as_ref()[..SALT_LENGTH]);
        nonce.0[SALT_LENGTH..].copy_from_slice(explicit);
        let aad = make_tls12_aad(sequence, kind, version, length);
        self.open(&nonce, &aad, sealed)?;
        let text = EXPLICIT_NONCE_LENGTH..EXPLICIT_NONCE_LENGTH + length;
        Ok(message.into_plain_message_range(text))
    }
}

fn tls12_iv(salt: &[u8], explicit: &[u8]) -> Iv {
    let mut iv = [0; NONCE_LEN];
    iv[..SALT_LENGTH].copy_from_slice(salt);
    iv[SALT_LENGTH..].copy_from_slice(explicit);
    Iv::from(iv)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    const TEXT: &[u8] = b"a record";
    const SEQUENCE: u64 = 5;

    fn record<const TLS: u16>() -> Record<TLS> {
        Record { cipher: aes_gcm::Aes128Gcm::new(&[7; KEY_LENGTH].into()), iv: Iv::from([9; NONCE_LEN]) }
    }

    fn sealed(record: &mut dyn MessageEncrypter) -> Vec<u8> {
        let message =
            OutboundPlainMessage { typ: ContentType::ApplicationData, version: ProtocolVersion::TLSv1_2, payload: TEXT.into() };
        let sealed = record.encrypt(message, SEQUENCE).expect("a short record");
        assert_eq!(sealed.payload.as_ref().len(), record.encrypted_payload_len(TEXT.len()));
        sealed.payload.as_ref().to_vec()
    }

    fn opened(record: &mut dyn MessageDecrypter, mut sealed: Vec<u8>, sequence: u64) -> Result<Vec<u8>, Error> {
        let message = InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, &mut sealed);
        record.decrypt(message, sequence).map(|message| message.payload.to_vec())
    }

    /// Opens what was sealed, and nothing that differs from it in a bit, in length or in place.
    fn opens_only_what_was_sealed(mut record: impl MessageEncrypter + MessageDecrypter) {
        let good = sealed(&mut record);
        assert_eq!(opened(&mut record, good.clone(), SEQUENCE).as_deref(), Ok(TEXT));
        assert_eq!(opened(&mut record, good.clone(), SEQUENCE + 1), Err(Error::DecryptError));
        for bit in 0..8 * good.len() {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(opened(&mut record, bad, SEQUENCE), Err(Error::DecryptError), "bit {bit}");
        }
        for length in 0..good.len() {
            assert_eq!(opened(&mut record, good[..length].to_vec(), SEQUENCE), Err(Error::DecryptError), "length {length}");
        }
    }

    #[test]
    fn a_tls13_record_that_was_touched_is_refused() {
        opens_only_what_was_sealed(record::<0x0304>());
    }

    #[test]
    fn a_tls12_record_that_was_touched_is_refused() {
        opens_only_what_was_sealed(record::<0x0303>());
    }
}
