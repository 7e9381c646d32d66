//! Just enough DER to find slices inside a trust anchor, in constant functions.
//!
//! The reader takes what BearSSL's own certificate decoder takes: a length may be written in more octets than it needs
//! (X.690 section 10.1 wants the fewest), and an element may carry no surprises beyond that.

/// Tag of a constructed SEQUENCE (X.690 section 8.9).
pub(crate) const SEQUENCE: u8 = 0x30;
/// Tag of an INTEGER (X.690 section 8.3).
pub(crate) const INTEGER: u8 = 0x02;
/// Tag of a primitive BIT STRING (X.690 section 8.6).
pub(crate) const BIT_STRING: u8 = 0x03;
/// Tag of an OBJECT IDENTIFIER (X.690 section 8.19).
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;

/// Splits the element at the start of `der` off: its contents, and the bytes that follow it.
///
/// `None` if there is no element, or one with another tag or with a length past the end.
pub(crate) const fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [first, rest @ ..] = der else {
        return None;
    };
    if *first != tag {
        return None;
    }
    match length(rest) {
        Some((length, rest)) => rest.split_at_checked(length),
        None => None,
    }
}

/// Contents of the one element that `der` consists of.
pub(crate) const fn whole_element(der: &[u8], tag: u8) -> Option<&[u8]> {
    match element(der, tag) {
        Some((contents, [])) => Some(contents),
        _ => None,
    }
}

/// Splits a definite length off (X.690 section 8.1.3): its value, and the bytes that follow.
const fn length(der: &[u8]) -> Option<(usize, &[u8])> {
    let (octets, mut rest) = match der {
        [short @ 0..=0x7F, rest @ ..] => return Some((*short as usize, rest)),
        // 0x80 announces an indefinite length, which DER does not have.
        [0x80, ..] | [] => return None,
        [long, rest @ ..] => (*long & 0x7F, rest),
    };
    let mut value = 0_usize;
    let mut left = octets;
    while left > 0 {
        let [octet, after @ ..] = rest else {
            return None;
        };
        if value > usize::MAX >> 8 {
            return None;
        }
        value = value << 8 | *octet as usize;
        rest = after;
        left -= 1;
    }
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::{INTEGER, SEQUENCE, element, whole_element};

    #[test]
    fn an_element_is_split_from_what_follows_it() {
        assert_eq!(element(&[0x02, 2, 7, 8, 9], INTEGER), Some((&[7, 8][..], &[9][..])));
        assert_eq!(whole_element(&[0x02, 2, 7, 8, 9], INTEGER), None);
        assert_eq!(whole_element(&[0x30, 0], SEQUENCE), Some(&[][..]));
    }

    #[test]
    fn lengths_need_not_be_minimal() {
        for length in [&[2_u8][..], &[0x81, 2], &[0x82, 0, 2], &[0x85, 0, 0, 0, 0, 2]] {
            let der = [&[0x02], length, &[7, 8]].concat();
            assert_eq!(whole_element(&der, INTEGER), Some(&[7, 8][..]), "{length:02X?}");
        }
        let long = [&[0x30, 0x82, 0x01, 0x00][..], &[5; 256]].concat();
        assert_eq!(whole_element(&long, SEQUENCE), Some(&[5; 256][..]));
    }

    #[test]
    fn damaged_elements_are_refused() {
        let damaged: [&[u8]; 8] = [
            &[],
            &[0x02],
            &[0x03, 1, 7],
            &[0x02, 2, 7],
            &[0x02, 0x80, 7, 0, 0],
            &[0x02, 0x82, 1],
            &[0x02, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
            &[0x02, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 1, 7],
        ];
        for der in damaged {
            assert_eq!(element(der, INTEGER), None, "{der:02X?}");
        }
    }
}
