//! Texts as HTML: what the contract's comments have of Markdown.

/// A text that stands for itself.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            other => escaped.push(other),
        }
    }
    escaped
}

/// Paragraphs, lists and code.
pub(super) fn prose(text: &str) -> String {
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    blocks
        .map(|block| {
            let items: Option<Vec<_>> = block.lines().map(|line| line.strip_prefix("- ")).collect();
            match items {
                Some(items) => {
                    let items: String =
                        items.into_iter().map(|item| format!("<li>{}</li>", code(item))).collect();
                    format!("<ul>{items}</ul>")
                }
                None => format!("<p>{}</p>", code(block)),
            }
        })
        .collect()
}

/// What stands in backquotes is code. One that is not closed stands for itself.
fn code(text: &str) -> String {
    let mut parts = text.split('`');
    let mut html = escape(parts.next().unwrap_or_default());
    while let Some(inside) = parts.next() {
        match parts.next() {
            Some(behind) => html += &format!("<code>{}</code>{}", escape(inside), escape(behind)),
            None => html += &format!("`{}", escape(inside)),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            prose("a `<b>` & c\n\n- d\n- `e\n\n"),
            "<p>a <code>&lt;b&gt;</code> &amp; c</p><ul><li>d</li><li>`e</li></ul>"
        );
        assert_eq!(escape("\"'>"), "&quot;&#39;&gt;");
    }
}
