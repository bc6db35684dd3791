//! Fault rules: what goes wrong, at which calls. A rule has a text form so that the stand-alone
//! sandbox takes it as an option: `SERVICE OPERATION [of SUBJECT] [from N] [times N] EFFECT`, for
//! example `cloudformation CreateStack throttle 1/5`, `iam GetPolicy deny`, `* * delay 40ms`,
//! `kubernetes * from 2 times 1 reset`, `* * times 3 until 3`,
//! `kubernetes patch serviceaccounts of default/s3-reader deny`. Each rule has its own bucket: as
//! many as wanted may throttle one operation.
//! Effects: `delay MS`, `reset`, `hang`, `half`, `swallow`, `stale`, `garbage`, `deny`, `until CALLS`,
//! `meet CALLS [SERVICE OPERATION [of SUBJECT]]`, `throttle [RATE/BURST]`, `error STATUS CODE MESSAGE`, where `{request}` in the
//! message is all that the request had.

use std::str::FromStr;
use std::time::{Duration, Instant};

use super::world::{Call, Service};

/// What a call meets instead of (or before) its answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    None,
    Delay(Duration),
    /// Hold the answer until that many calls are in the log: what shows that a client makes calls
    /// side by side, without a look at the clock.
    Until(usize),
    /// The same for the calls that the rule means, or for others: a barrier for clients that run at
    /// the same time.
    Meet {
        number: usize,
        which: Which,
    },
    Reset,
    Hang,
    /// Carry the call out, answer half a body, then break off.
    Half,
    /// Carry the call out and never answer.
    Swallow,
    /// Answer a read from what the service held before its last write; a write as ever.
    Stale,
    /// Text of others at the end of each value at one place of the answer, by its number (`plant.rs`).
    Plant {
        place: usize,
        text: String,
    },
    Error {
        status: u16,
        code: String,
        message: String,
    },
    Body {
        status: u16,
        body: String,
    },
}

/// Which calls are meant; `None` matches every one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Which {
    pub service: Option<Service>,
    pub operation: Option<String>,
    /// The call's subject, or a part of it between slashes: a name inside an ARN.
    pub subject: Option<String>,
}

impl Which {
    pub fn matches(&self, call: &Call) -> bool {
        let of = |subject: &str| {
            call.subject == subject || call.subject.split('/').any(|part| part == subject)
        };
        self.service.is_none_or(|service| service == call.service)
            && self
                .operation
                .as_deref()
                .is_none_or(|operation| operation == call.operation)
            && self.subject.as_deref().is_none_or(of)
    }

    /// Reads `SERVICE OPERATION [of SUBJECT]` from the front of the words; tells the others.
    /// Kubernetes' operations have two words: a verb and a resource.
    pub fn read<'a>(words: &'a [&'a str]) -> Result<(Self, &'a [&'a str]), String> {
        let (service, operation, mut rest) = match words {
            ["kubernetes", verb, resource, rest @ ..] if *verb != "*" => {
                ("kubernetes", format!("{verb} {resource}"), rest)
            }
            [service, operation, rest @ ..] => (*service, (*operation).to_owned(), rest),
            _ => return Err("SERVICE OPERATION wanted".to_owned()),
        };
        let service = match service {
            "*" => None,
            name => Some(name.parse()?),
        };
        let mut subject = None;
        if let ["of", name, more @ ..] = rest {
            subject = Some((*name).to_owned());
            rest = more;
        }
        let which = Self {
            service,
            operation: (operation != "*").then_some(operation),
            subject,
        };
        Ok((which, rest))
    }
}

/// When and what.
#[derive(Clone, Debug)]
pub struct Fault {
    pub which: Which,
    /// The first matching call that is hit, counted from 1.
    pub from: u32,
    /// How many calls are hit; `None`: all that follow.
    pub times: Option<u32>,
    pub kind: Kind,
    seen: u32,
    bucket: Option<(f64, Instant)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Effect(Effect),
    /// The service's refusal of who may not make that very call.
    Deny,
    /// A token bucket: calls beyond it are answered with the service's throttling error.
    Throttle {
        per_second: f64,
        burst: f64,
    },
}

impl Fault {
    pub fn new(service: Option<Service>, operation: Option<&str>, kind: Kind) -> Self {
        Self {
            which: Which {
                service,
                operation: operation.map(str::to_owned),
                subject: None,
            },
            from: 1,
            times: None,
            kind,
            seen: 0,
            bucket: None,
        }
    }

    /// Whether it answers from the past, which is then to be kept.
    pub fn is_stale(&self) -> bool {
        self.kind == Kind::Effect(Effect::Stale)
    }

