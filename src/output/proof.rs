//! A proof, step by step; and a token, claim by claim.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::cells::{Cell, Lines};
use super::{Document, View, Width, columns};
use crate::apply::Outcome;
use crate::error::Error;
use crate::model::{Lookup, RoleArn, Timeout};
use crate::proof::{Assumption, Proven, Signature, SimulatedDecision, Simulation};
use crate::token::{POD_IDENTITY_AUDIENCE, Token, span, utc};

/// What `verify` found.
pub struct ProofView<'a> {
    pub proven: &'a Proven,
    pub verdicts: &'a [Simulation],
}

#[derive(Serialize)]
struct ProofBody<'a> {
    /// Whether every step held.
    proven: bool,
    #[serde(flatten)]
    what: &'a Proven,
    #[serde(skip_serializing_if = "<[Simulation]>::is_empty")]
    permissions: &'a [Simulation],
}

impl View for ProofView<'_> {
    fn document(&self) -> impl Serialize {
        let body = ProofBody {
            proven: self.proven.failure().is_none(),
            what: self.proven,
            permissions: self.verdicts,
        };
        Document::of("Proof", body)
    }

    fn table(&self, _: Width) -> Lines {
        let mut rows = steps(self.proven);
        rows.extend(self.verdicts.iter().map(|verdict| {
            let result = match verdict.decision {
                SimulatedDecision::Allowed => "allowed",
                SimulatedDecision::Denied { .. } => "denied",
                SimulatedDecision::Depends { .. } => "depends",
                SimulatedDecision::Unknown { .. } => "unknown",
            };
            let mut detail = verdict.permission.to_string();
            if !verdict.is_allowed() {
                detail = format!("{detail}: {}", verdict.reason());
            }
            row("permission", result, detail)
        }));
        columns(&["STEP", "RESULT", "DETAIL"], rows)
    }

    fn names(&self) -> Vec<String> {
        Vec::from_iter(session(&self.proven.proof.assumption))
    }
}

fn session(assumption: &Assumption) -> Option<String> {
    match assumption {
        Assumption::Assumed { arn, .. } => Some(arn.to_string()),
        Assumption::OtherRole { .. }
        | Assumption::Refused { .. }
        | Assumption::Unreachable { .. }
        | Assumption::NotAllowed { .. }
        | Assumption::NotTried => None,
    }
}

fn row(step: &str, result: &str, detail: impl AsRef<str>) -> Vec<Cell> {
    vec![step.into(), result.into(), detail.as_ref().into()]
}

fn role_row(result: &str, role: &RoleArn) -> Vec<Cell> {
    vec!["role".into(), result.into(), Cell::role(&role.to_string())]
}

/// A line for each step that was tried.
fn steps(proven: &Proven) -> Lines {
    let proof = &proven.proof;
    let mut rows = steps_to_a_pod(proven);
    let token = match (&proof.token, &proof.pod) {
        (Lookup::Found(token), _) => token,
        // Told of the pod.
        (_, Some(Lookup::Missing | Lookup::Unknown(_))) => return rows,
        (Lookup::Missing, _) => return with(rows, row("token", "missing", "")),
        (Lookup::Unknown(why), _) => return with(rows, row("token", "unknown", why)),
    };
    let claims = &token.claims;
    let life = span(claims.expires_at.saturating_sub(claims.issued_at));
    let audiences = claims.audiences.join(", ");
    let detail = format!("{} for {audiences}, for {life}", claims.subject);
    rows.push(row("token", "issued", detail));
    let faults = proof.claim_faults.iter();
    rows.extend(faults.map(|fault| row("claims", "wrong", fault.to_string())));
    if proof.claim_faults.is_empty() {
        let pod = if proof.pod.is_some() { ", pod" } else { "" };
        let right = format!("issuer, subject, audience, times{pod}");
        rows.push(row("claims", "right", right));
    }
    rows.push(match &proof.signature {
        Signature::Verified { key_id } => row("signature", "verified", format!("key {key_id}")),
        Signature::Unknown { why } => row("signature", "unknown", why),
        Signature::Fault { fault } => row("signature", "wrong", fault.to_string()),
    });
    rows.extend(assumed(&proof.assumption, &proven.role));
    rows
}

