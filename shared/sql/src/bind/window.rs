//! `OVER (...)` and `WINDOW`.

use std::collections::HashMap;

use sqlparser::ast::{
    Expr as Tree, Ident, NamedWindowDefinition, NamedWindowExpr, WindowFrame, WindowFrameBound,
    WindowFrameUnits, WindowSpec, WindowType,
};
use sqlparser::tokenizer::Location;

use super::Binder;
use super::call::shortened;
use super::names::ScopeId;
use super::typing;
use crate::bound::{About, Expr, Known, TextRange, Window};
use crate::extras::label;
use crate::limits::MAX_BOUND_COLUMNS;
use crate::types::{FrameEdge, FrameUnit};

impl Binder<'_> {
    /// The windows of a WINDOW clause, for as long as their SELECT is bound.
    pub(super) fn named_windows(&mut self, windows: &[NamedWindowDefinition], scope: ScopeId) {
        self.names.windows.push(HashMap::new());
        for NamedWindowDefinition(name, window) in windows {
            let at = self.source.range(name.span);
            let folded = label(name);
            let window = match window {
                NamedWindowExpr::NamedWindow(base) => self.named_window(base, &at),
                NamedWindowExpr::WindowSpec(spec) => {
                    let window = self.window_of(spec, scope, &at);
                    let all = self.source.with_words_behind(&at, &["AS"]);
                    let all = self.source.with_group_behind(&all);
                    let window = self.with_pattern(Some(window), name.span.start, &all, scope);
                    window.unwrap_or_else(empty)
                }
            };
            if let Some(windows) = self.names.windows.last_mut()
                && windows.insert(folded, window).is_some()
            {
                let message = format!("WINDOW name '{}' specified more than once", name.value);
                self.problem("DUPLICATE_WINDOW_NAME", message, &at);
            }
        }
    }

    /// A window with its row pattern, if one is noted at the place of its name or of the call that has it.
    pub(super) fn with_pattern(
        &mut self,
        window: Option<Window>,
        place: Location,
        all: &TextRange,
        scope: ScopeId,
    ) -> Option<Window> {
        let mut window = window?;
        if let Some(pattern) = self.extras.row_patterns.get(&place) {
            let text = shortened(self.source.spelled(all));
            window.pattern = Some((text, self.window_pattern(pattern, scope)));
        }
        Some(window)
    }

    fn named_window(&mut self, name: &Ident, at: &TextRange) -> Window {
        let folded = label(name);
        let windows = self.names.windows.last();
        match windows.and_then(|windows| windows.get(&folded)) {
            Some(window) => {
                // Each use has the window's expressions for itself: many uses of a long one are too much.
                self.copied += window.expressions().count();
                if self.copied > MAX_BOUND_COLUMNS {
                    self.copied = MAX_BOUND_COLUMNS;
                    self.note_too_large(at);
                    return empty();
                }
                window.clone()
            }
            None => {
                let message = format!("Cannot resolve WINDOW name {}", name.value);
                self.problem("INVALID_WINDOW_REFERENCE", message, at);
                empty()
            }
        }
    }

    /// What stands behind OVER.
    pub(super) fn window(&mut self, over: &WindowType, scope: ScopeId, at: &TextRange) -> Window {
        match over {
            WindowType::NamedWindow(name) => {
                let at = self.source.range(name.span);
                self.named_window(name, &at)
            }
            WindowType::WindowSpec(spec) => self.window_of(spec, scope, at),
        }
    }

    fn window_of(&mut self, spec: &WindowSpec, scope: ScopeId, at: &TextRange) -> Window {
        let mut window = match &spec.window_name {
            Some(base) => {
                let place = self.source.range(base.span);
                let base = self.named_window(base, &place);
                self.check_base(&base, spec, &place);
                base
            }
            None => empty(),
        };
        for key in &spec.partition_by {
            let key = self.expression(key, scope);
            self.must_be_comparable(&key);
            window.partition.push(key);
        }
        for item in &spec.order_by {
            let expr = self.expression(&item.expr, scope);
            let key = self.sort_key(item, expr);
            window.order.push(key);
        }
        if let Some(frame) = &spec.window_frame {
            let mut bounds: Vec<Expr> = Vec::new();
            let unit = match frame.units {
                WindowFrameUnits::Rows => FrameUnit::Rows,
                WindowFrameUnits::Groups => FrameUnit::Groups,
                WindowFrameUnits::Range => FrameUnit::Range,
            };
            for (edge, bound) in [
                (FrameEdge::Start, Some(&frame.start_bound)),
                (FrameEdge::End, frame.end_bound.as_ref()),
            ] {
                if let Some(
                    WindowFrameBound::Preceding(Some(distance))
                    | WindowFrameBound::Following(Some(distance)),
                ) = bound
                {
                    let distance = self.expression(without_interval(distance), scope);
                    if let Err(problem) =
                        typing::check_frame_offset(unit, edge, &distance, &window.order)
                    {
                        let (error, place) = (problem.error.as_str(), distance.at.clone());
                        self.problem_about(error, problem.message, &place, About::Types);
                    }
                    bounds.push(distance);
                }
            }
            self.check_frame(frame, at);
            window.frame = Some((frame_text(frame), bounds));
        }
        window
    }

    fn check_base(&mut self, base: &Window, spec: &WindowSpec, at: &TextRange) {
        if !spec.partition_by.is_empty() {
            let message =
                "WINDOW specification with named WINDOW reference cannot specify PARTITION BY";
            self.problem("INVALID_PARTITION_BY", message, at);
        }
        if !base.order.is_empty() && !spec.order_by.is_empty() {
            let message = "Cannot specify ORDER BY if referenced named WINDOW specifies ORDER BY";
            self.problem("INVALID_ORDER_BY", message, at);
        }
        if base.frame.is_some() {
            let message = "Cannot reference named WINDOW containing frame specification";
            self.problem("INVALID_WINDOW_REFERENCE", message, at);
        }
    }

    fn check_frame(&mut self, frame: &WindowFrame, at: &TextRange) {
        use WindowFrameBound::{CurrentRow, Following, Preceding};
        let end = frame.end_bound.as_ref().unwrap_or(&CurrentRow);
        let message = match (&frame.start_bound, end) {
            (Following(None), _) => "Window frame start cannot be UNBOUNDED FOLLOWING",
            (_, Preceding(None)) => "Window frame end cannot be UNBOUNDED PRECEDING",
            (CurrentRow, Preceding(_)) => {
                "Window frame starting from CURRENT ROW cannot end with PRECEDING"
            }
            (Following(_), Preceding(_)) => {
                "Window frame starting from FOLLOWING cannot end with PRECEDING"
            }
            (Following(_), CurrentRow) => {
                "Window frame starting from FOLLOWING cannot end with CURRENT ROW"
            }
            _ => return,
        };
        self.problem("INVALID_WINDOW_FRAME", message, at);
    }

    fn must_be_comparable(&mut self, key: &Expr) {
        if let Known::Known(ty) = &key.ty
            && !ty.is_comparable()
        {
            let message = format!(
                "{} is not comparable, and therefore cannot be used in window function PARTITION BY",
                ty.in_messages()
            );
            let at = key.at.clone();
            self.problem("TYPE_MISMATCH", message, &at);
        }
    }
}

