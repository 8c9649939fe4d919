//! Function calls, and the forms that are calls written otherwise.

use sqlparser::ast::{
    CeilFloorKind, DuplicateTreatment, Expr as Tree, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArgumentList, FunctionArguments, ListAggOnOverflow,
    NullTreatment, Spanned, TrimWhereField,
};

use super::Binder;
use super::names::ScopeId;
use super::same::is_same_in;
use super::source::{Source, union};
use super::typing::{self, Typed};
use crate::bound::{About, Call, CallKind, Expr, ExprKind, Known, SortKey, TextRange};
use crate::extras::{Extras, InlineFunction};
use crate::lineage::{digest, outside_quotes_lowered};
use crate::types::Type;

/// The longest text that is kept of what a call says besides its arguments.
const LONGEST_SAID: usize = 256;

impl Binder<'_> {
    /// A function call, or what is one by another syntax.
    pub(super) fn any_call(&mut self, tree: &Tree, scope: ScopeId) -> Expr {
        match tree {
            Tree::Function(function) => self.function(function, scope),
            Tree::Extract { field, expr, .. } => {
                let value = self.expression(expr, scope);
                let at = self.around_word(&value.at);
                let field = Expr {
                    kind: ExprKind::Literal(field.to_string().to_lowercase()),
                    ty: Known::Known(Type::Varchar(None)),
                    at: at.start..value.at.start,
                };
                self.form("extract", vec![field, value], at)
            }
            Tree::Ceil { expr, field } | Tree::Floor { expr, field } => {
                let name = if matches!(tree, Tree::Ceil { .. }) {
                    "ceil"
                } else {
                    "floor"
                };
                let value = self.expression(expr, scope);
                let at = self.around_word(&value.at);
                let mut arguments = vec![value];
                if let CeilFloorKind::Scale(scale) = field {
                    arguments.push(self.literal(&Tree::Value(scale.clone())));
                }
                self.form(name, arguments, at)
            }
            Tree::Position { expr, r#in } => {
                let arguments = vec![self.expression(expr, scope), self.expression(r#in, scope)];
                let at = self.around_word(&first_place(&arguments));
                self.form("position", arguments, at)
            }
            Tree::Substring {
                expr,
                substring_from,
                substring_for,
                special,
                shorthand,
            } => {
                let mut arguments = vec![self.expression(expr, scope)];
                for part in [substring_from, substring_for].into_iter().flatten() {
                    arguments.push(self.expression(part, scope));
                }
                let at = self.around_word(&first_place(&arguments));
                // With FROM it is `substr` whichever word was written.
                let name = if *shorthand || !*special {
                    "substr"
                } else {
                    "substring"
                };
                self.form(name, arguments, at)
            }
            Tree::Trim {
                trim_where,
                trim_what,
                expr,
                trim_characters,
            } => {
                let name = match trim_where {
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                    Some(TrimWhereField::Both) | None => "trim",
                };
                let mut arguments = vec![self.expression(expr, scope)];
                let what = trim_what.iter().map(|what| what.as_ref());
                for part in what.chain(trim_characters.iter().flatten()) {
                    arguments.push(self.expression(part, scope));
                }
                let at = self.around_word(&first_place(&arguments));
                self.form(name, arguments, at)
            }
            other => self.expression(other, scope),
        }
    }

    fn around_word(&self, at: &TextRange) -> TextRange {
        self.source
            .around_with_word(at)
            .unwrap_or_else(|| at.clone())
    }

    /// A scalar function over bound arguments.
    fn form(&mut self, name: &str, arguments: Vec<Expr>, at: TextRange) -> Expr {
        let call = Call {
            name: name.to_owned(),
            kind: CallKind::Scalar,
            arguments,
            distinct: false,
            filter: None,
            order: Vec::new(),
            window: None,
            says: String::new(),
            deterministic: true,
        };
        let typed = typing::call(&call.name, &call.arguments);
        self.typed_call(call, typed, at)
    }

    fn typed_call(&mut self, mut call: Call, typed: Typed, at: TextRange) -> Expr {
        call.deterministic = typing::is_deterministic(&call.name);
        let ty = match typed {
            Ok(ty) => ty,
            Err(problem) => {
                let about = if problem.error.as_str() == "FUNCTION_NOT_FOUND" {
                    About::Function(call.name.clone())
                } else {
                    About::Types
                };
                let operand = problem.operand.and_then(|index| call.arguments.get(index));
                let place = operand.map_or_else(|| at.clone(), |operand| operand.at.clone());
                if self.in_pattern == 0 {
                    self.problem_about(problem.error.as_str(), problem.message, &place, about);
                }
                Known::Unknown
            }
        };
        Expr {
            kind: ExprKind::Call(Box::new(call)),
            ty,
            at,
        }
    }

    fn function(&mut self, function: &Function, scope: ScopeId) -> Expr {
        let name = function
            .name
            .0
            .iter()
            .filter_map(|part| part.as_ident())
            .map(|part| part.value.to_lowercase())
            .collect::<Vec<_>>()
            .join(".");
        let name_at = function
            .name
            .0
            .iter()
            .filter_map(|part| part.as_ident())
            .fold(0..0, |at, part| union(&at, &self.source.range(part.span)));
        let at = self.source.call(&name_at);
        let (arguments, clauses, distinct) = match &function.args {
            FunctionArguments::List(list) => (
                list.args.as_slice(),
                list.clauses.as_slice(),
                list.duplicate_treatment == Some(DuplicateTreatment::Distinct),
            ),
            _ => (&[][..], &[][..], false),
        };
        let (arguments, typed) = self.arguments(&name, arguments, scope);
        if name == "row" && function.over.is_none() {
            return self.row_of(arguments, at);
        }
        let mut order: Vec<SortKey> = Vec::new();
        let inside = clauses.iter().filter_map(|clause| match clause {
            FunctionArgumentClause::OrderBy(items) => Some(items.as_slice()),
            _ => None,
        });
        for item in inside.chain([function.within_group.as_slice()]).flatten() {
            let expr = self.expression(&item.expr, scope);
            order.push(self.sort_key(item, expr));
        }
        let filter = function.filter.as_ref().map(|filter| {
            let filter = self.expression(filter, scope);
            self.must_be_boolean(&filter, "Filter expression");
            filter
        });
        let window = function
            .over
            .as_ref()
            .map(|over| self.window(over, scope, &at));
        let kind = match (&window, typing::kind(&name)) {
            (Some(_), _) => CallKind::Window,
            (None, CallKind::Aggregate) if self.in_window_pattern => CallKind::Scalar,
            (None, kind) => kind,
        };
        let place = function.name.span().start;
        let window = self.with_pattern(window, place, &at, scope);
        let is_measure = self.extras.measure_calls.contains(&place);
        if self.in_pattern == 0
            && !is_measure
            && let Err(problem) = typing::check_window(&name, window.as_ref())
        {
            self.problem(problem.error.as_str(), problem.message, &at);
        }
        let says = self.says(&name, function, clauses);
        let call = Call {
            name,
            kind,
            arguments,
            distinct,
            filter,
            order,
            window,
            says,
            deterministic: true,
        };
        let returning = self.extras.json.get(&place);
        let returning = returning.and_then(|clauses| clauses.returning.as_ref());
        let returning = returning.map(ToString::to_string);
        let typed = typed
            .or_else(|| self.said_type(function, &call.name))
            .or_else(|| typing::json(&call.name, &call.arguments, returning.as_deref()))
            .unwrap_or_else(|| typing::call(&call.name, &call.arguments));
        if self.in_pattern == 0 && !is_measure && typed.is_ok() {
            self.check_clauses(&call, &at);
        }
        self.typed_call(call, typed, at)
    }

    /// Which clauses a call may have besides its arguments.
    fn check_clauses(&mut self, call: &Call, at: &TextRange) {
        let misplaced = match call.kind {
            CallKind::Window if call.filter.is_some() => Some((
                "NOT_SUPPORTED",
                "FILTER is not yet supported for window functions",
            )),
            CallKind::Scalar if call.distinct => Some((
                "FUNCTION_NOT_AGGREGATE",
                "DISTINCT is not supported for non-aggregation functions",
            )),
            CallKind::Scalar if call.filter.is_some() => Some((
                "FUNCTION_NOT_AGGREGATE",
                "Filter is only valid for aggregation functions",
            )),
            CallKind::Scalar if !call.order.is_empty() => Some((
                "FUNCTION_NOT_AGGREGATE",
                "ORDER BY is only valid for aggregation functions",
            )),
            _ => None,
        };
        if let Some((error, message)) = misplaced {
            self.problem(error, message, at);
        }
        if call.kind != CallKind::Aggregate || !call.distinct {
            return;
        }
        let text = self.source.all();
        let lost = call.order.iter().find(|key| {
            let mut arguments = call.arguments.iter();
            !arguments.any(|argument| is_same_in(text, argument, &key.expr))
        });
        if let Some(key) = lost {
            let message = "For aggregate function with DISTINCT, ORDER BY expressions must appear in arguments";
            let place = key.expr.at.clone();
            self.problem("EXPRESSION_NOT_IN_DISTINCT", message, &place);
        }
    }

    /// What a call says besides its arguments, its order, its filter and its window, if it is not what holds anyway.
    fn says(&self, name: &str, function: &Function, clauses: &[FunctionArgumentClause]) -> String {
        let mut said = Vec::new();
        if let ("normalize", FunctionArguments::List(FunctionArgumentList { args, .. })) =
            (name, &function.args)
        {
            said.extend(args.get(1).map(ToString::to_string));
        }
        for clause in clauses {
            match clause {
                FunctionArgumentClause::IgnoreOrRespectNulls(nulls) => {
                    said.extend(nulls_said(*nulls))
                }
                FunctionArgumentClause::OnOverflow(ListAggOnOverflow::Error)
                | FunctionArgumentClause::OrderBy(_) => {}
                other => said.push(other.to_string()),
            }
        }
        if let Some(json) = self.extras.json.get(&function.name.span().start) {
            let passing: Vec<&str> = json
                .passing
                .iter()
                .map(|name| name.value.as_str())
                .collect();
            if !passing.is_empty() {
                said.push(format!("passing {}", passing.join(", ")));
            }
            said.extend(json.others.iter().cloned());
        }
        said.extend(function.null_treatment.and_then(nulls_said));
        let mut said = outside_quotes_lowered(&said.join(" "));
        if let Some((_, text)) = self.functions.iter().find(|(defined, _)| defined == name) {
            said.push_str(text);
        }
        said
    }

    /// The type that the statement itself says: of a function that it defines.
    fn said_type(&self, function: &Function, name: &str) -> Option<Typed> {
        let place = function.name.0.first()?.as_ident()?.span.start;
        if self.extras.measure_calls.contains(&place) {
            return Some(Ok(Known::Unknown));
        }
        let mut inline = self.extras.functions.iter();
        let defined = inline.find(|inline| inline_name(inline) == name)?;
        Some(typing::checked(&defined.returns.to_string()))
    }

    /// The arguments of a call, and its type if that depends on lambdas among them.
    fn arguments(
        &mut self,
        name: &str,
        arguments: &[FunctionArg],
        scope: ScopeId,
    ) -> (Vec<Expr>, Option<Typed>) {
        let arguments = match arguments {
            [text, form] if name == "normalize" => {
                self.check_normal_form(form);
                std::slice::from_ref(text)
            }
            // Its argument is a variable of the pattern.
            [_] if name == "classifier" && self.in_pattern > 0 => &[],
            all => all,
        };
        self.check_stars(arguments);
        let trees: Vec<&Tree> = arguments
            .iter()
            .filter_map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))
                | FunctionArg::Named {
                    arg: FunctionArgExpr::Expr(expr),
                    ..
                }
                | FunctionArg::ExprNamed {
                    arg: FunctionArgExpr::Expr(expr),
                    ..
                } => Some(expr),
                _ => None,
            })
            .collect();
        let bound: Vec<Option<Expr>> = trees
            .iter()
            .map(|tree| match tree {
                Tree::Lambda(_) => None,
                tree => Some(self.expression(tree, scope)),
            })
            .collect();
        if bound.iter().all(Option::is_some) {
            return (bound.into_iter().flatten().collect(), None);
        }
        let (bound, typed) = self.with_lambdas(name, &trees, bound, scope);
        (bound, Some(typed))
    }

    /// `count(a.*)` counts the rows of a pattern's variable; no other call takes such a star.
    fn check_stars(&mut self, arguments: &[FunctionArg]) {
        for argument in arguments {
            if let FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name)) = argument
                && self.in_pattern == 0
            {
                let message = "label.* syntax is only supported as the only argument of row pattern count function";
                let at = self.source.range(name.span());
                self.problem("INVALID_FUNCTION_ARGUMENT", message, &at);
            }
        }
    }

    /// `normalize(text, NFC)`: the form is a word of the grammar.
    fn check_normal_form(&mut self, form: &FunctionArg) {
        const FORMS: [&str; 4] = ["NFC", "NFD", "NFKC", "NFKD"];
        let is_form = matches!(
            form,
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Tree::Identifier(word)))
                if FORMS.iter().any(|form| form.eq_ignore_ascii_case(&word.value))
        );
        if !is_form {
            let at = self.source.range(form.span());
            let message = format!(
                "mismatched input '{}'. Expecting: 'NFC', 'NFD', 'NFKC', 'NFKD'",
                self.source.text(&at)
            );
            self.problem("SYNTAX_ERROR", message, &at);
        }
    }
}

