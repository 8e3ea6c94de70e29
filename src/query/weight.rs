//! How much memory a record may take once all its values are made, told from its line.

/// Commas and brackets outside of strings: no fewer than there are values.
pub(super) fn parts(line: &[u8]) -> usize {
    let (mut string, mut escaped, mut parts) = (false, false, 0);
    for byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if string => escaped = true,
            b'"' => string = !string,
            b',' | b'[' | b'{' if !string => parts += 1,
            _ => {}
        }
    }
    parts
}
