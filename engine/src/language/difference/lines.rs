//! Two texts, line by line: what stays, goes and comes, with a little of what is around.

/// Lines shown before and after a change.
const AROUND: usize = 3;
/// Cells of the table of common lines; larger middles are shown as replaced whole.
const CELLS_MAX: usize = 4_000_000;

/// The changed places of two texts: each line with ` `, `-` or `+` before it, and `…` where lines are left out.
pub(super) fn unified(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let most = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(one, other)| one == other).count();
    let mut marked: Vec<(char, &str)> = old[..head].iter().map(|line| (' ', *line)).collect();
    marked.extend(middle(&old[head..old.len() - tail], &new[head..new.len() - tail]));
    marked.extend(old[old.len() - tail..].iter().map(|line| (' ', *line)));
    shown(&marked)
}

/// The part between what both begin and end with, by the longest common run of lines.
fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    if old.len().saturating_mul(new.len()) > CELLS_MAX {
        return old.iter().map(|line| ('-', *line)).chain(new.iter().map(|line| ('+', *line))).collect();
    }
    let width = new.len() + 1;
    let mut common = vec![0u32; (old.len() + 1) * width];
    for (i, line) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            common[i * width + j] = if line == other {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut marked) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            marked.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            marked.push(('-', old[i]));
            i += 1;
        } else {
            marked.push(('+', new[j]));
            j += 1;
        }
    }
    marked
}

fn shown(marked: &[(char, &str)]) -> Vec<String> {
    let near = |place: usize| {
        let (from, to) = (place.saturating_sub(AROUND), (place + AROUND + 1).min(marked.len()));
        marked[from..to].iter().any(|(mark, _)| *mark != ' ')
    };
    let (mut lines, mut gap) = (Vec::new(), false);
    for (place, (mark, line)) in marked.iter().enumerate() {
        if near(place) {
            lines.push(format!("{mark}{line}"));
            gap = false;
        } else if !gap {
            lines.push("…".to_owned());
            gap = true;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_marked_and_far_lines_are_left_out() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let new = "a\nb\nc\nd\ne\nF\ng\nh\nk\n";
        assert_eq!(unified(old, new), ["…", " c", " d", " e", "-f", "+F", " g", " h", "+k"]);
        assert!(unified(old, old).iter().all(|line| line == "…"));
        assert_eq!(unified("", "x\n"), ["+x"]);
        assert_eq!(unified("x\n", ""), ["-x"]);
    }

    #[test]
    fn a_moved_line_goes_and_comes() {
        assert_eq!(unified("a\nb\nc", "b\nc\na"), ["-a", " b", " c", "+a"]);
    }
}
