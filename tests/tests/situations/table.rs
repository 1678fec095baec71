//! The table of situations: Markdown that a finance officer reads, whose fenced steps are what runs.

/// A line of steps.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Where it stands in the file.
    pub(crate) line: usize,
    /// What it says, with single spaces.
    pub(crate) text: String,
}

/// A case: a heading of the second order, and the steps below it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// The heading.
    pub(crate) title: String,
    /// In order.
    pub(crate) steps: Vec<Step>,
}

/// The cases of a file. Everything outside fences is for people.
pub(crate) fn cases(text: &str) -> Vec<Case> {
    let (mut cases, mut fenced) = (Vec::<Case>::new(), false);
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if let Some(title) = line.strip_prefix("## ").filter(|_| !fenced) {
            cases.push(Case { title: title.to_owned(), steps: Vec::new() });
        } else if fenced && !line.trim().is_empty() {
            let text = line.split_whitespace().collect::<Vec<_>>().join(" ");
            let case = cases.last_mut().expect("steps stand below the heading of a case");
            case.steps.push(Step { line: at + 1, text });
        }
    }
    cases
}

#[test]
fn steps_are_what_stands_in_fences_below_a_heading() {
    let text =
        "# Title\n\nwords\n\n## C1 · one\n\nwhy\n\n```\ngrant  G1 P1\n\nrun 2024-03\n```\n\n## C2 · two\n";
    let cases = cases(text);
    assert_eq!(cases.iter().map(|c| c.title.as_str()).collect::<Vec<_>>(), ["C1 · one", "C2 · two"]);
    let steps: Vec<_> = cases[0].steps.iter().map(|s| (s.line, s.text.as_str())).collect();
    assert_eq!(steps, [(10, "grant G1 P1"), (12, "run 2024-03")]);
}