fn empty() -> Window {
    Window {
        partition: Vec::new(),
        order: Vec::new(),
        frame: None,
        pattern: None,
    }
}

/// The frame as it would be written out in full.
fn frame_text(frame: &WindowFrame) -> String {
    let start = bound_text(&frame.start_bound);
    match &frame.end_bound {
        Some(end) => format!("{} BETWEEN {start} AND {}", frame.units, bound_text(end)),
        None => format!("{} {start}", frame.units),
    }
}

fn bound_text(bound: &WindowFrameBound) -> String {
    match bound {
        WindowFrameBound::CurrentRow => "CURRENT ROW".to_owned(),
        WindowFrameBound::Preceding(None) => "UNBOUNDED PRECEDING".to_owned(),
        WindowFrameBound::Preceding(Some(distance)) => format!("{distance} PRECEDING"),
        WindowFrameBound::Following(None) => "UNBOUNDED FOLLOWING".to_owned(),
        WindowFrameBound::Following(Some(distance)) => format!("{distance} FOLLOWING"),
    }
}

/// sqlparser takes a string in a frame for an interval.
fn without_interval(distance: &Tree) -> &Tree {
    match distance {
        Tree::Interval(interval) if interval.leading_field.is_none() => &interval.value,
        other => other,
    }
}