fn nulls_said(nulls: NullTreatment) -> Option<String> {
    (nulls == NullTreatment::IgnoreNulls).then(|| "ignore nulls".to_owned())
}

/// The functions that a statement defines before the query that begins at `end`.
pub(super) fn defined(source: &Source<'_>, extras: &Extras, end: usize) -> Vec<(String, String)> {
    let start = |inline: &InlineFunction| {
        let name = inline.name.first();
        name.map_or(0, |name| source.range(name.span).start)
    };
    let ends = extras.functions.iter().skip(1).map(start).chain([end]);
    extras
        .functions
        .iter()
        .zip(ends)
        .map(|(inline, end)| {
            let start = start(inline);
            let text = source.spelled(&(start..end.max(start)));
            (inline_name(inline), shortened(text))
        })
        .collect()
}

/// A text that may be put into many others: itself, or a number that is the same for the same text.
pub(super) fn shortened(text: String) -> String {
    if text.len() <= LONGEST_SAID {
        text
    } else {
        format!("{:016x}", digest(&text))
    }
}

fn inline_name(inline: &InlineFunction) -> String {
    let parts: Vec<String> = inline
        .name
        .iter()
        .map(|part| part.value.to_lowercase())
        .collect();
    parts.join(".")
}

fn first_place(arguments: &[Expr]) -> TextRange {
    arguments
        .first()
        .map_or(0..0, |argument| argument.at.clone())
}
