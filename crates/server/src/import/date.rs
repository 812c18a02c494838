//! A point in time as text.

use std::ops::RangeInclusive;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Milliseconds since 1970 as RFC 3339 in UTC, with three places for the milliseconds; `None` outside the years 0 to
/// 9999, which it cannot write.
pub(super) fn rfc3339(milliseconds: i64) -> Option<String> {
    let (year, month, day) = civil(milliseconds.div_euclid(DAY));
    if !(0..=9999).contains(&year) {
        return None;
    }
    let rest = milliseconds.rem_euclid(DAY);
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
    let fraction = rest % 1000;
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z"))
}

/// Whether a text is a date and a time of RFC 3339, or with an offset without its colon, as older versions of MongoDB write
/// it.
pub(super) fn is_date(text: &str) -> bool {
    let number = |part: &str, range: RangeInclusive<u8>| {
        part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse().is_ok_and(|part| range.contains(&part))
    };
    let Some((date, rest)) = text.split_at_checked("0000-00-00".len()) else { return false };
    let Some((time, rest)) = rest.split_at_checked("T00:00:00".len()) else { return false };
    let mut date = date.split('-');
    let is_date =
        date.next().is_some_and(|year| year.len() == 4 && year.bytes().all(|it| it.is_ascii_digit()))
            && date.next().is_some_and(|month| month.len() == 2 && number(month, 1..=12))
            && date.next().is_some_and(|day| number(day, 1..=31))
            && date.next().is_none();
    let is_time = |time: &str, separator: &str| {
        let mut parts = time.split(separator);
        parts.next().is_some_and(|hour| hour.len() == 2 && number(hour, 0..=23))
            && parts.next().is_some_and(|minute| minute.len() == 2 && number(minute, 0..=59))
            && parts.next().is_none_or(|second| second.len() == 2 && number(second, 0..=60))
            && parts.next().is_none()
    };
    let is_of_day = time.strip_prefix(['T', 't']).is_some_and(|time| time.len() == 8 && is_time(time, ":"));
    let offset = rest.strip_prefix('.').map_or(rest, |fraction| {
        let offset = fraction.trim_start_matches(|char: char| char.is_ascii_digit());
        // Without a digit, the point is no part of a time.
        if offset.len() == fraction.len() { rest } else { offset }
    });
    let is_offset = match offset {
        "Z" | "z" => true,
        offset => offset.strip_prefix(['+', '-']).is_some_and(|offset| match offset.len() {
            5 => is_time(offset, ":"),
            4 => offset.is_ascii() && is_time(&format!("{}:{}", &offset[..2], &offset[2..]), ":"),
            _ => false,
        }),
    };
    is_date && is_of_day && is_offset
}

/// Year, month and day of a day that is counted from 1970-01-01, in the Gregorian calendar.
///
/// Counts in years that begin in March, so that the leap day comes last and the lengths of the months before it
/// follow a formula; 400 of them have the same number of days always.
/// Source: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn civil(day_since_1970: i64) -> (i64, i64, i64) {
    const DAYS_IN_400_YEARS: i64 = 146_097;
    let since_march_of_0 = day_since_1970 + 719_468;
    let era = since_march_of_0.div_euclid(DAYS_IN_400_YEARS);
    let day_of_era = since_march_of_0.rem_euclid(DAYS_IN_400_YEARS);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / (DAYS_IN_400_YEARS - 1)) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = if months_since_march < 10 { months_since_march + 3 } else { months_since_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_points_in_time() {
        for (milliseconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_692_592_730_123, "2023-08-21T04:38:50.123Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(rfc3339(milliseconds).as_deref(), Some(text));
        }
        for out_of_range in [-62_167_219_200_001, 253_402_300_800_000, i64::MIN, i64::MAX] {
            assert_eq!(rfc3339(out_of_range), None);
        }
    }

    #[test]
    fn dates_as_text() {
        for date in [
            "2023-08-21T04:38:50.123Z",
            "2023-08-21T04:38:50Z",
            "2023-08-21t04:38:50.5z",
            "0000-12-31T23:59:60.123456789+14:00",
            "2023-08-21T04:38:50.123-0130",
        ] {
            assert!(is_date(date), "{date}");
        }
        for other in [
            "",
            "garbage",
            "2023-08-21",
            "2023-08-21T04:38:50",
            "2023-13-21T04:38:50Z",
            "2023-00-21T04:38:50Z",
            "2023-08-32T04:38:50Z",
            "2023-08-21T24:38:50Z",
            "2023-08-21T04:38:61Z",
            "2023-08-21T04:38:50.Z",
            "2023-08-21T04:38:50.123",
            "2023-08-21T04:38:50+1:00",
            "2023-08-21T04:38:50+01:00:00",
            "2023-08-21 04:38:50Z",
            "2023-8-21T004:38:50Z",
            "2023-08-21T04:38:5äZ",
            "+023-08-21T04:38:50Z",
        ] {
            assert!(!is_date(other), "{other}");
        }
    }

    #[test]
    fn every_day_of_the_calendar_follows_the_one_before() {
        let (mut year, mut month, mut day) = (0, 1, 1);
        for at in -719_528..=2_932_896 {
            assert_eq!(civil(at), (year, month, day), "day {at}");
            let is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + i64::from(is_leap_year),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!((year, month, day), (10_000, 1, 1));
    }
}
