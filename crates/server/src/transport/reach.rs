//! Whether it is safe to listen on an address: on one that others reach, TLS and a way of knowing callers are needed.

use std::net::IpAddr;

/// # Errors
/// An address is not this machine's alone, and something is missing that has to be there then: what to set.
pub(crate) fn check(addresses: &[&str], missing: &[&str], is_insecure: bool) -> Result<(), String> {
    let Some(address) = addresses.iter().find(|address| !is_of_this_machine(address)) else { return Ok(()) };
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(", and ");
    if is_insecure {
        tracing::warn!(
            missing,
            "insecure: whoever reaches {address} can read what passes, or read and write everything"
        );
        return Ok(());
    }
    Err(format!(
        "others than this machine reach {address}: give {missing}; or --insecure, where whoever reaches it may read what \
         passes, or read and write everything"
    ))
}

/// Whether an address is one that only this machine reaches.
fn is_of_this_machine(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_this_machine_or_not() {
        for (address, is_own) in [
            ("127.0.0.1:8080", true),
            ("127.1.2.3:0", true),
            ("[::1]:8080", true),
            ("localhost:8080", true),
            ("0.0.0.0:8080", false),
            ("[::]:8080", false),
            ("192.0.2.1:8080", false),
            ("example.com:8080", false),
        ] {
            assert_eq!(is_of_this_machine(address), is_own, "{address}");
        }
    }

    #[test]
    fn what_others_reach_needs_both_or_to_be_called_insecure() {
        let (own, both) = (["127.0.0.1:0", "[::1]:0"], ["127.0.0.1:0", "0.0.0.0:0"]);
        let missing = &["--tls-cert and --tls-key", "--authn"];
        assert!(check(&own, missing, false).is_ok());
        assert!(check(&both, &[], false).is_ok());
        assert!(check(&both, missing, true).is_ok());
        let refused = check(&both, missing, false).expect_err("nothing is given");
        let said = "others than this machine reach 0.0.0.0:0: give --tls-cert and --tls-key, and --authn; or --insecure";
        assert!(refused.starts_with(said), "{refused}");
    }
}
