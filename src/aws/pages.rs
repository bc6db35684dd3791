//! The pages of the SDK's lists. By itself the SDK takes a token that comes again, or none where there is
//! more, for the end.

use aws_sdk_iam::error::SdkError;
use aws_smithy_async::future::pagination_stream::PaginationStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::pages::Pages;

type Answer<P, E> = Result<P, SdkError<E, HttpResponse>>;

/// Pages one after the other, each asked for when it is wanted.
pub struct PagedList<P, E> {
    answers: PaginationStream<Answer<P, E>>,
    token: fn(&P) -> Option<&str>,
    pages: Pages,
}

impl<P, E> PagedList<P, E> {
    /// `token` tells where the next page begins; `None`: there is none.
    pub fn of(answers: PaginationStream<Answer<P, E>>, token: fn(&P) -> Option<&str>) -> Self {
        Self {
            answers,
            token,
            pages: Pages::default(),
        }
    }

    /// The next page; `None` after the last.
    pub async fn next(&mut self) -> Option<Answer<P, E>> {
        let page = match self.answers.next().await? {
            Ok(page) => page,
            failed => return Some(failed),
        };
        let next = self.pages.go_on((self.token)(&page));
        Some(match next {
            Ok(()) => Ok(page),
            Err(endless) => Err(SdkError::construction_failure(endless)),
        })
    }

    /// What all pages have together.
    pub async fn items<T>(mut self, of_page: fn(P) -> Option<Vec<T>>) -> Answer<Vec<T>, E> {
        let mut items = Vec::new();
        while let Some(page) = self.next().await {
            items.extend(of_page(page?).unwrap_or_default());
        }
        Ok(items)
    }
}

/// A token that may be empty, which then means none (EKS, CloudFormation).
pub fn filled(token: Option<&str>) -> Option<&str> {
    token.filter(|token| !token.is_empty())
}

/// IAM's marker, and whether it says that there is more.
pub fn marker(is_truncated: bool, marker: Option<&str>) -> Option<&str> {
    is_truncated.then(|| marker.unwrap_or_default())
}
