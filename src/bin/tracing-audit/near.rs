//! What somebody may have meant who wrote a name that is none.

/// The name that is most like the one given, if one is.
pub(crate) fn nearest<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Below that they have only letters in common.
    const ALIKE: f64 = 0.8;
    let plain = |name: &str| name.to_lowercase().replace(['-', '.'], "_");
    let given = plain(given);
    let alike = names.map(|name| (strsim::jaro_winkler(&given, &plain(name)), name));
    let best = alike.max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(alike, _)| *alike >= ALIKE).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_word() {
        let nearest = |given| nearest(given, ["AUTH_LOGIN", "AUTH_FAILED", "DATA_READ"].into_iter());
        assert_eq!(nearest("auth-logn"), Some("AUTH_LOGIN"));
        assert_eq!(nearest("AUTH_FAILD"), Some("AUTH_FAILED"));
        assert_eq!(nearest("PAYMENT_REFUND"), None);
        assert_eq!(nearest(""), None);
    }
}
