//! Quantities, amounts of money and ratios as the tables keep them: whole millionths in 64 bits.
//!
//! A value outside six decimals or outside the range is an error, never rounded in silence. Only products
//! and quotients round, once, half to even.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::value::Value;

/// Decimals of every stored number.
pub const SCALE: u32 = 6;
const ONE: i64 = 1_000_000;

/// Why a number cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("{0} has more than six decimals")]
    Scale(Decimal),
    #[error("{0} is outside the range of stored numbers")]
    Range(String),
}

macro_rules! millionths {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            pub const ZERO: Self = $name(0);
            pub const ONE: Self = $name(ONE);

            #[must_use]
            pub const fn from_micros(micros: i64) -> Self {
                $name(micros)
            }

            #[must_use]
            pub const fn micros(self) -> i64 {
                self.0
            }

            /// The exact number, or why it cannot be stored.
            pub fn from_decimal(number: Decimal) -> Result<Self, AmountError> {
                let number = number.normalize();
                if number.scale() > SCALE {
                    return Err(AmountError::Scale(number));
                }
                number
                    .checked_mul(Decimal::from(ONE))
                    .and_then(|micros| i64::try_from(micros).ok())
                    .map($name)
                    .ok_or_else(|| AmountError::Range(number.to_string()))
            }

            /// The nearest storable number, half to even: for results of computations only.
            pub fn nearest(number: Decimal) -> Result<Self, AmountError> {
                Self::from_decimal(number.round_dp_with_strategy(SCALE, RoundingStrategy::MidpointNearestEven))
            }

            #[must_use]
            pub fn to_decimal(self) -> Decimal {
                Decimal::new(self.0, SCALE).normalize()
            }

            #[must_use]
            pub fn to_value(self) -> Value {
                Value::Decimal(self.to_decimal())
            }

            pub fn plus(self, other: Self) -> Result<Self, AmountError> {
                self.0
                    .checked_add(other.0)
                    .map($name)
                    .ok_or_else(|| AmountError::Range(format!("{self} + {other}")))
            }

            pub fn minus(self, other: Self) -> Result<Self, AmountError> {
                self.0
                    .checked_sub(other.0)
                    .map($name)
                    .ok_or_else(|| AmountError::Range(format!("{self} - {other}")))
            }

            #[must_use]
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }

            #[must_use]
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.to_decimal().fmt(f)
            }
        }
    };
}

millionths! {
    /// How much of an item, in its stock unit.
    Quantity
}
millionths! {
    /// An amount in a currency that is named beside it.
    Money
}
millionths! {
    /// A share: 0.05 is 5 %.
    Ratio
}

impl Money {
    /// What `quantity` costs at this price.
    pub fn times(self, quantity: Quantity) -> Result<Money, AmountError> {
        scaled(self.0, quantity.0).map(Money)
    }

    /// What is left after a discount.
    pub fn less(self, discount: Ratio) -> Result<Money, AmountError> {
        scaled(self.0, ONE.saturating_sub(discount.0)).map(Money)
    }

    /// This amount as a share of `whole`; none of nothing.
    #[must_use]
    pub fn share_of(self, whole: Money) -> Option<Ratio> {
        if whole.0 == 0 {
            return None;
        }
        self.to_decimal().checked_div(whole.to_decimal()).and_then(|share| Ratio::nearest(share).ok())
    }
}

/// `a * b` in millionths, rounded once, half to even.
fn scaled(a: i64, b: i64) -> Result<i64, AmountError> {
    let product = i128::from(a) * i128::from(b);
    let one = i128::from(ONE);
    let (whole, rest) = (product.div_euclid(one), product.rem_euclid(one));
    let up = match (rest * 2).cmp(&one) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => whole.rem_euclid(2),
        std::cmp::Ordering::Greater => 1,
    };
    i64::try_from(whole + up)
        .map_err(|_| AmountError::Range(format!("{} * {}", Decimal::new(a, SCALE), Decimal::new(b, SCALE))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).expect("a decimal")
    }

    proptest! {
        #[test]
        fn a_stored_number_survives_its_decimal(micros in any::<i64>()) {
            let amount = Quantity::from_micros(micros);
            prop_assert_eq!(Quantity::from_decimal(amount.to_decimal()), Ok(amount));
        }

        #[test]
        fn a_product_is_the_decimal_product_rounded_half_to_even(price in -1_000_000_000_000i64..1_000_000_000_000, quantity in 0i64..1_000_000_000) {
            let (price, quantity) = (Money::from_micros(price), Quantity::from_micros(quantity));
            let exact = price.to_decimal() * quantity.to_decimal();
            prop_assert_eq!(price.times(quantity), Money::nearest(exact));
        }
    }

    #[test]
    fn a_seventh_decimal_is_refused() {
        assert_eq!(Quantity::from_decimal(decimal("0.1234567")), Err(AmountError::Scale(decimal("0.1234567"))));
        assert_eq!(Quantity::from_decimal(decimal("1.2300000")), Ok(Quantity::from_micros(1_230_000)));
    }

    #[test]
    fn overflow_is_an_error() {
        assert!(Money::from_decimal(decimal("9223372036855")).is_err());
        assert!(Money::from_micros(i64::MAX).plus(Money::from_micros(1)).is_err());
        assert!(Money::from_micros(i64::MAX).times(Quantity::from_micros(2_000_000)).is_err());
    }

    #[test]
    fn nothing_has_no_share() {
        assert_eq!(Money::ONE.share_of(Money::ZERO), None);
        assert_eq!(Money::from_micros(1).share_of(Money::from_micros(3)), Some(Ratio::from_micros(333_333)));
    }
}
