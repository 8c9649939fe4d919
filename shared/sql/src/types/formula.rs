//! The sums by which a signature computes a parameter of its result: `min(38, p - s + min(s, 1))`.

/// The value of a formula over `+`, `-`, `*`, `/`, `min` and `max`; nothing if it is no such formula, or
/// holds a name without a value.
pub(super) fn evaluate(text: &str, value_of: &dyn Fn(&str) -> Option<i128>) -> Option<i128> {
    let mut formula = Formula {
        rest: text,
        value_of,
    };
    let value = formula.sum()?;
    formula.rest.trim().is_empty().then_some(value)
}

struct Formula<'a> {
    rest: &'a str,
    value_of: &'a dyn Fn(&str) -> Option<i128>,
}

impl Formula<'_> {
    fn sum(&mut self) -> Option<i128> {
        let mut value = self.product()?;
        loop {
            if self.skip('+') {
                value = value.checked_add(self.product()?)?;
            } else if self.skip('-') {
                value = value.checked_sub(self.product()?)?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<i128> {
        let mut value = self.term()?;
        loop {
            if self.skip('*') {
                value = value.checked_mul(self.term()?)?;
            } else if self.skip('/') {
                value = value.checked_div(self.term()?)?;
            } else {
                return Some(value);
            }
        }
    }

    fn term(&mut self) -> Option<i128> {
        if self.skip('(') {
            let value = self.sum()?;
            return self.skip(')').then_some(value);
        }
        self.rest = self.rest.trim_start();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        match word {
            "min" | "max" => {
                let opened = self.skip('(');
                let left = self.sum()?;
                let between = self.skip(',');
                let right = self.sum()?;
                let closed = self.skip(')');
                (opened && between && closed).then(|| {
                    if word == "min" {
                        left.min(right)
                    } else {
                        left.max(right)
                    }
                })
            }
            number if number.starts_with(|c: char| c.is_ascii_digit()) => number.parse().ok(),
            name => (self.value_of)(name),
        }
    }

    fn skip(&mut self, sign: char) -> bool {
        match self.rest.trim_start().strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_have_values() {
        let value_of = |name: &str| match name {
            "p" => Some(5),
            "a_scale" => Some(2),
            _ => None,
        };
        for (text, value) in [
            ("p - a_scale + min(a_scale, 1)", Some(4)),
            ("max(p * p / 2, 3) * (p + 1)", Some(72)),
            ("min(38, p", None),
            ("q", None),
            ("1 2", None),
            ("1 / 0", None),
        ] {
            assert_eq!(evaluate(text, &value_of), value, "{text}");
        }
    }
}
