//! Parses a snippet and puts a call of the guard into every loop and every function.

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, DoWhileStatement, Expression, ForInStatement,
    ForOfStatement, ForStatement, Function, FunctionBody, ImportExpression, Program,
    ReturnStatement, Statement, WhileStatement,
};
use oxc_ast_visit::{Visit, walk};
use oxc_diagnostics::{OxcDiagnostic, Severity};
use oxc_parser::{ParseOptions, Parser};
use oxc_span::{GetSpan, SourceType, Span};
use oxc_syntax::scope::ScopeFlags;

use super::positions::{Position, Positions, position_at};
use super::{MAX_SNIPPET_BYTES, SnippetError, shape};

/// A snippet as a module whose default export is a function `(skipper, console, <guard>)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded {
    /// The module's text.
    pub module: String,
    positions: Positions,
}

impl Guarded {
    /// The author's place for a place in the module.
    pub fn original(&self, running: Position) -> Position {
        self.positions.original(running)
    }
}

/// Parses the snippet and guards it. `guard_name` must be an identifier that nobody can guess, since a snippet that
/// knew it could put another function in its place.
pub fn guard(code: &str, guard_name: &str) -> Result<Guarded, SnippetError> {
    if code.len() > MAX_SNIPPET_BYTES {
        return Err(SnippetError::new(format!(
            "the code has {} bytes; at most {MAX_SNIPPET_BYTES} are run",
            code.len()
        ))
        .with_hint("pass data through queries, not in the code"));
    }
    let code = &without_fences(code);
    if code.trim().is_empty() {
        return Err(SnippetError::new("there is no code")
            .with_hint("write statements and `return` what you want back"));
    }
    shape::check(code)?;
    let allocator = Allocator::default();
    let parsed = parse(&allocator, code, SourceType::mjs());
    if let Some(error) = parsed
        .diagnostics
        .iter()
        .find(|diagnostic| diagnostic.severity == Severity::Error)
    {
        return Err(explain(code, error));
    }
    let mut guards = Guards {
        call: format!("{guard_name}();"),
        expression: format!("({guard_name}(),"),
        insertions: vec![(
            0,
            format!("export default async function (skipper, console, {guard_name}) {{"),
        )],
        depth: 0,
        returns: false,
        forbidden: None,
    };
    guards.visit_program(&parsed.program);
    if let Some((span, message, hint)) = guards.forbidden {
        return Err(SnippetError::new(message)
            .at(position_at(code, span.start as usize))
            .with_hint(hint));
    }
    if !guards.returns {
        guards.return_last(&parsed.program);
    }
    let mut insertions = guards.insertions;
    // Stable: what was put in first at a place stands first there.
    insertions.sort_by_key(|(offset, _)| *offset);
    let positions = Positions::new(code, &insertions);
    Ok(Guarded {
        module: splice(code, &insertions),
        positions,
    })
}

fn parse<'a>(
    allocator: &'a Allocator,
    code: &'a str,
    source_type: SourceType,
) -> oxc_parser::ParserReturn<'a> {
    let options = ParseOptions {
        allow_return_outside_function: true,
        ..ParseOptions::default()
    };
    Parser::new(allocator, code, source_type)
        .with_options(options)
        .parse()
}

/// Blanks out a Markdown fence around the code; lines stay where they are.
fn without_fences(code: &str) -> String {
    let trimmed = code.trim();
    if !(trimmed.starts_with("```") && trimmed.ends_with("```") && trimmed.len() > 6) {
        return code.to_owned();
    }
    let is_fence = |line: &str| line.trim_start().starts_with("```");
    code.split('\n')
        .map(|line| if is_fence(line) { "" } else { line })
        .collect::<Vec<_>>()
        .join("\n")
}

fn explain(code: &str, error: &OxcDiagnostic) -> SnippetError {
    let offset = error.labels.first().map(|label| label.offset() as usize);
    let mut explained = SnippetError::new(error.message.to_string());
    if let Some(offset) = offset {
        explained = explained.at(position_at(code, offset));
    }
    let allocator = Allocator::default();
    let typed = parse(&allocator, code, SourceType::ts());
    let hint = if !typed.diagnostics.has_errors() {
        "this is TypeScript: leave the types out, only plain JavaScript runs".to_owned()
    } else if let Some(help) = &error.help {
        help.to_string()
    } else {
        "mend the code at this place and send all of it again; nothing of it ran".to_owned()
    };
    explained.with_hint(hint)
}

fn splice(code: &str, insertions: &[(usize, String)]) -> String {
    let mut module = String::with_capacity(
        code.len() + insertions.iter().map(|(_, text)| text.len()).sum::<usize>() + 3,
    );
    let mut done = 0;
    for (offset, text) in insertions {
        module.push_str(code.get(done..*offset).unwrap_or_default());
        module.push_str(text);
        done = *offset;
    }
    module.push_str(code.get(done..).unwrap_or_default());
    // On a line of its own, so that a comment at the end of the snippet does not swallow it.
    module.push_str("\n}\n");
    module
}

