//! Hosts behind the proxy that are not what they should be: in the middle with another certificate,
//! of an older TLS, or hostile in what they say. Apart from the servers, which keep their protocols.

use std::io::Result;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::certificates::Chain;

/// What answers in a host's place.
#[derive(Clone, Debug)]
pub enum Impostor {
    /// The host itself with another chain.
    Chain(Chain),
    /// The host itself with a certificate of the public authority, where its own should be.
    Public,
    /// The host itself with these behind its certificate.
    Padding(Vec<Vec<u8>>),
    /// Says this over TCP where TLS should begin.
    Raw(Speech),
    /// Says this over TLS to whatever is asked.
    Tls(Speech),
}

/// What an impostor says, without a look at the request.
#[derive(Clone, Debug, Default)]
pub struct Speech {
    pub begin: Vec<u8>,
    /// Said again and again until the client goes; where it is empty the connection is closed.
    pub repeat: Vec<u8>,
    /// After the beginning, say nothing more and stay.
    pub stay: bool,
}

impl Speech {
    /// Says that and closes the connection.
    pub fn once(text: impl Into<Vec<u8>>) -> Self {
        Self {
            begin: text.into(),
            ..Self::default()
        }
    }

    /// Says that, and the other without end.
    pub fn endless(begin: impl Into<Vec<u8>>, repeat: impl Into<Vec<u8>>) -> Self {
        Self {
            begin: begin.into(),
            repeat: repeat.into(),
            stay: false,
        }
    }

    /// Says nothing and stays.
    pub fn silence() -> Self {
        Self {
            stay: true,
            ..Self::default()
        }
    }

    pub async fn give(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<()> {
        stream.write_all(&self.begin).await?;
        stream.flush().await?;
        if self.stay {
            tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
        }
        while !self.repeat.is_empty() {
            stream.write_all(&self.repeat).await?;
        }
        stream.shutdown().await
    }
}