/// What a token for Pod Identity needs; nothing of another.
fn steps_to_a_pod(proven: &Proven) -> Lines {
    let association = proven.association.iter();
    let association = association.map(|id| row("association", "found", id));
    let pod = proven.proof.pod.iter().map(|pod| match pod {
        Lookup::Found(pod) => row("pod", "running", pod),
        Lookup::Missing => row("pod", "none", "no pod of it runs"),
        Lookup::Unknown(why) => row("pod", "unknown", why),
    });
    association.chain(pod).collect()
}

fn with(mut rows: Lines, last: Vec<Cell>) -> Lines {
    rows.push(last);
    rows
}

fn assumed(assumption: &Assumption, role: &RoleArn) -> Lines {
    match assumption {
        Assumption::Assumed {
            arn, tries, waited, ..
        } => {
            let waited = Timeout(Duration::from_secs(*waited));
            let first = match tries {
                1 => role_row("assumed", role),
                tries => row(
                    "role",
                    "assumed",
                    format!("{role}, at try {tries} after {waited}"),
                ),
            };
            vec![first, row("caller", "is", arn.to_string())]
        }
        Assumption::Refused { refusal, .. } => {
            vec![row("role", "refused", format!("{role}: {refusal}"))]
        }
        Assumption::OtherRole { arn, .. } => vec![
            role_row("another", role),
            row("caller", "is", arn.to_string()),
        ],
        Assumption::Unreachable { why, .. } | Assumption::NotAllowed { why } => {
            vec![row("role", "unknown", format!("{role}: {why}"))]
        }
        Assumption::NotTried => Vec::new(),
    }
}

/// The proofs at the end of a command that makes or changes; nothing, where none was asked for.
pub fn proofs(outcomes: &[Outcome]) -> Lines {
    let row = |outcome: &Outcome| {
        let proof = outcome.proof.as_ref()?;
        let assumption = proof.as_ref().ok().map(|proven| &proven.proof.assumption);
        let caller = assumption.and_then(session);
        let (_, name) = outcome.track.target.account()?;
        Some(vec![
            name.namespace.to_string(),
            name.name.clone(),
            result(proof).to_owned(),
            caller.unwrap_or_else(|| "-".to_owned()),
        ])
    };
    let header = ["NAMESPACE", "NAME", "VERIFIED", "CALLER"];
    let mut lines = columns(&header, outcomes.iter().filter_map(row));
    if !lines.is_empty() {
        lines.insert(0, Vec::new());
    }
    lines
}

fn result(proof: &Result<Proven, Error>) -> &'static str {
    match proof {
        Ok(proven) if proven.doubt().is_some() => "unknown",
        Ok(proven) if proven.failure().is_none() => "yes",
        Ok(_) | Err(_) => "no",
    }
}

/// One of them as a part of a document.
pub fn proof(proof: &Result<Proven, Error>) -> Value {
    let is_proven = proof.as_ref().is_ok_and(|it| it.failure().is_none());
    let mut value = match proof {
        Ok(proven) => json!(proven.proof),
        Err(_) => json!({}),
    };
    value["proven"] = is_proven.into();
    if let Some(doubt) = proof.as_ref().ok().and_then(Proven::doubt) {
        value["unknown"] = doubt.to_string().into();
    }
    value
}

