//! One verdict about a column out of the detectors' and the model's.

use townlake_core::pii::{Detection, Evidence, Finding};
use townlake_core::pii::{PiiClass, percent};

use crate::model::{ModelError, Opinion};

/// What became of asking the model about a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Second {
    /// No model is bound.
    Unbound,
    /// It answered; `None`: it left this column out.
    Answered {
        /// The model's name.
        model: String,
        /// What it said.
        opinion: Option<Opinion>,
    },
    /// It gave no answer that counts.
    Failed(ModelError),
}

/// What a column seems to hold, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The class; `None`: none seems to fit.
    pub class: Option<PiiClass>,
    /// How sure, from 0 to 1.
    pub confidence: f64,
    /// Why, the strongest reason first.
    pub evidence: Vec<Evidence>,
}

/// From here on the detectors have seen check digits or formats pass, and the model's word does not undo that.
const PROVEN: f64 = 0.75;
/// How sure the model must say it is to be heard where the detectors found nothing.
const HEARD: f64 = 0.5;
/// A model alone has seen no value, only shapes.
const MODEL_ALONE_AT_MOST: f64 = 0.8;

/// Puts both together. `sampled` is how many values the detectors had.
pub fn decide(detection: Detection, second: Second, sampled: usize) -> Verdict {
    let best = detection.proposal().cloned();
    let opinion = match &second {
        Second::Answered { opinion, .. } => *opinion,
        Second::Unbound | Second::Failed(_) => None,
    };
    let (class, confidence) = match (&best, opinion) {
        (None, None) => (None, sureness_of_none(&detection, sampled)),
        (Some(found), None) => (Some(found.class), found.confidence),
        (Some(found), Some(said)) => weigh(found, said),
        (
            None,
            Some(Opinion {
                class: None,
                confidence,
            }),
        ) => (
            None,
            sureness_of_none(&detection, sampled).max(confidence * MODEL_ALONE_AT_MOST),
        ),
        (
            None,
            Some(Opinion {
                class: Some(class),
                confidence,
            }),
        ) if confidence >= HEARD => (Some(class), confidence * MODEL_ALONE_AT_MOST),
        (None, Some(_)) => (None, sureness_of_none(&detection, sampled) * 0.8),
    };
    let mut evidence = Vec::new();
    let (chosen, others): (Vec<Finding>, Vec<Finding>) = detection
        .findings
        .into_iter()
        .partition(|finding| Some(finding.class) == class);
    evidence.extend(chosen.into_iter().flat_map(|finding| finding.evidence));
    evidence.extend(testimony(&second, class));
    for finding in others {
        let rank = format!(
            "{}, {} sure",
            finding.class.plural(),
            percent(finding.confidence)
        );
        let also = finding.evidence.into_iter().take(1);
        evidence.extend(also.map(|reason| {
            Evidence::new(
                &reason.rule,
                format!("could also be {rank}: {}", reason.text),
            )
        }));
    }
    evidence.extend(detection.notes);
    Verdict {
        class,
        confidence: (confidence.clamp(0.0, 1.0) * 100.0).round() / 100.0,
        evidence,
    }
}

fn weigh(found: &Finding, said: Opinion) -> (Option<PiiClass>, f64) {
    match said.class {
        Some(class) if class == found.class => (
            Some(class),
            found.confidence + (1.0 - found.confidence) * said.confidence * 0.5,
        ),
        Some(class) if found.confidence < PROVEN && said.confidence > found.confidence => {
            (Some(class), said.confidence * MODEL_ALONE_AT_MOST)
        }
        Some(_) => (Some(found.class), found.confidence),
        // A doubt lowers the confidence, but the class stays for a person to strike out.
        None if found.confidence < PROVEN => (
            Some(found.class),
            found.confidence * (1.0 - 0.3 * said.confidence),
        ),
        None => (Some(found.class), found.confidence),
    }
}

