//! Points in time as certificates write them.

use std::fmt;
use std::time::{Duration, SystemTime};

use der::DateTime;

/// A second in UTC, from year 0 to 9999: everything that a certificate's UTCTime or GeneralizedTime can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

/// The Gregorian calendar repeats after 400 years, which are this many seconds.
const CALENDAR_CYCLE_SECONDS: i64 = 146_097 * 86_400;

impl Time {
    /// A time from its parts, or `None` where there is no such day or time of day. Second 60 is a leap second.
    pub fn new(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Option<Self> {
        let leap = second == 60;
        let same_calendar = 2000 + year % 400;
        DateTime::new(same_calendar, month, day, hour, minute, if leap { 59 } else { second }).ok()?;
        (year <= 9999).then_some(Time { year, month, day, hour, minute, second })
    }

    /// The time on this machine's clock. A clock outside 1970 to 9999 counts as 1970.
    pub fn now() -> Self {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        DateTime::from_unix_duration(since_1970).map_or(
            Time { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0 },
            |now| Time {
                year: now.year(),
                month: now.month(),
                day: now.day(),
                hour: now.hour(),
                minute: now.minutes(),
                second: now.seconds(),
            },
        )
    }

    /// The time so many seconds after 1970-01-01 00:00:00 UTC. Before 1970 counts as 1970, and after 9999 as the end of 9999.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        let since = Duration::from_secs(seconds.max(0).unsigned_abs());
        DateTime::from_unix_duration(since).map_or(
            Time { year: 9999, month: 12, day: 31, hour: 23, minute: 59, second: 59 },
            |time| Time {
                year: time.year(),
                month: time.month(),
                day: time.day(),
                hour: time.hour(),
                minute: time.minutes(),
                second: time.seconds(),
            },
        )
    }

    /// As RFC 3339 writes it: `2026-11-20T22:48:03Z`.
    pub fn rfc3339(self) -> String {
        let Time { year, month, day, hour, minute, second } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// Seconds since 1970-01-01 00:00:00 UTC, negative before; a leap second counts as the second after it.
    pub fn unix_seconds(self) -> i64 {
        let (leap, second) = if self.second == 60 { (1, 59) } else { (0, self.second) };
        let same_calendar = 2000 + self.year % 400;
        let cycles = (i64::from(self.year) - i64::from(same_calendar)) / 400;
        let seconds = DateTime::new(same_calendar, self.month, self.day, self.hour, self.minute, second)
            .map_or(0, |time| time.unix_duration().as_secs());
        seconds as i64 + leap + cycles * CALENDAR_CYCLE_SECONDS
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Time { year, month, day, hour, minute, second } = self;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
    }
}

/// The period in which a certificate says that it holds (RFC 5280, section 4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: Time,
    /// The last second.
    pub not_after: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_seconds_over_the_whole_range() {
        // Figures from `date -u -d TIME +%s`.
        for (time, seconds) in [
            (Time::new(1970, 1, 1, 0, 0, 0), 0),
            (Time::new(2026, 11, 20, 22, 48, 3), 1_795_214_883),
            (Time::new(1950, 1, 1, 0, 0, 0), -631_152_000),
            (Time::new(9999, 12, 31, 23, 59, 59), 253_402_300_799),
            (Time::new(0, 3, 1, 0, 0, 0), -62_162_035_200),
            (Time::new(2016, 12, 31, 23, 59, 60), 1_483_228_800),
        ] {
            assert_eq!(time.map(Time::unix_seconds), Some(seconds));
        }
    }

    #[test]
    fn days_that_do_not_exist() {
        assert_eq!(Time::new(2023, 2, 29, 0, 0, 0), None);
        assert!(Time::new(2024, 2, 29, 0, 0, 0).is_some());
        assert_eq!(Time::new(1900, 2, 29, 0, 0, 0), None);
        assert_eq!(Time::new(2024, 13, 1, 0, 0, 0), None);
        assert_eq!(Time::new(2024, 1, 1, 24, 0, 0), None);
        assert_eq!(Time::new(2024, 1, 1, 0, 0, 61), None);
    }
}
