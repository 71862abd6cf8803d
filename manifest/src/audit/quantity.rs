//! Amounts as the cluster writes them.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

/// An amount in thousandths, to be compared; none where it makes no sense.
#[must_use]
pub fn thousandths(quantity: &Quantity) -> Option<f64> {
    const SUFFIXES: [(&str, f64); 15] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
    ];
    let text = quantity.0.trim();
    let with = SUFFIXES.into_iter().find_map(|(suffix, times)| Some((text.strip_suffix(suffix)?, times)));
    let (number, times) = with.unwrap_or((text, 1.0));
    number.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number * times * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_compared_whatever_their_unit() {
        let of = |text: &str| thousandths(&Quantity(text.to_owned()));
        assert_eq!(of("500m"), Some(500.0));
        assert_eq!(of("2"), of("2000m"));
        assert_eq!(of("8Gi"), of("8192Mi"));
        assert_eq!(of("1e3"), of("1k"));
        assert_eq!(of("many"), None);
    }
}