/// How sure it is that a column without a finding holds nothing: little after few values, less beside a hunch.
fn sureness_of_none(detection: &Detection, sampled: usize) -> f64 {
    let hunch = detection
        .findings
        .first()
        .map_or(0.0, |finding| finding.confidence);
    let by_type = detection.notes.iter().any(|note| note.rule == "type");
    let base: f64 = match sampled {
        _ if by_type => 0.95,
        0 => 0.3,
        1..20 => 0.6,
        20..100 => 0.75,
        _ => 0.85,
    };
    base.min(1.0 - hunch)
}

fn testimony(second: &Second, class: Option<PiiClass>) -> Option<Evidence> {
    let text = match second {
        Second::Unbound => return None,
        Second::Failed(error) => {
            return Some(Evidence::new(
                "model.failed",
                format!("{error}; the detectors decided alone"),
            ));
        }
        Second::Answered {
            model,
            opinion: None,
        } => format!("`{model}` said nothing of this column"),
        Second::Answered {
            model,
            opinion: Some(said),
        } => {
            let what = said.class.map_or("none of the classes", PiiClass::plural);
            let heard = if said.class == class {
                ""
            } else {
                "; what the detectors saw weighs more"
            };
            format!(
                "`{model}` says {what}, {} sure, by the name, the neighbours and masked samples{heard}",
                percent(said.confidence)
            )
        }
    };
    Some(Evidence::new("model", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detection(findings: &[(PiiClass, f64)]) -> Detection {
        let findings = findings
            .iter()
            .map(|(class, confidence)| Finding {
                class: *class,
                confidence: *confidence,
                evidence: vec![Evidence::new("rule", class.as_str())],
            })
            .collect();
        Detection {
            findings,
            notes: vec![Evidence::new("sample", "1000 sampled")],
        }
    }

    fn said(class: Option<PiiClass>, confidence: f64) -> Second {
        Second::Answered {
            model: "m".to_owned(),
            opinion: Some(Opinion { class, confidence }),
        }
    }

    #[test]
    fn detectors_and_model_make_one_verdict() {
        use PiiClass::{Email, PersonName, Phone};
        for (findings, second, class, confidence) in [
            (vec![(Email, 0.95)], Second::Unbound, Some(Email), 0.95),
            (
                vec![(Email, 0.95)],
                Second::Failed(ModelError::Unreachable),
                Some(Email),
                0.95,
            ),
            (
                vec![(Email, 0.9)],
                said(Some(Email), 1.0),
                Some(Email),
                0.95,
            ),
            (vec![(Email, 0.9)], said(None, 1.0), Some(Email), 0.9),
            (vec![(Email, 0.9)], said(Some(Phone), 1.0), Some(Email), 0.9),
            (
                vec![(PersonName, 0.6)],
                said(Some(Phone), 0.9),
                Some(Phone),
                0.72,
            ),
            (
                vec![(PersonName, 0.6)],
                said(None, 1.0),
                Some(PersonName),
                0.42,
            ),
            (vec![], said(Some(PersonName), 0.9), Some(PersonName), 0.72),
            (vec![], said(Some(PersonName), 0.3), None, 0.68),
            (vec![], said(None, 1.0), None, 0.85),
            (vec![], Second::Failed(ModelError::Status(500)), None, 0.85),
            (vec![(PersonName, 0.35)], Second::Unbound, None, 0.65),
        ] {
            let verdict = decide(detection(&findings), second.clone(), 1000);
            assert_eq!(
                (verdict.class, verdict.confidence),
                (class, confidence),
                "{findings:?} {second:?}"
            );
            let rules: Vec<&str> = verdict
                .evidence
                .iter()
                .map(|reason| reason.rule.as_str())
                .collect();
            let expected = match second {
                Second::Unbound => None,
                Second::Answered { .. } => Some("model"),
                Second::Failed(_) => Some("model.failed"),
            };
            assert!(
                expected.is_none_or(|rule| rules.contains(&rule)) && rules.contains(&"sample"),
                "{rules:?}"
            );
        }
    }
}
