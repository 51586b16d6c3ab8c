//! Who may work on which activities: the role `worker`, everywhere or for one activity (`activity: mail.send`).

use identity::role::WORKER;

use crate::extract::Caller;

/// Whether the caller may run this activity.
pub(crate) fn works_on(caller: &Caller, activity: &str) -> bool {
    let scope = [("activity".into(), activity.into())].into();
    caller.roles.iter().any(|grant| grant.covers(WORKER, &scope))
}

/// The name under which a lease is kept: no worker of another account can have it.
pub(crate) fn holder(caller: &Caller, worker: &str) -> String {
    format!("{}/{worker}", caller.id)
}