    pub fn effect_on(&mut self, call: &Call) -> Effect {
        if !self.which.matches(call) {
            return Effect::None;
        }
        self.seen += 1;
        let hit = self.seen >= self.from
            && self
                .times
                .is_none_or(|times| self.seen < self.from.saturating_add(times));
        if !hit {
            return Effect::None;
        }
        match self.kind.clone() {
            Kind::Effect(effect) => effect,
            Kind::Deny => denied(call),
            Kind::Throttle { per_second, burst } => {
                let now = Instant::now();
                let (left, at) = self.bucket.unwrap_or((burst, now));
                let left = (left + now.duration_since(at).as_secs_f64() * per_second).min(burst);
                if left >= 1.0 {
                    self.bucket = Some((left - 1.0, now));
                    return Effect::None;
                }
                self.bucket = Some((left, now));
                throttled(call.service)
            }
        }
    }
}

/// Whether an error's code says that there were too many calls.
pub fn is_throttling(code: &str) -> bool {
    [
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "RequestLimitExceeded",
    ]
    .contains(&code)
}

fn throttled(service: Service) -> Effect {
    let (status, code, message) = match service {
        Service::Eks | Service::EksAuth | Service::AccessAnalyzer => {
            (429, "ThrottlingException", "Rate exceeded")
        }
        Service::CloudTrail => (400, "ThrottlingException", "Rate exceeded"),
        Service::Ec2 => (503, "RequestLimitExceeded", "Request limit exceeded."),
        Service::Kubernetes => (
            429,
            "TooManyRequests",
            "the server has received too many requests",
        ),
        Service::Issuer | Service::Vault => (429, "TooManyRequests", "Rate exceeded"),
        _ => (400, "Throttling", "Rate exceeded"),
    };
    Effect::Error {
        status,
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

fn denied(call: &Call) -> Effect {
    let permission = format!("{}:{}", call.service.name(), call.operation);
    let (code, message) = match call.service {
        Service::Kubernetes => (
            "Forbidden",
            "not allowed by the sandbox's fault rule".to_owned(),
        ),
        service => (
            match service {
                Service::Ec2 => "UnauthorizedOperation",
                Service::Eks | Service::EksAuth | Service::CloudTrail | Service::AccessAnalyzer => {
                    "AccessDeniedException"
                }
                _ => "AccessDenied",
            },
            format!(
                "User: arn:aws:iam::111122223333:user/someone is not authorized to perform: {permission} \
                 because no identity-based policy allows the {permission} action"
            ),
        ),
    };
    Effect::Error {
        status: 403,
        code: code.to_owned(),
        message,
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (which, mut rest) = Which::read(&words).map_err(|why| format!("`{text}`: {why}"))?;
        let (mut from, mut times) = (1, None);
        while let [word @ ("from" | "times"), number, more @ ..] = rest {
            let number: u32 = number
                .parse()
                .map_err(|_| format!("`{number}` is no number"))?;
            if *word == "from" {
                from = number;
            } else {
                times = Some(number);
            }
            rest = more;
        }
        let kind = match rest {
            ["meet", number, others @ ..] => Kind::Effect(Effect::Meet {
                number: number
                    .parse()
                    .map_err(|_| format!("`{number}` is no number"))?,
                which: match others {
                    [] => which.clone(),
                    others => Which::read(others)?.0,
                },
            }),
            _ => kind(which.service, rest)?,
        };
        let mut fault = Self::new(None, None, kind);
        fault.which = which;
        fault.from = from;
        fault.times = times;
        Ok(fault)
    }
}

fn kind(service: Option<Service>, words: &[&str]) -> Result<Kind, String> {
    let error = |status, code: &str, message: String| {
        Ok(Kind::Effect(Effect::Error {
            status,
            code: code.to_owned(),
            message,
        }))
    };
    match words {
        ["reset"] => Ok(Kind::Effect(Effect::Reset)),
        ["hang"] => Ok(Kind::Effect(Effect::Hang)),
        ["half"] => Ok(Kind::Effect(Effect::Half)),
        ["swallow"] => Ok(Kind::Effect(Effect::Swallow)),
        ["stale"] => Ok(Kind::Effect(Effect::Stale)),
        ["garbage"] => Ok(Kind::Effect(Effect::Body {
            status: 200,
            body: "<html>hello</html>".to_owned(),
        })),
        ["delay", time] => {
            let millis = time
                .trim_end_matches("ms")
                .parse()
                .map_err(|_| format!("`{time}`: 40ms wanted"))?;
            Ok(Kind::Effect(Effect::Delay(Duration::from_millis(millis))))
        }
        ["until", number] => {
            let number = number
                .parse()
                .map_err(|_| format!("`{number}` is no number"))?;
            Ok(Kind::Effect(Effect::Until(number)))
        }
        ["throttle"] => Ok(Kind::Effect(throttled(
            service.unwrap_or(Service::CloudFormation),
        ))),
        ["throttle", rate] => {
            let (per_second, burst) = rate.split_once('/').ok_or("throttle RATE/BURST wanted")?;
            let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is no number"));
            Ok(Kind::Throttle {
                per_second: number(per_second)?,
                burst: number(burst)?,
            })
        }
        ["deny"] => Ok(Kind::Deny),
        ["error", status, code, message @ ..] => {
            let status = status
                .parse()
                .map_err(|_| format!("`{status}` is no HTTP status"))?;
            error(status, code, message.join(" "))
        }
        _ => Err(format!("`{}` is no effect", words.join(" "))),
    }
}
