//! Random processes from a seed: nested blocks with every kind of step, events, deadlines and ways out.

use crate::inputs::yaml;

/// Numbers drawn from a seed: the same on every machine.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound.max(1)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// Writes a process, step by step.
struct Writer {
    draw: Draw,
    count: u32,
    fields: Vec<String>,
    /// Lists that grow.
    lists: Vec<String>,
    /// How many waits for messages there are: each has an order of its own.
    orders: u64,
    milestones: Vec<String>,
    /// The item that steps may write, inside an `each`.
    item: Option<String>,
}

impl Writer {
    fn name(&mut self) -> String {
        self.count += 1;
        format!("s{}", self.count)
    }

    fn field(&mut self) -> String {
        if let Some(item) = &self.item {
            return format!("{item}.q");
        }
        let name = format!("f{}", self.fields.len());
        self.fields.push(format!("{name}: {{ type: integer, initial: 0 }}"));
        name
    }

    /// A list of the data that grows.
    fn list_of_items(&mut self) -> String {
        let name = format!("g{}", self.lists.len());
        self.fields.push(format!(
            "{name}: {{ type: {{ list: {{ id: string, q: integer }} }}, initial: [ {{ id: a, q: 1 }} ] }}"
        ));
        self.lists.push(name.clone());
        format!("{name}, grows: true")
    }

    /// A wait for a message that nobody else waits for.
    fn order(&mut self) -> String {
        self.orders += 1;
        format!("match: {{ order: o{} }}", self.orders)
    }

    fn condition(&mut self, reads: &[String]) -> String {
        let limit = self.draw.below(4);
        match (self.draw.below(4), reads.is_empty()) {
            (0, false) => {
                let read = self.draw.below(reads.len() as u64) as usize;
                format!("={} > {limit}", reads[read])
            }
            // Sometimes there is no answer.
            (1, _) if self.draw.chance(15) => "=10 / input.a > 2".to_owned(),
            _ => format!("=input.a > {limit}"),
        }
    }

    /// A condition over what the process itself writes, with the first fields that there are.
    fn on_data(&mut self) -> String {
        let limit = self.draw.below(3);
        match self.fields.len() as u64 {
            0 => format!("=input.a > {limit}"),
            count => format!("=f{} > {limit}", self.draw.below(count)),
        }
    }

    /// A milestone of a step that was written before.
    fn milestone(&mut self) -> Option<String> {
        let place = self.draw.below(self.milestones.len() as u64) as usize;
        self.milestones.get(place).cloned()
    }

    /// Lists that run beside the steps.
    fn alongside(&mut self) -> String {
        let mut text = "alongside:\n".to_owned();
        for name in 0..1 + self.draw.below(2) {
            let when = match self.draw.below(3) {
                0 => String::new(),
                1 => self.milestone().map_or(String::new(), |name| format!("    when: \"=reached(\\\"{name}\\\")\"\n")),
                _ => format!("    when: {}\n", self.on_data()),
            };
            let at_end = self.draw.pick(&["", "    at_end: withdraw\n", "    at_end: finish\n"]);
            let steps = self.list(1, &[], 6);
            text.push_str(&format!("  l{name}:\n{when}{at_end}    steps:\n{steps}"));
        }
        text
    }

    /// A list of steps. `back` are steps that a jump from here may lead to.
    fn list(&mut self, depth: u32, back: &[String], indent: usize) -> String {
        let mut known = back.to_vec();
        let mut text = String::new();
        for _ in 0..1 + self.draw.below(3) {
            let id = self.name();
            text.push_str(&self.step(&id, depth, &known, indent));
            known.push(id);
        }
        if self.draw.chance(15) {
            let (id, parallel) = (self.name(), self.draw.chance(40));
            text.push_str(&format!("{}- {{ id: {id}, compensate: {{ parallel: {parallel} }} }}\n", " ".repeat(indent)));
        }
        if self.draw.chance(12) {
            let (id, kind) = (self.name(), self.draw.pick(&["fail: BROKEN", "end: here"]));
            text.push_str(&format!("{}- {{ id: {id}, {kind} }}\n", " ".repeat(indent)));
        }
        text
    }

    fn way(&mut self, depth: u32, back: &[String], indent: usize) -> String {
        match self.draw.below(6) {
            0 if !back.is_empty() => {
                let target = self.draw.below(back.len() as u64) as usize;
                let undo = if self.draw.chance(30) { ", undo: true" } else { "" };
                format!(" {{ back_to: {}, at_most: {}{undo} }}\n", back[target], 1 + self.draw.below(2))
            }
            1 => " { end: over }\n".to_owned(),
            2 if depth > 0 => format!("\n{}", self.list(depth - 1, back, indent + 2)),
            _ => " next\n".to_owned(),
        }
    }

