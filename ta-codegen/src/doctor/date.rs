//! Dates in certificates and the device's clock, counted as BearSSL counts them.

use super::cursor::{Cursor, Fault};

const BAD_TIME: Fault = 48;

/// Days from the first of January of the year 0 to the Unix epoch (`bearssl_x509.h`, `br_x509_minimal_set_time`).
const DAYS_TO_UNIX_EPOCH: i64 = 719_528;

/// A moment: days since the year 0, and seconds of the day (86400 in a leap second).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    days: i64,
    seconds: i64,
}

impl Moment {
    pub(super) fn from_unix(seconds: i64) -> Self {
        Self { days: seconds.div_euclid(86_400) + DAYS_TO_UNIX_EPOCH, seconds: seconds.rem_euclid(86_400) }
    }

    pub(super) fn to_unix(self) -> i64 {
        (self.days - DAYS_TO_UNIX_EPOCH) * 86_400 + self.seconds
    }

    /// Reads a UTCTime or GeneralizedTime; fractions of a second are allowed in both, only `Z` as time zone.
    pub(super) fn read(element: &mut Cursor<'_>) -> Result<Self, Fault> {
        let tag = element.tag()?;
        if tag.value != 0x17 && tag.value != 0x18 {
            return Err(BAD_TIME);
        }
        tag.must_be_primitive()?;
        let mut text = element.open()?;
        let year = year(&mut text, tag.value == 0x18)?;
        let month = number(&mut text, 1, 12)?;
        let day = number(&mut text, 1, days_in_month(year, month))?;
        let days = days_before_year(year) + (1..month).map(|m| days_in_month(year, m)).sum::<i64>() + day - 1;
        let seconds = number(&mut text, 0, 23)? * 3600 + number(&mut text, 0, 59)? * 60 + number(&mut text, 0, 60)?;
        zone(text)?;
        Ok(Self { days, seconds })
    }
}

fn year(text: &mut Cursor<'_>, four_digits: bool) -> Result<i64, Fault> {
    let first = number(text, 0, 99)?;
    if four_digits {
        return Ok(first * 100 + number(text, 0, 99)?);
    }
    Ok(if first < 50 { 2000 + first } else { 1900 + first })
}

fn number(text: &mut Cursor<'_>, least: i64, most: i64) -> Result<i64, Fault> {
    let value = digit(text)? * 10 + digit(text)?;
    if (least..=most).contains(&value) { Ok(value) } else { Err(BAD_TIME) }
}

fn digit(text: &mut Cursor<'_>) -> Result<i64, Fault> {
    let byte = text.byte()?;
    if byte.is_ascii_digit() { Ok(i64::from(byte - b'0')) } else { Err(BAD_TIME) }
}

fn zone(mut text: Cursor<'_>) -> Result<(), Fault> {
    let mut next = text.byte()?;
    if next == b'.' {
        next = text.byte()?;
        while next.is_ascii_digit() {
            next = text.byte()?;
        }
    }
    if next != b'Z' {
        return Err(BAD_TIME);
    }
    text.close()
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The year 0 is a leap year in the proleptic Gregorian calendar.
fn days_before_year(year: i64) -> i64 {
    year * 365 + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400
}
