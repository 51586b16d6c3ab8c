//! Whether a value of one type may stand where another is declared.

use crate::language::types::Type;

/// Careful: where it cannot be known, it fits.
pub(super) fn fits(have: &Type, want: &Type) -> bool {
    match (have, want) {
        (Type::Any, _) | (_, Type::Any) => true,
        (Type::Optional(have), _) => fits(have, want),
        (_, Type::Optional(want)) => fits(have, want),
        (Type::Integer { .. }, Type::Integer { .. } | Type::Decimal | Type::Money(_)) => true,
        (Type::Decimal | Type::Money(_), Type::Decimal) | (Type::Decimal, Type::Money(_)) => true,
        (Type::Money(one), Type::Money(two)) => one == two,
        (Type::OneOf(have), Type::OneOf(want)) => have.iter().all(|word| want.contains(word)),
        (Type::List(have), Type::List(want)) => fits(have, want),
        (Type::Record(have), Type::Record(want)) => {
            have.iter().all(|(name, kind)| want.get(name).is_some_and(|wanted| fits(kind, wanted)))
                && want
                    .iter()
                    .all(|(name, kind)| have.contains_key(name) || matches!(kind, Type::Optional(_) | Type::Any))
        }
        (Type::Record(_) | Type::AnyRecord, Type::Record(_) | Type::AnyRecord) => true,
        (Type::String, want) => is_text(want),
        (Type::User | Type::Role | Type::File | Type::OneOf(_), Type::String | Type::User | Type::Role) => true,
        (Type::Date | Type::DateTime | Type::Duration, Type::String) => true,
        (have, want) => have == want,
    }
}

/// Types whose values are texts.
fn is_text(kind: &Type) -> bool {
    matches!(
        kind,
        Type::String
            | Type::User
            | Type::Role
            | Type::File
            | Type::OneOf(_)
            | Type::Date
            | Type::DateTime
            | Type::Duration
    )
}
