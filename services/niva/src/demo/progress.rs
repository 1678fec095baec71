use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::screen::tell;

/// How the demo tells what it does: a bar while a step runs where there is a terminal, a line when it is done. All of it
/// on stderr.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Bars on a terminal (indicatif hides them elsewhere, and `--json` asks for none), a line a step.
    pub(super) fn told(bars: bool) -> Self {
        let target = if bars { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target).with_style(ProgressStyle::default_spinner());
        Self { bar }
    }

    /// A step begins.
    pub(super) fn begin(&self, what: &str) {
        self.bar.set_style(ProgressStyle::default_spinner());
        self.bar.unset_length();
        self.bar.set_message(what.to_owned());
        self.bar.reset();
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }

    /// A step that has parts is at one of them.
    pub(super) fn at(&self, done: i64, of: i64) {
        let part = |n: i64| u64::try_from(n).unwrap_or(0);
        if self.bar.length() != Some(part(of)) {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar.set_length(part(of));
        }
        self.bar.set_position(part(done));
    }

    /// A step is done; `text` says what came of it.
    pub(super) fn done(&self, text: impl std::fmt::Display) {
        self.bar.disable_steady_tick();
        self.bar.finish_and_clear();
        tell(format_args!("✓ {text}"));
    }
}
