//! A point in time as text.

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
