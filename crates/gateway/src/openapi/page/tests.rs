//! What the page has, and what it needs.

use super::*;

#[test]
fn the_page_has_every_operation_and_loads_nothing() {
    let page = page(false, "http://<evil>:8080");
    for operation in crate::operations() {
        assert!(page.contains(&format!("<section id=\"{}\">", operation.id)), "{}", operation.id);
    }
    assert!(page.contains("http://&lt;evil&gt;:8080/forms/") && !page.contains("<evil>"));
    for name in ["<script", "<link", "<img", "@import", "url(", "style=\"", "src=", "javascript:"] {
        assert!(!page.contains(name), "{name}");
    }
    for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        match link.strip_prefix('#') {
            Some(id) => assert!(page.contains(&format!("id=\"{id}\"")), "{link} leads nowhere"),
            None => assert!(["/", "/openapi.json"].contains(&link), "{link}"),
        }
    }
}

#[test]
fn a_guarded_service_asks_for_credentials() {
    assert!(page(true, "https://a").contains("Authorization: Bearer"));
    assert!(!page(false, "https://a").contains("Authorization: Bearer"));
}
