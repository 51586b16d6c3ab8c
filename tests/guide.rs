//! The guide to a first process is true: its files are written, its commands run, and they print what it says.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// One fenced block: what stands behind its fence, and its lines.
struct Block<'g> {
    kind: &'g str,
    lines: Vec<&'g str>,
}

fn blocks(guide: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in guide.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(kind), None) => open = Some(Block { kind, lines: Vec::new() }),
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some(mut block)) => {
                block.lines.push(line);
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    blocks
}

/// Writes a file, or changes one as a reader would.
fn edit(folder: &Path, block: &Block<'_>) {
    let words: Vec<&str> = block.kind.split_whitespace().collect();
    let file = words.iter().find_map(|word| word.strip_prefix("file=")).expect("which file");
    let path = folder.join(file);
    let text = block.lines.join("\n") + "\n";
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    let after = if words.contains(&"append") {
        before + &text
    } else if words.contains(&"replace") {
        let (from, to) = text.split_once("---\n").expect("what, and by what");
        assert_eq!(before.matches(from).count(), 1, "{file} has no such place: {from}");
        before.replace(from, to)
    } else {
        text
    };
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, after).expect("a file");
}

fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a line is what was promised; `…` stands for anything.
fn agrees(wanted: &str, seen: &str) -> bool {
    let (wanted, seen) = (words(wanted), words(seen));
    let mut rest = seen.as_str();
    for (place, part) in wanted.split('…').enumerate() {
        let Some(at) = rest.find(part) else { return false };
        if place == 0 && at != 0 {
            return false;
        }
        rest = &rest[at + part.len()..];
    }
    wanted.ends_with('…') || rest.is_empty()
}

/// Whether the output is what was promised, line by line; a line of `…` stands for any number of lines.
fn prints(wanted: &[&str], seen: &[&str]) -> bool {
    match wanted.split_first() {
        None => seen.iter().all(|line| line.trim().is_empty()),
        Some((&"…", rest)) => (0..=seen.len()).any(|skipped| prints(rest, &seen[skipped..])),
        Some((line, rest)) => {
            seen.split_first().is_some_and(|(first, others)| agrees(line, first) && prints(rest, others))
        }
    }
}

/// The id in the first column of what `tasks` printed.
fn task(printed: &str) -> Option<String> {
    let ids = printed.lines().filter_map(|line| line.split_whitespace().next());
    ids.filter(|word| word.len() > 36 && word.matches('-').count() == 4).map(str::to_owned).next()
}

/// What a shell that is led through the guide remembers.
struct Shell<'f> {
    folder: &'f Path,
    variables: BTreeMap<String, String>,
    task: String,
}

impl Shell<'_> {
    fn run(&mut self, line: &str) -> String {
        if let Some((name, value)) = line.strip_prefix("export ").and_then(|rest| rest.split_once('=')) {
            self.variables.insert(name.to_owned(), value.to_owned());
            return String::new();
        }
        let program = Path::new(env!("CARGO_BIN_EXE_countersign")).parent().expect("a folder");
        let output = Command::new("sh")
            .args(["-c", &format!("PATH=\"$PROGRAM:$PATH\"; {}", line.replace("TASK", &self.task))])
            .current_dir(self.folder)
            .env_remove("COUNTERSIGN_SERVER")
            .env_remove("COUNTERSIGN_DATABASE")
            .env("PROGRAM", program)
            .envs(&self.variables)
            .output()
            .expect("a shell");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let printed = text(&output.stdout) + &text(&output.stderr);
        self.task = task(&printed).unwrap_or_else(|| self.task.clone());
        printed
    }
}

#[test]
fn every_file_and_every_command_of_the_guide_does_what_it_says() {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/write-a-process.md"));
    let guide = guide.expect("the guide");
    let folder = tempfile::tempdir().expect("a folder");
    let mut shell = Shell { folder: folder.path(), variables: BTreeMap::new(), task: String::new() };
    let mut commands = 0;
    for block in blocks(&guide) {
        if block.kind.contains("file=") {
            edit(folder.path(), &block);
            continue;
        }
        assert_eq!(block.kind, "console", "a block of the guide is a file or what a shell shows");
        for part in block
            .lines
            .split(|line| line.starts_with("$ "))
            .skip(1)
            .zip(block.lines.iter().filter_map(|line| line.strip_prefix("$ ")))
        {
            let (wanted, command) = part;
            let printed = shell.run(command);
            let seen: Vec<&str> = printed.lines().collect();
            assert!(prints(wanted, &seen), "$ {command}\nshould print\n{}\nbut prints\n{printed}", wanted.join("\n"));
            commands += 1;
        }
    }
    assert!(commands > 15, "the guide is read: {commands}");
}

#[test]
fn an_ellipsis_stands_for_what_differs_and_for_nothing_else() {
    assert!(agrees("…  running  -", "01a2  running -") && !agrees("… running -", "01a2 ended -"));
    assert!(agrees("1 instances, … transitions", "1 instances, 13 transitions") && !agrees("done", "done, twice"));
    assert!(prints(&["a", "…", "b"], &["a", "x", "y", "b"]) && prints(&["a", "…", "b"], &["a", "b"]));
    assert!(!prints(&["a"], &["a", "b"]) && !prints(&["a", "b"], &["a"]));
}