    fn step(&mut self, id: &str, depth: u32, back: &[String], indent: usize) -> String {
        let pad = " ".repeat(indent);
        let mut text = format!("{pad}- id: {id}\n");
        let reads: Vec<String> = Vec::new();
        if self.draw.chance(15) {
            let when = self.condition(&reads);
            text.push_str(&format!("{pad}  when: {when}\n"));
        }
        let kinds = if depth > 0 { 17 } else { 9 };
        let hosts = match self.draw.below(kinds) {
            0 | 1 => {
                text.push_str(&format!("{pad}  task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}\n"));
                let late = self.draw.chance(30);
                if late || self.draw.chance(30) {
                    text.push_str(&format!("{pad}  due: {} hours\n", 1 + self.draw.below(40)));
                }
                text.push_str(&format!("{pad}  outcomes:\n{pad}    good: next\n{pad}    bad:"));
                text.push_str(&self.way(depth, back, indent + 4));
                if late {
                    text.push_str(&format!("{pad}    late:"));
                    text.push_str(&self.way(depth, back, indent + 4));
                }
                true
            }
            2 => {
                let rule = self.draw.pick(&["all", "any", "{ at_least: 2 }"]);
                let order = self.draw.pick(&["at_once", "in_turn"]);
                text.push_str(&format!(
                    "{pad}  approve: {{ by: [ {{ role: manager, must: {} }}, {{ role: manager }}, {{ role: clerk }} ], rule: {rule}, order: {order} }}\n",
                    self.draw.chance(30)
                ));
                if self.draw.chance(40) {
                    let (seat, hours) = (self.draw.pick(&["each_seat", "in"]), 1 + self.draw.below(40));
                    text.push_str(&format!("{pad}  due: {{ {seat}: {hours} hours }}\n"));
                }
                text.push_str(&format!("{pad}  outcomes:\n{pad}    rejected:"));
                text.push_str(&self.way(depth, back, indent + 4));
                true
            }
            3 | 4 => {
                let activity = self.draw.pick(&["test.echo", "test.remote", "test.long"]);
                text.push_str(&format!("{pad}  call: {activity}\n{pad}  with: {{ value: 3 }}\n"));
                if self.draw.chance(50) {
                    text.push_str(&format!(
                        "{pad}  retry: {{ attempts: {}, wait: 1 minutes }}\n",
                        1 + self.draw.below(3)
                    ));
                }
                if self.draw.chance(35) {
                    let by = self.draw.pick(&["test.echo", "test.remote"]);
                    text.push_str(&format!("{pad}  compensate: {{ call: {by}, with: {{ value: =output.value }} }}\n"));
                }
                if self.draw.chance(50) {
                    text.push_str(&format!("{pad}  outcomes:\n{pad}    REFUSED:"));
                    text.push_str(&self.way(depth, back, indent + 4));
                }
                true
            }
            5 if !self.lists.is_empty() && self.draw.chance(60) => {
                let list = self.draw.below(self.lists.len() as u64) as usize;
                text.push_str(&format!("{pad}  add: {{ {}: =input.items }}\n", self.lists[list]));
                false
            }
            5 => {
                let field = self.field();
                text.push_str(&format!("{pad}  set: {{ {field}: ={field} + 1 }}\n"));
                false
            }
            6 => {
                let wait = match self.draw.below(5) {
                    0 => format!("{} hours", 1 + self.draw.below(50)),
                    1 => format!("{{ message: paid, {} }}", self.order()),
                    2 => format!("{{ condition: {} }}", self.on_data()),
                    3 => self.milestone().map_or("2 hours".to_owned(), |name| format!("{{ milestone: {name} }}")),
                    _ => format!("{{ message: moved, {}, when: =message.amount > 1 }}", self.order()),
                };
                text.push_str(&format!("{pad}  wait: {wait}\n"));
                true
            }
            7 => {
                let order = self.order();
                text.push_str(&format!(
                    "{pad}  first:\n{pad}    paid: {{ message: paid, {order} }}\n{pad}    silent: {{ after: {} hours, end: silent }}\n",
                    1 + self.draw.below(60)
                ));
                true
            }
            8 => {
                let kind = self.draw.pick(&[
                    "wait: 1 hours",
                    "escalate: LATE",
                    "run: below\n  PADwith: { order: x, items: [] }",
                ]);
                text.push_str(&format!("{pad}  {}\n", kind.replace("PAD", &pad)));
                false
            }
            9 | 10 => {
                text.push_str(&format!("{pad}  parallel:\n"));
                for branch in 0..1 + self.draw.below(3) {
                    text.push_str(&format!("{pad}    b{branch}:\n"));
                    if self.draw.chance(25) {
                        let when = self.condition(&reads);
                        text.push_str(&format!("{pad}      when: {when}\n{pad}      steps:\n"));
                        text.push_str(&self.list(depth - 1, back, indent + 8));
                    } else {
                        text.push_str(&self.list(depth - 1, back, indent + 6));
                    }
                }
                let (join, rest) = (
                    self.draw.pick(&["all", "any", "{ at_least: 2 }"]),
                    self.draw.pick(&["cancel", "finish", "until_end"]),
                );
                text.push_str(&format!("{pad}  join: {join}\n{pad}  rest: {rest}\n"));
                true
            }
            11 | 12 => {
                let (at_once, join) = (1 + self.draw.below(3), self.draw.pick(&["all", "any", "{ at_least: 2 }"]));
                let rest = self.draw.pick(&["cancel", "finish", "until_end"]);
                let of =
                    if self.draw.chance(40) { self.list_of_items() } else { format!("input.items, key: ={id}i.id") };
                text.push_str(&format!(
                    "{pad}  each: {{ of: ={of}, as: {id}i, at_once: {at_once}, join: {join}, rest: {rest} }}\n{pad}  steps:\n"
                ));
                let outer = self.item.replace(format!("{id}i"));
                text.push_str(&self.list(depth - 1, back, indent + 4));
                self.item = outer;
                true
            }
            13 => {
                let every = if self.draw.chance(40) { ", every: 2 hours" } else { "" };
                let field = self.field();
                let kind = self.draw.pick(&["until", "while"]);
                let compare = if kind == "until" { ">=" } else { "<" };
                text.push_str(&format!(
                    "{pad}  repeat: {{ {kind}: \"={field} {compare} {}\", at_most: 4{every} }}\n{pad}  steps:\n",
                    1 + self.draw.below(3)
                ));
                let counter = self.name();
                text.push_str(&format!("{pad}    - {{ id: {counter}, set: {{ {field}: ={field} + 1 }} }}\n"));
                let mut back = back.to_vec();
                back.push(counter);
                text.push_str(&self.list(depth - 1, &back, indent + 4));
                true
            }
            14 => {
                text.push_str(&format!("{pad}  choose:\n"));
                for _ in 0..1 + self.draw.below(2) {
                    let when = self.condition(&reads);
                    text.push_str(&format!("{pad}    - when: {when}\n{pad}      steps:\n"));
                    text.push_str(&self.list(depth - 1, back, indent + 8));
                }
                if self.draw.chance(80) {
                    text.push_str(&format!("{pad}    - otherwise: next\n"));
                }
                false
            }
            _ => {
                text.push_str(&format!("{pad}  steps:\n"));
                text.push_str(&self.list(depth - 1, back, indent + 4));
                if self.draw.chance(25) {
                    let give_back = self.name();
                    text.push_str(&format!(
                        "{pad}  compensate: [ {{ id: {give_back}, task: {{ title: {{ zh: 还, en: Back }}, to: {{ role: clerk }} }} }} ]\n"
                    ));
                }
                true
            }
        };
        if hosts && self.draw.chance(15) {
            let name = format!("m_{id}");
            text.push_str(&format!("{pad}  milestone: {name}\n"));
            self.milestones.push(name);
        }
        if hosts && self.draw.chance(30) {
            text.push_str(&format!("{pad}  events:\n"));
            text.push_str(&self.event(depth, back, indent + 4));
        }
        text
    }

