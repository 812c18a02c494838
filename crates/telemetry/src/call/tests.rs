//! The request id of a call: whose is kept, and when a new one is made.

use super::*;

fn begun(sent: Option<&'static str>) -> (Request<()>, Call) {
    let mut request = Request::new(());
    if let Some(id) = sent {
        request.headers_mut().insert(REQUEST_ID, HeaderValue::from_static(id));
    }
    let call = Call::begin(Port::Rest, &mut request, Interest::Call);
    (request, call)
}

#[test]
fn a_callers_own_request_id_is_kept_passed_on_and_sent_back() {
    let (request, call) = begun(Some("order-7/a"));
    let mut response = Response::new(());
    call.answer(&mut response);
    assert_eq!(request.headers()[REQUEST_ID], "order-7/a");
    assert_eq!(response.headers()[REQUEST_ID], "order-7/a");
}

#[test]
fn one_that_cannot_be_logged_as_it_is_gives_way_to_a_new_one() {
    let long = "a".repeat(MAX_REQUEST_ID + 1);
    for sent in [None, Some(""), Some("a b"), Some(&*long.leak())] {
        let (request, _call) = begun(sent);
        let (other, _call) = begun(sent);
        let id = request.headers()[REQUEST_ID].to_str().expect("text");
        assert_eq!(id.len(), 36, "{sent:?}");
        assert_ne!(id, other.headers()[REQUEST_ID]);
    }
}