struct Guards {
    /// The guard as a statement.
    call: String,
    /// The guard before an expression, with a bracket that is closed behind it.
    expression: String,
    insertions: Vec<(usize, String)>,
    /// How many functions are open around the place being visited.
    depth: usize,
    /// Whether the snippet itself returns something.
    returns: bool,
    forbidden: Option<(Span, &'static str, &'static str)>,
}

impl Guards {
    fn put(&mut self, offset: u32, text: String) {
        self.insertions.push((offset as usize, text));
    }

    /// Guards a loop's body; `visit` goes on into it.
    fn body(&mut self, body: &Statement<'_>, visit: impl FnOnce(&mut Self)) {
        let span = body.span();
        if matches!(body, Statement::BlockStatement(_)) {
            self.put(span.start + 1, self.call.clone());
            visit(self);
        } else {
            self.put(span.start, format!("{{{}", self.call));
            visit(self);
            self.put(span.end, "}".to_owned());
        }
    }

    fn forbid(&mut self, span: Span, message: &'static str, hint: &'static str) {
        self.forbidden.get_or_insert((span, message, hint));
    }

    /// A snippet that ends in an expression and returns nothing returns that; one that is a function is called.
    fn return_last(&mut self, program: &Program<'_>) {
        let Some(Statement::ExpressionStatement(last)) = program.body.last() else {
            return;
        };
        let span = last.expression.span();
        let is_function = matches!(
            last.expression.without_parentheses(),
            Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_)
        );
        // `return` goes in before what already stands at this place, the bracket's end behind all of it.
        let at = self
            .insertions
            .iter()
            .position(|(offset, _)| *offset == span.start as usize && *offset != 0);
        let opening = (
            span.start as usize,
            if is_function {
                "return (".to_owned()
            } else {
                "return ".to_owned()
            },
        );
        match at {
            Some(at) => self.insertions.insert(at, opening),
            None => self.insertions.push(opening),
        }
        if is_function {
            self.put(span.end, ")()".to_owned());
        }
    }
}

impl<'a> Visit<'a> for Guards {
    fn visit_while_statement(&mut self, it: &WhileStatement<'a>) {
        self.visit_expression(&it.test);
        self.body(&it.body, |guards| guards.visit_statement(&it.body));
    }

    fn visit_do_while_statement(&mut self, it: &DoWhileStatement<'a>) {
        self.body(&it.body, |guards| guards.visit_statement(&it.body));
        self.visit_expression(&it.test);
    }

    fn visit_for_statement(&mut self, it: &ForStatement<'a>) {
        if let Some(init) = &it.init {
            self.visit_for_statement_init(init);
        }
        if let Some(test) = &it.test {
            self.visit_expression(test);
        }
        if let Some(update) = &it.update {
            self.visit_expression(update);
        }
        self.body(&it.body, |guards| guards.visit_statement(&it.body));
    }

    fn visit_for_in_statement(&mut self, it: &ForInStatement<'a>) {
        self.visit_for_statement_left(&it.left);
        self.visit_expression(&it.right);
        self.body(&it.body, |guards| guards.visit_statement(&it.body));
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        self.visit_for_statement_left(&it.left);
        self.visit_expression(&it.right);
        self.body(&it.body, |guards| guards.visit_statement(&it.body));
    }

    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        self.depth += 1;
        walk::walk_function(self, it, flags);
        self.depth -= 1;
    }

    fn visit_function_body(&mut self, it: &FunctionBody<'a>) {
        self.put(it.span.start + 1, self.call.clone());
        walk::walk_function_body(self, it);
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.depth += 1;
        self.visit_formal_parameters(&it.params);
        match &it.body {
            ArrowFunctionBody::FunctionBody(body) => self.visit_function_body(body),
            body => {
                let span = body.span();
                self.put(span.start, self.expression.clone());
                walk::walk_arrow_function_body(self, body);
                self.put(span.end, ")".to_owned());
            }
        }
        self.depth -= 1;
    }

    fn visit_return_statement(&mut self, it: &ReturnStatement<'a>) {
        self.returns |= self.depth == 0;
        walk::walk_return_statement(self, it);
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        self.forbid(
            it.span,
            "`import()` is not available in a snippet",
            "use `skipper` and plain JavaScript",
        );
    }

    fn visit_statement(&mut self, it: &Statement<'a>) {
        if let Some(declaration) = it.as_module_declaration() {
            self.forbid(
                declaration.span(),
                "`import` and `export` are not available in a snippet",
                "write statements at the top level and `return` what you want back",
            );
            return;
        }
        walk::walk_statement(self, it);
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
