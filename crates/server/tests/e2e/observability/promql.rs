//! The names in a query of Prometheus (PromQL): as much of its grammar as the rules and the dashboard use.

/// What a query names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Each metric, with the labels that are asked for of it.
    pub(super) selectors: Vec<(String, Vec<Matcher>)>,
    /// Labels by which something is grouped or joined.
    pub(super) grouping: Vec<String>,
}

/// A label, and the value that it has to equal, where it is one value.
pub(super) type Matcher = (String, Option<String>);

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Name(String),
    Text(String),
    Sign(char),
}

/// Words before a list of labels in parentheses.
const GROUPING: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// Words between expressions.
const OPERATORS: [&str; 5] = ["and", "or", "unless", "offset", "bool"];

/// The names in a query.
pub(super) fn names(query: &str) -> Names {
    let tokens = tokens(query);
    let mut names = Names::default();
    let mut rest = &tokens[..];
    while let [first, behind @ ..] = rest {
        rest = behind;
        let Token::Name(name) = first else { continue };
        match behind {
            [Token::Sign('('), list @ ..] if GROUPING.contains(&&**name) => {
                let end = list.iter().position(|token| *token == Token::Sign(')')).expect("an end");
                let labels = list[..end].iter().filter_map(|token| match token {
                    Token::Name(label) => Some(label.clone()),
                    Token::Text(_) | Token::Sign(_) => None,
                });
                names.grouping.extend(labels);
                rest = &list[end..];
            }
            _ if OPERATORS.contains(&&**name) || GROUPING.contains(&&**name) => {}
            // A function, or an aggregation before or behind its grouping.
            [Token::Sign('('), ..] => {}
            [Token::Name(word), ..] if GROUPING.contains(&&**word) => {
                // An aggregation has its grouping before its parentheses; what stands behind a metric joins it with another.
                if ["on", "ignoring"].contains(&&**word) {
                    names.selectors.push((name.clone(), Vec::new()));
                }
            }
            [Token::Sign('{'), list @ ..] => {
                let end = list.iter().position(|token| *token == Token::Sign('}')).expect("an end");
                names.selectors.push((name.clone(), matchers(&list[..end])));
                rest = &list[end..];
            }
            _ => names.selectors.push((name.clone(), Vec::new())),
        }
    }
    names
}

fn matchers(tokens: &[Token]) -> Vec<Matcher> {
    let matchers = tokens.split(|token| *token == Token::Sign(','));
    let read = |matcher: &[Token]| match matcher {
        [Token::Name(label), Token::Sign('='), Token::Text(value)] => (label.clone(), Some(value.clone())),
        [Token::Name(label), .., Token::Text(_)] => (label.clone(), None),
        other => panic!("{other:?} is no matcher"),
    };
    matchers.map(read).collect()
}

/// Names, texts and signs; durations and numbers are left out.
fn tokens(query: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut characters = query.chars().peekable();
    let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | ':');
    while let Some(first) = characters.next() {
        match first {
            '[' => while characters.next().is_some_and(|it| it != ']') {},
            '"' => {
                let text = std::iter::from_fn(|| characters.next().filter(|it| *it != '"')).collect();
                tokens.push(Token::Text(text));
            }
            _ if is_name(first) => {
                let mut word = String::from(first);
                word.extend(std::iter::from_fn(|| characters.next_if(|it| is_name(*it))));
                if !first.is_ascii_digit() {
                    tokens.push(Token::Name(word));
                }
            }
            _ if first.is_whitespace() => {}
            _ => tokens.push(Token::Sign(first)),
        }
    }
    tokens
}

#[test]
fn metrics_labels_and_groupings_are_told_from_functions_and_words() {
    let query = r#"histogram_quantile(0.99, sum by (job, le) (rate(a_bucket{x="1",y=~"b{c}|d"}[5m]) or rate(b[1d] offset 8d)))
        / on (instance) group_left (version) c:d > 14 * 86400 and time() - max without (z) (e) < 1e3"#;
    let matchers = vec![("x".to_owned(), Some("1".to_owned())), ("y".to_owned(), None)];
    let selector = |name: &str| (name.to_owned(), Vec::new());
    let selectors = vec![("a_bucket".to_owned(), matchers), selector("b"), selector("c:d"), selector("e")];
    let grouping = ["job", "le", "instance", "version", "z"].map(ToOwned::to_owned).to_vec();
    assert_eq!(names(query), Names { selectors, grouping });
    assert_eq!(names("a - on (b) c").selectors.len(), 2);
}