/// What did not hold, in words.
pub fn failure(proof: &Result<Proven, Error>) -> Option<String> {
    match proof {
        Ok(proven) => Some(proven.disproof()?.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

/// What `whoami` read.
pub struct TokenView<'a> {
    pub token: &'a Token,
    /// Seconds since 1970.
    pub now: i64,
    pub role: Option<&'a RoleArn>,
    /// Where the role was tried.
    pub assumption: Option<&'a Assumption>,
}

impl TokenView<'_> {
    /// The provider that the role's account must have of the token's issuer.
    fn provider(&self) -> Option<String> {
        let role = self.role?;
        let issuer = &self.token.claims.issuer;
        let issuer = issuer.strip_prefix("https://")?;
        let (partition, account) = (role.partition(), role.account());
        Some(format!(
            "arn:{partition}:iam::{account}:oidc-provider/{issuer}"
        ))
    }

    fn is_expired(&self) -> bool {
        self.now >= self.token.claims.expires_at
    }

    /// A time, and how far it is.
    fn told(&self, seconds: i64) -> String {
        let far = match seconds.saturating_sub(self.now) {
            past @ ..=0 => format!("{} ago", span(past.saturating_neg())),
            future => format!("in {}", span(future)),
        };
        format!("{}, {far}", utc(seconds))
    }

    fn told_role(&self) -> Cell {
        match self.role {
            Some(role) => Cell::role(&role.to_string()),
            None => "none: AWS_ROLE_ARN names no role".into(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenBody<'a, H, C> {
    header: &'a H,
    claims: &'a C,
    expired: bool,
    pod_identity: bool,
    #[serde(rename = "roleARN", skip_serializing_if = "Option::is_none")]
    role: Option<&'a RoleArn>,
    #[serde(rename = "providerARN", skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assumption: Option<&'a Assumption>,
}

impl View for TokenView<'_> {
    fn document(&self) -> impl Serialize {
        let body = TokenBody {
            header: &self.token.header,
            claims: &self.token.claims,
            expired: self.is_expired(),
            pod_identity: self.token.claims.is_for_pod_identity(),
            role: self.role,
            provider: self.provider(),
            assumption: self.assumption,
        };
        Document::of("Token", body)
    }

    fn table(&self, _: Width) -> Lines {
        let (header, claims) = (&self.token.header, &self.token.claims);
        let key = header.key_id.as_deref().unwrap_or("-");
        let expires = if self.is_expired() {
            "EXPIRED"
        } else {
            "EXPIRES"
        };
        let mut rows = vec![
            ("ISSUER", claims.issuer.as_str().into()),
            ("SUBJECT", claims.subject.as_str().into()),
            ("AUDIENCE", claims.audiences.join(", ").into()),
            ("ISSUED", self.told(claims.issued_at).into()),
            (expires, self.told(claims.expires_at).into()),
            (
                "SIGNED BY",
                format!("{}, key {key}", header.algorithm).into(),
            ),
        ];
        let optional = [
            ("SERVICE ACCOUNT", claims.account().map(Cell::from)),
            ("POD", claims.pod.clone().map(Cell::from)),
            ("NODE", claims.node.clone().map(Cell::from)),
            ("ROLE", Some(self.told_role())),
            ("BY PROVIDER", self.provider().map(Cell::from)),
            ("CALLER", self.assumption.and_then(session).map(Cell::from)),
        ];
        rows.extend(
            optional
                .map(|(name, value)| Some((name, value?)))
                .into_iter()
                .flatten(),
        );
        rows.into_iter()
            .map(|(name, value)| vec![format!("{name:<18}").into(), value])
            .collect()
    }

    fn names(&self) -> Vec<String> {
        let session = self.assumption.and_then(session);
        vec![session.unwrap_or_else(|| self.token.claims.subject.clone())]
    }
}

/// What the reader of a token should know, besides what it says.
pub fn remarks(token: &Token, now: i64) -> Vec<String> {
    let claims = &token.claims;
    let mut remarks = Vec::new();
    if now >= claims.expires_at {
        remarks.push(
            "the token has expired: the file is old, or the program read it once and keeps it; the kubelet renews \
             the files of pods"
                .to_owned(),
        );
    }
    if claims.is_for_pod_identity() {
        remarks.push(format!(
            "the token is one of EKS Pod Identity ({POD_IDENTITY_AUDIENCE}): the agent of the node exchanges it, STS \
             does not take it"
        ));
    }
    if !claims.issuer.starts_with("https://") {
        remarks
            .push("the issuer is no https URL: no IAM OIDC provider can be made of it".to_owned());
    }
    remarks
}
