//! What a run is about, and what it keeps in mind between its looks.

use std::cell::RefCell;

use crate::cli::Gc;
use crate::error::Error;
use crate::plan::Target;
use crate::run::Context;

/// What goes first, and what goes when that is gone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LeftoverKinds {
    /// Only shown.
    All,
    Stacks,
    Providers,
}

pub struct GcTask<'a> {
    pub args: &'a Gc,
    pub(super) account: String,
    /// Whether the run's own region is one of those that are read.
    pub reads_own: bool,
    /// Providers that go when stacks are gone.
    pub doomed: RefCell<Vec<Target>>,
    /// Regions that could not be read, while something is done.
    pub unread: RefCell<Vec<(Target, Error)>>,
}

impl<'a> GcTask<'a> {
    /// Also has the context reach all regions that are asked for.
    pub async fn of(args: &'a Gc, context: &mut Context) -> Result<Self, Error> {
        let account = context.aws.sts.caller().await?.account;
        let own = &context.aws.region;
        let mut regions = if args.all_regions {
            context.aws.ec2.regions().await?
        } else if args.place.regions.is_empty() {
            vec![own.clone()]
        } else {
            args.place.regions.clone()
        };
        regions.sort_unstable();
        regions.dedup();
        let reads_own = regions.contains(own);
        let others = regions.iter().filter(|region| *region != own);
        context.elsewhere = others.map(|region| context.aws.in_region(region)).collect();
        Ok(Self {
            args,
            account,
            reads_own,
            doomed: RefCell::default(),
            unread: RefCell::default(),
        })
    }
}
