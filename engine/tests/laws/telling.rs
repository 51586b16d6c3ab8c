//! Urging, copies, comments and files: on record, bounded, and without effect on the flow.

use countersign_engine::command::{Act, WorkId};
use countersign_engine::event::{Attachment, Did, Event};
use countersign_engine::id::{Digest, RunId};

use crate::driver::{HOUR, World};
use crate::inputs::task;

const PROCESS: WorkId = WorkId { run: RunId(0), seat: 0 };

#[test]
fn work_is_urged_by_those_concerned_and_once_an_hour() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    let work = world.work(id, "one");
    let urge = || Act::Urge { text: Some("please".into()) };
    assert_eq!(world.act_on(id, work, "qian", urge()).expect_err("no concern").code(), "not_concerned");
    world.act_on(id, work, "li", urge()).expect("li started it");
    assert_eq!(world.act_on(id, work, "admin", urge()).expect_err("too soon").code(), "limit_reached");
    world.wait(HOUR);
    world.act_on(id, work, "admin", urge()).expect("an hour later");
    world.complete(id, "one", "li", "done").expect("the work is as it was");
}

#[test]
fn a_copy_lets_people_have_a_say_and_is_read_once() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    let copy = |to: &[&str]| Act::Copy { to: to.iter().map(|one| (*one).into()).collect(), text: None };
    let comment = || Act::Comment { text: "seen".into() };
    assert_eq!(world.act_on(id, PROCESS, "qian", comment()).expect_err("no concern").code(), "not_concerned");
    assert_eq!(world.act_on(id, PROCESS, "li", copy(&[])).expect_err("nobody").code(), "invalid_input");
    assert_eq!(world.act_on(id, PROCESS, "li", copy(&["ghost"])).expect_err("who?").code(), "inactive_account");
    world.act_on(id, PROCESS, "li", copy(&["qian", "sun", "qian"])).expect("given");
    assert_eq!(world.did(id, |did| matches!(did, Did::Copied { .. })), 2, "one each");
    let number = world.events(id).find_map(|event| match event {
        Event::Worked { did: Did::Copied { copy, to, .. }, .. } if &**to == "qian" => Some(*copy),
        _ => None,
    });
    let read = Act::Read { copy: number.expect("qian's") };
    assert_eq!(world.act_on(id, PROCESS, "sun", read.clone()).expect_err("qian's").code(), "not_concerned");
    world.act_on(id, PROCESS, "qian", read.clone()).expect("read");
    world.act_on(id, PROCESS, "qian", read).expect("again changes nothing");
    assert_eq!(world.did(id, |did| matches!(did, Did::CopyRead { .. })), 1);
    world.act_on(id, PROCESS, "qian", comment()).expect("concerned now");
}

#[test]
fn a_file_is_named_by_what_it_contains_and_bounded() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    let file = |name: &str, bytes| Attachment {
        digest: Digest::of(b"report"),
        name: name.into(),
        media_type: "text/plain".into(),
        bytes,
    };
    let attach = |file| Act::Attach { file };
    assert_eq!(world.act_on(id, PROCESS, "li", attach(file("../x", 6))).expect_err("a path").code(), "invalid_input");
    assert_eq!(
        world.act_on(id, PROCESS, "li", attach(file("x", u64::MAX))).expect_err("large").code(),
        "limit_reached"
    );
    assert_eq!(
        world.act_on(id, PROCESS, "qian", attach(file("x", 6))).expect_err("no concern").code(),
        "not_concerned"
    );
    world.act_on(id, PROCESS, "li", attach(file("报告.txt", 6))).expect("attached");
    let gone = WorkId { run: RunId(77), seat: 0 };
    assert_eq!(world.act_on(id, gone, "li", attach(file("x", 6))).expect_err("no such work").code(), "gone");
}
