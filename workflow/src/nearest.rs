//! The known word that somebody probably meant.

/// The word of `known` that is at most a few slips of the finger away from `word`, if there is one.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const LONGEST: usize = 100;
    if word.len() > LONGEST {
        return None;
    }
    let slips = word.chars().count() / 3;
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::osa_distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= slips.clamp(1, 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_mended_and_a_guess_is_not_made() {
        let known = ["path", "description", "capabilities", "uses"];
        assert_eq!(nearest("pth", known).as_deref(), Some("path"));
        assert_eq!(nearest("desciprtion", known).as_deref(), Some("description"));
        assert_eq!(nearest("Uses", known).as_deref(), Some("uses"));
        assert_eq!(nearest("retries", known), None);
        assert_eq!(nearest("", known), None);
    }
}
