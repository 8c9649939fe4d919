//! What a snippet can call, as its author reads it: one list for the sandbox, for `search` and for the tool's text.

use townlake_core::catalog::words;
use townlake_protocol::skipper::FunctionSummary;

/// One function of `skipper`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// Its name, after `skipper.`.
    pub name: &'static str,
    /// What it takes, in TypeScript.
    pub takes: &'static str,
    /// What it gives, in TypeScript.
    pub gives: &'static str,
    /// Its reason to exist, in one sentence.
    pub description: &'static str,
    /// The argument that a bare text stands for.
    pub main_argument: &'static str,
    /// Words by which people look for it besides those of its name and description.
    keywords: &'static str,
}

/// All functions, in the order in which an analysis uses them.
pub const FUNCTIONS: &[Function] = &[
    Function {
        name: "search_datasets",
        takes: "{query: string, limit?: number}",
        gives: "{name: string, description: string, access: \"granted\"|\"not_granted\"|\"awaits_review\", exactness: \
                object, freshness?: string, columns: string[]}[]",
        description: "Datasets that fit a question, best first; the array also has `total` and `cut`.",
        main_argument: "query",
        keywords: "find tables discover catalog which data",
    },
    Function {
        name: "get_entity_details",
        takes: "{name: string}",
        gives: "{name: string, description: string, access: string, reason?: string, exactness: object, freshness?: \
                string, columns: {name: string, type: string, description?: string, masked?: string, readable: \
                boolean}[]}",
        description: "One dataset with its columns: what it is, how exact and fresh, and what you may read of it.",
        main_argument: "name",
        keywords: "describe table dataset sampled freshness",
    },
    Function {
        name: "list_schema_fields",
        takes: "{name: string}",
        gives: "{name: string, type: string, description?: string, masked?: string, readable: boolean}[]",
        description: "The columns of one dataset only.",
        main_argument: "name",
        keywords: "schema column types describe",
    },
    Function {
        name: "start_query",
        takes: "{sql: string, session?: {[property: string]: string}}",
        gives: "string",
        description: "Starts a query in Trino's SQL as you and returns its queryId at once; name tables \
                      catalog.schema.table.",
        main_argument: "sql",
        keywords: "sql run select execute join pii_session",
    },
    Function {
        name: "fetch_results",
        takes: "{queryId: string, mode?: \"inject\"|\"display\"|\"both\", limit?: number}",
        gives: "{queryId: string, columns: {name: string, type: string}[], rows?: Record<string, any>[], row_count: \
                number, truncated: boolean, display?: string, about: {asOf: string, exact: boolean|null, tables: \
                object[], maskedColumns: string[]}}",
        description: "Waits for the rows: `inject` gives them to the snippet, `display` only to the person, `both` to \
                      both.",
        main_argument: "queryId",
        keywords: "rows result wait read output",
    },
    Function {
        name: "create_chart",
        takes: "{chartType: \"bar\"|\"stacked_bar\"|\"line\"|\"area\"|\"point\"|\"pie\", data?: object[], queryId?: \
                string, x?: string, y?: string, color?: string, title?: string}",
        gives: "{kind: \"chart\", spec: object, queryId?: string}",
        description: "A validated Vega-Lite chart of rows or of a query's result; return it from the snippet.",
        main_argument: "queryId",
        keywords: "plot graph visualize vega draw",
    },
    Function {
        name: "explain_access",
        takes: "{table: string, column?: string}",
        gives: "object",
        description: "Why you may or may not read a table or column, and what to ask for.",
        main_argument: "table",
        keywords: "permission grant denied review mask why request",
    },
];

impl Function {
    /// `skipper.name(args): Promise<...>`.
    pub fn signature(&self) -> String {
        format!(
            "skipper.{}(args: {}): Promise<{}>",
            self.name, self.takes, self.gives
        )
    }

    /// The function as `search` shows it.
    pub fn summary(&self) -> FunctionSummary {
        FunctionSummary {
            name: self.name.to_owned(),
            signature: self.signature(),
            description: self.description.to_owned(),
        }
    }
}

/// The function of this name.
pub fn named(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// All functions as TypeScript declarations.
pub fn declarations() -> String {
    let functions: Vec<String> = FUNCTIONS
        .iter()
        .map(|function| {
            format!(
                "  /** {} */\n  {}(args: {}): Promise<{}>;",
                function.description, function.name, function.takes, function.gives
            )
        })
        .collect();
    format!("declare const skipper: {{\n{}\n}};\n", functions.join("\n"))
}

/// The functions that fit a question, best first.
pub fn search(question: &str) -> Vec<&'static Function> {
    let terms = words::terms(question);
    let mut ranked: Vec<(usize, &Function)> = FUNCTIONS
        .iter()
        .map(|function| {
            let name = words::split(function.name);
            let text = words::split(&format!("{} {}", function.description, function.keywords));
            let score = terms
                .iter()
                .map(|term| {
                    let fits = |word: &String| word == &term.word || stem(word) == stem(&term.word);
                    4 * usize::from(name.iter().any(fits)) + usize::from(text.iter().any(fits))
                })
                .sum();
            (score, function)
        })
        .filter(|(score, _)| *score > 0)
        .collect();
    // Stable: what scores the same stays in the order of an analysis.
    ranked.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    ranked.into_iter().map(|(_, function)| function).collect()
}

/// Names near this one, nearest first.
pub fn near(name: &str) -> Vec<String> {
    let mut near: Vec<(f64, &str)> = FUNCTIONS
        .iter()
        .map(|function| (strsim::jaro_winkler(name, function.name), function.name))
        .filter(|(likeness, _)| *likeness > 0.82)
        .collect();
    near.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    near.into_iter()
        .take(3)
        .map(|(_, name)| name.to_owned())
        .collect()
}

fn stem(word: &str) -> &str {
    word.strip_suffix('s').unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_finds_the_function_that_answers_it() {
        for (question, first) in [
            ("plot a chart", "create_chart"),
            ("why am I denied permission", "explain_access"),
            ("run sql", "start_query"),
            ("column types", "list_schema_fields"),
            ("fetch rows", "fetch_results"),
            ("find datasets", "search_datasets"),
        ] {
            assert_eq!(
                search(question).first().map(|function| function.name),
                Some(first),
                "{question}"
            );
        }
        assert!(search("quarterly churn").is_empty());
    }

    #[test]
    fn a_misspelled_name_finds_its_neighbours() {
        assert_eq!(
            near("serch_datasets").first().map(String::as_str),
            Some("search_datasets")
        );
        assert_eq!(
            near("fetchResults").first().map(String::as_str),
            Some("fetch_results")
        );
        assert!(near("zzz").is_empty());
    }
}
