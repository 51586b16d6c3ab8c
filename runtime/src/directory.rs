//! Who is who: the port through which deciding asks about people. The identity service answers it.

use engine::event::Candidates;
use engine::facts::PersonFact;
use engine::id::UserId;

/// The people of the plant, as they are now. Answers come from memory: deciding does not wait.
pub trait Directory: Send + Sync {
    fn person(&self, id: &UserId) -> Option<PersonFact>;
    /// Active people who could take such work, by id; at most `at_most`.
    fn holders(&self, candidates: &Candidates, at_most: usize) -> Vec<UserId>;
}
