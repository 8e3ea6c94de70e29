//! Texts cut short, between two characters.

/// The longest start of a text that has at most so many bytes.
pub(crate) fn floor(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_two_characters() {
        assert_eq!((floor("aéb", 2), floor("aéb", 3), floor("aéb", 9)), ("a", "aé", "aéb"));
        assert_eq!((floor("é", 1), floor("", 0)), ("", ""));
    }
}
