//! Keeps a statement's own predicates above the policy's row filter.
//!
//! The optimiser likes to merge filters. Were a statement's predicate evaluated on a row that the
//! policy hides, an error of it (`CAST(email AS bigint)`) would tell the row's content. Only
//! predicates that cannot fail pass the barrier ([`Pass`]).

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchemaRef, Result as DataFusionResult};
use datafusion::execution::context::{QueryPlanner, SessionState};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    Expr, Extension, Filter, LogicalPlan, LogicalPlanBuilder, Operator, UserDefinedLogicalNode,
    UserDefinedLogicalNodeCore,
};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};

/// The barrier: gives its input's rows as they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct Barrier {
    input: LogicalPlan,
}

/// Puts the barrier above a plan.
///
/// # Errors
/// DataFusion's.
pub fn above(builder: LogicalPlanBuilder) -> DataFusionResult<LogicalPlanBuilder> {
    let input = builder.build()?;
    Ok(LogicalPlanBuilder::from(LogicalPlan::Extension(
        Extension {
            node: Arc::new(Barrier { input }),
        },
    )))
}

impl UserDefinedLogicalNodeCore for Barrier {
    fn name(&self) -> &'static str {
        "RowFilterBarrier"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowFilterBarrier")
    }

    fn with_exprs_and_inputs(
        &self,
        _: Vec<Expr>,
        inputs: Vec<LogicalPlan>,
    ) -> DataFusionResult<Self> {
        match inputs.into_iter().next() {
            Some(input) => Ok(Self { input }),
            None => datafusion::common::internal_err!("a barrier has one input"),
        }
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![output_columns.to_vec()])
    }
}

/// Lets predicates through that cannot fail.
#[derive(Debug)]
pub struct Pass;

impl OptimizerRule for Pass {
    fn name(&self) -> &'static str {
        "pass_row_filter_barrier"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> DataFusionResult<Transformed<LogicalPlan>> {
        let LogicalPlan::Filter(Filter {
            predicate, input, ..
        }) = &plan
        else {
            return Ok(Transformed::no(plan));
        };
        let LogicalPlan::Extension(Extension { node }) = input.as_ref() else {
            return Ok(Transformed::no(plan));
        };
        let Some(barrier) = node.as_any().downcast_ref::<Barrier>() else {
            return Ok(Transformed::no(plan));
        };
        let (safe, unsafe_ones): (Vec<Expr>, Vec<Expr>) =
            split_conjunction_owned(predicate.clone())
                .into_iter()
                .partition(cannot_fail);
        let Some(safe) = conjunction(safe) else {
            return Ok(Transformed::no(plan));
        };
        let below = LogicalPlanBuilder::from(barrier.input.clone()).filter(safe)?;
        let mut above = above(below)?;
        if let Some(rest) = conjunction(unsafe_ones) {
            above = above.filter(rest)?;
        }
        Ok(Transformed::yes(above.build()?))
    }
}

/// Whether an expression gives a value for every row: columns, constants, comparisons and logic.
fn cannot_fail(expr: &Expr) -> bool {
    let mut safe = true;
    let _ = expr.apply(|expr| {
        let known = match expr {
            Expr::Column(_)
            | Expr::Literal(..)
            | Expr::Not(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsFalse(_)
            | Expr::InList(_)
            | Expr::Between(_)
            | Expr::Like(_) => true,
            Expr::BinaryExpr(binary) => matches!(
                binary.op,
                Operator::Eq
                    | Operator::NotEq
                    | Operator::Lt
                    | Operator::LtEq
                    | Operator::Gt
                    | Operator::GtEq
                    | Operator::And
                    | Operator::Or
                    | Operator::IsDistinctFrom
                    | Operator::IsNotDistinctFrom
            ),
            _ => false,
        };
        safe &= known;
        Ok(if known {
            TreeNodeRecursion::Continue
        } else {
            TreeNodeRecursion::Stop
        })
    });
    safe
}

/// Plans the engine's own nodes.
#[derive(Debug)]
pub struct Planner;

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        state: &SessionState,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(Remove)])
            .create_physical_plan(plan, state)
            .await
    }
}

/// A barrier is nothing at run time: what stands above it in the plan stays above it.
struct Remove;

#[async_trait]
impl ExtensionPlanner for Remove {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _: &SessionState,
    ) -> DataFusionResult<Option<Arc<dyn ExecutionPlan>>> {
        if !node.as_any().is::<Barrier>() {
            return Ok(None);
        }
        match inputs.first() {
            // A cooperative pass-through with a name of its own: the physical optimiser pushes filters
            // into sources too, and must not push past this.
            Some(input) => Ok(Some(Arc::new(crate::fence::FenceExec::new(Arc::clone(
                input,
            ))))),
            None => Ok(None),
        }
    }
}