    fn event(&mut self, depth: u32, back: &[String], indent: usize) -> String {
        let (pad, name) = (" ".repeat(indent), self.name());
        let on = match self.draw.below(8) {
            4 => "escalation: any".to_owned(),
            5 => format!("condition: {}", self.on_data()),
            6 => {
                let open = self.condition(&[]);
                let reason = self.draw.pick(&["required", "optional"]);
                format!("by: [ manager, checker ]\nPAD  reason: {reason}\nPAD  while: {open}")
            }
            7 => "by: clerk".to_owned(),
            0 => format!("message: paid\nPAD  {}", self.order()),
            1 => format!("after: [ {} hours, 90 hours ]", 1 + self.draw.below(30)),
            2 => "error: any".to_owned(),
            _ => "error: REFUSED\nPAD  when: =input.a > 1".to_owned(),
        };
        let action = self.draw.pick(&["steps", "instead"]);
        let back = if action == "instead" { back } else { &[] };
        let on = on.replace("PAD", &pad);
        let undo =
            if action == "instead" && self.draw.chance(40) { format!("{pad}  undo: true\n") } else { String::new() };
        format!(
            "{pad}{name}:\n{pad}  {on}\n{undo}{pad}  {action}:\n{}",
            self.list(depth.saturating_sub(1), back, indent + 4)
        )
    }
}

/// The process of a seed, and how many orders it waits for.
pub(crate) fn written(seed: u64) -> (String, u64) {
    let mut writer = Writer {
        draw: Draw::new(seed),
        count: 0,
        fields: Vec::new(),
        lists: Vec::new(),
        orders: 0,
        milestones: Vec::new(),
        item: None,
    };
    let steps = writer.list(3, &[], 2);
    let events = if writer.draw.chance(40) { format!("events:\n{}", writer.event(2, &[], 2)) } else { String::new() };
    let alongside = if writer.draw.chance(30) { writer.alongside() } else { String::new() };
    let boundary = if writer.draw.chance(10) { "policy: { boundary: commit }\n" } else { "" };
    let data =
        if writer.fields.is_empty() { String::new() } else { format!("data:\n  {}\n", writer.fields.join("\n  ")) };
    let late = "late: { usual: [ { at: 1 hours before, tell: boss }, { at: due, tell: boss } ] }\n";
    (yaml("test", &format!("{late}{boundary}{data}steps:\n{steps}{alongside}{events}")), writer.orders)
}
