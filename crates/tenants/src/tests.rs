//! What tenants may, by the file and by what they did before.

use std::num::NonZeroU32;

use domain::value_type::ValueRules;
use proptest::prelude::*;
use tokio::time::{Instant, advance};

use super::*;

fn tenant(name: &str) -> TenantId {
    TenantId::from_stored(name)
}

fn limited(rate: u32) -> Tenants {
    Tenants::all(Limits { calls_per_second: NonZeroU32::new(rate), ..Limits::default() })
}

#[test]
fn a_file_says_what_single_tenants_may_and_the_rest_is_as_for_all() {
    let of_all = Limits { max_attributes: 12, calls_per_second: NonZeroU32::new(50), ..Limits::default() };
    let tenants = Tenants::all(of_all);
    let text = r#"{"tenants": [
        {"name": "blue", "maxAttributes": 20, "valueRules": "lenient"},
        {"name": "green", "callsPerSecond": 7, "maxCalls": 3, "valueRules": "strict"}
    ]}"#;
    assert_eq!(tenants.replace(text), Ok(2));
    let blue = Limits { max_attributes: 20, value_rules: ValueRules::Lenient, ..of_all };
    let green = Limits { calls_per_second: NonZeroU32::new(7), max_calls: NonZeroU32::new(3), ..of_all };
    for (name, limits) in [("blue", blue), ("green", green), ("red", of_all), ("Blue", of_all)] {
        assert_eq!(tenants.limits(&tenant(name)), limits, "{name}");
    }
    // What is wrong is reported, and changes nothing.
    for (text, reported) in [
        ("{", "EOF"),
        (r#"{"tenants": [], "more": 1}"#, "unknown field `more`"),
        (r#"{"tenants": [{"name": "x", "maxAttribute": 1}]}"#, "unknown field `maxAttribute`"),
        (r#"{"tenants": [{"name": "x", "callsPerSecond": 0}]}"#, "nonzero"),
        (r#"{"tenants": [{"name": "x", "valueRules": "loose"}]}"#, "unknown variant `loose`"),
        (r#"{"tenants": [{"maxCalls": 1}]}"#, "missing field `name`"),
        (r#"{"tenants": [{"name": ""}]}"#, "tenants[0]: name must not be empty"),
        (r#"{"tenants": [{"name": "x"}, {"name": "x"}]}"#, r#"tenants[1]: "x" is named twice"#),
    ] {
        let invalid = tenants.replace(text).expect_err(text).to_string();
        assert!(invalid.contains(reported), "{text}: {invalid}");
        assert_eq!(tenants.limits(&tenant("blue")), blue);
    }
    assert_eq!(tenants.replace(r#"{"tenants": []}"#), Ok(0));
    assert_eq!(tenants.limits(&tenant("blue")), of_all);
}

#[tokio::test(start_paused = true)]
async fn who_makes_too_many_calls_is_told_when_the_next_may_be() {
    let (tenants, blue) = (limited(10), tenant("blue"));
    for _ in 0..10 {
        assert_eq!(tenants.begin_call(&blue), Ok(()));
    }
    assert_eq!(tenants.begin_call(&blue), Err(Duration::from_millis(100)));
    assert_eq!(tenants.begin_call(&tenant("green")), Ok(()));
    advance(Duration::from_millis(40)).await;
    assert_eq!(tenants.begin_call(&blue), Err(Duration::from_millis(60)));
    advance(Duration::from_millis(60)).await;
    assert_eq!(tenants.begin_call(&blue), Ok(()));
    assert!(tenants.begin_call(&blue).is_err());
    // Who has paid is forgotten.
    advance(Duration::from_secs(5)).await;
    assert_eq!(tenants.begin_call(&tenant("red")), Ok(()));
    assert_eq!(format!("{:?}", tenants.0.rates).matches("TenantId").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_let_in_whole_and_paid_for_later() {
    let (tenants, blue) = (limited(10), tenant("blue"));
    assert_eq!(tenants.begin_call(&blue), Ok(()));
    assert_eq!(tenants.begin_call(&blue), Ok(()));
    assert_eq!(tenants.count_more(&blue, 98), Ok(()));
    // Another one was let in with it, and there is nothing left to pay it with.
    assert_eq!(tenants.count_more(&blue, 98), Err(Duration::from_millis(9000)));
    assert_eq!(tenants.begin_call(&blue), Err(Duration::from_millis(9100)));
    let since = Instant::now();
    tenants.may_call(&blue).await;
    assert!(since.elapsed().abs_diff(Duration::from_millis(9100)) < Duration::from_millis(5));
    assert_eq!(tenants.begin_call(&blue), Ok(()));
    let nobody = Tenants::default();
    for _ in 0..1000 {
        assert_eq!(nobody.begin_call(&blue), Ok(()));
    }
    nobody.may_call(&blue).await;
}

#[tokio::test(start_paused = true)]
async fn batches_that_come_at_once_are_paid_for_one_by_one() {
    let (tenants, blue) = (limited(10), tenant("blue"));
    let since = Instant::now();
    for _ in 0..10 {
        assert_eq!(tenants.begin_call(&blue), Ok(()));
    }
    let made = (0..10).filter(|_| tenants.count_more(&blue, 99).is_ok()).count();
    assert_eq!(made, 1);
    tenants.count_later(&blue, 99).await;
    assert!(since.elapsed().abs_diff(Duration::from_millis(9900)) < Duration::from_millis(5));
}

#[tokio::test(start_paused = true)]
async fn what_is_owed_is_forgotten_with_the_rate_that_it_was_owed_by() {
    let (tenants, blue) = (limited(10), tenant("blue"));
    let file = |rate: u32| format!(r#"{{"tenants":[{{"name":"blue","callsPerSecond":{rate}}}]}}"#);
    assert_eq!(tenants.count_more(&blue, 1000), Ok(()));
    assert!(tenants.begin_call(&blue).is_err());
    tenants.replace(&file(10)).expect("a file");
    assert!(tenants.begin_call(&blue).is_err());
    tenants.replace(&file(20)).expect("a file");
    assert_eq!(tenants.begin_call(&blue), Ok(()));
}

proptest! {
    /// However calls come, no more are let in than the rate allows and one second's worth, and whoever waits as long as
    /// it was asked to is let in.
    #[test]
    fn no_more_calls_are_made_than_the_rate_allows(
        rate in 1..200_u32,
        pauses in prop::collection::vec(0..50_u64, 0..300),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let (tenants, blue, began) = (limited(rate), tenant("blue"), Instant::now());
            let mut made = 0_u32;
            for pause in pauses {
                advance(Duration::from_millis(pause)).await;
                match tenants.begin_call(&blue) {
                    Ok(()) => made += 1,
                    Err(wait) if pause % 5 == 0 => {
                        advance(wait).await;
                        prop_assert_eq!(tenants.begin_call(&blue), Ok(()));
                        made += 1;
                    }
                    Err(_) => {}
                }
                let allowed = f64::from(rate) * (began.elapsed().as_secs_f64() + 1.0) + 0.01;
                prop_assert!(f64::from(made) <= allowed, "{made} of {allowed}");
            }
            Ok(())
        })?;
    }
}
